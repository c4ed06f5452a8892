import { Graph, layout as dagreLayout } from '@dagrejs/dagre';
import { type Layout, type LayoutInput, type Point, lineKey } from './layout.ts';
import { type Placed, createRouter } from './route-line.ts';

const MARGIN = 24;
const GAP = 28;

/**
 * Computes positions. Connected boxes are in layers: a box comes after the boxes that it reads. Boxes without a line
 * fill rows below the layers. If the layers are wider than `columns` boxes, a row may grow to the width of the layers.
 */
export function computeLayout(input: LayoutInput): Layout {
  const connected = new Set(input.lines.flatMap(({ from, to }) => [from, to]));
  const layered = layersOf(input, connected);
  const boxes = new Map(layered.boxes);
  const columnWidth = (input.boxes[0]?.width ?? 0) + GAP;
  const rowWidth = Math.max(input.columns * columnWidth - GAP + 2 * MARGIN, layered.width);
  let { width } = layered;
  let x = MARGIN;
  let y = layered.boxes.size === 0 ? MARGIN : layered.height + GAP - MARGIN;
  let rowHeight = 0;
  for (const box of input.boxes) {
    if (connected.has(box.id)) continue;
    if (x > MARGIN && x + box.width > rowWidth - MARGIN) {
      x = MARGIN;
      y += rowHeight + GAP;
      rowHeight = 0;
    }
    boxes.set(box.id, { x, y });
    x += box.width + GAP;
    rowHeight = Math.max(rowHeight, box.height);
    width = Math.max(width, x - GAP + MARGIN);
  }
  const height = rowHeight === 0 ? layered.height : y + rowHeight + MARGIN;
  return { boxes, lines: layered.lines, width, height };
}

function layersOf(input: LayoutInput, connected: ReadonlySet<string>): Layout {
  if (connected.size === 0) return { boxes: new Map(), lines: new Map(), width: 0, height: 0 };
  const graph = new Graph();
  graph.setGraph({
    rankdir: input.direction,
    nodesep: GAP,
    ranksep: input.direction === 'TB' ? 46 : 72,
    marginx: MARGIN,
    marginy: MARGIN,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of input.boxes) if (connected.has(id)) graph.setNode(id, { width, height });
  for (const { from, to } of input.lines) graph.setEdge(from, to);
  dagreLayout(graph);
  const boxes = new Map<string, Point>();
  const placed = new Map<string, Placed>();
  for (const id of graph.nodes()) {
    const { x = 0, y = 0, width = 0, height = 0 } = graph.node(id) as Partial<Placed>;
    const place = { x: Math.round(x - width / 2), y: Math.round(y - height / 2) };
    boxes.set(id, place);
    placed.set(id, { ...place, width, height });
  }
  const route = createRouter([...placed.values()], input.direction);
  const lines = new Map<string, readonly Point[]>();
  for (const { v, w } of graph.edges()) {
    const [from, to] = [placed.get(v), placed.get(w)];
    const { points = [] } = graph.edge(v, w) as { points?: readonly Point[] };
    if (from !== undefined && to !== undefined) lines.set(lineKey({ from: v, to: w }), route(from, to, points));
  }
  return withMargin(boxes, lines, [...placed.values()]);
}

/**
 * Moves boxes and lines, so that the margin is free on each side. The layout library keeps a margin around the boxes,
 * but lines may extend into this margin.
 */
function withMargin(boxes: Layout['boxes'], lines: Layout['lines'], placed: readonly Placed[]): Layout {
  const corners = placed.flatMap(({ x, y, width, height }) => [
    { x, y },
    { x: x + width, y: y + height },
  ]);
  const all = [...corners, ...[...lines.values()].flat()];
  const range = (values: readonly number[]): readonly [number, number] =>
    values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const [left, right] = range(all.map(({ x }) => x));
  const [top, bottom] = range(all.map(({ y }) => y));
  const move = ({ x, y }: Point): Point => ({ x: x - left + MARGIN, y: y - top + MARGIN });
  return {
    boxes: new Map([...boxes].map(([id, place]) => [id, move(place)])),
    lines: new Map([...lines].map(([key, points]) => [key, points.map(move)])),
    width: Math.ceil(right - left) + 2 * MARGIN,
    height: Math.ceil(bottom - top) + 2 * MARGIN,
  };
}
