import type { JsonObject, JsonValue, KubeObject, ObjectRef } from '../core/index.ts';
import type { Diagnostic } from '../core/index.ts';
import type { GraphOutline } from '../graph/index.ts';
import type { Condition, FieldDifference, InstanceState, ObjectReport } from '../runtime/index.ts';
import type { DefinitionSummary, InspectEvent, InstanceSummary } from './reports.ts';
import type { InstanceEvent, TreeNode, WhyReport } from './instance-reports.ts';

/*
 * The JSON of the interface below `/api/v1/`. A later release with the same version only adds fields and paths. Times
 * of objects are RFC 3339, other times are milliseconds since 1970. A value that can come from a Secret is never sent:
 * its place has `SECRET_MASK`, and the object around it says so.
 */

/** The id that stands for the instance's status at the end of an edge. No node can have it. */
export const STATUS_NODE = 'status';

/**
 * The code of the error for a refused token. Only a server that takes the tokens of cluster users answers with this
 * code.
 */
export const CLUSTER_TOKEN = 'inspect/cluster-token';

/** A request that changes an instance. */
export type InspectAction = 'suspend' | 'resume' | 'reconcile';

/** `GET meta`: what this server is, and what its client may do. */
export interface InspectMeta {
  /** The version of this program. */
  readonly version: string;
  readonly cluster: {
    /** The context of the kubeconfig, or the address of the API server. */
    readonly name: string;
    /** The version of the API server, e.g. `v1.36.0`. Absent when it cannot be read. */
    readonly version?: string;
  };
  /** `controller`: the states come from a controller in this process. `cluster`: they are read from the cluster. */
  readonly source: 'controller' | 'cluster';
  /** The allowed actions. Empty for a server that only reads. */
  readonly actions: readonly InspectAction[];
  /** The server answers `POST plan`. */
  readonly plans: boolean;
  /** What the copied commands need in a new shell of the server's machine. Absent when users are on other machines. */
  readonly commands?: {
    /** The words that start this program. Absent: `typekro`. */
    readonly program?: readonly string[];
    /** The files of the kubeconfig. Absent: kubectl's default. */
    readonly kubeconfigs?: readonly string[];
    /** The context of the kubeconfig. Absent when it has no other one. */
    readonly context?: string;
  };
  /** The server answers `GET proof`. */
  readonly proves?: true;
  /** The user whose rights limit the answers. Absent for the user of the kubeconfig. */
  readonly user?: string;
  /** What cannot be shown, and why, as sentences: kinds that may not be listed, a watch that failed. */
  readonly limits: readonly string[];
  /** Changes with each start of the server. Ids of events of another epoch mean nothing. */
  readonly epoch: string;
  /** The clock of the server, for ages. */
  readonly now: number;
}

/** `GET proof?nonce=…`, without a token: the proof that the server has the token of the page. */
export interface InspectProof {
  /** HMAC-SHA256 of `proofMessage` by the token, in hexadecimal digits. */
  readonly proof: string;
}

/** The numbers of instances by `status.state`. `NONE`: no controller has written a state yet. */
export type InstanceCounts = Readonly<Record<InstanceState | 'NONE', number>>;

/** A row of `GET definitions`. */
export interface DefinitionRow extends DefinitionSummary {
  readonly counts: InstanceCounts;
  /** The number of suspended instances. */
  readonly suspended: number;
  readonly createdAt?: string;
}

/** `GET definitions`: all definitions, sorted by name. */
export interface DefinitionList {
  readonly items: readonly DefinitionRow[];
  /** What the numbers of instances leave out, as sentences. */
  readonly limits: readonly string[];
}

/** `GET definitions/NAME`. */
export interface DefinitionDetail {
  readonly definition: DefinitionRow;
  /** The graph of the present spec. Absent when the spec does not compile. */
  readonly graph?: GraphOutline;
  /** The edges of the graph; empty without it. */
  readonly edges: readonly GraphEdge[];
  /** The OpenAPI schema of an instance's `spec`. Absent without a graph. */
  readonly schema?: JsonObject;
  /** The OpenAPI schema of an instance's `status`. Absent without a graph. */
  readonly statusSchema?: JsonObject;
  /** Is the kind of the instances namespaced? */
  readonly namespaced: boolean;
  readonly source: DefinitionSource;
  /** All problems of the present spec, with positions in `source.text`. */
  readonly diagnostics: readonly SourceDiagnostic[];
  /** The stored revisions, newest first. */
  readonly revisions: readonly RevisionRow[];
  /** The revisions that instances follow, with their numbers of instances, newest first. */
  readonly followers: readonly { readonly revision: number; readonly instances: number }[];
  /** Absent when no roll-out is running. */
  readonly rollout?: RolloutState;
  readonly notes: readonly string[];
}

