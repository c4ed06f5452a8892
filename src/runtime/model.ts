import type { GroupVersionKind, JsonObject, KubeObject } from '../core/index.ts';
import type { FieldDifference } from './compare.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { NodeReport, ApiFailure } from './report.ts';
import type { StepMemory } from './step-memory.ts';
import type { ListTarget, MemberTarget, ObjectTarget, ObjectType } from './target.ts';
import type { Contest, WatchState } from './observed-state.ts';

export type { Contest, WatchState } from './observed-state.ts';

/**
 * A live object as far as it is known: the whole object, or a projection of it (`projectObject`) with identity, the
 * metadata that the runtime uses and the values that the graph reads.
 */
export interface LiveObject {
  readonly object: KubeObject;
  /**
   * Fingerprint of the fields that the controller's field manager owns (`ownedFingerprint`). Required for projections;
   * computed when absent for a whole object with `metadata.managedFields`.
   */
  readonly owned?: Fingerprint;
  /**
   * The result of an earlier apply or comparison of this process: the owned fields satisfy the desired ones, although
   * they may differ (the server normalises values). `true`: they are equal, the common case.
   */
  readonly equivalence?: EquivalentDigests | true;
  /**
   * The whole object of a projection, if the observer has it. An observer has the whole object after a change of its
   * owned fields, so that the step can name the difference. It also has the whole object after a read that a step
   * requested.
   */
  readonly whole?: KubeObject;
  /**
   * The fields that writers of kro's graph engine own, by the name of the writer (`writerName`). Absent when there are
   * no such writers. Required for projections; computed when absent for a whole object with `metadata.managedFields`.
   */
  readonly engineFields?: ReadonlyMap<string, EngineFields>;
}

/** The fields of a live object that one writer of kro's graph engine owns. */
export interface EngineFields {
  /** Fingerprint of the fields. */
  readonly owned: Fingerprint;
  /** As `LiveObject.equivalence`, for this writer. */
  readonly equivalence?: EquivalentDigests | true;
}

/** Digests of desired fields and of live fields that satisfy them. */
export interface EquivalentDigests {
  readonly desired: Fingerprint;
  readonly owned: Fingerprint;
}

/** The known equivalence of a live object, or of one writer's fields; undefined when none is known. */
export function equivalenceOf({
  equivalence,
  owned = '',
}: Pick<LiveObject, 'equivalence' | 'owned'>): EquivalentDigests | undefined {
  return equivalence === true ? { desired: owned, owned } : equivalence;
}

/** The observation of one object. `unknown` means not read yet, which differs from `absent`. */
export type Observation =
  | { readonly state: 'unknown' }
  | { readonly state: 'absent' }
  | { readonly state: 'present'; readonly live: LiveObject }
  /**
   * `retryAt`: the time of the next read (milliseconds since the epoch). When absent, a watch reports the next change.
   */
  | { readonly state: 'failed'; readonly failure: ApiFailure; readonly retryAt?: number };

/** The observation of a list. `unserved`: the API server does not serve the kind (any more). */
export type ListObservation =
  | { readonly state: 'unknown' }
  | { readonly state: 'known'; readonly objects: readonly LiveObject[] }
  | { readonly state: 'unserved' }
  /**
   * `retryAt`: the time of the next read (milliseconds since the epoch). When absent, a watch reports the next change.
   */
  | { readonly state: 'failed'; readonly failure: ApiFailure; readonly retryAt?: number };

/** The last failed write of an object, as the executor records it. */
export interface FailedWrite {
  /**
   * Digest of the desired object (`ApplyAction.fingerprint`); `ORPHAN` or `RELEASE` for a release; empty for a
   * deletion, and for a write of the instance's own metadata.
   */
  readonly digest: string;
  /** UID of the object that was to be changed or deleted; undefined when it was to be created. */
  readonly uid: string | undefined;
  /**
   * The version of the object at which another manager owned a field of the write; absent for other failures. A later
   * version of the object may be written at once.
   */
  readonly conflictVersion?: string;
  readonly failure: ApiFailure;
  /** The UID of the object's namespace when the write failed because of that namespace (`hasNamespaceAppeared`). */
  readonly namespaceUid?: string;
  /**
   * The earliest time of the next attempt (milliseconds since the epoch; Infinity: never). Another desired object is
   * written at once, and so is an object with another UID (`pausedWrite`).
   */
  readonly retryAt: number;
}

