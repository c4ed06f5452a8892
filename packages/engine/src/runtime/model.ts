import type { GroupVersionKind, JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import type { FieldDifference } from './objects/compare.ts';
import type { Fingerprint, EquivalentDigests } from './objects/fingerprint.ts';
import type { ForeignItem } from './objects/foreign-items.ts';
import type { NodeReport } from './report.ts';
import type { StepMemory } from './step-memory.ts';
import type { ListTarget, MemberTarget, ObjectTarget, ObjectType } from './objects/target.ts';

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
export type Condition = {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
};

/** The options of a step. */
export interface StepOptions {
  /** The current time, in milliseconds since the epoch, for transition times and retries. */
  readonly now: number;
  /**
   * The version in labels and in the annotation `applyset.kubernetes.io/tooling`. Default `devel`, as in kro's
   * unreleased builds.
   */
  readonly version?: string;
  /** UID of the definition, for the labels of the instance. Default: empty. */
  readonly definitionUid?: string;
  /** The maximum number of items in a collection. Default 1000. */
  readonly maxCollectionSize?: number;
  /** The policy for objects that the instance does not own. Default `adopt`. */
  readonly adoption?: AdoptionPolicy;
  /** Maps a node id to the policy of this node, which takes precedence over `adoption`. */
  readonly nodeAdoption?: ReadonlyMap<string, AdoptionPolicy>;
  /**
   * Is a live object ready? Called for nodes without `readyWhen`. Direct mode passes the author's function for the node
   * or, if there is none, `readinessOf`. The controller passes nothing. Default, as in kro: an existing object is
   * ready.
   */
  readonly readiness?: (object: KubeObject) => ObjectReadiness;
  /** Is all data plain JSON, so that expressions need not check it? Default false. */
  readonly plainData?: boolean;
  /** The maximum cost of one expression. Default: the default of `Program.evaluate`. */
  readonly budget?: number;
  /** The value of `now()` in templates (milliseconds since the epoch). Default `now`. */
  readonly templateNow?: number;
  /** Number of the graph's revision; 0: no revision yet. If it is set, the status records the value of `now()`. */
  readonly revision?: number;
  /**
   * The newest revision of a definition with `propagateWhen`. If it is set, the status has the condition
   * `RevisionReconciled`.
   */
  readonly newestRevision?: number;
  /** The last value of `now()` in `status`. The value stays while no other part of the status changes. */
  readonly statusNow?: number;
  /**
   * Does the definition declare its own conditions? Used only for a step without a graph, which then keeps the author's
   * conditions in the status. Default false.
   */
  readonly authorConditions?: boolean;
  /**
   * Does the status contain node reports? The annotation `typekro.dev/explain` of an instance has the same effect.
   * Default false.
   */
  readonly explain?: boolean;
  /**
   * Returns the plural and the scope of a type that the cluster serves; undefined for any other type. Needed for nodes
   * whose apiVersion or kind is an expression. Default: no type is served. `nodeId` is the node whose objects have the
   * type; undefined if no node describes the object.
   */
  readonly kinds?: (type: GroupVersionKind, nodeId?: string) => Pick<ObjectType, 'plural' | 'namespaced'> | undefined;
  /** Does the status have the condition `WatchesHealthy`? Needs `Observed.watchState`. Default false. */
  readonly watchHealth?: boolean;
  /**
   * Does the controller also run Graphs? If so, an instance writes no object that belongs to a Graph, as in kro 0.10.
   * Default false.
   */
  readonly graphKind?: boolean;
  /** The user name of the service account that writes the objects. The status of a Graph records this name. */
  readonly account?: string;
  /**
   * The Graphs whose template nodes created this Graph, directly or indirectly, as `namespace/name`: the creator, the
   * creator's creator, and so on.
   */
  readonly makers?: readonly string[];
  /** May templates create objects outside the instance's namespace? Default `any`. */
  readonly namespaces?: 'any' | 'instance';
  /**
   * A cache of results that the caller keeps between the steps of this instance. Default: each step computes
   * everything.
   */
  readonly memory?: StepMemory;
}

/** The result of a readiness function. */
export interface ObjectReadiness {
  readonly ready: boolean;
  /** Does the object stay unready until it is changed, like a failed Job? */
  readonly failed?: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Server-side apply of one object. */
export interface ApplyAction {
  readonly nodeId: string;
  readonly target: ObjectTarget;
  /** The object to send, including labels and annotations. */
  readonly desired: KubeObject;
  /** The fingerprint of `desired`. The caller stores it with that of the owned fields in the server's response. */
  readonly fingerprint: Fingerprint;
  readonly why: ApplyReason;
  /** UID of the object to be changed; absent for a creation. */
  readonly uid?: string;
  /** The differences between the live and the desired object; absent if only a projection was known. */
  readonly differences?: readonly FieldDifference[];
  /** The items that the apply cannot remove from its lists; absent if there are none, or only a projection was known. */
  readonly foreign?: readonly ForeignItem[];
  /** The other manager that wrote the object last, if known. */
  readonly lastWriter?: string;
  /** The ApplySet from which the object is taken over. */
  readonly formerOwner?: string;
  /** The field manager. Default: `kro.run/applyset`, the manager of the children of instances. */
  readonly manager?: string;
  /** The subresource to write instead of the object itself. */
  readonly subresource?: 'status';
  /** Default `always`. */
  readonly force?: ForceRule;
  /** The resourceVersion of the live object with which `desired` was compared. Present only if `force` is set. */
  readonly version?: string;
}

/**
 * Does an apply take over the fields that another manager owns, if their values differ from the desired ones?
 *
 * - `always`: yes, in one request.
 * - `unlessGraph`: the first request takes over nothing. After a conflict, a second request takes the fields over,
 *   unless the template node of a Graph owns one of them.
 * - `ForceOver`: the first request takes over nothing. After a conflict, a second request takes the fields over if the
 *   rule covers every manager that owns one of them.
 */
export type ForceRule = 'always' | 'unlessGraph' | ForceOver;

/** Selects the managers whose fields an apply takes over. */
export interface ForceOver {
  /** A manager is selected if it is this prefix, or begins with this prefix and a dot. */
  readonly prefix: string;
  /** Managers that match the prefix, but whose fields the apply does not take over. */
  readonly except: readonly string[];
}

/**
 * Releases the fields that a manager owns in an object, by an apply that contains only the object's identity, without
 * force.
 */
export interface ReleaseAction {
  readonly target: ObjectTarget;
  readonly manager: string;
  readonly subresource?: 'status';
  /** If set, the object keeps the fields, and only the manager's entries in `managedFields` are removed. */
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
 * one. When an instance is deleted, each decision has only one wave. A decision that prunes objects or belongs to a
 * Graph may have several waves.
 */
export interface DeleteAction {
  /** The id of the node that created the object, from the object's label or the record of a Graph; empty if unknown. */
  readonly nodeId: string;
  readonly target: ObjectTarget;
  /** Precondition: an object with another UID under the same name is not deleted. */
  readonly uid: string;
  readonly why: 'prune' | 'instance-deleted';
  /**
   * The object's apply order; 0 if the object has none. For a Graph, the wave follows the order of the nodes in the
   * record.
   */
  readonly wave: number;
}

/**
 * Releases one child that has the deletion policy `Orphaned`, instead of deleting it. The object stays, without the
 * labels and annotations of the controller.
 */
export interface OrphanAction extends DeleteAction {
  /** The merge patch to send. It contains the UID, so that it cannot change another object of the same name. */
  readonly patch: JsonObject;
}

/** A read of an object or list that the step needs to continue. The caller reads it and calls `step` again. */
export type ReadRequest =
  | { readonly kind: 'object'; readonly nodeId: string; readonly target: ObjectTarget; readonly why: 'unknown' }
  /**
   * `no-equivalence`: the projection differs from the desired object and no equivalence is known, so the whole object
   * must be compared. `unconfirmed`: the object may be removed from the record of a Graph only after the API server has
   * reported that the object does not exist.
   */
  | {
      readonly kind: 'whole-object';
      readonly nodeId: string;
      readonly target: ObjectTarget;
      readonly why: 'no-equivalence' | 'unconfirmed';
    }
  | { readonly kind: 'list'; readonly nodeId: string; readonly target: ListTarget; readonly why: 'unknown' }
  | { readonly kind: 'members'; readonly target: MemberTarget; readonly why: 'prune' | 'instance-deleted' };

/** An object or list to watch. Each decision has the complete set of watches. */
export type WatchRequest =
  | { readonly kind: 'object'; readonly nodeId: string; readonly target: ObjectTarget }
  | { readonly kind: 'list'; readonly nodeId: string; readonly target: ListTarget };

/**
 * A field or condition of the status that has no value because its expression failed. An expression that only waits for
 * data is not a problem.
 */
export interface StatusProblem {
  /** Path below `status`, e.g. `endpoint` or `conditions[0]`. */
  readonly path: string;
  readonly expression: string;
  readonly message: string;
}

/** The kinds and namespaces that may contain members of the ApplySet. Lists are sorted. */
export interface InventoryScope {
  /** `Kind.group`; `Kind` for the core group. */
  readonly groupKinds: readonly string[];
  /** Namespaces other than the parent's. */
  readonly namespaces: readonly string[];
}

/** The record of an ApplySet. It is stored on the instance, which is the parent of the set. */
export interface Inventory extends InventoryScope {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * The writes of the instance's metadata. They precede all other actions of the decision: first `labels`, then
 * `inventory`. Both objects carry the UID, and the first one also the observed resourceVersion. A conflict means that
 * the view was stale; then no other action may be carried out.
 */
export interface ParentWrite {
  /** The object to apply if the finalizer or the labels (manager `kro.run/labeller`) are incomplete. */
  readonly labels?: KubeObject;
  /**
   * The object to apply if the recorded inventory (manager `kro.run/applyset-parent`) does not cover all objects to be
   * applied.
   */
  readonly inventory?: KubeObject;
  /** Set if the finalizer must be removed, because no child remains to delete or release. */
  readonly removeFinalizer?: true;
  /**
   * Set if the finalizer of a Graph (`kro.run/graph-finalizer`) is missing and must be added with a merge patch of the
   * metadata.
   */
  readonly addFinalizer?: true;
  /**
   * Set if the status of a Graph does not name all objects and fields to be written. These members of the status must
   * be written with a merge patch before any object is written.
   */
  readonly tracking?: GraphTracking;
  /**
   * The user name of the service account. Set before the account writes objects of a Graph for the first time. It must
   * be written together with `tracking`. The deletion of the Graph needs this name if the spec names another account by
   * then.
   */
  readonly account?: string;
}

/**
 * All actions that a step decided. Their order is `parent`, `apply` (its entries in any order), `orphan`, `delete`,
 * `release`. The status is written last, if `read` is empty and nothing was written. The caller carries the decision
 * out, observes the cluster, and repeats the step until `quiet`.
 */
export interface Decision {
  readonly parent: ParentWrite;
  readonly apply: readonly ApplyAction[];
  readonly delete: readonly DeleteAction[];
  /** Children to release instead of deleting them. The releases precede the deletions. Absent: none. */
  readonly orphan?: readonly OrphanAction[];
  /** Fields of other objects to release, after the deletions. Absent: none. */
  readonly release?: readonly ReleaseAction[];
  readonly read: readonly ReadRequest[];
  readonly watch: readonly WatchRequest[];
  /** One report per node in topological order, then one report per removed node that still has objects. */
  readonly nodes: readonly NodeReport[];
  readonly state: InstanceState;
  /** kro's built-in conditions, even if the author's conditions replace them in the status. */
  readonly conditions: readonly Condition[];
  /** The whole `status` of the instance: projected fields, `state`, `conditions`. */
  readonly status: JsonObject;
  /** Does `status` differ from the instance's present status? */
  readonly statusChanged: boolean;
  /** Status expressions that failed. Their fields are omitted from `status`; all other fields are written. */
  readonly statusProblems: readonly StatusProblem[];
  /** Omitted fields of `status` whose data does not exist yet, with the nodes that they read. Absent for a Graph. */
  readonly statusPending?: readonly (StatusProblem & { readonly nodes: readonly string[] })[];
  /** The value of `now()` in `status`. The caller passes it as `statusNow` to the next step. */
  readonly statusNow: number;
  /**
   * `keep`: the finalizer is in its wanted state. `none`: the object has no finalizer of the controller and gets none,
   * because it is released or being deleted, or its definition is not usable.
   */
  readonly finalizer: 'add' | 'keep' | 'remove' | 'none';
  readonly inventory: Inventory;
  /**
   * Is there nothing to read, write or delete? If so, the caller waits until a watched object changes, or until
   * `requeueAt`.
   */
  readonly quiet: boolean;
  /** The number of expressions that the step evaluated. */
  readonly evaluations: number;
  /** The time at which the caller must repeat the step even if it observes no change (milliseconds since the epoch). */
  readonly requeueAt?: number;
  /** The obstacles to the deletion of the instance, one message each. Finalizers of other clients are not included. */
  readonly blocked?: readonly string[];
  /** New equivalences that the caller stores. */
  readonly equivalences: readonly NewEquivalence[];
}

/**
 * An equivalence that a step found. The caller stores it in `LiveObject.equivalence` or, if `writer` is set, in this
 * writer's entry of `LiveObject.engineFields`.
 */
export interface NewEquivalence {
  readonly target: ObjectTarget;
  readonly pair: EquivalentDigests;
  /** The name of a writer of kro's graph engine (`writerName`). */
  readonly writer?: string;
}

/** The objects and fields that a Graph writes, as its status records them. */
export interface GraphTracking {
  readonly managedResources: readonly ManagedResource[];
  readonly contributions: readonly Contribution[];
}

/** An object that a Graph has created or is about to create: an entry of `status.managedResources`. */
export interface ManagedResource extends ObjectRef {
  /** The ids of the enclosing subgraphs and of the node, joined by `/`. */
  readonly nodeID: string;
  /** Absent until the Graph has written the object. */
  readonly uid?: string;
}

/** Fields that a patch node writes into an object: an entry of `status.contributions`. */
export interface Contribution extends ObjectRef {
  readonly subresource?: string;
  readonly fieldManager: string;
}
