import type { JsonObject, JsonValue, KubeObject } from '../core/index.ts';
import type { Graph, GraphNode } from '../graph/index.ts';
import type { RecordedInventory } from './applyset.ts';
import type { EvaluateContext, EvaluationFailure } from './evaluate.ts';
import type { ApplyAction, Observed, ReadRequest, EquivalentDigests, StepOptions, WatchRequest } from './model.ts';
import type { NodeTexts } from './node-texts.ts';
import type { Because, NodeState, ObjectReport } from './report.ts';
import type { ObjectTarget } from './target.ts';
import type { WantedObject, Unresolved } from './resolved.ts';

/** The inputs and intermediate results of one step. A context lives for one call of `step`. */
export interface StepContext {
  readonly graph: Graph;
  readonly instance: KubeObject;
  /** Absent for cluster-scoped instances. */
  readonly namespace: string | undefined;
  readonly observed: Observed;
  readonly options: StepOptions;
  readonly version: string;
  readonly applySet: string;
  /** Labels of all children. */
  readonly labels: Readonly<Record<string, string>>;
  /** The ApplySet record of the instance. */
  readonly recorded: RecordedInventory;
  readonly evaluation: EvaluateContext;
  /** The texts of the line of kro that the graph follows. */
  readonly texts: NodeTexts;
  /** The variables of templates and of `includeWhen`: `schema`, and the data of nodes that are ready or usable. */
  readonly ready: Map<string, unknown>;
  /** The variables of the status: `schema` and all known data, also of nodes that wait or fail. */
  readonly known: Map<string, unknown>;
  /** The results of the visited nodes, in topological order. */
  readonly results: Map<string, NodeResult>;
  readonly reads: ReadRequest[];
  readonly watches: WatchRequest[];
  readonly equivalences: { target: ObjectTarget; pair: EquivalentDigests }[];
}

/** The result of a node in this step. */
export interface NodeResult {
  readonly node: GraphNode;
  readonly state: NodeState;
  readonly because: Because;
  /** kro's text for the condition message. */
  readonly message?: string;
  readonly objects: readonly ObjectReport[];
  /**
   * The objects that the node wants: none for skipped and external nodes, undefined for a node that is not resolved.
   */
  readonly wanted: readonly WantedObject[] | undefined;
  /** The known identities of the node's objects when the node is not resolved. */
  readonly identities?: readonly ObjectTarget[];
  readonly apply: readonly ApplyAction[];
  /**
   * Does every object that the node wants exist, either as wanted or with an update that the server refuses? True for a
   * node that wants none.
   */
  readonly inPlace: boolean;
  /** The node is not resolved, but all its objects are known by name, exist, and belong to the node. */
  readonly standing?: true;
  /** Live data: an object, or the list of a collection. */
  readonly data?: JsonValue;
  /** Other nodes may read the data of this node although its state is not `ready`. */
  readonly usable?: true;
  readonly retryAt?: number;
}

/** The `schema` variable: the instance without its status. */
export function schemaVariable(instance: KubeObject): JsonObject {
  const { apiVersion, kind, metadata, spec = {} } = instance;
  return { apiVersion, kind, metadata: metadata as JsonObject, spec };
}

/**
 * The reason of a node with an expression that has no value: the node waits for absent data, and fails for any other
 * cause.
 */
export function unresolvedBy(
  { texts }: Pick<StepContext, 'texts'>,
  node: GraphNode,
  state: 'pending' | 'error',
  failure: EvaluationFailure,
  path?: string,
): Unresolved {
  const message = texts.unresolved(node, state, failure, path);
  if (state === 'error') {
    return {
      state: 'failed',
      because: {
        kind: 'expression-failed',
        expression: failure.expression,
        message: failure.message,
        ...(path === undefined ? {} : { path }),
      },
      message,
    };
  }
  return { state: 'pending', because: missingData(failure, node), message };
}

/** The nodes that a name reads: an iterator reads those that its list comes from. */
function nodesOf(name: string, node: GraphNode): readonly string[] {
  const dimension = node.nodeType === 'collection' ? node.forEach.find((each) => each.name === name) : undefined;
  return dimension?.expression.references.filter((id) => id !== 'schema' && id !== 'runtime') ?? [name];
}

/** The reason of an expression that reads absent data. */
export function missingData(failure: EvaluationFailure, node: GraphNode): Because {
  return {
    kind: 'missing-data',
    expression: failure.expression,
    message: failure.message,
    nodes: [...new Set(failure.references.flatMap((name) => nodesOf(name, node)))],
    ...(failure.missing === undefined ? {} : { path: failure.missing }),
  };
}
