import type { Program } from '../cel/index.ts';
import type { GroupVersionKind, JsonObject, JsonValue, KubeObject, SourcePosition } from '../core/index.ts';
import type { KroCompatibility } from './kro-compatibility.ts';

/** One step of a field path: a member name or a list index. */
export type PathStep = string | number;

/** A compiled CEL expression with its static properties. */
export interface Expression {
  /** The CEL text. */
  readonly cel: string;
  /** The author's text, if it is a string that mixes text and `${…}`. */
  readonly template?: string;
  /** The sorted names of the variables that the expression reads: ids of nodes, `schema`, iterators, `each`. */
  readonly references: readonly string[];
  /**
   * The parts of `schema` and of nodes that the expression reads, also by way of iterators and `each`. The paths of
   * collections begin at their items.
   */
  readonly reads: readonly ReadPart[];
  /** Static type of the result as CEL writes it, e.g. `list(string)`, `dyn`. */
  readonly type: string;
  readonly program: Program;
  readonly source?: SourcePosition;
}

/** A part of a variable: the value at a path; the whole value with an empty path. */
export interface ReadPart {
  /** The id of a node, or `schema`. */
  readonly id: string;
  readonly steps: readonly PathStep[];
}

/**
 * The time at which the value of a field is known: `static` from the instance alone, `dynamic` after other nodes were
 * observed, `iteration` for each item of a collection.
 */
export type FieldKind = 'static' | 'dynamic' | 'iteration';

/** The form of a deferred field while its expression has no value or gives null: the field is null, or is left out. */
export type Deferral = 'null' | 'omit';

/** A field of a template that an expression fills. */
export interface Hole {
  readonly path: readonly PathStep[];
  /** The same path as kro writes it, e.g. `spec.ports[0].name`. */
  readonly pathText: string;
  readonly kind: FieldKind;
  readonly expression: Expression;
  /** With true, an empty optional leaves the field out. Otherwise the field becomes null. */
  readonly leavesOutEmpty?: true;
  /** Set for a field that does not wait for the data that its expression reads. */
  readonly deferred?: Deferral;
  /**
   * Set when the expression gives the key of the member at `path`, whose last step is the key as the author wrote it.
   * The key is a string; null leaves the member out.
   */
  readonly isKey?: true;
  /** The path of the outermost map with a computed key above the field. The object has no field at `path` then. */
  readonly computedMap?: readonly PathStep[];
}

/** A template, divided into a constant part (the skeleton, with `null` at the holes) and computed parts (the holes). */
export interface TemplatePlan {
  readonly skeleton: JsonObject;
  readonly holes: readonly Hole[];
}

/** One dimension of a `forEach`: the name of the iterator, and the expression for its list. */
export interface ForEachDimension {
  readonly name: string;
  readonly expression: Expression;
}

/**
 * The common members of all nodes of a graph. The type is absent in three cases: the node has no objects; an expression
 * computes apiVersion or kind; or the cluster did not have the kind of a resource that may wait for it. In the last two
 * cases the type is known when the template is rendered. The kinds that the cluster then serves give plural and scope.
 */
export interface NodeBase extends Partial<KnownType> {
  /** The id. In a subgraph of a Graph object: the path of ids, with `/` between them (`sub/child`). */
  readonly id: string;
  /** Position in `spec.resources`, or in the list `nodes` that holds the node, from 0. */
  readonly index: number;
  /** The object or value that the node renders. A subgraph renders nothing, and its template is empty. */
  readonly template: TemplatePlan;
  /**
   * The sorted ids of the nodes whose data this node needs. `schema` does not count. A subgraph needs the nodes outside
   * of it that a child reads (its captures). Each child needs these captures, too, because kro begins a subgraph when
   * all of them are there. The children of a subgraph are not in its list.
   */
  readonly dependsOn: readonly string[];
  /**
   * The ids of `dependsOn` that the expressions of this node read only in branches of `a ? b : c`. Such an id is needed
   * only while an expression takes a branch that reads it. Absent when there is no such id, and without the feature
   * `partialDependencies`.
   */
  readonly dependsOnInBranches?: readonly string[];
  /**
   * The sorted ids of the nodes that only deferred fields of this node read. The node does not wait for them, and they
   * may wait for the node. Absent when there is none.
   */
  readonly readsDeferred?: readonly string[];
  readonly includeWhen: readonly Expression[];
  readonly readyWhen: readonly Expression[];
  /**
   * The conditions that must hold before an object of the node is created or updated. They may read nodes that are not
   * in `dependsOn`; those come before this node in the order. Absent when there is none.
   */
  readonly propagateWhen?: readonly Expression[];
}

