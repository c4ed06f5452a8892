import type { ObjectRef } from '@typekro/kit/core';
import { explainNode } from './explain.ts';
import { type NodeReport, isDone } from '../report.ts';

/**
 * A root cause: an unfinished node that waits for no other unfinished node, together with the nodes that wait for it.
 */
export interface RootCause {
  readonly node: NodeReport;
  /** Objects whose state the node waits for. */
  readonly objects: readonly ObjectRef[];
  /** Ids of the unfinished nodes that wait for this node, directly or through other nodes. */
  readonly waiting: readonly string[];
}

/**
 * The unfinished nodes that wait for no other unfinished node, in the order of the graph. If every unfinished node
 * waits for another one (a cycle), the result has the first unfinished node. A report about retired objects waits for
 * the nodes that still need these objects.
 *
 * @param nodeId The id of a node. If given, the result has only the root causes of this node.
 */
export function rootCausesOf(nodes: readonly NodeReport[], nodeId?: string): RootCause[] {
  const open = nodes.filter((node) => !isDone(node));
  const byId = new Map(open.filter(({ retired }) => retired !== true).map((node) => [node.id, node]));
  const dependencies = (node: NodeReport): NodeReport[] => {
    // Two nodes that render the same object wait for a change of the definition, not for each other.
    if (node.because.kind === 'duplicate-target') return [];
    return explainNode(node).waitsFor.flatMap((id) => {
      const found = byId.get(id);
      return found === undefined || found === node ? [] : [found];
    });
  };
  const isRequested = (node: NodeReport): boolean =>
    nodeId === undefined || node.id === nodeId || behind(node, open, dependencies).has(nodeId);
  const relevant = open.filter(isRequested);
  const independent = relevant.filter((node) => dependencies(node).length === 0);
  return (independent.length > 0 ? independent : relevant.slice(0, 1)).map((node) => ({
    node,
    objects: objectsOf(node, nodes),
    waiting: [...behind(node, open, dependencies)],
  }));
}

/** Ids of the unfinished nodes that wait for `root`, directly or through other nodes. */
function behind(
  root: NodeReport,
  open: readonly NodeReport[],
  dependencies: (node: NodeReport) => readonly NodeReport[],
): Set<string> {
  const found = new Set([root.id]);
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const node of open) if (dependencies(node).some(({ id }) => found.has(id))) found.add(node.id);
  }
  found.delete(root.id);
  return found;
}

/**
 * The objects that a user should inspect: the objects that the reason names; if it names none, the objects of the node
 * or of the nodes whose data is missing.
 */
function objectsOf(node: NodeReport, nodes: readonly NodeReport[]): ObjectRef[] {
  const { because } = node;
  switch (because.kind) {
    case 'missing-data':
      return nodes.filter(({ id }) => because.nodes.includes(id)).flatMap(present);
    case 'not-ready':
      return because.object === undefined ? present(node) : [because.object];
    case 'not-ready-by-kind':
      return [because.object];
    case 'being-deleted':
      return because.objects.map(({ object }) => object);
    case 'items-missing':
    case 'retired':
      return present(node);
    default:
      return node.state === 'deleting' ? present(node) : [];
  }
}

const present = ({ objects }: NodeReport): ObjectRef[] =>
  objects.flatMap(({ object, state }) => (state === 'present' || state === 'deleting' ? [object] : []));

/** The causes of waiting nodes. */
export const RootCause = { of: rootCausesOf };
