import type { JsonObject, KubeObject } from '../core/index.ts';
import type { FieldDifference } from './compare.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { NodeReport, ApiFailure } from './report.ts';
import type { StepMemory } from './step-memory.ts';
import type { ObjectTarget, ListTarget, MemberTarget } from './target.ts';

/**
 * A live object as far as it is known: the whole object, or a projection of it (`projectObject`) that
 * holds identity, the metadata we use and the values that the graph reads.
 */
export interface LiveObject {
  readonly object: KubeObject;
  /**
   * Fingerprint of the fields that our field manager owns (`ownedFingerprint`). Required for projections; of a
   * whole object with `metadata.managedFields` it is taken when absent.
   */
  readonly owned?: Fingerprint;
  /**
   * What this process knows from an earlier apply or comparison: what was desired is satisfied by what is
   * owned, although they may differ (the server normalises values). `true`: they are equal, as those of nearly every
   * object are.
   */
  readonly settled?: EquivalentDigests | true;
  /**
   * The whole object beside a projection, where the observer has it: kept of objects whose owned fields are not
   * what was settled, so that a difference can be named, and of those that a step asked for, without another read.
   */
  readonly whole?: KubeObject;
}

/** What was desired, together with the live fields that satisfy it. */
export interface EquivalentDigests {
  readonly desired: Fingerprint;
  readonly owned: Fingerprint;
}

/** What is known to satisfy what, of a live object. */
export function settledOf({ settled, owned = '' }: LiveObject): EquivalentDigests | undefined {
  return settled === true ? { desired: owned, owned } : settled;
}

/** What is known of one object. `unknown` means not fetched yet, which is not the same as absent. */
export type Observation =
  | { readonly state: 'unknown' }
  | { readonly state: 'absent' }
  | { readonly state: 'present'; readonly live: LiveObject }
  /** `retryAt`: when to ask again (milliseconds since the epoch); absent: a watch tells. */
  | { readonly state: 'failed'; readonly failure: ApiFailure; readonly retryAt?: number };

/** What is known of a list. `unserved`: the API server does not know the kind (any more). */
export type ListObservation =
  | { readonly state: 'unknown' }
  | { readonly state: 'known'; readonly objects: readonly LiveObject[] }
  | { readonly state: 'unserved' }
  /** `retryAt`: when to ask again (milliseconds since the epoch); absent: a watch tells. */
  | { readonly state: 'failed'; readonly failure: ApiFailure; readonly retryAt?: number };

/** The last write that failed, as remembered by whoever carries out decisions. */
export interface FailedWrite {
  /** Digest of what was to be applied (`ApplyAction.fingerprint`); empty for a deletion. */
  readonly digest: string;
  readonly failure: ApiFailure;
  /** Not to be tried again before (milliseconds since the epoch; Infinity: never), unless the desired object changes. */
  readonly retryAt: number;
}

/** A read of a whole object that failed, as remembered by whoever carries out decisions. */
export interface FailedRead {
  readonly failure: ApiFailure;
  /** Not to be tried again before (milliseconds since the epoch). */
  readonly retryAt: number;
}

/**
 * What is known of the cluster for one instance: a read-only view, never a client. Asking has no effect;
 * what is asked for and unknown appears in `Decision.read`. Objects and lists may be projections.
 *
 * `members` must contain every object that this process wrote, and be `unknown` while the outcome of a
 * write is unknown: the inventory is made smaller on its word.
 */
export interface Observed {
  object(target: ObjectTarget): Observation;
  /** Objects of an external collection, in any order. */
  list(target: ListTarget): ListObservation;
  /** Members of our ApplySet, in any order, also those that are being deleted. */
  members(target: MemberTarget): ListObservation;
  /**
   * The last failed apply or delete of the object (or of the instance's own metadata); undefined when the
   * last one succeeded or there was none.
   */
  failedWrite(target: ObjectTarget): FailedWrite | undefined;
  /** The last failed read of the whole object; undefined when the last one succeeded. Default: none ever fails. */
  failedRead?(target: ObjectTarget): FailedRead | undefined;
  /** A fight for fields of the object that is going on; undefined when there is none. Default: there never is. */
  contest?(target: ObjectTarget): Contest | undefined;
}

