import { type JsonObject, type JsonValue, type KubeObject, type ObjectRef, refOf } from '@typekro/kit/core';
import { type Graph, type GraphNode, Nodes, Path } from '../graph/index.ts';
import type { RecordedInventory } from './reports/applyset.ts';
import type { EvaluateContext, EvaluationFailure } from './evaluate.ts';
import type { Fingerprint } from './objects/fingerprint.ts';
import type { ApplyAction, Contribution, NewEquivalence, ReadRequest, StepOptions, WatchRequest } from './model.ts';
import type { LiveObject, Observed } from './observed-state.ts';
import type { NodeTexts, ObjectProblem } from './node-texts.ts';
import type { Because, NodeReport, NodeState, ObjectReport, ReadData } from './report.ts';
import type { ObjectTarget } from './objects/target.ts';
import type { WantedObject, Unresolved } from './resolved.ts';
import type { WriteDecision } from './reports/write-decision.ts';

/** The inputs and intermediate results of one step. Each call of `step` has its own context. */
export interface StepContext {
  readonly graph: Graph;
  readonly instance: KubeObject;
  /** Absent for cluster-scoped instances. */
  readonly namespace: string | undefined;
  readonly observed: Observed;
  readonly options: StepOptions;
  readonly version: string;
  /** The rules for the nodes, which differ between instances and Graphs. */
  readonly rules: NodeRules;
  /** The id of the instance's ApplySet; empty for a Graph. */
  readonly applySet: string;
  /** Labels of all children. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels of all items of collections. */
  readonly itemLabels: Readonly<Record<string, string>>;
  /** The field manager of the children. */
  readonly manager: string;
  /** The inventory that is recorded on the instance. */
  readonly recorded: RecordedInventory;
  readonly evaluation: EvaluateContext;
  /** The messages of the kro level that the graph follows. */
  readonly texts: NodeTexts;
  /** The variables of templates and of `includeWhen`: `schema`, and the data of nodes that are ready or usable. */
  readonly ready: Map<string, unknown>;
  /** The variables of the status: `schema` and all known data, including the data of nodes that wait or fail. */
  readonly known: Map<string, unknown>;
  /** The results of the visited nodes, in topological order. */
  readonly results: Map<string, NodeResult>;
  /**
   * The data that a first visit of all nodes found. Deferred fields, whose expressions call `defer()`, use it to read a
   * node that is later in the order. Empty if the graph has no such fields.
   */
  readonly ahead: Map<string, unknown>;
  readonly reads: ReadRequest[];
  readonly watches: WatchRequest[];
  /** The namespaces whose absence made writes fail. */
  readonly missingNamespaces: Set<string>;
  readonly equivalences: NewEquivalence[];
}

/** The rules that differ between the nodes of an instance and those of a Graph. */
export interface NodeRules {
  /**
   * Does a node wait until the nodes that it reads are ready? False for a Graph, in which it waits only until their
   * objects are applied.
   */
  readonly gatesDependents: boolean;
  /**
   * Is a condition's value an error if it is neither a boolean nor null? If false, such an `includeWhen` excludes the
   * node, and such a `readyWhen` makes the node wait.
   */
  readonly refusesNonBool: boolean;
  /** Does the instance own this live object? */
  isOwn(context: StepContext, live: LiveObject): boolean;
  /** The reason why the instance may not write an existing object of a node; undefined if it may. */
  refusal(context: StepContext, node: GraphNode, target: ObjectTarget, live: LiveObject): ObjectProblem | undefined;
  /** Decides whether an existing object must be written. */
  decideWrite(context: StepContext, desired: KubeObject, wanted: Fingerprint, live: LiveObject): WriteDecision;
  /** The field manager and the force rule of a write, if they differ from the defaults. */
  applyOptions(context: StepContext): Pick<ApplyAction, 'manager' | 'force'>;
}

/** The progress of a wanted object. */
export interface ItemProgress {
  /** The live object; absent if it does not exist or is being deleted. */
  readonly object?: KubeObject;
  /** Is the object as wanted? False while a write is needed or held back. */
  readonly updated: boolean;
}