/** The definition as YAML, without fields that the server manages. */
export interface DefinitionSource {
  readonly text: string;
  /** Does the text have masked values of Secrets? Then it is not the definition, and a plan of it is wrong. */
  readonly masked?: true;
}

/** A position in a text. Line and column begin at 1; columns count code points. */
export interface LinePosition {
  readonly line: number;
  readonly column: number;
}

/** A problem of a definition. */
export interface SourceDiagnostic extends Omit<Diagnostic, 'source'> {
  readonly source?: LinePosition;
  /** The source line, and a line with a caret under the column. Absent without a position. */
  readonly excerpt?: readonly string[];
  /** The node that has the problem. Absent for a problem of the schema or of the whole graph. */
  readonly node?: string;
}

/** A dependency in a graph. It leads from the node that is read to the node that reads. */
export interface GraphEdge {
  /** The id of a node, or `SPEC_NODE`. */
  readonly from: string;
  /** The id of a node, or `STATUS_NODE`. */
  readonly to: string;
  /** Empty when `from` installs the kind of `to`, or when the dependency comes from a subgraph. */
  readonly reads: readonly EdgeRead[];
}

/** An expression of the reading node, and the data that it takes from the other node. */
export interface EdgeRead {
  readonly purpose: 'field' | 'includeWhen' | 'forEach' | 'readyWhen' | 'propagateWhen';
  /** The field with the expression, or `includeWhen[0]`, `forEach.zone`, `readyWhen[0]`. */
  readonly place: string;
  /** The author's text: a text with `${…}` in it, or the expression alone. */
  readonly expression: string;
  /**
   * The paths that the expression reads in the other node; `''` for all of it. Paths of a collection begin at an item.
   */
  readonly paths: readonly string[];
}

/** A stored revision of a definition. */
export interface RevisionRow {
  readonly revision: number;
  /** The name of the object `GraphRevision`. */
  readonly name: string;
  readonly createdAt?: string;
  /** The present spec is equal to this revision, and the revision is the newest. */
  readonly current: boolean;
  /** The nodes and parts of the schema that differ from the revision before. */
  readonly changes: readonly string[];
  /** The instances that are pinned to the revision, as `namespace/name`. */
  readonly pinned: readonly string[];
}

/** `GET definitions/NAME/revisions/NUMBER`. */
export interface RevisionDetail {
  readonly revision: number;
  /** The definition of the revision as YAML, for a comparison of any two. */
  readonly text: string;
}

/** The canary of a definition's newest revision. */
export interface RolloutState {
  readonly revision: number;
  /**
   * `waiting`: the first instances are not ready yet. `held`: one failed, and the other instances keep their revision.
   */
  readonly phase: 'waiting' | 'held';
  /** The instances that get the revision first, as `namespace/name`. */
  readonly first: readonly string[];
  /** The number of instances that may get the revision. */
  readonly of: number;
  /** The message of the condition `RolledOut`. */
  readonly message?: string;
}

/** A row of `GET instances`. */
export interface InstanceRow extends Omit<InstanceSummary, 'state'> {
  /** `status.state`. `NONE`: no controller has written it yet. */
  readonly state: InstanceState | 'NONE';
  readonly createdAt?: string;
  /** What the instance waits for, in one sentence. Absent for a ready instance. */
  readonly waitingFor?: string;
  readonly suspended?: true;
  /** Is the instance pinned to `revision`? A newer revision then does not reach it. */
  readonly pinned?: true;
  /** When the deletion of the instance was requested. */
  readonly deletedAt?: string;
}

/** The values of `InstanceRow.state`, the most urgent first: the order in which lists and numbers show them. */
export const INSTANCE_STATES_BY_URGENCY = [
  'ERROR',
  'DELETING',
  'IN_PROGRESS',
  'NONE',
  'ACTIVE',
] as const satisfies readonly InstanceRow['state'][];

/** The fields by which `GET instances` sorts. */
export const INSTANCE_SORTS = ['name', 'state', 'age', 'definition', 'waiting'] as const;

/** A field by which `GET instances` sorts. */
export type InstanceSort = (typeof INSTANCE_SORTS)[number];

