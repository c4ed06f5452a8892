import type { ObjectRef } from '../../core/index.ts';
import type { NodeReport } from '../../runtime/index.ts';
import { explainNode } from '../../runtime/index.ts';
import { isDone } from './observation.ts';

/** A node that nothing in the graph can get on, and the nodes that wait for it. */
export interface Root {
  readonly node: NodeReport;
  /** Objects whose state keeps the node where it is. */
  readonly objects: readonly ObjectRef[];
  /** Ids of nodes that wait for it, directly or through others, in the order of the graph. */
  readonly waiting: readonly string[];
}

/**
 * The nodes that others wait for while they themselves wait for no node that is open, in the order of the graph.
 *
 * @param asked Only roots of this node, the node itself included.
 */
export function rootsOf(nodes: readonly NodeReport[], asked?: string): Root[] {
  const open = nodes.filter((node) => !isDone(node));
  const byId = new Map(open.map((node) => [node.id, node]));
  const openDependencies = (node: NodeReport): NodeReport[] =>
    explainNode(node).waitsFor.flatMap((id) => (id === node.id ? [] : (byId.get(id) ?? [])));
  const isAsked = (node: NodeReport): boolean =>
    asked === undefined || node.id === asked || behind(node, open, openDependencies).has(asked);
  return open
    .filter((node) => openDependencies(node).length === 0 && isAsked(node))
    .map((node) => ({
      node,
      objects: objectsOf(node, nodes),
      waiting: [...behind(node, open, openDependencies)],
    }));
}

/** The nodes that wait for one, directly or through others. */
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

/** The objects to look at: those that the reason names, else those of the node, or of the nodes whose data is missing. */
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