/** A failed read, as the executor records it. */
export interface FailedRead {
  readonly failure: ApiFailure;
  /** The earliest time of the next attempt (milliseconds since the epoch). */
  readonly retryAt: number;
}

/**
 * The observed cluster for one instance: a read-only view, never a client. Its methods send no request; a step lists in
 * `Decision.read` the objects that it requested and that the view does not have. Objects and lists may be projections.
 *
 * `members` must contain every object that this process wrote, and be `unknown` while the outcome of a write is
 * unknown. Otherwise the inventory could lose the kind or the namespace of an object that exists.
 */
export interface Observed {
  object(target: ObjectTarget): Observation;
  /** Objects of an external collection, in any order. */
  list(target: ListTarget): ListObservation;
  /** Members of the instance's ApplySet, in any order, also those that are being deleted. */
  members(target: MemberTarget): ListObservation;
  /**
   * The last failed apply or delete of the object (or of the instance's own metadata); undefined when the
   * last one succeeded or there was none. `writer` names another writer of fields of the object (`writerName`), which
   * has failures of its own.
   */
  failedWrite(target: ObjectTarget, writer?: string): FailedWrite | undefined;
  /**
   * The last failed read of the whole object; undefined when the last one succeeded. Without this method no read fails.
   */
  failedRead?(target: ObjectTarget): FailedRead | undefined;
  /**
   * Did this process delete the object with this UID? A view that always knows the state of an object after its
   * deletion needs no such method.
   */
  isDeleted?(target: ObjectTarget, uid: string): boolean;
  /**
   * Did an answer to a read or a write of this pass report the state that the view has? A state from a watch may be
   * outdated. Without this method, the view always has the present state.
   */
  isConfirmed?(target: ObjectTarget): boolean;
  /**
   * The current contest for fields of the object; undefined when there is none. Without this method there are no
   * contests.
   */
  contest?(target: ObjectTarget): Contest | undefined;
  /** The UID of a namespace; undefined while no watch reports it. */
  namespaceUid?(name: string): string | undefined;
  /** The state of the watch that reports changes of the target. Without this method, the view has no watches. */
  watchState?(target: ObjectTarget | ListTarget): WatchState;
}

/**
 * The policy for an existing object that the instance does not own. `adopt` takes over objects without an owner.
 * `refuse` takes over no object. `takeOver` also takes over objects of another ApplySet.
 */
export type AdoptionPolicy = 'adopt' | 'refuse' | 'takeOver';

/** The values of `status.state` of an instance, as in kro. */
export const INSTANCE_STATES: readonly InstanceState[] = ['ACTIVE', 'IN_PROGRESS', 'ERROR', 'DELETING'];

/** The value of `status.state` of an instance. */
export type InstanceState = 'ACTIVE' | 'IN_PROGRESS' | 'ERROR' | 'DELETING';

