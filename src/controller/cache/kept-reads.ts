import type { GroupVersionKind } from '../../core/index.ts';
import type { Graph, GraphNode, PathStep } from '../../graph/index.ts';
import { isAlwaysKept } from '../../runtime/index.ts';
import { PathUnion } from './path-union.ts';

/** The kinds of one graph, and the projection generation that it needs. */
export interface KeptGraph {
  /** The projection generation that the graph needs (`KindCache.get`). */
  readonly projectionGeneration: number;
  /** The kinds of its nodes, as `kindId` names them. */
  readonly kinds: readonly string[];
}

/** The paths that graphs read of the objects of each kind, also of kinds without a watch. */
export class KeptReads {
  readonly #onGrowth: (type: GroupVersionKind, projectionGeneration: number) => void;
  readonly #paths = new Map<string, PathUnion>();
  readonly #graphs = new WeakMap<Graph, KeptGraph>();
  /** The projection generation: the number of times that a graph read more of a kind than the projections kept. */
  #growths = 0;

  /** `onGrowth` is called when a new graph reads more of a kind than the projections keep. */
  constructor(onGrowth: (type: GroupVersionKind, projectionGeneration: number) => void) {
    this.#onGrowth = onGrowth;
  }

  /** The paths that projections of a kind keep. The set can grow later. */
  pathsOf(type: GroupVersionKind): PathUnion {
    const id = kindId(type);
    const known = this.#paths.get(id);
    if (known !== undefined) return known;
    const created = new PathUnion();
    this.#paths.set(id, created);
    return created;
  }

  /** Adds paths; an empty path keeps everything. Returns true when the set grew. */
  grow(type: GroupVersionKind, paths: Iterable<readonly PathStep[]>): boolean {
    const kept = this.pathsOf(type);
    let grew = false;
    for (const path of paths) if (!isAlwaysKept(path)) grew = kept.add(path) || grew;
    return grew;
  }

  /** Adds the paths that a graph reads of the kinds of its nodes. */
  of(graph: Graph): KeptGraph {
    const known = this.#graphs.get(graph);
    if (known !== undefined) return known;
    for (const node of graph.nodes.values()) {
      if (this.grow(node.type, readsOf(graph, node))) this.#onGrowth(node.type, (this.#growths += 1));
    }
    const kinds = new Set([...graph.nodes.values()].map(({ type }) => kindId(type)));
    const kept = { projectionGeneration: this.#growths, kinds: [...kinds] };
    this.#graphs.set(graph, kept);
    return kept;
  }
}

/** The paths that expressions read of a node's objects, and the labels of its selector. */
function readsOf(graph: Graph, { id, nodeType }: GraphNode): readonly (readonly PathStep[])[] {
  const read = graph.reads.get(id) ?? [];
  return nodeType === 'externalCollection' ? [...read, ['metadata', 'labels']] : read;
}

/** A kind in one version, as the caches name it. */
export function kindId(type: GroupVersionKind): string {
  return `${type.group}/${type.version}/${type.kind}`;
}
