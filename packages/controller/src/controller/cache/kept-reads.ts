import { getOrInsert } from '@typekro/kit/core';
import type { GroupVersionKind } from '@typekro/kit/core';
import { type Graph, type GraphNode, type PathStep, Nodes } from '@typekro/engine/graph';
import { Projection } from '@typekro/engine/runtime';

/** A set of field paths. A path below a member of the set adds nothing. */
class PathUnion {
  #paths: (readonly PathStep[])[] = [];

  get paths(): readonly (readonly PathStep[])[] {
    return this.#paths;
  }

  /** Adds a path. Returns false when the set already has the path or a prefix of it. */
  add(path: readonly PathStep[]): boolean {
    if (this.#paths.some((known) => isPrefix(known, path))) return false;
    this.#paths = [...this.#paths.filter((known) => !isPrefix(path, known)), path];
    return true;
  }
}

function isPrefix(prefix: readonly PathStep[], path: readonly PathStep[]): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => step === path[index]);
}

/** The kinds of one graph, and its projection generation. */
export interface KeptGraph {
  /** The projection generation with which the graph reads (`KindCache.get`). */
  readonly projectionGeneration: number;
  /** The kinds of its nodes, in the form of `kindId`. */
  readonly kinds: readonly string[];
  /** The kinds of each node whose kind is computed, by node id. */
  readonly computed: ReadonlyMap<string, readonly string[]>;
}

/** The paths that graphs read in the objects of each kind. Includes kinds that are not watched. */
export class KeptReads {
  readonly #onGrowth: (type: GroupVersionKind, projectionGeneration: number) => void;
  readonly #paths = new Map<string, PathUnion>();
  readonly #graphs = new WeakMap<Graph, KeptGraph>();
  /** The projection generation: how many times a graph read more of a kind than the projections kept. */
  #growths = 0;

  /** `onGrowth` is called when a graph reads more of a kind than the projections keep. */
  constructor(onGrowth: (type: GroupVersionKind, projectionGeneration: number) => void) {
    this.#onGrowth = onGrowth;
  }

  /** The paths that projections of a kind keep. The returned set may grow later. */
  pathsOf(type: GroupVersionKind): PathUnion {
    const id = kindId(type);
    return getOrInsert(this.#paths, id, () => new PathUnion());
  }

  /** Adds paths. An empty path keeps everything. Returns whether the set has grown. */
  grow(type: GroupVersionKind, paths: Iterable<readonly PathStep[]>): boolean {
    const kept = this.pathsOf(type);
    let grew = false;
    for (const path of paths) if (!Projection.isAlwaysKept(path)) grew = kept.add(path) || grew;
    return grew;
  }

  /** Adds the paths that a graph reads in the objects of its nodes. */
  of(graph: Graph): KeptGraph {
    const known = this.#graphs.get(graph);
    if (known !== undefined) return known;
    const typed = Nodes.typed(graph);
    for (const node of typed) {
      if (this.grow(node.type, readsOf(graph, node))) this.#onGrowth(node.type, (this.#growths += 1));
    }
    const kinds = new Set(typed.map(({ type }) => kindId(type)));
    const kept = { projectionGeneration: this.#growths, kinds: [...kinds], computed: NO_KINDS };
    this.#graphs.set(graph, kept);
    return kept;
  }

  /** Adds the paths that a graph reads in the objects of a node, after a step has found the node's computed kind. */
  addComputed(graph: Graph, nodeId: string, type: GroupVersionKind): void {
    const { kinds, computed } = this.of(graph);
    const node = graph.nodes.get(nodeId);
    const id = kindId(type);
    const known = computed.get(nodeId) ?? [];
    if (node === undefined || known.includes(id)) return;
    if (this.grow(type, readsOf(graph, node))) this.#onGrowth(type, (this.#growths += 1));
    this.#graphs.set(graph, {
      projectionGeneration: this.#growths,
      kinds: [...new Set([...kinds, id])],
      computed: new Map([...computed, [nodeId, [...known, id]]]),
    });
  }
}

const NO_KINDS: ReadonlyMap<string, readonly string[]> = new Map();

/** The paths that expressions read in a node's objects. An external collection also reads labels, for its selector. */
function readsOf(graph: Graph, { id, nodeType }: GraphNode): readonly (readonly PathStep[])[] {
  const read = graph.reads.get(id) ?? [];
  return nodeType === 'externalCollection' ? [...read, ['metadata', 'labels']] : read;
}

/** The identifier of a kind in one version. */
export function kindId(type: GroupVersionKind): string {
  return `${type.group}/${type.version}/${type.kind}`;
}