/** The result of a node in this step. */
export interface NodeResult {
  readonly node: GraphNode;
  readonly state: NodeState;
  readonly because: Because;
  /** kro's message for the condition. */
  readonly message?: string;
  readonly objects: readonly ObjectReport[];
  /** The objects that the node wants. Empty for skipped and external nodes; undefined for an unresolved node. */
  readonly wanted: readonly WantedObject[] | undefined;
  /** The known identities of an unresolved node's objects. */
  readonly identities?: readonly ObjectTarget[];
  /** The contributions of a patch node whose targets are known; undefined for any other node. */
  readonly contributions?: readonly Contribution[];
  readonly apply: readonly ApplyAction[];
  /**
   * Does every wanted object exist, either in the wanted state or with an update that the server refuses? True for a
   * node that wants no objects.
   */
  readonly inPlace: boolean;
  /**
   * Set for a node that is unresolved or whose changes are held back, if all its objects are known by name, exist, and
   * belong to the node.
   */
  readonly standing?: true;
  /**
   * The progress of each wanted object, in the order of `wanted`. Set only in a graph with conditions of
   * `propagateWhen`.
   */
  readonly progress?: readonly ItemProgress[];
  /** Live data: an object, or the list of a collection. */
  readonly data?: JsonValue;
  /** Set if other nodes may read the data of this node although its state is not `ready`. */
  readonly usable?: true;
  readonly retryAt?: number;
}

/** The report of a node's result. */
export function reportOf(result: NodeResult): NodeReport {
  const { node, state, because, objects, message } = result;
  return { id: node.id, state, because, objects, ...(message === undefined ? {} : { message }) };
}

/** The `schema` variable: the instance without its status. */
export function schemaVariable(instance: KubeObject): JsonObject {
  const { apiVersion, kind, metadata, spec = {} } = instance;
  return { apiVersion, kind, metadata: metadata, spec };
}

/**
 * The state and the reason of a node whose expression has no value. The node waits if data is absent, and fails for any
 * other cause.
 *
 * @param item maps the names of iterators to their values for the collection item
 */
export function unresolvedBy(
  { texts, results }: Pick<StepContext, 'texts' | 'results'>,
  node: GraphNode,
  state: 'pending' | 'error',
  failure: EvaluationFailure,
  path?: string,
  item: ReadonlyMap<string, unknown> = NO_ITEM,
): Unresolved {
  const message = texts.unresolved(node, state, failure, path);
  if (state === 'error') return { state: 'failed', because: failedBy(results, failure, path, item), message };
  return { state: 'pending', because: missingData(failure, node), message };
}

const NO_ITEM: ReadonlyMap<string, unknown> = new Map();

/** The reason for a failed expression, with the objects whose data it reads. */
export function failedBy(
  results: ReadonlyMap<string, NodeResult>,
  failure: EvaluationFailure,
  path: string | undefined,
  item: ReadonlyMap<string, unknown> = NO_ITEM,
): Because {
  const reads = readData(results, failure, item);
  return {
    kind: 'expression-failed',
    expression: failure.expression,
    message: failure.message,
    ...(path === undefined ? {} : { path }),
    ...(reads.length === 0 ? {} : { reads }),
  };
}

/** The maximum number of objects of one node that a reason names. */
const MAX_READ_OBJECTS = 3;

/**
 * The object data that an expression reads. If the value of an iterator is an object, only this object is returned for
 * a collection.
 */
function readData(
  results: ReadonlyMap<string, NodeResult>,
  { reads, references }: EvaluationFailure,
  item: ReadonlyMap<string, unknown>,
): ReadData[] {
  const held = references.flatMap((name) => (results.has(name) ? [] : refsIn(item.get(name))));
  return reads.flatMap(({ id, steps }) => {
    const result = results.get(id);
    if (result === undefined) return [];
    const isList = result.node.nodeType === 'collection' || result.node.nodeType === 'externalCollection';
    const own = isList ? refsIn(result.data) : result.objects.map(({ object }) => object);
    const objects = isList && held.length > 0 ? held : own;
    return objects.slice(0, MAX_READ_OBJECTS).map((object) => ({ object, path: Path.format(steps) }));
  });
}

/** References to an object or to the objects of a list; empty for any other value. */
function refsIn(value: unknown): ObjectRef[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter(isKubeObject).map(refOf);
}

function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null) return false;
  const { apiVersion, kind, metadata } = value as Partial<Record<string, unknown>>;
  return (
    typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata === 'object' && metadata !== null
  );
}

/**
 * The nodes behind a name in an expression: for an iterator, the nodes that its list expression reads; otherwise the
 * named node.
 */
function nodesOf(name: string, node: GraphNode): readonly string[] {
  const dimension = Nodes.dimensionsOf(node).find((each) => each.name === name);
  return dimension?.expression.references.filter((id) => id !== 'schema' && id !== 'runtime') ?? [name];
}

/** The reason for an expression that reads absent data. */
export function missingData(failure: EvaluationFailure, node: GraphNode): Because {
  return {
    kind: 'missing-data',
    expression: failure.expression,
    message: failure.message,
    nodes: [...new Set(failure.references.flatMap((name) => nodesOf(name, node)))],
    ...(failure.missing === undefined ? {} : { path: failure.missing }),
  };
}
