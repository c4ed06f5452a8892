import type { JsonValue, ObjectRef } from '@typekro/kit/core';
import type { GraphFeatures, KroCompatibility } from '@typekro/engine/graph';
import type { AdoptionPolicy } from '@typekro/engine/runtime';
import type { Advice } from './remedy-command.ts';

/**
 * The report of `typekro plan`, as `-o json` prints it. A later release with the same `schemaVersion` only adds fields.
 * Objects are in the order of the files, instances are sorted by definition, namespace and name, and writes are in the
 * order of their execution.
 */
export interface Plan {
  readonly schemaVersion: 1;
  /** `apply` plans the apply of the files, `delete` the deletion of their objects. */
  readonly operation: 'apply' | 'delete';
  /** The source of the live objects. */
  readonly source: PlanSource;
  readonly definitions: readonly DefinitionPlan[];
  /** Objects of the files that are neither definitions nor instances. */
  readonly objects: readonly ObjectPlan[];
  readonly instances: readonly InstancePlan[];
  readonly summary: PlanSummary;
  /** Sentences about data that could not be read or checked, and the consequences. Empty when the plan is complete. */
  readonly limits: readonly string[];
}

/** The limits and policies of a controller that change its decisions. */
export interface ControllerLimits {
  readonly maxCollectionSize?: number;
  readonly maxCollectionDimensions?: number;
  readonly budget?: number;
  readonly adoption?: AdoptionPolicy;
  readonly namespaces?: 'any' | 'instance';
}

/** The source of a plan's live objects. */
export interface PlanSource {
  readonly kind: 'cluster' | 'snapshot';
  /** The context of the kubeconfig, or the name of the file. */
  readonly name: string;
  /** Version of the API server, e.g. `v1.36.0`. */
  readonly version?: string;
  /** When the objects were read, RFC 3339. */
  readonly readAt: string;
  /**
   * The cluster's controller: the level of kro, the source of this information, and the features and limits that
   * differ from those of a controller whose flags are not known.
   */
  readonly controller?: {
    readonly kroCompatibility: KroCompatibility;
    readonly from: string;
    readonly features?: GraphFeatures;
    readonly limits?: ControllerLimits;
  };
}

/** The change of one definition. */
export interface DefinitionPlan extends Advice {
  readonly name: string;
  /** The kind that the definition declares, e.g. `WebApp`. */
  readonly kind: string;
  /** `file:line` of the definition. */
  readonly place: string;
  readonly action: PlanAction | 'none';
  /** How the write of the definition was checked. Absent without a write, and for a deletion. */
  readonly checked?: Checked;
  /** The object in the cluster could not be read. Its existence and its changed fields are not known. */
  readonly unread?: true;
  /** The numbers of the newest revision before and after the apply; 0 when there is none. */
  readonly revision: { readonly from: number; readonly to: number };
  readonly schema: readonly SchemaLine[];
  readonly nodes: readonly NodeLine[];
  /** Other changes: annotations that set policies, and remaining parts of the spec. */
  readonly other: readonly ValueLine[];
  /** Why the server or the controller would refuse the definition. In this case, its instances do not change. */
  readonly refusal?: string;
  /**
   * The canary of a new revision: `instances` names the instances that follow the revision first, and `of` is the
   * number of instances from which they are chosen.
   */
  readonly canary?: { readonly instances: readonly string[]; readonly of: number; readonly phase: 'waiting' | 'held' };
  /** Sentences about additional consequences: of a deletion, or of the end of a version. */
  readonly notes: readonly string[];
}

/** A change of the schema of instances. */
export interface SchemaLine {
  /** `added`, `removed` or `changed`. */
  readonly change: 'added' | 'removed' | 'changed';
  /** The path of the field in an instance: `spec.replicas`. For a version of the API, `version.NAME`. */
  readonly field: string;
  readonly description: string;
  /** True when the change can break existing instances. */
  readonly breaking: boolean;
  /** `namespace/name` of the instances that set the field. Empty for added fields, and for fields outside of `spec`. */
  readonly setBy: readonly string[];
  /** `namespace/name` of the instances without a field that becomes required. Absent for every other change. */
  readonly lackedBy?: readonly string[];
}

/** A change of a node of the graph. */
export interface NodeLine {
  readonly change: 'added' | 'removed' | 'changed';
  readonly id: string;
  readonly kind: string;
  readonly fields: readonly ValueLine[];
}

/** A value before and after the change; `from` or `to` is absent when there is no value. */
export interface ValueLine {
  readonly path: string;
  readonly from?: JsonValue;
  readonly to?: JsonValue;
  /** True when the values are masked, because they are from a Secret or computed from one. */
  readonly secret?: true;
  /** True when the server does not allow the field to change on an existing object. */
  readonly immutable?: true;
}

/**
 * The action of a write. `adopt` changes an object that the instance does not own yet. `restore` reverts a change of
 * another client. `replace` deletes and creates the object, because an immutable field changes. `prune` deletes an
 * object that no node wants any more. `delete` deletes an object together with its instance. For an object with
 * `deletionPolicy: Orphaned`, `orphan` replaces `prune` and `delete`: the object is kept, and no longer belongs to an
 * instance. `labels` changes only labels and annotations of controllers.
 */
