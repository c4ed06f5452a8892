/** A box to place. The caller chooses its column. */
export interface LayoutBox {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Column, from 0. */
  readonly column: number;
}

/** An arrow from a box to a box in a later column. */
export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
}

/** A point of the picture. x grows to the right, y grows downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The positions of the boxes, and the points of the arrows. Points of the same arrow in the same column have the same
 * y.
 */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Point & LayoutBox>;
  readonly edges: readonly (LayoutEdge & { readonly points: readonly Point[] })[];
}

/** Distances in pixels. */
const MARGIN = 16;
const COLUMN_GAP = 72;
const ROW_GAP = 20;
/** Height of the lane on which an arrow passes through a column. */
const LANE_HEIGHT = 4;
/** The number of sweeps over the columns in each direction. More sweeps rarely improve the picture. */
const SWEEPS = 8;

/** A position in a column: a box, or the lane of an arrow that passes through the column. */
interface Slot {
  readonly height: number;
  readonly column: number;
  readonly before: Slot[];
  readonly after: Slot[];
  top: number;
}

const centre = ({ top, height }: Slot): number => top + height / 2;

/**
 * Places boxes in columns without overlaps, and routes arrows around boxes. An arrow has its own lane in each column
 * between its ends. To get few crossings, the slots of a column are ordered by the mean position of their neighbours
 * (the barycentre method of Sugiyama). Equal inputs yield equal layouts.
 */
export function layoutColumns(boxes: readonly LayoutBox[], edges: readonly LayoutEdge[]): Layout {
  const slots = new Map<string, Slot>();
  const columns: Slot[][] = Array.from({ length: Math.max(0, ...boxes.map(({ column }) => column + 1)) }, () => []);
  const add = (height: number, column: number): Slot => {
    const slot: Slot = { height, column, before: [], after: [], top: 0 };
    columns[column]?.push(slot);
    return slot;
  };
  for (const { id, height, column } of boxes) slots.set(id, add(height, column));
  const routes = edges.flatMap((edge) => {
    const [from, to] = [slots.get(edge.from), slots.get(edge.to)];
    if (from === undefined || to === undefined) return [];
    const lanes = [];
    for (let column = from.column + 1; column < to.column; column += 1) lanes.push(add(LANE_HEIGHT, column));
    const stops = [from, ...lanes, to];
    for (const [index, slot] of stops.slice(1).entries()) {
      const previous = stops[index];
      if (previous === undefined) continue;
      previous.after.push(slot);
      slot.before.push(previous);
    }
    return [{ edge, from, lanes, to }];
  });
  for (const column of columns) stack(column);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of columns.slice(1)) arrange(column, ({ before }) => before);
    for (const column of columns.slice(0, -1).reverse()) arrange(column, ({ after }) => after);
  }
  for (const column of columns.slice(1)) arrange(column, ({ before }) => before);
  shiftToMargin(columns);
  const lefts = leftsOf(columns, boxes);
  const widthOf = (column: number): number => (lefts[column + 1] ?? 0) - (lefts[column] ?? 0) - COLUMN_GAP;
  const placed = new Map(
    boxes.map((box) => [box.id, { ...box, x: lefts[box.column] ?? 0, y: slots.get(box.id)?.top ?? 0 }]),
  );
  const drawn = routes.map(({ edge, from, lanes, to }) => {
    const source = placed.get(edge.from);
    const start = { x: (source?.x ?? 0) + (source?.width ?? 0), y: centre(from) };
    const through = lanes.flatMap((lane) => {
      const left = lefts[lane.column] ?? 0;
      return [
        { x: left, y: centre(lane) },
        { x: left + widthOf(lane.column), y: centre(lane) },
      ];
    });
    // A box may be narrower than its column, so the arrow runs horizontally to the edge of the column.
    const edgeOfColumn = { x: (lefts[from.column] ?? 0) + widthOf(from.column), y: centre(from) };
    const points = [start, edgeOfColumn, ...through, { x: lefts[to.column] ?? 0, y: centre(to) }];
    return { ...edge, points };
  });
  const bottoms = columns.flat().map(({ top, height }) => top + height);
  return {
    width: (lefts.at(-1) ?? MARGIN + COLUMN_GAP) - COLUMN_GAP + MARGIN,
    height: Math.max(0, ...bottoms) + MARGIN,
    boxes: placed,
    edges: drawn,
  };
}

/** The x position of the left side of each column, and of an additional column after the last one. */
function leftsOf(columns: readonly unknown[], boxes: readonly LayoutBox[]): number[] {
  const lefts = [MARGIN];
  for (const [index] of columns.entries()) {
    const widths = boxes.filter(({ column }) => column === index).map(({ width }) => width);
    lefts.push((lefts.at(-1) ?? 0) + Math.max(0, ...widths) + COLUMN_GAP);
  }
  return lefts;
}

function stack(column: readonly Slot[]): void {
  let top = 0;
  for (const slot of column) {
    slot.top = top;
    top += slot.height + ROW_GAP;
  }
}

/**
 * Orders the slots of a column by their neighbours on one side. Moves each slot as near to its neighbours as the slots
 * above it permit.
 */
function arrange(column: Slot[], neighbours: (slot: Slot) => readonly Slot[]): void {
  const preferred = new Map(column.map((slot) => [slot, preferredCentre(slot, neighbours(slot))]));
  const preferredOf = (slot: Slot): number => preferred.get(slot) ?? 0;
  column.sort((a, b) => preferredOf(a) - preferredOf(b));
  let free = -Infinity;
  for (const slot of column) {
    slot.top = Math.max(preferredOf(slot) - slot.height / 2, free);
    free = slot.top + slot.height + ROW_GAP;
  }
}

/** The mean position of the neighbours; for a slot without neighbours, its own position. */
function preferredCentre(slot: Slot, neighbours: readonly Slot[]): number {
  if (neighbours.length === 0) return centre(slot);
  return neighbours.reduce((sum, other) => sum + centre(other), 0) / neighbours.length;
}

function shiftToMargin(columns: readonly (readonly Slot[])[]): void {
  const slots = columns.flat();
  const highest = Math.min(...slots.map(({ top }) => top));
  for (const slot of slots) slot.top = Math.round(slot.top - highest) + MARGIN;
}
