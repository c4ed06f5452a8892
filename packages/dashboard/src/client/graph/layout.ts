/** A request to the worker that computes layouts. */
export interface LayoutRequest {
  readonly id: number;
  readonly input: LayoutInput;
}

/** The worker's response to the request with the same id. */
export interface LayoutAnswer {
  readonly id: number;
  readonly layout: Layout;
}

/** The input of a layout: the sizes of the boxes, and the lines. It has nothing that depends on states. */
export interface LayoutInput {
  readonly boxes: readonly { readonly id: string; readonly width: number; readonly height: number }[];
  readonly lines: readonly { readonly from: string; readonly to: string }[];
  /** From left to right, or from top to bottom. */
  readonly direction: 'LR' | 'TB';
  /** The number of boxes without a line in a row. */
  readonly columns: number;
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
export function layoutKey({ boxes, lines, direction, columns }: LayoutInput): string {
  return JSON.stringify([
    direction,
    columns,
    boxes.map(({ id, width, height }) => [id, width, height]),
    lines.map(lineKey),
  ]);
}

/** The number of levels of a graph, and the number of nodes of its largest level. */
export interface GraphShape {
  readonly levels: number;
  readonly breadth: number;
}

/** Further levels make no difference, because no window is wide or high enough for them. */
const MAX_LEVELS = 12;

/**
 * The shape of a graph. `lines` are the lines between all nodes of the graph, not the lines of groups. The result is
 * therefore the same for all states, and for opened and closed groups.
 */
export function shapeOf(lines: LayoutInput['lines']): GraphShape {
  const levels = new Map<string, number>();
  // Each round settles at least one more level. The number of rounds is limited, because a server can report a graph
  // with a cycle, whose levels grow without end.
  for (let round = 0; round <= MAX_LEVELS; round += 1) {
    for (const { from, to } of lines) {
      const level = levels.get(from) ?? 1;
      levels.set(from, level);
      levels.set(to, Math.min(MAX_LEVELS, Math.max(levels.get(to) ?? 1, level + 1)));
    }
  }
  const counts = new Map<number, number>();
  for (const level of levels.values()) counts.set(level, (counts.get(level) ?? 0) + 1);
  return { levels: Math.max(1, ...counts.keys()), breadth: Math.max(1, ...counts.values()) };
}
