/** The input of a layout: the sizes of the boxes, and the lines. It has nothing that depends on states. */
export interface LayoutInput {
  readonly boxes: readonly { readonly id: string; readonly width: number; readonly height: number }[];
  readonly lines: readonly { readonly from: string; readonly to: string }[];
  /** `LR` for wide windows, `TB` for narrow windows. */
  readonly direction: 'LR' | 'TB';
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Positions of a picture. A box's position is its upper left corner. */
export interface Layout {
  readonly boxes: ReadonlyMap<string, Point>;
  /** The points of each line, by `lineKey`. */
  readonly lines: ReadonlyMap<string, readonly Point[]>;
  readonly width: number;
  readonly height: number;
}

/** The key of a line in a layout. */
export const lineKey = (line: { readonly from: string; readonly to: string }): string => `${line.from}\n${line.to}`;

/** A key for an input. Two inputs with equal keys have the same layout. */
export function layoutKey({ boxes, lines, direction }: LayoutInput): string {
  return JSON.stringify([direction, boxes.map(({ id, width, height }) => [id, width, height]), lines.map(lineKey)]);
}

/**
 * The maximum number of levels of a graph from left to right. A graph with more levels is drawn from top to bottom, so
 * that its labels stay legible.
 */
const MAX_LEVELS_LR = 4;

/**
 * Does a graph have more levels than a picture from left to right can show? `lines` are the lines between all nodes of
 * the graph, not the lines of groups. The result is therefore the same for all states, and for opened and closed
 * groups.
 */
export function isDeep(lines: LayoutInput['lines']): boolean {
  const levels = new Map<string, number>();
  // Each round settles at least one more level. The number of rounds is limited, because a server can report a graph
  // with a cycle, whose levels grow without end.
  for (let round = 0; round <= MAX_LEVELS_LR; round += 1) {
    for (const { from, to } of lines) levels.set(to, Math.max(levels.get(to) ?? 1, (levels.get(from) ?? 1) + 1));
  }
  return Math.max(1, ...levels.values()) > MAX_LEVELS_LR;
}
