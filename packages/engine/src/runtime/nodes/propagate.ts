import { type ObjectProgress, withProgress } from '@typekro/cel';
import { type KubeObject, stringifyJson, oncePerObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { type Expression, type Graph, type GraphNode, Nodes } from '../../graph/index.ts';
import type { CollectionNode, ResourceNode } from '../../graph/model.ts';
import type { Assessed } from './assess-object.ts';
import { evaluateToJson } from '../evaluate.ts';
import { timeRetry } from '../now-sample.ts';
import { itemsReady, objectReady } from './ready.ts';
import type { Because } from '../report.ts';
import { type ItemProgress, type NodeResult, type StepContext, failedBy } from '../step-context.ts';

/** The reason why writes of a node wait: a condition of `propagateWhen` is not true or fails. */
export type Hold = Pick<NodeResult, 'because' | 'message'> & {
  readonly state: 'waiting' | 'failed';
  /** The time of the next evaluation of a condition that calls `now()`. */
  readonly retryAt?: number;
};

/** The assessed objects of a node, without the writes that are held back. */
export interface Propagation {
  readonly items: readonly Assessed[];
  /** Absent if no write is held back. */
  readonly hold?: Hold;
}

/** Does a node of the graph have conditions of `propagateWhen`? */
export const hasPropagation = oncePerObject((graph: Graph) =>
  [...graph.nodes.values()].some(({ propagateWhen }) => propagateWhen !== undefined),
);

/**
 * Removes the writes of a node that its `propagateWhen` conditions hold back. An object is created, adopted or changed
 * only while all conditions are true. For a collection, the conditions are evaluated per item. Corrections of drift
 * continue, because they restore a state that was propagated before. Deletions do not depend on the conditions. In the
 * conditions, `now()` is the present time. The sampled time, which templates use, stays the same, so a condition that
 * reads the sampled time would never become true.
 */
export function holdBack(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  items: readonly Assessed[],
): Propagation {
  const conditions = node.propagateWhen ?? [];
  if (conditions.length === 0 || !items.some(isConditional)) return { items };
  const variables = variablesOf(context, node, conditions, items);
  const ofItems = conditions.filter(({ references }) => references.includes(node.id));
  const ofAll = conditions.filter((each) => !ofItems.includes(each));
  // Conditions that read no item have one value for all items, so they are evaluated once.
  const common = firstHold(context, node, ofAll, variables(0));
  let hold: Hold | undefined;
  let [creates, changes] = [0, 0];
  const kept = items.map((item, index) => {
    if (!isConditional(item)) return item;
    const found = common ?? firstHold(context, node, ofItems, variables(index));
    if (found === undefined) return item;
    hold ??= found;
    if (item.apply?.why === 'create') creates += 1;
    else changes += 1;
    const { apply: _apply, ...rest } = item;
    return { ...rest, isHeld: true as const };
  });
  if (hold === undefined) return { items };
  const retryAt = timeRetry(conditions, context.options.now);
  const { because } = hold;
  if (because.kind !== 'held') return { items: kept, hold: { ...hold, ...retryAt } };
  const awaited = common === undefined ? awaitedItem(context, node, kept) : undefined;
  const counted: Because = { ...because, creates, changes, ...(awaited === undefined ? {} : { awaited }) };
  return { items: kept, hold: { ...hold, ...retryAt, because: counted } };
}

/**
 * The first item on which the held-back items may wait: an item that is not updated or not ready yet, although the
 * conditions do not hold back its writes.
 */
function awaitedItem(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  items: readonly Assessed[],
): (Because & { kind: 'held' })['awaited'] {
  const progress = progressOfItems(items);
  for (const [index, item] of items.entries()) {
    const known = progress[index];
    if (item.isHeld === true || known === undefined) continue;
    const { object } = item.report;
    if (!known.updated) return { object, is: 'not updated' };
    if (!isReady(context, node, known)) return { object, is: 'not ready' };
  }
  return undefined;
}

/** Does the object have a write that the conditions may hold back? */
const isConditional = ({ apply }: Assessed): boolean => apply !== undefined && apply.why !== 'drift';

/** The progress of each object of a node, for conditions of `propagateWhen`. */
export function progressOfItems(items: readonly Assessed[]): readonly ItemProgress[] {
  return items.map((item) => ({
    ...(item.live === undefined || item.terminating !== undefined ? {} : { object: item.live }),
    updated: isUpdated(item),
  }));
}

function isUpdated({ live, apply, unread, problem, terminating, isPaused, isHeld }: Assessed): boolean {
  return (
    [apply, unread, problem, terminating, isPaused, isHeld].every((each) => each === undefined) && live !== undefined
  );
}

function firstHold(
  context: StepContext,
  node: GraphNode,
  conditions: readonly Expression[],
  variables: ReadonlyMap<string, unknown>,
): Hold | undefined {
  for (const expression of conditions) {
    const result = evaluateToJson(expression, variables, { ...context.evaluation, now: context.options.now });
    if (result.state === 'value' && result.value === true) continue;
    const text = `node "${node.id}": propagateWhen ${goQuote(expression.cel)}`;
    if (result.state === 'error') {
      const because = failedBy(context.results, result.failure, 'propagateWhen');
      return { state: 'failed', because, message: `${text}: ${result.failure.message}` };
    }
    const nodes = expression.references.flatMap((id) => {
      const state = context.results.get(id)?.state;
      return state === undefined ? [] : [{ id, state }];
    });
    const base = { kind: 'held', expression: expression.cel, nodes, creates: 0, changes: 0 } as const;
    if (result.state === 'value') {
      const value = result.value ?? null;
      return { state: 'waiting', because: { ...base, value }, message: `${text} is ${stringifyJson(value)}` };
    }
    const { missing = result.failure.message } = result.failure;
    return { state: 'waiting', because: { ...base, missing }, message: `${text}: ${result.failure.message}` };
  }
  return undefined;
}

/**
 * Returns a function that makes the variables of the conditions for the item with an index: `schema`, other nodes, and,
 * in a collection, all items and this item.
 */
function variablesOf(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  conditions: readonly Expression[],
  items: readonly Assessed[],
): (index: number) => ReadonlyMap<string, unknown> {
  const shared = new Map<string, unknown>([['schema', context.known.get('schema')]]);
  for (const id of new Set(conditions.flatMap(({ references }) => references))) {
    const result = context.results.get(id);
    const value = result === undefined ? undefined : valueOf(context, result);
    if (value !== undefined) shared.set(id, value);
  }
  if (node.nodeType !== 'collection') return () => shared;
  const own = progressOfItems(items).map((item) => itemValue(context, node, item));
  shared.set(node.id, own);
  const names = ['each', ...Nodes.dimensionsOf(node).map(({ name }) => name)];
  return (index) => new Map([...shared, ...names.map((name) => [name, own[index]] as const)]);
}

/**
 * The data of a node, with its progress. A skipped node counts as updated and ready. Undefined for a list that is not
 * known yet, because an empty list would fulfil conditions about all items.
 */
function valueOf(context: StepContext, result: NodeResult): unknown {
  const { node, progress, data } = result;
  if (progress === undefined) {
    const isDone = result.state === 'ready' || result.state === 'skipped';
    const absent = !isList(node) ? {} : result.state === 'skipped' ? [] : undefined;
    const value = data === undefined ? absent : data;
    const isContainer = typeof value === 'object' && value !== null;
    return isContainer ? withProgress<object>(value, { ready: isDone, updated: isDone }) : value;
  }
  const items = progress.map((item) => itemValue(context, node, item));
  const all = {
    ready: progress.every((item) => isReady(context, node, item)),
    updated: progress.every(({ updated }) => updated),
  };
  // Items without an object are included. Without them, a condition about all items would be true before any object
  // exists.
  if (node.nodeType === 'collection') return withProgress(items, all);
  return items[0] ?? withProgress({}, all);
}

/** Is the variable of the node a list? */
function isList(node: GraphNode): boolean {
  return node.nodeType === 'externalCollection' || Nodes.dimensionsOf(node).length > 0;
}

function itemValue(context: StepContext, node: GraphNode, item: ItemProgress): object {
  const progress: ObjectProgress = { ready: isReady(context, node, item), updated: item.updated };
  return withProgress<object>(item.object ?? {}, progress);
}

function isReady(context: StepContext, node: GraphNode, { object }: ItemProgress): boolean {
  if (object === undefined) return false;
  const readiness = node.nodeType === 'collection' ? ofItem(context, node, object) : objectReady(context, node, object);
  return readiness.state === 'ready';
}

const ofItem = (context: StepContext, node: GraphNode, object: KubeObject) => itemsReady(context, node, [object]);
