import type { JsonObject, JsonValue, KubeObject, ObjectRef, Diagnostic } from '@typekro/kit/core';
import type { GraphOutline } from '@typekro/engine/graph';
import type { Condition, FieldDifference, InstanceState, Reports } from '@typekro/engine/runtime';
import type { VersionsDetail } from './versions-detail.ts';
import type { DefinitionSummary, InspectEvent, InspectLimit, InstanceSummary } from './inspect-source.ts';
import type {
  InstanceEvent,
  InstancePast,
  OwnedObject,
  PodContainers,
  TreeNode,
  WhyReport,
} from './instance-reports.ts';

/*
 * The JSON of the interface below `/api/v1/`. Later releases only add fields and paths below `/api/v1/`. Times of
 * objects are RFC 3339; all other times are milliseconds since 1970. A value that can come from a Secret is never sent:
 * `SECRET_MASK` replaces it, and the enclosing JSON object has a field that says so.
 */

/** The id for the instance's status as the target of an edge. No node can have this id. */
export const STATUS_NODE = 'status';

/**
 * The error code for a refused token on a server that accepts the tokens of cluster users. A server that accepts only
 * its own token uses another code.
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
  /** Does the server support `POST plan`? */
  readonly plans: boolean;
  /**
   * What the commands on the page need so that they work in a new shell on the server's machine. Absent when users are
   * on other machines.
   */
  readonly commands?: {
    /** The command line that starts this program. Absent when it is `typekro`. */
    readonly program?: readonly string[];
    /** The files of the kubeconfig. Absent for kubectl's default. */
    readonly kubeconfigs?: readonly string[];
    /** The context of the kubeconfig. Absent when the kubeconfig has only one context. */
    readonly context?: string;
  };
  /** Set if the server supports `GET proof`. */
  readonly proves?: true;
  /** The user whose rights limit the responses. Absent for the user of the kubeconfig. */
  readonly user?: string;
  /** The data that cannot be shown, with reasons, such as kinds that may not be listed, or a failed watch. */
  readonly limits: readonly InspectLimit[];
  /** A value that changes with each start of the server. Event ids from another epoch are not valid. */
  readonly epoch: string;
  /** The clock of the server, for ages. */
  readonly now: number;
}

/** `GET proof?nonce=…`, without a token: the proof that the server has the token of the page. */
export interface InspectProof {
  /** HMAC-SHA256 of `proofMessage` with the token as key, in hexadecimal digits. */
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
  /** Sentences about the instances that the counts do not include. */
  readonly limits: readonly string[];
}

/** `GET definitions/NAME`. */
export interface DefinitionDetail {
  readonly definition: DefinitionRow;
  /** The graph of the current spec. Absent when the spec does not compile. */
  readonly graph?: GraphOutline;
  /** The edges of the graph; empty without it. */
  readonly edges: readonly GraphEdge[];
  /** The OpenAPI schema of an instance's `spec`. Absent without a graph. */
  readonly schema?: JsonObject;
  /** The OpenAPI schema of an instance's `status`. Absent without a graph. */
  readonly statusSchema?: JsonObject;
  /** The versions of the API. Absent for an API of one version. */
  readonly versions?: VersionsDetail;
  /** Is the kind of the instances namespaced? */
  readonly namespaced: boolean;
  readonly source: DefinitionSource;
  /** All problems of the current spec, with positions in `source.text`. */
  readonly diagnostics: readonly SourceDiagnostic[];
  /** The stored revisions, newest first. */
  readonly revisions: readonly RevisionRow[];
  /** The revisions that instances follow, each with its number of instances, newest first. */
  readonly followers: readonly { readonly revision: number; readonly instances: number }[];
  /** Absent when no roll-out is running. */
  readonly rollout?: RolloutState;
  readonly notes: readonly string[];
}

/** The definition as YAML, without fields that the server manages. */
export interface DefinitionSource {
  readonly text: string;
  /**
   * Does the text have masked values of Secrets? If so, the text differs from the definition, and a plan of the text
   * would be wrong.
   */
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
  /** The source line, and a line with a caret under the column. Absent for a problem without a position. */
  readonly excerpt?: readonly string[];
  /** The node that has the problem. Absent for a problem of the schema or of the whole graph. */
  readonly node?: string;
}

/** A dependency in a graph. The edge leads from a node to another node that reads the first one. */
export interface GraphEdge {
  /** The id of a node, or `SPEC_NODE`. */
  readonly from: string;
  /** The id of a node, or `STATUS_NODE`. */
  readonly to: string;
  /** Empty when `from` installs the kind of `to`, or when the dependency comes from a subgraph. */
  readonly reads: readonly EdgeRead[];
}

