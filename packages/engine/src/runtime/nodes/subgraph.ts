import { type JsonObject, type JsonValue, setOwn } from '@typekro/kit/core';
import type { SubgraphNode } from '../../graph/model.ts';
import { waitForNodes } from './include.ts';
import type { Resolved } from '../resolved.ts';
import type { NodeResult, StepContext } from '../step-context.ts';

/**
 * The result of a subgraph whose children were visited. The subgraph publishes the children that have a value, even
 * while other children wait. It publishes nothing while a child has a pending read or write: kro runs a subgraph as one
 * step, so the values that readers see must not depend on the time of a request. A subgraph with a failed child
 * publishes nothing. The messages of the children name the reasons.
 */
export function assessSubgraph(context: StepContext, node: SubgraphNode): NodeResult {
  const { results } = context;
  const nothing = { node, wanted: [], apply: [], inPlace: true, objects: [] } as const;
  const open = node.children.filter((id) => !isDone(results.get(id)));
  if (open.length === 0) {
    return { ...nothing, state: 'ready', because: { kind: 'ready' }, data: publishedData(context, node) };
  }
  const reason = waitForNodes(context, open);
  if (open.some((id) => results.get(id)?.state === 'failed')) return { ...nothing, ...reason, state: 'failed' };
  if (open.some((id) => isInProgress(results.get(id)))) return { ...nothing, ...reason };
  return { ...nothing, ...reason, state: 'waiting', data: publishedData(context, node), usable: true };
}

function isDone(result: NodeResult | undefined): boolean {
  return result?.state === 'ready' || result?.state === 'skipped';
}

/** Does the node, or a node inside it, have a pending read or write in this step? */
function isInProgress(result: NodeResult | undefined): boolean {
  if (result === undefined || result.apply.length > 0 || result.because.kind === 'unread') return true;
  return result.node.nodeType === 'subgraph' && result.data === undefined;
}

/** Maps the ids of children in the subgraph to their values. Children without a value are omitted. */
function publishedData({ ready, options: { memory } }: StepContext, node: SubgraphNode): JsonValue {
  const collect = (): Resolved => {
    const value: JsonObject = {};
    for (const child of node.children) {
      const data = ready.get(child);
      if (data !== undefined) setOwn(value, child.slice(node.id.length + 1), data as JsonValue);
    }
    return { state: 'resolved', wanted: [], value };
  };
  const resolved = memory === undefined ? collect() : memory.resolved(ready, node, collect, node.children);
  return resolved.state === 'resolved' ? (resolved.value ?? {}) : {};
}