/** Somebody else changes the same fields again and again, each time that they are put back. */
export interface Contest {
  /** Paths of the fields; sorted. */
  readonly fields: readonly string[];
  /** Managers that were seen to own them; sorted. */
  readonly managers: readonly string[];
  /** Differences in these fields alone are not put back before (milliseconds since the epoch). */
  readonly retryAt: number;
  /** The fight counts as over when nothing had to be put back until then. */
  readonly endsAt: number;
}

/** What to do with an existing object that is not ours. Objects of another ApplySet are refused unless `takeOver`. */
export type AdoptionPolicy = 'adopt' | 'refuse' | 'takeOver';

/** State of an instance as clients of kro see it in `status.state`. */
export type InstanceState = 'ACTIVE' | 'IN_PROGRESS' | 'ERROR' | 'DELETING';

/** A condition as it stands in `status.conditions`. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
}

/** Whose objects the runtime writes, and with which names. */
export interface StepOptions {
  /** Now, in milliseconds since the epoch: for transition times and retries. */
  readonly now: number;
  /** Version that labels and the tooling annotation carry. Default `devel`, as kro's unreleased builds. */
  readonly version?: string;
  /** UID of the definition, for the labels of the instance. Default: empty. */
  readonly definitionUid?: string;
  /** Most items that a collection may have. Default 1000. */
  readonly maxCollectionSize?: number;
  /** Default `adopt`: unowned objects are taken over, those of another ApplySet refused. */
  readonly adoption?: AdoptionPolicy;
  /** Adoption by node id, before `adoption`. */
  readonly nodeAdoption?: ReadonlyMap<string, AdoptionPolicy>;
  /**
   * Is a live object ready? Asked for nodes without `readyWhen`. Default, as in kro: an object that
   * exists is ready. `direct` mode passes `readinessOf`.
   */
  readonly readiness?: (object: KubeObject) => ObjectReadiness;
  /** All data is as it came from JSON, so that expressions need not look through it first. Default false. */
  readonly plainData?: boolean;
  /** Cost that one expression may spend. Default: the default of `Program.evaluate`. */
  readonly budget?: number;
  /** What CEL `now()` gives in templates (milliseconds since the epoch). Default `now`. */
  readonly templateNow?: number;
  /** Number of the revision that the graph is; with it, what `now()` gave is recorded in the status. 0: there is none yet. */
  readonly revision?: number;
  /** What `now()` gave in `status` last time; kept as long as nothing else in the status changes. */
  readonly statusNow?: number;
  /**
   * Does the definition declare conditions of its own? Asked only where there is no graph to tell, so that the
   * author's conditions are left alone. Default false.
   */
  readonly authorConditions?: boolean;
  /** Put node reports into the status, as the annotation `typekro.dev/explain` of an instance does. Default false. */
  readonly explain?: boolean;
  /** May templates put objects outside the instance's namespace? Default `any`. */
  readonly namespaces?: 'any' | 'instance';
  /** What the caller keeps between the steps of this instance, to save work. Default: each step makes everything anew. */
  readonly memory?: StepMemory;
}

