import type { Program } from '@typekro/cel';
import type { GroupVersionKind, JsonObject, JsonValue, KubeObject, SourcePosition } from '@typekro/kit/core';
import type { KroCompatibility } from './kro-compatibility.ts';

/** One step of a field path: a member name or a list index. */
export type PathStep = string | number;

/** A compiled CEL expression with its static properties. */
export interface Expression {
  /** The CEL text. */
  readonly cel: string;
  /** The author's string, if it mixes literal text and `${…}`. */
  readonly template?: string;
  /** The sorted names of the variables that the expression reads: ids of nodes, `schema`, iterators, `each`. */
  readonly references: readonly string[];
  /**
   * The parts of `schema` and of nodes that the expression reads, directly or through iterators and `each`. A path of a
   * collection is relative to an item, not to the list.
   */
  readonly reads: readonly ReadPart[];
  /** Static type of the result as CEL writes it, e.g. `list(string)`, `dyn`. */
  readonly type: string;
  readonly program: Program;
  readonly source?: SourcePosition;
}

/** A part of a variable: the value at a path. An empty path denotes the whole value. */
export interface ReadPart {
  /** The id of a node, or `schema`. */
  readonly id: string;
  readonly steps: readonly PathStep[];
}

/**
 * When the value of a field is known. `static`: as soon as the instance is known. `dynamic`: after other nodes were
 * observed. `iteration`: separately for each item of a collection.
 */
export type FieldKind = 'static' | 'dynamic' | 'iteration';

/**
 * What happens to a deferred field while its expression has no value or evaluates to null: `null` sets the field to
 * null, and `omit` leaves it out.
 */
export type Deferral = 'null' | 'omit';