/** An expression of the node that reads, and the data that the expression reads in the other node. */
export interface EdgeRead {
  readonly purpose: 'field' | 'includeWhen' | 'forEach' | 'readyWhen' | 'propagateWhen';
  /** The field with the expression, or `includeWhen[0]`, `forEach.zone`, `readyWhen[0]`. */
  readonly place: string;
  /** The author's string: a string that contains `${…}`, or only the expression without `${…}`. */
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
  /** True if this is the newest revision and the current spec is equal to it. */
  readonly current: boolean;
  /** The nodes and parts of the schema that differ from the previous revision. */
  readonly changes: readonly string[];
  /** The instances that are pinned to the revision, as `namespace/name`. */
  readonly pinned: readonly string[];
}

/** `GET definitions/NAME/revisions/NUMBER`. */
export interface RevisionDetail {
  readonly revision: number;
  /** The definition of the revision as YAML, so that clients can compare any two revisions. */
  readonly text: string;
}

/** The canary of a definition's newest revision. */
export interface RolloutState {
  readonly revision: number;
  /**
   * `waiting`: the first instances are not ready yet. `held`: one of the first instances failed, and all other
   * instances keep their revision.
   */
  readonly phase: 'waiting' | 'held';
  /** The instances that get the revision first, as `namespace/name`. */
  readonly first: readonly string[];
  /** The total number of instances that can get the revision. */
  readonly of: number;
  /** The message of the condition `RolledOut`. */
  readonly message?: string;
}

/** A row of `GET instances`. */
export interface InstanceRow extends Omit<InstanceSummary, 'state'> {
  /** `status.state`. `NONE`: no controller has written it yet. */
  readonly state: InstanceState | 'NONE';
  readonly createdAt?: string;
  /** A sentence about why the instance is not ready. Absent for a ready instance. */
  readonly waitingFor?: string;
  readonly suspended?: true;
  /** Is the instance pinned to `revision`? If so, it does not get newer revisions. */
  readonly pinned?: true;
  /** When the deletion of the instance was requested. */
  readonly deletedAt?: string;
}

/**
 * The values of `InstanceRow.state` with the most urgent state first. Lists and counts show the states in this order.
 */
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
  /** The number of instances that match the query, on all pages. */
  readonly total: number;
  /** For each state, the number of instances in this state that match the query when its field `state` is ignored. */
  readonly counts: InstanceCounts;
  /** The number of instances before this page. */
  readonly offset: number;
  /** Sentences about the instances that the list does not include. */
  readonly limits: readonly string[];
}

/** The query of `GET instances`. Every field is optional. */
export interface InstanceQuery {
  readonly definition?: string;
  readonly namespace?: string;
  /** A value of `InstanceRow.state`. */
  readonly state?: InstanceRow['state'];
  readonly revision?: number;
  /** Words that the name, the namespace, the kind or the reason must contain. Case is ignored. */
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
  /** The edges of the graph with their current values; empty without the graph. */
  readonly edges: readonly ValueEdge[];
  /** The nodes in the order of creation, with states, reasons and objects; retired nodes come last. */
  readonly nodes: readonly InstanceNode[];
  readonly past?: InstancePast;
  readonly notes: readonly string[];
}

/** An object of a node. */
export interface InstanceObject extends Reports.ObjectReport {
  /**
   * Do the conditions of `readyWhen` hold for this object? Absent in three cases: the object does not exist; the object
   * was not read; or the conditions hold, but the object differs from the graph because a write is pending or fails.
   */
  readonly ready?: boolean;
  /** Ready and desired replicas, an address, or a phase. */
  readonly value?: string;
}

/** A node of an instance. */
export interface InstanceNode extends Omit<TreeNode, 'objects'> {
  readonly objects: readonly InstanceObject[];
  /** The number of the node's objects in each state. */
  readonly counts: Readonly<Record<InstanceObject['state'], number>>;
  /**
   * The number of existing objects that are not ready, including objects that `objects` omits. Absent when there are
   * none.
   */
  readonly unready?: number;
  /**
   * The number of existing objects without `ready`, including objects that `objects` omits. Absent when there are none.
   */
  readonly unchecked?: number;
  /** The number of objects that `objects` omits because the node has too many. Absent when there are none. */
  readonly omitted?: number;
}

/** An edge of the graph of an instance. */
export interface ValueEdge extends Omit<GraphEdge, 'reads'> {
  readonly reads: readonly (EdgeRead & {
    /** The values at `paths`, in the same order. */
    readonly values: readonly CurrentValue[];
  })[];
}

/** The current value of data or of an expression. */
export type CurrentValue =
  | { readonly is: 'known'; readonly value: JsonValue }
  /** The value is too large to be sent. */
  | { readonly is: 'large'; readonly bytes: number }
  /** The value can come from a Secret. */
  | { readonly is: 'secret' }
  /** The data does not exist yet, or may not be read. */
  | { readonly is: 'unknown'; readonly message: string }
  | { readonly is: 'failed'; readonly message: string };