/** The type of the objects of a node. */
export interface KnownType {
  readonly type: GroupVersionKind;
  /** Resource name in URLs, e.g. `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** What happens to objects of a node when they are retired. */
export interface Retained {
  /**
   * `Orphaned`: an object that is retired stays in the cluster, without the labels and annotations of the controller.
   * Absent: it is deleted.
   */
  readonly deletionPolicy?: 'Orphaned';
}

/** An object that the graph owns. */
export interface ResourceNode extends NodeBase, Retained {
  readonly nodeType: 'resource';
}

/** A node with one object for each element of the product of its dimensions. The first dimension is outermost. */
export interface CollectionNode extends NodeBase, Retained {
  readonly nodeType: 'collection';
  readonly forEach: readonly ForEachDimension[];
}

/** An external object, read by name. The template holds apiVersion, kind and metadata. */
export interface ExternalNode extends NodeBase {
  readonly nodeType: 'external';
}

/** External objects, read by label selector (`metadata.selector` of the template). */
export interface ExternalCollectionNode extends NodeBase {
  readonly nodeType: 'externalCollection';
}

/** Fields that the graph adds to an object that it does not own. Publishes nothing. */
export interface PatchNode extends NodeBase {
  readonly nodeType: 'patch';
  /** The dimensions of a patch of several objects; absent for a patch of one object. */
  readonly forEach?: readonly ForEachDimension[];
  /** The subresource to which the fields belong; absent for the object itself. */
  readonly subresource?: 'status';
}

/** A computed value without an object. Publishes the value; with dimensions, a list of values. */
export interface DefNode extends NodeBase {
  readonly nodeType: 'def';
  readonly forEach?: readonly ForEachDimension[];
}

/** A group of nodes with names of its own. Publishes a map from the last part of a child's id to the child's value. */
export interface SubgraphNode extends NodeBase {
  readonly nodeType: 'subgraph';
  /** The ids (paths) of its own nodes, in the order of the list. */
  readonly children: readonly string[];
}

/** A node of a compiled graph; `nodeType` says which one. */
export type GraphNode =
  | ResourceNode
  | CollectionNode
  | ExternalNode
  | ExternalCollectionNode
  | PatchNode
  | DefNode
  | SubgraphNode;

/** A node whose objects have a type that is known before anything is rendered. */
export type TypedNode = GraphNode & KnownType;

/** The API that the graph defines. */
export interface InstanceType extends GroupVersionKind {
  readonly plural: string;
  readonly namespaced: boolean;
  /** The CustomResourceDefinition, without the labels that the controller adds. */
  readonly crd: KubeObject;
}

/** An entry of the author's `status.conditions`. */
export interface ConditionExpression extends Expression {
  /** The types of its conditions; absent when one of the types is computed, and when the entry builds no condition. */
  readonly types?: readonly string[];
}

/** The status fields of an instance: a skeleton with holes, as for templates; paths begin below `status`. */
export interface StatusPlan {
  readonly skeleton: JsonObject;
  readonly holes: readonly Hole[];
  /** The author's condition expressions in order; absent when the definition declares none. */
  readonly conditions?: readonly ConditionExpression[];
  /** The sorted ids of the nodes that the status reads, with `schema` if a status field reads it. */
  readonly dependsOn: readonly string[];
}

/**
 * The object that declares a graph: a ResourceGraphDefinition, for all instances of its API, or one object of the kind
 * Graph, which is its own instance.
 */
export type GraphOrigin = 'definition' | 'graph';

/** The conditions of a definition under which an instance gets a new revision (`spec.propagateWhen`). */
export interface InstancePropagation {
  /** The variable for the instance. */
  readonly singular: string;
  /** The variable for the list of all instances. */
  readonly plural: string;
  readonly conditions: readonly Expression[];
}

/** A checked resource graph. Only `compile` and `compileGraphObject` make graphs. A graph never changes. */
export interface Graph {
  readonly definedBy: GraphOrigin;
  /** Name of the ResourceGraphDefinition, or of the Graph object. */
  readonly name: string;
  /** The API of the instances. For a Graph object: the kind Graph itself. */
  readonly instance: InstanceType;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /**
   * Node ids with dependencies first. The position in the definition breaks ties. The children of a subgraph stand
   * directly before the subgraph, because kro runs a subgraph as one step.
   */
  readonly order: readonly string[];
  /** The line of kro whose rules the compiler followed, and whose behaviour the runtime shows. */
  readonly kroCompatibility: KroCompatibility;
  /**
   * Deletion wave of each node; the wave with the highest number is deleted first. kro 0.9: nodes without dependents
   * have the highest number, the deepest dependency has 1. kro 0.10: nodes without dependencies have 1, every other
   * node has one more than its highest dependency; defs do not count. In a Graph object, the numbers begin again in
   * each subgraph.
   */
  readonly applyOrder: ReadonlyMap<string, number>;
  readonly status: StatusPlan;
  /** May a resource of the definition wait for its kind (`deferredSchemas`)? Absent: each kind is known. */
  readonly mayLackKinds?: true;
  /** The conditions for a new revision. Absent when only the canary of the definition can hold a new revision back. */
  readonly propagateWhen?: InstancePropagation;
  /** Does the status of an instance have a record of its objects, `status.graph`? Absent: it has none. */
  readonly recordsObjects?: true;
  /**
   * The reason why the controller refuses every instance although it accepts the definition, in kro's words. kro 0.10
   * accepts a definition with a condition that gives an optional, and refuses the condition when it builds the graph of
   * an instance.
   */
  readonly instanceProblem?: string;
  /**
   * The field paths of each node (and of `schema`) that some expression reads. A cache must keep the values at these
   * paths.
   */
  readonly reads: ReadonlyMap<string, readonly (readonly PathStep[])[]>;
  /** Hash of the normalised spec; equal hashes mean that no new revision is due. */
  readonly hash: string;
  /** The definition as compiled (after defaults), for revisions and for printing. */
  readonly definition: JsonValue;
}