/** `GET instances`: one page. Its query is an `InstanceQuery`. */
export interface InstancePage {
  readonly items: readonly InstanceRow[];
  /** The number of instances that fit the query, on all pages. */
  readonly total: number;
  /** The numbers of the instances that fit the query without its `state`, by state. */
  readonly counts: InstanceCounts;
  /** The number of instances before this page. */
  readonly offset: number;
  /** What the list leaves out, as sentences. */
  readonly limits: readonly string[];
}

/** The query of `GET instances`. Every field is optional. */
export interface InstanceQuery {
  readonly definition?: string;
  readonly namespace?: string;
  /** A value of `InstanceRow.state`. */
  readonly state?: InstanceRow['state'];
  readonly revision?: number;
  /** A text in the name, the namespace, the kind or the reason. Upper and lower case count as equal. */
  readonly search?: string;
  /** Default `name`. */
  readonly sort?: InstanceSort;
  readonly order?: 'asc' | 'desc';
  /** The number of instances before the page. Default 0. */
  readonly offset?: number;
  /** The length of the page. Default and maximum: 500. */
  readonly limit?: number;
}

/** `GET instances/REF`. */
export interface InstanceDetail {
  readonly instance: InstanceRow;
  /** The live object, without its managed fields. */
  readonly object: KubeObject;
  readonly conditions: readonly Condition[];
  /** The graph that the instance follows. Absent without a revision that compiles. */
  readonly graph?: GraphOutline;
  /** The edges of the graph with the values that flow now; empty without the graph. */
  readonly edges: readonly ValueEdge[];
  /** The nodes in the order of creation, with states, reasons and objects; retired nodes come last. */
  readonly nodes: readonly InstanceNode[];
  readonly notes: readonly string[];
}

/** An object of a node. */
export interface InstanceObject extends ObjectReport {
  /**
   * Do the conditions of `readyWhen` hold for this object? Absent in three cases: the object does not exist; the object
   * was not read; or the object fulfils the conditions, but differs from the graph because a write is pending or fails.
   */
  readonly ready?: boolean;
}

/** A node of an instance. */
export interface InstanceNode extends Omit<TreeNode, 'objects'> {
  readonly objects: readonly InstanceObject[];
  /** The numbers of the node's objects by state. */
  readonly counts: Readonly<Record<InstanceObject['state'], number>>;
  /** The number of present objects that are not ready, also of those that `objects` leaves out. Absent for none. */
  readonly unready?: number;
  /** The number of present objects without `ready`, also of those that `objects` leaves out. Absent for none. */
  readonly unchecked?: number;
  /** The number of objects that `objects` leaves out, because a node has too many. Absent for none. */
  readonly omitted?: number;
}

/** An edge of the graph of an instance. */
export interface ValueEdge extends Omit<GraphEdge, 'reads'> {
  readonly reads: readonly (EdgeRead & {
    /** The values at `paths`, in their order. */
    readonly values: readonly CurrentValue[];
  })[];
}

/** The present value of data or of an expression. */
export type CurrentValue =
  | { readonly is: 'known'; readonly value: JsonValue }
  /** The value is too large to be sent. */
  | { readonly is: 'large'; readonly bytes: number }
  /** The value can come from a Secret. */
  | { readonly is: 'secret' }
  /** The data does not exist yet, or may not be read. */
  | { readonly is: 'unknown'; readonly message: string }
  | { readonly is: 'failed'; readonly message: string };

/** `GET instances/REF/why`: the report of `typekro why`, with the chains and the other instances that wait. */
export interface WhyPath extends WhyReport {
  /** One chain for each entry of `causes`. */
  readonly chains: readonly WhyChain[];
  /** The number of other instances that are not ready, of those that the caller may list. */
  readonly othersWaiting: number;
  /** What the numbers of other instances leave out, as sentences. */
  readonly limits: readonly string[];
  /**
   * The number of the other waiting instances whose causes were compared. If the number is smaller than
   * `othersWaiting`, a chain can have more instances than its `othersTotal`.
   */
  readonly othersCompared: number;
}

/** The path from an instance to a root cause. */
export interface WhyChain {
  /** The ids of all nodes on the path; the node of the cause is the first. */
  readonly nodes: readonly string[];
  /** The object that everything waits for, where it is known. */
  readonly object?: ObjectRef;
  /** Other instances that wait for the same cause, at most 100. */
  readonly others: readonly InstanceRow[];
  /** The number of the compared instances that wait for the same cause. */
  readonly othersTotal: number;
}

