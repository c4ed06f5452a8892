import type { JsonObject, JsonValue, KubeObject } from '../core/index.ts';
import type { Graph, GraphNode } from '../graph/index.ts';
import type { RecordedInventory } from './applyset.ts';
import type { EvaluateContext, EvaluationFailure } from './evaluate.ts';
import type { ApplyAction, Observed, ReadRequest, EquivalentDigests, StepOptions, WatchRequest } from './model.ts';
import type { NodeTexts } from './node-texts.ts';
import type { Because, NodeState, ObjectReport } from './report.ts';
import type { ObjectTarget } from './target.ts';
import type { WantedObject, Unresolved } from './resolved.ts';

/** Everything that one step looks at and collects. Lives for one call of `step`. */
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
  /** `schema` and the data of nodes that are ready; what templates and conditions may read. */
  readonly ready: Map<string, unknown>;
  /** `schema` and all data that is known, also of nodes that wait or fail; what the status may read. */
  readonly known: Map<string, unknown>;
  /** In topological order. */
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
  /** What the node wants: nothing for skipped and external nodes; undefined when it could not be resolved. */
  readonly wanted: readonly WantedObject[] | undefined;
  /** Known identities of its objects when the node is not resolved. */
  readonly identities?: readonly ObjectTarget[];
  readonly apply: readonly ApplyAction[];
  /**
   * Every object that it wants exists, either as wanted or with an update that the server refuses; or it wants none.
   */
  readonly inPlace: boolean;
  /** It is not resolved, but all its objects are known by name, exist, and belong to it. */
  readonly standing?: true;
  /** Live data: an object, or the list of a collection. */
  readonly data?: JsonValue;
  /** Other nodes may read it although its state is not `ready`. */
  readonly usable?: true;
  readonly retryAt?: number;
}

/** The `schema` variable: the instance without its status. */
export function schemaVariable(instance: KubeObject): JsonObject {
  const { apiVersion, kind, metadata, spec = {} } = instance;
  return { apiVersion, kind, metadata: metadata as JsonObject, spec };
}

/** An expression of a node that has no value: data that is not there makes it wait, anything else fails it. */
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
