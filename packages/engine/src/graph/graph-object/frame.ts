import type { NodeBlock } from './parsed-graph.ts';

/** The node that a name denotes. */
export interface FrameName {
  /** The id of the node: the path of ids through the subgraphs. */
  readonly id: string;
  /** The frame that declares the node. */
  readonly frame: Frame;
  readonly isPatch: boolean;
}

/**
 * The names of one list of nodes. A name denotes the node of the nearest frame that declares it, even if this node
 * comes later in the list.
 */
export class Frame {
  readonly outer: Frame | undefined;
  /** The path of the node that contains the frame, followed by `/`; empty for the outermost frame. */
  readonly prefix: string;
  readonly #own = new Map<string, FrameName>();

  constructor(nodes: readonly NodeBlock[], outer?: { readonly frame: Frame; readonly id: string }) {
    this.outer = outer?.frame;
    this.prefix = outer === undefined ? '' : `${outer.id}/`;
    for (const { name, payloads } of nodes) {
      if (name === '' || this.#own.has(name)) continue;
      const isPatch = payloads.patch !== undefined;
      this.#own.set(name, { id: this.prefix + name, frame: this, isPatch });
    }
  }

  /** All names that expressions of this frame can read. The names of the nearest frame come first. */
  visible(): ReadonlyMap<string, FrameName> {
    const found = new Map(this.#own);
    for (const [name, node] of this.outer?.visible() ?? []) if (!found.has(name)) found.set(name, node);
    return found;
  }
}
