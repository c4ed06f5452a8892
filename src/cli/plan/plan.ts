import type { JsonValue, ObjectRef } from '../../core/index.ts';
import type { KroCompatibility } from '../../graph/index.ts';

/**
 * What `typekro plan` found out, as its `-o json` prints it. Later versions of the same number only add fields. Objects
 * are listed in the order of the files, instances by namespace and name, writes in the order in which they happen.
 */
export interface Plan {
  readonly schemaVersion: 1;
  /** `apply`: of files. `delete`: of the deletion of what the files hold. */
  readonly operation: 'apply' | 'delete';
  /** Where the live objects came from. */
  readonly source: PlanSource;
  readonly definitions: readonly DefinitionPlan[];
  /** Objects of the files that are neither definitions nor instances. */
  readonly objects: readonly ObjectPlan[];
  readonly instances: readonly InstancePlan[];
  readonly summary: PlanSummary;
  /** What could not be read or checked, and what follows; empty when everything could. */
  readonly limits: readonly string[];
}

/** Where the live objects of a plan came from. */
export interface PlanSource {
  readonly kind: 'cluster' | 'snapshot';
  /** The context of the kubeconfig, or the name of the file. */
  readonly name: string;
  /** Version of the API server, e.g. `v1.36.0`. */
  readonly version?: string;
  /** When the objects were read, RFC 3339. */
  readonly readAt: string;
  /** The line of kro's releases that the cluster's controller follows, and how that is known. */
  readonly controller?: { readonly kroCompatibility: KroCompatibility; readonly from: string };
}

/** The change of one definition. */
export interface DefinitionPlan {
  readonly name: string;
  /** The kind that it declares, e.g. `WebApp`. */
  readonly kind: string;
  /** `file:line` of the definition. */
  readonly place: string;
  readonly action: PlanAction | 'none';
  /** Numbers of the newest revision before and after; 0: none. */
  readonly revision: { readonly from: number; readonly to: number };
  readonly schema: readonly SchemaLine[];
  readonly nodes: readonly NodeLine[];
  /** Annotations that set policies, and other parts of the spec that change. */
  readonly other: readonly ValueLine[];
  /** Why the controller would refuse it: its instances then stay as they are. */
  readonly refusal?: string;
  /** To how many instances a new revision goes first. */
  readonly canary?: {
    readonly instances: readonly string[];
    readonly of: number;
    readonly phase: 'waiting' | 'held';
  };
  /** What else becomes of its deletion, in sentences. */
  readonly notes: readonly string[];
}

/** A change of the schema of instances. */
export interface SchemaLine {
  /** `added`, `removed` or `changed`. */
  readonly change: 'added' | 'removed' | 'changed';
  /** As authors of instances write it: `spec.replicas`. */
  readonly field: string;
  readonly description: string;
  /** May instances that exist not survive it? */
  readonly breaking: boolean;
  /** `namespace/name` of the instances that set the field; only for fields that go or change. */
  readonly setBy: readonly string[];
}

/** A change of a node of the graph. */
export interface NodeLine {
  readonly change: 'added' | 'removed' | 'changed';
  readonly id: string;
  readonly kind: string;
  readonly fields: readonly ValueLine[];
}

/** A value before and after; absent: there is none. */
export interface ValueLine {
  readonly path: string;
  readonly from?: JsonValue;
  readonly to?: JsonValue;
  /** The values are hidden: they are those of a Secret, or computed from one. */
  readonly secret?: true;
  /** The field cannot change on an object that exists. */
  readonly immutable?: true;
}

/**
 * `create`; `change`; `adopt`: change an object that the instance does not own yet; `restore`: put back what another
 * client changed; `replace`: delete and create, since a field cannot change; `prune`: delete what no node wants any more;
 * `delete`: with its instance; `labels`: change nothing but what controllers write for themselves.
 */
export type PlanAction = 'create' | 'change' | 'adopt' | 'restore' | 'replace' | 'prune' | 'delete' | 'labels';

/**
 * How the result of a write is known. `server`: by a dry run of the API server. `rules`: by the rules of Kubernetes that
 * this program holds; webhooks, policies and quotas did not see it. `none`: by neither, since what it needs is not there
 * yet.
 */
export type Checked = 'server' | 'rules' | 'none';

/** One write of one object. */
export interface ObjectPlan {
  /** Id of the node; empty for objects of files and objects without one. */
  readonly node: string;
  readonly object: ObjectRef;
  readonly action: PlanAction | 'none';
  readonly fields: readonly ValueLine[];
  readonly checked: Checked;
  /** Writes of one wave happen at the same time, after those of lower numbers; from 1. */
  readonly wave: number;
  /** Nodes that have to be ready first; the values are those of now. */
  readonly after?: readonly string[];
  /** Finalizers that keep a deleted object until their controllers remove them. */
  readonly finalizers?: readonly string[];
  /** Why the write is refused. */
  readonly refusal?: string;
  readonly remedy?: string;
}

/** A node about which nothing more can be said yet, or that cannot get on. */
export interface OpenNode {
  readonly node: string;
  readonly reason: string;
  readonly remedy?: string;
}

/** What happens to one instance. */
export interface InstancePlan {
  readonly instance: ObjectRef;
  readonly definition: string;
  /**
   * `deferred`: nothing happens now, `because` says why. `blocked`: some node cannot get on, or the instance itself is
   * refused; the writes that are listed happen all the same.
   */
  readonly state: 'changed' | 'unchanged' | 'deferred' | 'blocked';
  readonly because?: string;
  readonly remedy?: string;
  /** What happens to the instance object itself; `none` unless a file holds it. */
  readonly action: PlanAction | 'none';
  readonly fields: readonly ValueLine[];
  /** `later`: a canary goes first. */
  readonly rollout?: 'first' | 'later';
  readonly writes: readonly ObjectPlan[];
  /** Nodes whose objects are known only after the writes. */
  readonly later: readonly OpenNode[];
  readonly blocked: readonly OpenNode[];
}

/** Numbers of objects by what happens to them, and of instances by their state. */
export interface PlanSummary {
  readonly create: number;
  readonly change: number;
  readonly replace: number;
  readonly prune: number;
  readonly delete: number;
  readonly labels: number;
  readonly refused: number;
  /** Nodes that are known only after the writes. */
  readonly later: number;
  readonly secrets: number;
  readonly instances: {
    readonly changed: number;
    readonly unchanged: number;
    readonly deferred: number;
    readonly blocked: number;
  };
  /** Writes by how their result is known. */
  readonly checked: Readonly<Record<Checked, number>>;
}
