import { type JsonObject, type KubeObject, type ObjectRef, nearestName, TypeKroError } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';

/** Does the text name the file of a stand-in, and not a stand-in of the package? */
export const isStandInFile = (text: string): text is StandInFile => text.endsWith('.yaml');

/**
 * A stand-in for an operator. It writes the status that the operator would write to the objects of its kinds, and
 * creates the objects that the operator would create in the cluster. It has no effect outside the cluster: no image is
 * pulled, no cloud is called. A stand-in only decides, and the cluster executes the decision: `reconcile` gets an
 * object and a view of the cluster, and returns the writes. It may be called at any time and any number of times, and
 * must return the same result for the same state.
 */
export interface StandIn {
  /** The name for the option `--stand-in` and for messages. */
  readonly name: string;
  /** The CustomResourceDefinitions of the kinds. Missing definitions are created at the start of the cluster. */
  definitions?(): readonly KubeObject[];
  readonly kinds: readonly StandInKind[];
}

/** A kind and its API group (`''` is the core group). */
export interface KindName {
  readonly group: string;
  readonly kind: string;
}

/** Another kind whose objects `reconcile` reads. */
export interface FollowedKind extends KindName {
  /** Can an object of this kind affect objects in all namespaces? Default: only objects in its own namespace. */
  readonly anywhere?: true;
  /** Only changes of objects with this label are followed. Default: changes of all objects. */
  readonly label?: string;
}

/** Simulates the operator for the objects of one kind, or of all kinds in a group. */
export interface StandInKind {
  /** The API group. `*.services.k8s.aws` matches all groups with this suffix. */
  readonly group: string;
  /** Default: all kinds of the group. */
  readonly kind?: string;
  /** The name of the controller in events, field managers and settings. Default: the name of the stand-in. */
  readonly controller?: string;
  /** The finalizer that the operator removes at the end of an object's deletion. Default: none. */
  readonly finalizer?: string | ((object: KubeObject) => string);
  /** Does the user add the finalizer instead of the operator? Default: the operator adds it to each object. */
  readonly isFinalizerOfUser?: true;
  /**
   * Other kinds that `reconcile` reads. When an object of such a kind changes, the objects of the simulated kind are
   * reconciled. Kinds of owned objects need no entry.
   */
  readonly follows?: readonly FollowedKind[];
  /** Decides which writes an object needs; `undefined` means no writes. */
  reconcile(object: KubeObject, view: StandInView): StandInResult | undefined;
  /**
   * Decides which writes are needed for an object that is being deleted and has the finalizer. The finalizer is removed
   * after these writes, unless the result has `unfinished`. Default: no writes.
   */
  finalize?(object: KubeObject, view: StandInView): StandInResult | undefined;
}

/** A simulated failure of the work on an object. */
export interface StandInFailure {
  /** One word, such as `AccessDenied`. */
  readonly reason: string;
  readonly message: string;
}

/** A condition without its times. */
export interface StandInCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  /** Does the condition have the `observedGeneration` of the object? Default: no. */
  readonly observed?: boolean;
}

/** The view of the cluster that a stand-in gets for its decision about one object. */
export interface StandInView {
  /** The time of the cluster's clock, in milliseconds since the epoch. */
  readonly now: number;
  /** The same time in RFC 3339 format. */
  readonly timestamp: string;
  /** An object of the cluster; `undefined` when it does not exist. */
  get(ref: ObjectRef): KubeObject | undefined;
  /** The objects of a kind in a namespace (`''`: in all namespaces), ordered by name. */
  list(kind: KindName, namespace: string): readonly KubeObject[];
  /**
   * The number of completed steps, out of `count` steps of the operator's work, for the current spec of the object.
   * Each step takes `standInStepMs`, an option of the cluster. If the object has the annotation
   * `typekro.dev/simulate-ready-after-seconds`, all steps together take this time. The object is reconciled again when
   * the next step completes.
   */
  completedSteps(count: number): number;
  /**
   * The failure with which the work must end, from the annotation `typekro.dev/simulate-failure` or from a rule of the
   * test.
   */
  readonly failure: StandInFailure | undefined;
  /**
   * Returns the conditions as the operator writes them: in the order of `conditions`, each with its
   * `lastTransitionTime`. Other conditions of the object are not included.
   *
   * @param before the conditions that are written until now. Default: the conditions in the status of the object
   */
  conditions(conditions: readonly StandInCondition[], before?: readonly JsonObject[]): JsonObject[];
}

/** An event about the object. */
export interface StandInEvent {
  /** Default: `Normal`. */
  readonly type?: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The writes that a stand-in requests. */
export interface StandInResult {
  /** The complete new status. Default: the status is not changed. */
  readonly status?: JsonObject;
  /** Objects that the object owns. They are created, or updated if they differ. */
  readonly owned?: readonly KubeObject[];
  /** Objects without an owner. They are created, or updated if they differ. */
  readonly objects?: readonly KubeObject[];
  /** Objects to delete. Missing objects are ignored. */
  readonly removed?: readonly ObjectRef[];
  /** Annotations to set on the object itself; `null` removes an annotation. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  /** Top-level members of the object that the operator removes after reading them, such as `operation`. */
  readonly removedMembers?: readonly string[];
  /** Events, which are recorded only if the events or the status differ from the last result. */
  readonly events?: readonly StandInEvent[];
  /**
   * The time in milliseconds (at least 1) after which the object is reconciled again. Default: the object is reconciled
   * again only at a change of the object or at the next step.
   */
  readonly againMs?: number;
  /** In a result of `finalize`: keeps the finalizer, so that the deletion waits. */
  readonly unfinished?: boolean;
}

/** Selects the objects to which a rule of a test applies. An absent member matches all objects. */
export interface StandInMatch {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Lets a test simulate failures of a cluster's stand-ins. */
export interface StandIns {
  /** The names of the stand-ins that the cluster was created with. */
  readonly names: readonly string[];
  /**
   * Makes the work of the stand-ins fail for matching objects, until the returned function is called. `failure` is a
   * reason, or a reason with a message. The failure starts and ends without delay.
   */
  fail(match: StandInMatch, failure: string | StandInFailure): () => void;
}

/** The stand-ins that come with the package. */
export const STAND_IN_NAMES = [
  'ack',
  'argocd',
  'cert-manager',
  'cnpg',
  'external-secrets',
  'flux',
  'gateway-api',
  'prometheus-operator',
] as const;

/** The name of a stand-in that comes with the package. */
export type StandInName = (typeof STAND_IN_NAMES)[number];

/** The path of a stand-in that is a file: YAML with CEL. A relative path begins at the working directory. */
export type StandInFile = `${string}.yaml`;

/**
 * Checks that a text names a stand-in of the package or a file, and returns the text.
 *
 * @throws TypeKroError `cluster/unknown-stand-in`.
 */
export function requireStandIn(name: string): StandInName | StandInFile {
  if (isStandInFile(name)) return name;
  const found = STAND_IN_NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  const nearest = nearestName(name, STAND_IN_NAMES);
  throw new TypeKroError(`there is no stand-in ${goQuote(name)}`, {
    code: 'cluster/unknown-stand-in',
    remedy: `${nearest === undefined ? '' : `did you mean ${nearest}? `}the stand-ins are ${STAND_IN_NAMES.join(', ')}, and files that end with .yaml`,
  });
}
