import type { GroupVersionKind } from '../../core/index.ts';
import type { Graph, GraphNode, PathStep } from '../../graph/index.ts';
import { isAlwaysKept } from '../../runtime/index.ts';
import { PathUnion } from './path-union.ts';

/** A graph whose reads are kept. */
export interface KeptGraph {
  /** What it needs to be held: as much as was kept when it came (`KindCache.get`). */
  readonly need: number;
  /** The kinds of its nodes, as `kindId` names them. */
  readonly kinds: readonly string[];
}

/** What is kept of the objects of each kind, since some graph reads it: also of kinds that nobody watches yet. */
export class KeptReads {
  readonly #onGrowth: (type: GroupVersionKind, need: number) => void;
  readonly #paths = new Map<string, PathUnion>();
  readonly #graphs = new WeakMap<Graph, KeptGraph>();
  /** How often a graph read more of a kind than was kept. */
  #growths = 0;

  /** `onGrowth`: a graph that came needs more of this kind from now on. */
  constructor(onGrowth: (type: GroupVersionKind, need: number) => void) {
    this.#onGrowth = onGrowth;
  }

  /** What is kept of a kind; grows. */
  pathsOf(type: GroupVersionKind): PathUnion {
    const id = kindId(type);
    const known = this.#paths.get(id);
    if (known !== undefined) return known;
    const created = new PathUnion();
    this.#paths.set(id, created);
    return created;
  }

  /** From now on these paths are kept, too; an empty path is everything. True when that is more than before. */
  grow(type: GroupVersionKind, paths: Iterable<readonly PathStep[]>): boolean {
    const kept = this.pathsOf(type);
    let grew = false;
    for (const path of paths) if (!isAlwaysKept(path)) grew = kept.add(path) || grew;
    return grew;
  }

  /** Keeps what a graph reads of the kinds of its nodes. */
  of(graph: Graph): KeptGraph {
    const known = this.#graphs.get(graph);
    if (known !== undefined) return known;
    for (const node of graph.nodes.values()) {
      if (this.grow(node.type, readsOf(graph, node))) this.#onGrowth(node.type, (this.#growths += 1));
    }
    const kinds = new Set([...graph.nodes.values()].map(({ type }) => kindId(type)));
    const kept = { need: this.#growths, kinds: [...kinds] };
    this.#graphs.set(graph, kept);
    return kept;
  }
}

/** What expressions read of the objects of a node, and the labels that they are selected by. */
function readsOf(graph: Graph, { id, nodeType }: GraphNode): readonly (readonly PathStep[])[] {
  const read = graph.reads.get(id) ?? [];
  return nodeType === 'externalCollection' ? [...read, ['metadata', 'labels']] : read;
}

/** A kind in one version, as the caches name it. */
export function kindId(type: GroupVersionKind): string {
  return `${type.group}/${type.version}/${type.kind}`;
}