/**
 * `GET instances/REF/why`: the report of `typekro why`, extended by the chains of nodes and by other instances with the
 * same causes.
 */
export interface WhyPath extends WhyReport {
  /** One chain per entry of `causes`, in the same order. */
  readonly chains: readonly WhyChain[];
  /** The number of other instances that the caller may list and that are not ready. */
  readonly othersWaiting: number;
  /** Sentences about the instances that these counts do not include. */
  readonly limits: readonly string[];
  /**
   * The number of the other waiting instances whose causes were compared. If it is smaller than `othersWaiting`, more
   * instances than `othersTotal` may have the cause of a chain.
   */
  readonly othersCompared: number;
}

/** The path from a root cause to the nodes that wait for it. */
export interface WhyChain {
  /** The ids of all nodes on the path. The node of the cause comes first. */
  readonly nodes: readonly string[];
  /** The object of the cause that blocks the instance, if it is known. */
  readonly object?: ObjectRef;
  /** Other instances that wait for the same cause, at most 100. */
  readonly others: readonly InstanceRow[];
  /** The number of the compared instances that wait for the same cause. */
  readonly othersTotal: number;
}

/** `GET instances/REF/nodes/NODE`. With `?object=`, the response has the values of one object of a collection. */
export interface NodeDetail {
  readonly node: InstanceNode;
  /** The expressions of the node with their current values, in the order of the definition. */
  readonly expressions: readonly ExpressionValue[];
}

/** An expression of a node with its current value. */
export interface ExpressionValue extends Omit<EdgeRead, 'paths'> {
  /** The static type of the value as CEL writes it. */
  readonly type: string;
  readonly value: CurrentValue;
}

/** `GET instances/REF/object?object=…`: one object of an instance, desired and live. */
export interface ObjectDetail {
  readonly object: ObjectRef;
  /**
   * The id of the object's node. The response is 404 for an object that belongs to no node, such as a pod of a
   * Deployment.
   */
  readonly node: string;
  /**
   * The desired object according to the graph. Absent when it is not known yet, and for an object that no node writes.
   */
  readonly desired?: KubeObject;
  /** Absent when the object does not exist or may not be read. */
  readonly live?: KubeObject;
  /** Why `live` is absent. */
  readonly unread?: string;
  /** The fields in which the live object differs from the desired one. */
  readonly differences: readonly FieldDrift[];
  /** The managers of the live object's fields, with the last writer first. */
  readonly managers: readonly FieldManager[];
  /** The fields of `live` and `desired` that are masked, as paths. */
  readonly masked: readonly string[];
  /** The objects that the object owns, directly or through others. Empty like `pods`. */
  readonly owned: readonly OwnedObject[];
  /** The pods whose logs can be read. Empty for an object that an external collection only selects. */
  readonly pods: readonly PodContainers[];
  /** The reason why the pods could not be listed. Absent when they were listed. */
  readonly podsUnread?: string;
}

/** A field that differs. */
export interface FieldDrift extends FieldDifference {
  /** The time of the last write by one of `managers`. Absent when it is not known. */
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

/**
 * `GET instances/REF/events`, with `?node=` for one node: the newest events about an instance, about its objects, and
 * about objects that its objects own. The newest event comes first.
 */
export interface InstanceEvents {
  readonly items: readonly InstanceEvent[];
  /** The number of earlier events that `items` omits. Absent when there are none. */
  readonly omitted?: number;
  /** The error messages of events that could not be read. Empty when all were read. */
  readonly unread: readonly string[];
}

/** The body of `POST plan`, as JSON. The response is a `Plan`. */
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

/** The response to an action. */
export interface ActionAnswer {
  readonly action: InspectAction;
  /** Did the object change? False when it was already in the requested state. */
  readonly changed: boolean;
  readonly message: string;
}

/** The body of every response with a status of 400 or more. */
export interface InspectProblem {
  /** A stable name, e.g. `inspect/no-instance`. */
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  /** The last state of a deleted instance. Only with status 404. */
  readonly last?: InstanceRow;
  /** The problems of the files in the request. Only with status 422. */
  readonly diagnostics?: readonly SourceDiagnostic[];
}

/**
 * The data of a message `changes` of `GET events`. Of several changes with the same subject and type, only the last one
 * is included.
 */
export interface ChangeBatch {
  readonly changes: readonly InspectEvent[];
}

/**
 * The data of a message `hello`, the first message of each stream of `GET events`. With `missed`, the client must
 * reload all data that it shows. There are three causes: the server was restarted; the server no longer has the events
 * after the client's last id; or the client is new, and a recent change may be later than its first read.
 */
export interface StreamStart {
  readonly epoch: string;
  readonly missed: boolean;
}

/**
 * The data of a message `reset`: there are more changes than a message can list. The client must reload all data that
 * it shows.
 */
export interface StreamReset {
  readonly reason: string;
}
