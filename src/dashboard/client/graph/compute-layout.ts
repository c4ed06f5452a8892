import { Graph, layout as dagreLayout } from '@dagrejs/dagre';
import type { Layout, LayoutInput, Point } from './layout.ts';
import { lineKey } from './layout.ts';

const MARGIN = 24;
const GAP = 28;
/**
 * The minimum width of a row of unconnected boxes in a graph from left to right; a wider connected part widens rows.
 */
const MIN_ROW_WIDTH = 980;
/** The width of a row of unconnected boxes in a graph from top to bottom, for a narrow screen. */
const NARROW_ROW_WIDTH = 480;

/**
 * Computes positions. Connected boxes are in layers: a box comes after the boxes that it reads. Boxes without a line
 * fill rows below the layers.
 */
export function computeLayout(input: LayoutInput): Layout {
  const connected = new Set(input.lines.flatMap(({ from, to }) => [from, to]));
  const layered = layersOf(input, connected);
  const boxes = new Map(layered.boxes);
  const rowWidth = input.direction === 'TB' ? NARROW_ROW_WIDTH : Math.max(MIN_ROW_WIDTH, layered.width);
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
  for (const id of graph.nodes()) {
    const {
      x = 0,
      y = 0,
      width = 0,
      height = 0,
    } = graph.node(id) as { x?: number; y?: number; width?: number; height?: number };
    boxes.set(id, { x: Math.round(x - width / 2), y: Math.round(y - height / 2) });
  }
  const lines = new Map<string, readonly Point[]>();
  for (const { v, w } of graph.edges()) {
    const { points = [] } = graph.edge(v, w) as { points?: readonly Point[] };
    lines.set(lineKey({ from: v, to: w }), points);
  }
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { boxes, lines, width: Math.ceil(width), height: Math.ceil(height) };
}
