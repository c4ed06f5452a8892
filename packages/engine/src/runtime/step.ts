import { type KubeObject, oncePerObject } from '@typekro/kit/core';
import type { Graph, KroCompatibility } from '../graph/index.ts';
import type { GraphOrigin } from '../graph/model.ts';
import { applySetIdOf, recordedInventory } from './reports/applyset.ts';
import { stepDeletion } from './deletion.ts';
import { dropConflictingWrites } from './nodes/drop-conflicting-writes.ts';
import { stepBudget } from './evaluate.ts';
import { templateManager } from './objects/field-managers.ts';
import { decideGraph } from './graph-decision.ts';
import { stepGraphDeletion } from './graph-deletion.ts';
import { GRAPH_RULES } from './nodes/graph-rules.ts';
import { decideInstance } from './instance-decision.ts';
import { INSTANCE_RULES } from './nodes/instance-rules.ts';
import { CHILD_MANAGER, DEFAULT_VERSION } from './objects/keys.ts';
import { commonLabels, graphItemLabels, graphLabels } from './objects/labels.ts';
import type { Decision, StepOptions } from './model.ts';
import type { Observed } from './observed-state.ts';
import { NODE_TEXTS_0_10 } from './node-texts-0.10.ts';
import { NODE_TEXTS_0_9 } from './node-texts-0.9.ts';
import type { NodeTexts } from './node-texts.ts';
import { secretUseOf } from './secrets/secret-failures.ts';
import { type StepContext, schemaVariable } from './step-context.ts';
import { visitNode } from './nodes/visit.ts';

/** The messages of each kro level. */
const TEXTS: Readonly<Record<KroCompatibility, NodeTexts>> = { '0.9': NODE_TEXTS_0_9, '0.10': NODE_TEXTS_0_10 };

/**
 * The parts of a step that differ between instances and Graphs. They run before and after the visit of the nodes, or,
 * for a deletion, instead of it.
 */
interface StepPolicy {
  /** The decision for an instance with a deletion timestamp. */
  delete(instance: KubeObject, observed: Observed, options: StepOptions, graph: Graph): Decision;
  /** The decision after all nodes were visited. */
  decide(context: StepContext): Decision;
  /** Creates the parts of the context that depend on the instance. */
  begin(graph: Graph, instance: KubeObject, version: string): Ownership;
}

type Ownership = Pick<StepContext, 'rules' | 'applySet' | 'labels' | 'itemLabels' | 'manager' | 'recorded'>;

const POLICIES: Readonly<Record<GraphOrigin, StepPolicy>> = {
  definition: {
    delete: stepDeletion,
    decide: decideInstance,
    begin(graph, instance, version) {
      const applySet = applySetIdOf(instance);
      const labels = commonLabels(instance, applySet, version, graph.kroCompatibility);
      const recorded = recordedInventory(instance, applySet);
      return { rules: INSTANCE_RULES, applySet, labels, itemLabels: labels, manager: CHILD_MANAGER, recorded };
    },
  },
  graph: {
    delete: stepGraphDeletion,
    decide: decideGraph,
    begin: (_graph, instance) => ({
      rules: GRAPH_RULES,
      applySet: '',
      labels: graphLabels(),
      itemLabels: graphItemLabels(instance),
      manager: templateManager(instance.metadata.uid ?? ''),
      recorded: { state: 'absent' },
    }),
  },
};

/**
 * Decides what to do for one instance now. Visits the nodes in topological order, and resolves each node whose data is
 * available.
 *
 * The function is pure: the same graph, instance, view (`observed`) and options produce the same decision, including
 * the order of its lists and the wording of its messages. A `memory` only saves work. No content of a definition, an
 * instance or the cluster makes the function throw.
 *
 * The caller carries out `parent`, then `apply`, `orphan`, `delete` and `release`, in this order. The requests of
 * `read` may run at the same time as the writes. Then the caller puts the API server's responses into the view (and the
 * instance), and calls `step` again at once. If the decision is `quiet`, the caller writes the status if
 * `statusChanged`, and waits for a change of an object in `watch` or for `requeueAt`.
 */
export function step(graph: Graph, instance: KubeObject, observed: Observed, options: StepOptions): Decision {
  const policy = POLICIES[graph.definedBy];
  if (instance.metadata.deletionTimestamp !== undefined) return policy.delete(instance, observed, options, graph);
  const context = createStepContext(graph, instance, observed, options);
  options.memory?.begin(context);
  if (graph.instanceProblem === undefined) decideNodes(context);
  dropConflictingWrites(context);
  return policy.decide(context);
}

/** Decides every node, in topological order, and keeps the data that later nodes read. */
export function decideNodes(context: StepContext): void {
  const isAhead = readsAhead(context.graph);
  visitNodes(context, isAhead);
  if (!isAhead) return;
  // The first visit collects the data of later nodes that deferred fields (with `defer()`) read. The second visit
  // decides.
  const { ahead, known, ready, results, reads, watches, equivalences } = context;
  for (const [id, data] of known) ahead.set(id, data);
  const schema = known.get('schema');
  for (const values of [known, ready]) {
    values.clear();
    values.set('schema', schema);
  }
  results.clear();
  for (const list of [reads, watches, equivalences]) list.length = 0;
  context.missingNamespaces.clear();
  visitNodes(context, false);
}

function visitNodes(context: StepContext, isFirst: boolean): void {
  const { graph } = context;
  for (const id of graph.order) {
    const node = graph.nodes.get(id);
    if (node === undefined) continue;
    const result = visitNode(context, node);
    context.results.set(id, result);
    if (result.data === undefined) continue;
    context.known.set(id, result.data);
    // In the first visit, an existing object counts as up to date, because the difference may be in its deferred fields
    // alone.
    const isTaken = isFirst && node.readsDeferred !== undefined && result.state === 'applying';
    if (result.state === 'ready' || result.usable === true || isTaken) context.ready.set(id, result.data);
  }
}

/** Does a deferred field read its own node or a later node? */
const readsAhead = oncePerObject(({ order, nodes }: Graph) =>
  order.some((id, at) => nodes.get(id)?.readsDeferred?.some((other) => order.indexOf(other) >= at) === true),
);

/** Creates the context of a step. */
export function createStepContext(
  graph: Graph,
  instance: KubeObject,
  observed: Observed,
  options: StepOptions,
): StepContext {
  const { namespace } = instance.metadata;
  const schema = schemaVariable(instance);
  const version = options.version ?? DEFAULT_VERSION;
  // Object spread here would take a tenth of a step's time.
  const { rules, applySet, labels, itemLabels, manager, recorded } = POLICIES[graph.definedBy].begin(
    graph,
    instance,
    version,
  );
  const known = new Map<string, unknown>([['schema', schema]]);
  const ahead = new Map<string, unknown>();
  return {
    rules,
    applySet,
    labels,
    itemLabels,
    manager,
    recorded,
    graph,
    instance,
    namespace: graph.instance.namespaced && namespace !== '' ? namespace : undefined,
    observed,
    options,
    version,
    evaluation: {
      now: options.templateNow ?? options.now,
      tally: { evaluations: 0 },
      shared: stepBudget(options.budget),
      trusted: options.plainData ?? false,
      later: [ahead, known],
      secretUse: (expression) => secretUseOf(graph, expression),
      ...(options.budget === undefined ? {} : { budget: options.budget }),
    },
    texts: TEXTS[graph.kroCompatibility],
    ready: new Map<string, unknown>([['schema', schema]]),
    known,
    ahead,
    results: new Map(),
    reads: [],
    watches: [],
    missingNamespaces: new Set(),
    equivalences: [],
  };
}