/** An entry of `status.conditions`. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
}

/** The options of a step. */
export interface StepOptions {
  /** The current time, in milliseconds since the epoch, for transition times and retries. */
  readonly now: number;
  /** Version that labels and the tooling annotation carry. Default `devel`, as kro's unreleased builds. */
  readonly version?: string;
  /** UID of the definition, for the labels of the instance. Default: empty. */
  readonly definitionUid?: string;
  /** The maximum number of items in a collection. Default 1000. */
  readonly maxCollectionSize?: number;
  /** The policy for objects that the instance does not own. Default `adopt`. */
  readonly adoption?: AdoptionPolicy;
  /** The policy by node id. For the node it takes precedence over `adoption`. */
  readonly nodeAdoption?: ReadonlyMap<string, AdoptionPolicy>;
  /**
   * Is a live object ready? Called for nodes without `readyWhen`. Direct mode passes the author's function for the
   * node, or `readinessOf` when there is none; the controller passes nothing. Default, as in kro: an existing object is
   * ready.
   */
  readonly readiness?: (object: KubeObject) => ObjectReadiness;
  /** All data is plain JSON, so that expressions need not check it first. Default false. */
  readonly plainData?: boolean;
  /** The maximum cost of one expression. Default: the default of `Program.evaluate`. */
  readonly budget?: number;
  /** The value of `now()` in templates (milliseconds since the epoch). Default `now`. */
  readonly templateNow?: number;
  /** Number of the graph's revision. With a revision, the status records the value of `now()`. 0: no revision yet. */
  readonly revision?: number;
  /**
   * The newest revision of a definition with `propagateWhen`. The status then has the condition `RevisionReconciled`.
   */
  readonly newestRevision?: number;
  /** The last value of `now()` in `status`. The value stays as long as nothing else in the status changes. */
  readonly statusNow?: number;
  /**
   * Does the definition declare conditions of its own? Used only without a graph, so that the author's conditions stay.
   * Default false.
   */
  readonly authorConditions?: boolean;
  /**
   * Does the status contain node reports? The annotation `typekro.dev/explain` of an instance has the same effect.
   * Default false.
   */
  readonly explain?: boolean;
  /**
   * The name in URLs and the scope of a type that the cluster serves; undefined for any other type. Nodes whose
   * apiVersion or kind is an expression need it. Default: no type is served. `nodeId` names the node whose objects have
   * the type; absent for the type of an object that no node describes.
   */
  readonly kinds?: (type: GroupVersionKind, nodeId?: string) => Pick<ObjectType, 'plural' | 'namespaced'> | undefined;
  /** Does the status have the condition `WatchesHealthy`? Needs `Observed.watchState`. Default false. */
  readonly watchHealth?: boolean;
  /** Are there Graphs? An instance then writes no object of a Graph, as in kro 0.10. Default false. */
  readonly graphKind?: boolean;
  /** The user name of the account that writes a Graph's objects. The status records this name. */
  readonly account?: string;
  /** The Graphs that made a Graph by template nodes, as `namespace/name`: its maker, its maker's maker, and so on. */
  readonly makers?: readonly string[];
  /** May templates put objects outside the instance's namespace? Default `any`. */
  readonly namespaces?: 'any' | 'instance';
  /**
   * Results that the caller keeps between the steps of this instance, to save work. Default: each step computes
   * everything.
   */
  readonly memory?: StepMemory;
}

