import type { JsonObject, KubeObject, ObjectRef } from '../core/index.ts';

/**
 * A stand-in for an operator. It fills the objects of the operator's kinds with the status that the operator would
 * write, and makes the objects that the operator would make in the cluster. It does nothing outside the cluster: no
 * image is pulled, no cloud is called.
 *
 * A stand-in decides, and the cluster carries out the decision. `reconcile` gets an object and a view of the cluster,
 * and returns what has to be written. It may be called at any time and any number of times, and returns the same for
 * the same state.
 */
export interface StandIn {
  /** The name for `--stand-in` and for messages. */
  readonly name: string;
  /** The CustomResourceDefinitions of the kinds. Those that the cluster does not have are created at its start. */
  definitions?(): readonly KubeObject[];
  readonly kinds: readonly StandInKind[];
}

/** A kind by its API group (`''`: the core group). */
export interface KindName {
  readonly group: string;
  readonly kind: string;
}

/** A further kind that the work on an object reads. */
export interface FollowedKind extends KindName {
  /**
   * Does a change of an object of this kind concern the objects of all namespaces? Default: only the objects of its own
   * namespace.
   */
  readonly anywhere?: true;
  /** Only objects with this label count. Default: all. */
  readonly label?: string;
}

/** Plays the operator for the objects of one kind, or of all kinds of a group. */
export interface StandInKind {
  /** The API group. `*.services.k8s.aws` stands for all groups with this ending. */
  readonly group: string;
  /** Default: all kinds of the group. */
  readonly kind?: string;
  /** The name of the controller in events, field managers and settings. Default: the name of the stand-in. */
  readonly controller?: string;
  /** The finalizer that the operator removes at the end of the deletion of an object. Default: none. */
  readonly finalizer?: string | ((object: KubeObject) => string);
  /** Does the user, and not the operator, add the finalizer? Default: the operator adds it to each object. */
  readonly isFinalizerOfUser?: true;
  /**
   * Further kinds that `reconcile` reads. A change of an object of such a kind makes the objects of this kind due.
   * Objects that this kind owns need no entry.
   */
  readonly follows?: readonly FollowedKind[];
  /** Decides about an object. `undefined`: nothing has to be written. */
  reconcile(object: KubeObject, view: StandInView): StandInResult | undefined;
  /**
   * Decides about an object that is being deleted and has the finalizer. The finalizer is removed after the writes,
   * unless the result has `unfinished`. Default: nothing is written.
   */
  finalize?(object: KubeObject, view: StandInView): StandInResult | undefined;
}

/** The reason why the work on an object has to fail. */
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

/** The view of the cluster that a stand-in gets for a decision about one object. */
export interface StandInView {
  /** The time of the cluster's clock, in milliseconds since the epoch. */
  readonly now: number;
  /** The same time in the format of timestamps in objects. */
  readonly timestamp: string;
  /** An object of the cluster; `undefined` when it does not exist. */
  get(ref: ObjectRef): KubeObject | undefined;
  /** The objects of a kind in a namespace (`''`: in all namespaces), ordered by name. */
  list(kind: KindName, namespace: string): readonly KubeObject[];
  /**
   * How many of `count` steps of the operator's work are done for the present spec of the object, 0 to `count`. Each
   * step takes the time of the cluster's option `standInStepMs`. All steps together take the time of the annotation
   * `typekro.dev/simulate-ready-after-seconds`, when the object has it. The object is due again at the next step.
   */
  completedSteps(count: number): number;
  /**
   * The reason why the work has to fail, from the annotation `typekro.dev/simulate-failure` or from a rule of the test.
   */
  readonly failure: StandInFailure | undefined;
  /**
   * The conditions as the operator writes them: in the order of `conditions`, each with the time of its last change of
   * status. Other conditions of the object are left out.
   */
  conditions(conditions: readonly StandInCondition[]): JsonObject[];
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
  /** The complete status. Default: the status stays. */
  readonly status?: JsonObject;
  /** Objects that the object owns. They are created, or changed where they differ. */
  readonly owned?: readonly KubeObject[];
  /** Objects without an owner. They are created, or changed where they differ. */
  readonly objects?: readonly KubeObject[];
  /** Objects that are deleted. Missing ones are ignored. */
  readonly removed?: readonly ObjectRef[];
  /** Annotations of the object itself; `null` removes one. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  /** Top-level members of the object that the operator removes after it has read them, such as `operation`. */
  readonly removedMembers?: readonly string[];
  /** Events. They are recorded when the events or the status differ from those of the last result. */
  readonly events?: readonly StandInEvent[];
  /**
   * The object is due again after this time, in milliseconds, at least 1. Default: only a change of the object or the
   * next step makes the object due.
   */
  readonly againMs?: number;
  /** In a result of `finalize`: the deletion has to wait. */
  readonly unfinished?: boolean;
}

/** The objects that a rule of a test concerns. An absent member matches everything. */
export interface StandInMatch {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** The stand-ins of a cluster, for a test that makes them fail. */
export interface StandIns {
  /** The names of the stand-ins that the cluster was created with. */
  readonly names: readonly string[];
  /**
   * Makes the work of the stand-ins fail for matching objects, until the returned function is called. `failure` is the
   * reason, or a reason with a message. The start and the end of the failure take effect at once.
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