/** A field of a template that an expression fills. */
export interface Hole {
  readonly path: readonly PathStep[];
  /** The same path as kro writes it, e.g. `spec.ports[0].name`. */
  readonly pathText: string;
  readonly kind: FieldKind;
  readonly expression: Expression;
  /** If true, an empty optional leaves the field out. If absent, an empty optional sets the field to null. */
  readonly leavesOutEmpty?: true;
  /** Set for a field that does not wait for the data that its expression reads. */
  readonly deferred?: Deferral;
  /**
   * Set when the expression computes the key of the member at `path`. The last step of `path` is the key as the author
   * wrote it. The expression evaluates to a string. If it evaluates to null instead, the member is left out.
   */
  readonly isKey?: true;
  /**
   * The path of the outermost map with a computed key above the field. If it is set, `path` is not a path in the
   * rendered object.
   */
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
 * cases, the type becomes known when the template is rendered. Its plural and its scope then come from the kinds that
 * the cluster serves.
 */
export interface NodeBase extends Partial<KnownType> {
  /** The id. In a subgraph of a Graph object: the path of ids, with `/` between them (`sub/child`). */
  readonly id: string;
  /** Index in `spec.resources`, or in the list `nodes` that contains the node. */
  readonly index: number;
  /** The object or value that the node renders. A subgraph renders nothing, and its template is empty. */
  readonly template: TemplatePlan;
  /**
   * The sorted ids of the nodes on which this node depends. `schema` does not count. A subgraph depends on the outer
   * nodes that its children read (its captures), but not on its children. Each child also depends on all captures,
   * because kro begins a subgraph only when all of them have values.
   */
  readonly dependsOn: readonly string[];
  /**
   * The ids of `dependsOn` that the expressions of this node read only in branches of `a ? b : c`. The node depends on
   * such an id only while an expression takes a branch that reads it. Absent when there is no such id, and without the
   * feature `partialDependencies`.
   */
  readonly dependsOnInBranches?: readonly string[];
  /**
   * The sorted ids of the nodes that only deferred fields of this node read. This node does not wait for those nodes,
   * and they may depend on this node. Absent when there are none.
   */
  readonly readsDeferred?: readonly string[];
  readonly includeWhen: readonly Expression[];
  readonly readyWhen: readonly Expression[];
  /**
   * The conditions that must hold before an object of the node is created or updated. They may read nodes that are not
   * in `dependsOn`; such nodes also come before this node in the order. Absent when there are none.
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

/** What the controller leaves of the objects of a node to others. */
export interface Retained {
  /**
   * `Orphaned`: a retired object is not deleted, and loses the labels and annotations of the controller. Absent: a
   * retired object is deleted.
   */
  readonly deletionPolicy?: 'Orphaned';
  /** The paths of fields that the controller no longer sets once another manager has written them. */
  readonly externalFields?: readonly (readonly string[])[];
  /** Does an autoscaler of the graph set the number of replicas? */
  readonly isScaled?: true;
}

/** An object that the graph owns. */
export interface ResourceNode extends NodeBase, Retained {
  readonly nodeType: 'resource';
}

/**
 * A node with one object for each combination of the elements of its dimensions. The first dimension is the outermost
 * loop.
 */
export interface CollectionNode extends NodeBase, Retained {
  readonly nodeType: 'collection';
  readonly forEach: readonly ForEachDimension[];
}

/** An external object that is read by name. The template has only apiVersion, kind and metadata. */
export interface ExternalNode extends NodeBase {
  readonly nodeType: 'external';
}

/** External objects that are read by label selector (`metadata.selector` of the template). */
export interface ExternalCollectionNode extends NodeBase {
  readonly nodeType: 'externalCollection';
}

/** Fields that the graph adds to an object that it does not own. Expressions cannot read the node. */
export interface PatchNode extends NodeBase {
  readonly nodeType: 'patch';
  /** The dimensions of a patch of several objects; absent for a patch of one object. */
  readonly forEach?: readonly ForEachDimension[];
  /** The subresource to which the fields belong; absent for the object itself. */
  readonly subresource?: 'status';
}

/** A computed value without an object. Expressions read the value, or a list of values if the node has dimensions. */
export interface DefNode extends NodeBase {
  readonly nodeType: 'def';
  readonly forEach?: readonly ForEachDimension[];
}

/**
 * A group of nodes with separate names (a frame). Its value for expressions is a map from the last part of a child's id
 * to the child's value.
 */
export interface SubgraphNode extends NodeBase {
  readonly nodeType: 'subgraph';
  /** The ids (paths) of its own nodes, in the order of the list. */
  readonly children: readonly string[];
}

/** A node of a compiled graph; `nodeType` says which of these types it has. */
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
  /**
   * The types of the conditions that the entry builds. Absent when any of the types is computed, and when the entry
   * builds no condition.
   */
  readonly types?: readonly string[];
}

/** The status fields of an instance: a skeleton with holes, as for templates; paths begin below `status`. */
export interface StatusPlan {
  readonly skeleton: JsonObject;
  readonly holes: readonly Hole[];
  /** The author's condition expressions in order; absent when the definition declares none. */
  readonly conditions?: readonly ConditionExpression[];
  /** The sorted ids of the nodes that the status reads. Includes `schema` if a status field reads it. */
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
   * Node ids in topological order. Ties are broken by the position in the definition. The children of a subgraph come
   * directly before the subgraph, because kro runs a subgraph as one step.
   */
  readonly order: readonly string[];
  /** The level of kro that the compiler followed and that the runtime follows. */
  readonly kroCompatibility: KroCompatibility;
  /**
   * Deletion wave of each node; the wave with the highest number is deleted first. At level 0.9, nodes without
   * dependents have the highest number, and the deepest dependency has the number 1. At level 0.10, nodes without
   * dependencies have the number 1, and the number of any other node is one more than the highest of its dependencies;
   * defs do not count. In a Graph object, each subgraph has its own numbers.
   */
  readonly applyOrder: ReadonlyMap<string, number>;
  readonly status: StatusPlan;
  /** May a resource of the definition wait for its kind (`deferredSchemas`)? Absent when every kind is known. */
  readonly mayLackKinds?: true;
  /** The conditions for a new revision. Absent when the definition has no such conditions. */
  readonly propagateWhen?: InstancePropagation;
  /** Does the status of an instance have a record of its objects, `status.graph`? Absent: it has none. */
  readonly recordsObjects?: true;
  /**
   * kro's message about why the controller refuses every instance although it accepts the definition. This happens for
   * a condition that evaluates to an optional: kro 0.10 accepts the definition, and refuses the condition when it
   * builds the graph of an instance.
   */
  readonly instanceProblem?: string;
  /**
   * The field paths of each node (and of `schema`) that some expression reads. A cache must keep the values at these
   * paths.
   */
  readonly reads: ReadonlyMap<string, readonly (readonly PathStep[])[]>;
  /** Hash of the normalised spec. Specs with equal hashes belong to the same revision. */
  readonly hash: string;
  /** The definition as compiled (after defaults), for revisions and for printing. */
  readonly definition: JsonValue;
}