/** The result of a readiness function. */
export interface ObjectReadiness {
  readonly ready: boolean;
  /** The object never becomes ready without a change, e.g. a failed Job. */
  readonly failed?: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Server-side apply of one object. */
export interface ApplyAction {
  readonly nodeId: string;
  readonly target: ObjectTarget;
  /** The object to send, labels and annotations included. */
  readonly desired: KubeObject;
  /** The fingerprint of `desired`, to remember together with that of the owned fields in the server's answer. */
  readonly fingerprint: Fingerprint;
  readonly why: ApplyReason;
  /** UID of the object to be changed; absent when it is to be created. */
  readonly uid?: string;
  /** The differences of the live object; absent when only its projection was known. */
  readonly differences?: readonly FieldDifference[];
  /** The other manager that wrote the object last, if known. */
  readonly lastWriter?: string;
  /** The ApplySet that the object is taken over from. */
  readonly formerOwner?: string;
  /** The field manager. Default: `kro.run/applyset`, the manager of the children of instances. */
  readonly manager?: string;
  /** The subresource that is written instead of the object itself. */
  readonly subresource?: 'status';
  /** Default `always`. */
  readonly force?: ForceRule;
  /** The resourceVersion of the object that was compared; only with a force rule. */
  readonly version?: string;
}

/**
 * Does an apply take over fields that another manager owns with another value?
 *
 * - `always`: yes, in one request.
 * - `unlessGraph`: the first request takes over nothing. After a conflict, a second request takes the fields over,
 *   unless a Graph owns one of them by a template node.
 * - `ForceOver`: the first request takes over nothing. After a conflict, a second request takes the fields over if the
 *   rule covers every manager that owns one of them.
 */
export type ForceRule = 'always' | 'unlessGraph' | ForceOver;

/** The managers whose fields an apply takes over. */
export interface ForceOver {
  /** The beginning of the managers. */
  readonly prefix: string;
  /** Managers with this beginning whose fields the apply does not take over. */
  readonly except: readonly string[];
}

/** The release of the fields that a manager owns in an object: an apply of only the identity, without force. */
export interface ReleaseAction {
  readonly target: ObjectTarget;
  readonly manager: string;
  readonly subresource?: 'status';
  /** The object keeps the fields: only the entries of the manager in `managedFields` are removed. */
  readonly keepsFields?: true;
  /** UID of the object, if known. */
  readonly uid?: string;
}

/**
 * `create`: the object is absent. `adopt`: the object exists and the instance does not own it. `change`: the desired
 * object changed. `drift`: the live object changed.
 */
export type ApplyReason = 'create' | 'adopt' | 'change' | 'drift';

/**
 * Deletion of one child. The deletions of one wave may run at the same time; a higher wave is deleted before a lower
 * one. The deletion of an instance decides about one wave at a time. A decision that prunes, or that belongs to a
 * Graph, may have several waves.
 */
export interface DeleteAction {
  /** The id of the node that created the object, from the object's label or the record of a Graph. Else empty. */
  readonly nodeId: string;
  readonly target: ObjectTarget;
  /** Precondition: an object with another UID under the same name is not deleted. */
  readonly uid: string;
  readonly why: 'prune' | 'instance-deleted';
  /** The apply order of the object, or 0 without one. For a Graph, it follows the order of the nodes in the record. */
  readonly wave: number;
}

/**
 * The release of one child that has the deletion policy `Orphaned`: the object stays, without the labels and
 * annotations of the controller. The release takes the place of the deletion.
 */
export interface OrphanAction extends DeleteAction {
  /** The merge patch to send. It contains the UID, so that it changes no other object of the name. */
  readonly patch: JsonObject;
}

/** An object or list without which the step cannot decide more. The caller reads it and steps again. */
export type ReadRequest =
  | { readonly kind: 'object'; readonly nodeId: string; readonly target: ObjectTarget; readonly why: 'unknown' }
  /**
   * `no-equivalence`: the projection differs from the desired object and no equivalence is known, so the whole object
   * decides. `unconfirmed`: the record of a Graph loses the object only if the API server reports that it is gone.
   */
  | {
      readonly kind: 'whole-object';
      readonly nodeId: string;
      readonly target: ObjectTarget;
      readonly why: 'no-equivalence' | 'unconfirmed';
    }
  | { readonly kind: 'list'; readonly nodeId: string; readonly target: ListTarget; readonly why: 'unknown' }
  | { readonly kind: 'members'; readonly target: MemberTarget; readonly why: 'prune' | 'instance-deleted' };

/** An object or list to watch. Each step gives the complete set. */
export type WatchRequest =
  | { readonly kind: 'object'; readonly nodeId: string; readonly target: ObjectTarget }
  | { readonly kind: 'list'; readonly nodeId: string; readonly target: ListTarget };

/**
 * A field or condition of the status that has no value because its expression failed. An expression that only waits is
 * no problem.
 */
export interface StatusProblem {
  /** Below `status`, e.g. `endpoint` or `conditions[0]`. */
  readonly path: string;
  readonly expression: string;
  readonly message: string;
}

/** The kinds and namespaces that may hold members of the ApplySet. Lists are sorted. */
export interface InventoryScope {
  /** `Kind.group`; `Kind` for the core group. */
  readonly groupKinds: readonly string[];
  /** Namespaces other than the parent's. */
  readonly namespaces: readonly string[];
}

/** The parent's record of its ApplySet, to be stored on the instance. */
export interface Inventory extends InventoryScope {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * The writes of the instance's metadata, before anything else of the decision: first `labels`, then `inventory`. Both
 * objects carry the UID, and the first one the resourceVersion of the decision. A conflict means that the view was
 * stale; then nothing else may be carried out.
 */
export interface ParentWrite {
  /** Finalizer and labels (manager `kro.run/labeller`) are incomplete: apply this object. */
  readonly labels?: KubeObject;
  /** The inventory (manager `kro.run/applyset-parent`) does not cover what will be applied: apply this object. */
  readonly inventory?: KubeObject;
  /** No child is left to delete or to release: remove the finalizer. */
  readonly removeFinalizer?: true;
  /** The finalizer of a Graph (`kro.run/graph-finalizer`) is missing: add it with a merge patch of the metadata. */
  readonly addFinalizer?: true;
  /**
   * The status of a Graph does not name everything that will be written: write these members of the status with a merge
   * patch before any other object is written.
   */
  readonly tracking?: GraphTracking;
  /**
   * The user name of the account that is about to write the objects of a Graph for the first time: write it together
   * with `tracking`. The deletion of the Graph needs this name when the spec names another account by then.
   */
  readonly account?: string;
}

/** The objects and fields that a Graph writes, as its status records them. */
export interface GraphTracking {
  readonly managedResources: readonly ManagedResource[];
  readonly contributions: readonly Contribution[];
}

/** An object that a Graph made or is about to make: an entry of `status.managedResources`. */
export interface ManagedResource {
  /** The ids of the node and its subgraphs, joined by `/`. */
  readonly nodeID: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Absent until the Graph has written the object. */
  readonly uid?: string;
}

/** Fields that a patch node writes into an object: an entry of `status.contributions`. */
export interface Contribution {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly subresource?: string;
  readonly fieldManager: string;
}

/**
 * The complete actions of a step, in order: `parent`, then `apply` (in any order), `orphan`, `delete`, `release`, then
 * the status when `read` is empty and nothing was written. The caller carries the decision out, observes, and steps
 * again until `quiet`.
 */
export interface Decision {
  readonly parent: ParentWrite;
  readonly apply: readonly ApplyAction[];
  readonly delete: readonly DeleteAction[];
  /** Children to release instead of deleting them, before the deletions. Absent: none. */
  readonly orphan?: readonly OrphanAction[];
  /** Fields of other objects to release, after the deletions. Absent: none. */
  readonly release?: readonly ReleaseAction[];
  readonly read: readonly ReadRequest[];
  readonly watch: readonly WatchRequest[];
  /** One report per node, in topological order; then one per retired node id that still has objects. */
  readonly nodes: readonly NodeReport[];
  readonly state: InstanceState;
  /** kro's built-in conditions, also when the author's replace them in the status. */
  readonly conditions: readonly Condition[];
  /** The whole `status` of the instance: projected fields, `state`, `conditions`. */
  readonly status: JsonObject;
  /** Does `status` differ from what the instance has? */
  readonly statusChanged: boolean;
  /** Status expressions that failed; their fields are left out of `status`, everything else is written. */
  readonly statusProblems: readonly StatusProblem[];
  /** The value of `now()` in `status`; pass it as `statusNow` next time. */
  readonly statusNow: number;
  /**
   * `keep`: the finalizer is in its wanted state. `none`: the object has no finalizer of the controller and gets none,
   * because it is released or being deleted, or its definition is not usable.
   */
  readonly finalizer: 'add' | 'keep' | 'remove' | 'none';
  readonly inventory: Inventory;
  /** Is there nothing to read, write or delete? The next step is then due when a watched object changes. */
  readonly quiet: boolean;
  /** The number of expressions that the step evaluated. */
  readonly evaluations: number;
  /** The time of the next step (milliseconds since the epoch), also when the caller observes no change. */
  readonly requeueAt?: number;
  /** The obstacles to the deletion of the instance, a text for each, without finalizers of other clients. */
  readonly blocked?: readonly string[];
  /** New equivalences to remember. */
  readonly equivalences: readonly NewEquivalence[];
}

/**
 * An equivalence that a step found. The caller keeps it as `LiveObject.equivalence`. With `writer`, the caller keeps it
 * in the entry of this writer in `LiveObject.engineFields`.
 */
export interface NewEquivalence {
  readonly target: ObjectTarget;
  readonly pair: EquivalentDigests;
  /** The name of a writer of kro's graph engine (`writerName`). */
  readonly writer?: string;
}