/** Answer of a readiness function. */
export interface ObjectReadiness {
  readonly ready: boolean;
  /** Will never become ready without a change, e.g. a failed Job. */
  readonly failed?: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Server-side apply of one child, forced, with field manager `kro.run/applyset`. */
export interface ApplyAction {
  readonly nodeId: string;
  readonly target: ObjectTarget;
  /** What to send, labels and annotations included. */
  readonly desired: KubeObject;
  /** That of `desired`; to be remembered with that of what we own in the object that the server returns. */
  readonly fingerprint: Fingerprint;
  readonly why: ApplyReason;
  /** UID of the object to be changed; absent when it is to be created. */
  readonly uid?: string;
  /** Where the live object is not as wanted, as far as the whole object was there to compare. */
  readonly differences?: readonly FieldDifference[];
  /** The other manager that wrote the object last, as far as that is known. */
  readonly lastWriter?: string;
  /** The ApplySet that the object is taken over from. */
  readonly formerOwner?: string;
}

/** `create`: it is absent. `adopt`: it exists and is not ours. `change`: what we want changed. `drift`: the live object changed. */
export type ApplyReason = 'create' | 'adopt' | 'change' | 'drift';

/** Deletion of one child. All deletions of a decision belong to one wave and may run at the same time. */
export interface DeleteAction {
  /** Node that created it, from its label; empty when it has none. */
  readonly nodeId: string;
  readonly target: ObjectTarget;
  /** Precondition: another UID under the same name is not ours. */
  readonly uid: string;
  readonly why: 'prune' | 'instance-deleted';
  /** Apply order of the wave; 0 for objects without one. */
  readonly wave: number;
}

/** What must be known before the step can go deeper. The caller reads it and steps again. */
export type ReadRequest =
  | { readonly kind: 'object'; readonly nodeId: string; readonly target: ObjectTarget; readonly why: 'unknown' }
  /** The projection differs from what we want and nothing is remembered: the whole object may show that it does not. */
  | {
      readonly kind: 'whole-object';
      readonly nodeId: string;
      readonly target: ObjectTarget;
      readonly why: 'unsettled';
    }
  | { readonly kind: 'list'; readonly nodeId: string; readonly target: ListTarget; readonly why: 'unknown' }
  | { readonly kind: 'members'; readonly target: MemberTarget; readonly why: 'prune' | 'instance-deleted' };

/** What must be watched so that nothing needs to be polled. The complete set of each step. */
export type WatchRequest =
  | { readonly kind: 'object'; readonly nodeId: string; readonly target: ObjectTarget }
  | { readonly kind: 'list'; readonly nodeId: string; readonly target: ListTarget };

/** A field or condition of the status that has no value because its expression failed (not merely waits). */
export interface StatusProblem {
  /** Below `status`, e.g. `endpoint` or `conditions[0]`. */
  readonly path: string;
  readonly expression: string;
  readonly message: string;
}

/** Which kinds and namespaces the members of the ApplySet may be in. Lists are sorted. */
export interface InventoryScope {
  /** `Kind.group`; `Kind` for the core group. */
  readonly groupKinds: readonly string[];
  /** Namespaces other than the parent's. */
  readonly namespaces: readonly string[];
}

/** The parent's own record of its ApplySet, as it is to stand on the instance. */
export interface Inventory extends InventoryScope {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * What is to be written to the instance's metadata, before anything else of the decision is carried out:
 * first `labels`, then `inventory`. The objects carry UID and, the first of them, the resourceVersion that
 * the decision was made on: a conflict means that the view was stale, and nothing else may be carried out.
 */
export interface ParentWrite {
  /** Finalizer and labels (manager `kro.run/labeller`) are incomplete: apply this object. */
  readonly labels?: KubeObject;
  /** The inventory (manager `kro.run/applyset-parent`) does not cover what will be applied: apply this object. */
  readonly inventory?: KubeObject;
  /** Everything is deleted: take the finalizer off. */
  readonly removeFinalizer?: true;
}

/**
 * What to do now, complete and in order: `parent`, then `apply` (all at once), then `delete`, then the
 * status when `read` is empty and nothing was applied. After carrying it out, observe and step again
 * until `quiet`.
 */
export interface Decision {
  readonly parent: ParentWrite;
  readonly apply: readonly ApplyAction[];
  readonly delete: readonly DeleteAction[];
  readonly read: readonly ReadRequest[];
  readonly watch: readonly WatchRequest[];
  /** One report per node, in topological order; then one per retired node id that still has objects. */
  readonly nodes: readonly NodeReport[];
  readonly state: InstanceState;
  /** The conditions that kro's built-in types have, also when the author's hide them. */
  readonly conditions: readonly Condition[];
  /** The whole `status` of the instance: projected fields, `state`, `conditions`. */
  readonly status: JsonObject;
  /** Does `status` differ from what the instance has? */
  readonly statusChanged: boolean;
  /** Status expressions that failed; their fields are left out of `status`, everything else is written. */
  readonly statusProblems: readonly StatusProblem[];
  /** What `now()` gave in `status`; to be passed as `statusNow` next time. */
  readonly statusNow: number;
  /** `keep`: on the instance as it should be; `none`: the object is none of ours (nothing to do). */
  readonly finalizer: 'add' | 'keep' | 'remove' | 'none';
  readonly inventory: Inventory;
  /** Nothing to read, write or delete: the next step is due when something watched changes. */
  readonly quiet: boolean;
  /** How many expressions were evaluated to decide it. */
  readonly evaluations: number;
  /** Step again at this time (milliseconds since the epoch) even when nothing is observed to change. */
  readonly requeueAt?: number;
  /** What stands in the way of the instance's deletion besides finalizers of others, a text for each. */
  readonly blocked?: readonly string[];
  /** Pairs that were found equal; to be remembered as `LiveObject.settled`. */
  readonly settled: readonly { readonly target: ObjectTarget; readonly pair: EquivalentDigests }[];
}