/** `GET instances/REF/nodes/NODE`, with `?object=` for the values of one object of a collection. */
export interface NodeDetail {
  readonly node: InstanceNode;
  /** The expressions of the node with their present values, in the order of the definition. */
  readonly expressions: readonly ExpressionValue[];
}

/** An expression of a node with its present value. */
export interface ExpressionValue extends Omit<EdgeRead, 'paths'> {
  /** The static type of the value as CEL writes it. */
  readonly type: string;
  readonly value: CurrentValue;
}

/** `GET instances/REF/object?object=…`: one object of an instance, desired and live. */
export interface ObjectDetail {
  readonly object: ObjectRef;
  /** The id of the object's node. An object that no node owns, e.g. a pod of a Deployment, has no detail (404). */
  readonly node: string;
  /** The object as the graph wants it now. Absent when it is not known yet, and for an object that no node writes. */
  readonly desired?: KubeObject;
  /** Absent when the object does not exist or may not be read. */
  readonly live?: KubeObject;
  /** Why `live` is absent. */
  readonly unread?: string;
  /** The fields in which the live object differs from the desired one. */
  readonly differences: readonly FieldDrift[];
  /** The managers of the live object's fields, the last writer first. */
  readonly managers: readonly FieldManager[];
  /** The fields of `live` and `desired` that are masked, as paths. */
  readonly masked: readonly string[];
  /** The pods whose logs can be read. Empty for an object that an external collection only selects. */
  readonly pods: readonly PodContainers[];
  /** Why `pods` is empty: they could not be listed. Absent when they could. */
  readonly podsUnread?: string;
}

/** A field that differs. */
export interface FieldDrift extends FieldDifference {
  /** When one of `managers` wrote last. Absent when it is not known. */
  readonly at?: string;
  readonly secret?: true;
}

/** An entry of `metadata.managedFields`. */
export interface FieldManager {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly time?: string;
  /** The number of fields that the manager owns. */
  readonly fields: number;
}

/** A pod and its containers, init containers first. */
export interface PodContainers {
  readonly pod: ObjectRef;
  readonly containers: readonly string[];
}

/**
 * `GET instances/REF/events`, with `?node=` for one node: the newest events about an instance, its objects, and the
 * objects that these own, newest first.
 */
export interface InstanceEvents {
  readonly items: readonly InstanceEvent[];
  /** The number of earlier events that `items` leaves out. Absent for none. */
  readonly omitted?: number;
  /** Namespaces whose events cannot be read, and why. */
  readonly unread: readonly string[];
}

/** `GET instances/REF/logs?object=…&container=…`: the last lines of a container's log. */
export interface PodLog {
  readonly lines: readonly string[];
  /** The log is longer than the answer. */
  readonly truncated: boolean;
}

/** The body of `POST plan`, as JSON; the answer is a `Plan`. */
export interface PlanRequest {
  readonly files: readonly PlanFile[];
}

/** A file of definitions, instances and other objects, as YAML. */
export interface PlanFile {
  readonly name: string;
  readonly text: string;
}

/** `POST instances/REF/actions`, as JSON. */
export interface ActionRequest {
  readonly action: InspectAction;
}

/** The answer to an action. */
export interface ActionAnswer {
  readonly action: InspectAction;
  /** Did the object change? False when it was already as wanted. */
  readonly changed: boolean;
  readonly message: string;
}

/** The body of every answer with a status of 400 or more. */
export interface InspectProblem {
  /** A stable name, e.g. `inspect/no-instance`. */
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  /** The last state of an instance that is gone. Only with 404. */
  readonly last?: InstanceRow;
  /** The problems of the files that were sent. Only with 422. */
  readonly diagnostics?: readonly SourceDiagnostic[];
}

/**
 * The data of a message `changes` of `GET events`. Several changes of one subject of one type count once, with the last
 * message.
 */
export interface ChangeBatch {
  readonly changes: readonly InspectEvent[];
}

/**
 * The data of a message `hello`, the first one of each stream of `GET events`. After `missed`, the client must read
 * again everything that it shows: the server has started again, no longer has the events after the client's last id, or
 * something changed while a new client may already have read.
 */
export interface StreamStart {
  readonly epoch: string;
  readonly missed: boolean;
}

/** The data of a message `reset`: more changed than a message can list. The client reads again what it shows. */
export interface StreamReset {
  readonly reason: string;
}