export type PlanAction =
  | 'create'
  | 'change'
  | 'adopt'
  | 'restore'
  | 'replace'
  | 'prune'
  | 'delete'
  | 'orphan'
  | 'labels';

/**
 * How the result of a write was checked. `server`: by a dry run of the API server. `rules`: by the rules of Kubernetes
 * that this program implements, without webhooks, policies and quotas. `none`: not at all, for example because the kind
 * does not exist yet.
 */
export type Checked = 'server' | 'rules' | 'none';

/** One write of one object. */
export interface ObjectPlan extends Advice {
  /** The id of the node. Empty for objects of files, and for retired objects without a known node. */
  readonly node: string;
  readonly object: ObjectRef;
  readonly action: PlanAction | 'none';
  /** The object in the cluster could not be read. Its existence and its changed fields are not known. */
  readonly unread?: true;
  readonly fields: readonly ValueLine[];
  readonly checked: Checked;
  /**
   * The position of the write in the order of execution, beginning with 1. Writes with the same number happen at the
   * same time, after those with lower numbers. Unlike the waves of a deletion, lower numbers come first.
   */
  readonly wave: number;
  /**
   * Nodes that must be ready before the write. In this plan, the write is computed from the present values of the
   * fields that it reads from these nodes.
   */
  readonly after?: readonly string[];
  /** The finalizers of a deleted object, which exists until other controllers remove them. */
  readonly finalizers?: readonly string[];
  /**
   * The others that manage the object and may write or delete it again, e.g. `Helm release shop/web`. Set for an adopted
   * object, and for an object of a file that an instance owns.
   */
  readonly managedBy?: readonly string[];
  /** Why the write is refused. */
  readonly refusal?: string;
}

/** A node with objects that are not known yet, or a blocked node. */
export interface OpenNode extends Advice {
  readonly node: string;
  readonly reason: string;
  /**
   * Present when the node may not adopt an object that exists. `owned`: another instance owns the object. `unowned`: no
   * instance owns it, and the definition does not allow the adoption.
   */
  readonly unadopted?: 'owned' | 'unowned';
}

/** The plan of one instance. */
export interface InstancePlan extends Advice {
  readonly instance: ObjectRef;
  readonly definition: string;
  /**
   * `deferred`: nothing is written yet, for the reason in `because`. `blocked` has four causes: a node is blocked; the
   * server refuses the instance itself; the instance of a file is being deleted; or no controller would complete its
   * deletion. The listed writes of a blocked instance still happen, unless `because` is present.
   */
  readonly state: 'changed' | 'unchanged' | 'deferred' | 'blocked';
  readonly because?: string;
  /** When the deletion of the live instance was requested, RFC 3339. Absent for other instances. */
  readonly deletedSince?: string;
  /** The instance whose planned write creates, changes or deletes this instance. Its plan has the write. */
  readonly parent?: ObjectRef;
  /** The nodes of `parent`, or of its own parents, that must be ready before the write of this instance. */
  readonly after?: readonly string[];
  /** The action on the instance object itself. `none` for an instance that is not in the files. */
  readonly action: PlanAction | 'none';
  /** How the write of the instance object itself was checked. Absent without a write, and for a deletion. */
  readonly checked?: Checked;
  /** The object in the cluster could not be read. Its existence and its changed fields are not known. */
  readonly unread?: true;
  readonly fields: readonly ValueLine[];
  /** Present during a canary: `first` for its members, `later` for the other instances. */
  readonly rollout?: 'first' | 'later';
  /**
   * Set for an instance of a file that gets the new revision only after the canary: the writes of the current revision,
   * which happen immediately. Absent when there are none.
   */
  readonly meanwhile?: Meanwhile;
  /**
   * The objects that are deleted and created again. They are deleted because the definition is applied before the
   * instance, and the new revision leaves them out for the old spec. After the instance is applied, they are created
   * again, when their nodes allow it. For `rollout: later`, this happens only if the canary ends before the instance is
   * applied. A nested instance is recreated with its parent's object. Absent when there are none.
   */
  readonly recreated?: readonly ObjectRef[];
  readonly writes: readonly ObjectPlan[];
  /** The nodes with objects that are known only after the writes. */
  readonly later: readonly OpenNode[];
  readonly blocked: readonly OpenNode[];
}

/** The writes of the current revision for an instance that waits for a canary. */
export type Meanwhile = Pick<InstancePlan, 'writes' | 'later' | 'blocked'>;

/** The number of objects per action, and the number of instances per state. */
export interface PlanSummary {
  readonly create: number;
  readonly change: number;
  readonly replace: number;
  readonly prune: number;
  readonly delete: number;
  /** The number of retired objects that are kept. */
  readonly orphan: number;
  readonly labels: number;
  readonly refused: number;
  /** The number of nodes that are known only after the writes. */
  readonly later: number;
  readonly secrets: number;
  readonly instances: {
    readonly changed: number;
    readonly unchanged: number;
    readonly deferred: number;
    readonly blocked: number;
  };
  /** The number of writes per kind of check. */
  readonly checked: Readonly<Record<Checked, number>>;
}
