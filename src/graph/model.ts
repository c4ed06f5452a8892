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
  /** Variables read, sorted: node ids, `schema`, iterators, `each`. */
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
 * When the value of a field is known: `static` from the instance alone, `dynamic` after other nodes were observed,
 * `iteration` for each item of a collection.
 */
export type FieldKind = 'static' | 'dynamic' | 'iteration';

/** A field of a template that an expression fills. */
export interface Hole {
  readonly path: readonly PathStep[];
  /** The same path as kro writes it, e.g. `spec.ports[0].name`. */
  readonly pathText: string;
  readonly kind: FieldKind;
  readonly expression: Expression;
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

/** The common members of all nodes of a graph. */
export interface NodeBase {
  readonly id: string;
  /** Position in `spec.resources`, from 0. */
  readonly index: number;
  readonly type: GroupVersionKind;
  /** Resource name in URLs, e.g. `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly template: TemplatePlan;
  /** The sorted ids of the nodes whose data this node reads. `schema` does not count. */
  readonly dependsOn: readonly string[];
  readonly includeWhen: readonly Expression[];
  readonly readyWhen: readonly Expression[];
}

/** An object that the graph owns. */
export interface ResourceNode extends NodeBase {
  readonly nodeType: 'resource';
}

/** A node with one object for each element of the product of its dimensions. The first dimension is outermost. */
export interface CollectionNode extends NodeBase {
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

export type GraphNode = ResourceNode | CollectionNode | ExternalNode | ExternalCollectionNode;

/** The API that the graph defines. */
export interface InstanceType extends GroupVersionKind {
  readonly plural: string;
  readonly namespaced: boolean;
  /** The CustomResourceDefinition, without the labels that the controller adds. */
  readonly crd: KubeObject;
}

/** An entry of the author's `status.conditions`. */
export interface ConditionExpression extends Expression {
  /** The types of its conditions; absent when one of the types is computed. */
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

/** An immutable, checked resource graph. Built by `compile` only; it never changes. */
export interface Graph {
  /** Name of the ResourceGraphDefinition. */
  readonly name: string;
  readonly instance: InstanceType;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** Node ids with dependencies first. The position in the definition breaks ties. */
  readonly order: readonly string[];
  /** The line of kro whose rules the compiler followed, and whose behaviour the runtime shows. */
  readonly kroCompatibility: KroCompatibility;
  /**
   * Deletion wave of each node; the wave with the highest number is deleted first. kro 0.9: nodes without dependents
   * have the highest number, the deepest dependency has 1. kro 0.10: nodes without dependencies have 1, every other
   * node has one more than its highest dependency.
   */
  readonly applyOrder: ReadonlyMap<string, number>;
  readonly status: StatusPlan;
  /**
   * The reason why the controller refuses every instance although it accepts the definition, in kro's words. kro 0.10
   * refuses conditions that give an optional only when it builds the graph of an instance.
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
