import type { ObjectRef } from '../core/index.ts';
import { explainNode } from './explain.ts';
import type { NodeReport } from './report.ts';
import { isDone } from './report.ts';

/** A root cause: a node that is not done and waits for no other unfinished node, and the nodes that wait for it. */
export interface RootCause {
  readonly node: NodeReport;
  /** Objects whose state the node waits for. */
  readonly objects: readonly ObjectRef[];
  /** Ids of the nodes that are not done and wait for this one, directly or through other nodes. */
  readonly waiting: readonly string[];
}

/**
 * The nodes that are not done and wait for no other such node, in the order of the graph. Of nodes that wait for one
 * another, the result has the first. A report of retired objects waits for the nodes that need these objects.
 *
 * @param nodeId The id of a node. With it, the result has only the root causes of this node.
 */
export function rootCausesOf(nodes: readonly NodeReport[], nodeId?: string): RootCause[] {
  const open = nodes.filter((node) => !isDone(node));
  const byId = new Map(open.filter(({ retired }) => retired !== true).map((node) => [node.id, node]));
  const dependencies = (node: NodeReport): NodeReport[] => {
    // Two nodes that render one object wait for a change of the definition, not for one another.
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

/** Ids of the nodes that are not done and wait for `root`, directly or through other nodes. */
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
 * The objects to inspect: the objects that the reason names, else those of the node or of the nodes whose data is
 * missing.
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
