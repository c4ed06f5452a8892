import type {
  CurrentValue,
  DefinitionDetail,
  GraphEdge,
  InstanceDetail,
  InstanceNode,
  InstanceObject,
  ValueEdge,
} from '@typekro/controller/inspect';
import { namespacedName, nounFor, printable, stringifyJson } from '@typekro/kit/core';
import { instanceRef } from '@typekro/controller/inspect';
import type { GraphOutline, OutlineNode } from '@typekro/engine/graph';
import { type GroupInput, type NodeGroup, chooseApart, groupNodes, MAX_NODES } from './group-nodes.ts';
import { type GraphShape, shapeOf } from './layout.ts';
import { type Tone, isSettled, toneOf } from './states.ts';

/**
 * A part of a collection or a group: the number of members with the same tone (the look of a state, see `states.ts`).
 */
export interface Share {
  readonly tone: Tone;
  readonly count: number;
}

/** An object of an opened collection. */
export interface Cell {
  /** The `instanceRef` of the object. */
  readonly id: string;
  readonly name: string;
  readonly tone: Tone;
}

/** A box of the picture. */
export interface Box {
  /** The id of a node, or of a group. */
  readonly id: string;
  readonly kind: 'node' | 'collection' | 'group';
  readonly title: string;
  readonly subtitle: string;
  /** The conditions and lists of the node in the definition, as short texts. */
  readonly rules: readonly string[];
  /** Absent in a picture that shows no states, and for a node without a state. */
  readonly tone?: Tone;
  /** The state in words, for the accessible name of the box. */
  readonly stateText: string;
  /** Is the object read, but not written by the graph? */
  readonly external: boolean;
  /** The tones of the members of a collection or group, with counts; empty for a node. */
  readonly shares: readonly Share[];
  /** The objects of an opened collection; empty for any other box. */
  readonly cells: readonly Cell[];
  /** The number of cells in a row. */
  readonly columns: number;
  /** The ids of the nodes that the box represents. */
  readonly members: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** A line of the picture, from the box that is read to the box that reads. */
export interface Line {
  readonly from: string;
  readonly to: string;
  /** `flowed`: all values are known. `missing`: a value is unknown. `plain`: the line shows no values. */
  readonly state: 'plain' | 'flowed' | 'missing';
  /**
   * One text for each path that is read: the path, or `path = value` if the mode is `instance` and the edge has the
   * value.
   */
  readonly labels: readonly string[];
}

/** The complete content of the graph view, without positions. */
export interface Picture {
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  /** The shape of the graph of the nodes. */
  readonly shape: GraphShape;
  /** What the picture leaves out, as sentences. */
  readonly hidden: readonly string[];
}

/** The choices of the user for the picture. */
export interface PictureOptions {
  /** `template` draws the rules of the definition, `instance` the states and values. Both have the same positions. */
  readonly mode: 'template' | 'instance';
  /** Opened collections and groups. */
  readonly opened: ReadonlySet<string>;
  /** The nodes that stay single next to groups, as `apartNodes` chooses them. */
  readonly apart: ReadonlySet<string>;
}

/** The picture of a graph with more levels folds its chains. */
const MAX_UNFOLDED_LEVELS = 6;
export const BOX_WIDTH = 216;
export const BOX_HEIGHT = 56;
/** The height that the bar of shares of a collection or group takes. */
export const BAR_HEIGHT = 22;
export const CELL_SIZE = 12;
export const CELL_GAP = 3;
/**
 * The smallest number of cells in a row. If more than `MAX_NARROW_ROWS` rows of this size are necessary, the box
 * becomes wider.
 */
const MIN_CELLS_IN_ROW = 13;
const MAX_NARROW_ROWS = 20;
/** The maximum number of objects of an opened collection that are drawn. */
export const MAX_CELLS = 1300;

/** The picture of the graph of a definition. */
export function pictureOfDefinition(
  detail: Pick<DefinitionDetail, 'graph' | 'edges'>,
  opened: ReadonlySet<string>,
): Picture {
  return pictureOf(detail.graph, detail.edges, new Map(), { mode: 'template', opened, apart: new Set() });
}

/**
 * The picture of an instance. Retired nodes, which the graph no longer has, are only in the list next to the picture.
 */
export function pictureOfInstance(
  detail: Pick<InstanceDetail, 'graph' | 'edges' | 'nodes'>,
  options: PictureOptions,
): Picture {
  const nodes = new Map(detail.nodes.filter(({ retired }) => retired !== true).map((node) => [node.id, node]));
  const picture = pictureOf(detail.graph, detail.edges, nodes, options);
  const retired = detail.nodes.filter((node) => node.retired === true).length;
  if (retired === 0) return picture;
  return {
    ...picture,
    hidden: [...picture.hidden, `${plural(retired, 'retired node')} ${be(retired)} in the list only.`],
  };
}

/**
 * The nodes that the picture of an instance draws apart from groups: those of an earlier choice, and those that need
 * attention now. For a graph without groups, the result is the earlier choice.
 */
export function apartNodes(
  { graph, nodes }: Pick<InstanceDetail, 'graph' | 'nodes'>,
  earlier: ReadonlySet<string>,
): ReadonlySet<string> {
  const outline = graph?.nodes ?? [];
  if (outline.length <= MAX_NODES) return earlier;
  const states = new Map(nodes.map(({ id, state }) => [id, state]));
  const inputs = outline.map(({ id, kind, level }): GroupInput => {
    const state = states.get(id);
    return { id, kind, level, settled: state === undefined || isSettled(state) };
  });
  return chooseApart(inputs, earlier);
}

function pictureOf(
  graph: GraphOutline | undefined,
  edges: readonly (GraphEdge | ValueEdge)[],
  nodes: ReadonlyMap<string, InstanceNode>,
  { mode, opened, apart }: PictureOptions,
): Picture {
  const outline = graph?.nodes ?? [];
  const byId = new Map(outline.map((node) => [node.id, node]));
  const nodeLines = edges.filter(({ from, to }) => byId.has(from) && byId.has(to));
  const shape = shapeOf(nodeLines);
  const { singles, groups } = groupNodes(outline, opened, apart, shape.levels > MAX_UNFOLDED_LEVELS ? nodeLines : []);
  const shown = new Set(singles);
  const boxes = [
    ...outline.filter(({ id }) => shown.has(id)).map((node) => boxOf(node, nodes.get(node.id), mode, opened)),
    ...groups.map((group) => groupBox(group, nodes, mode)),
  ];
  const boxOfNode = new Map(boxes.flatMap(({ id, members }) => members.map((member) => [member, id] as const)));
  const lines = linesOf(edges, boxOfNode, mode, (id) => byId.has(id));
  const breadth = Math.min(shape.breadth, Math.ceil(boxes.length / shape.levels));
  return {
    boxes,
    lines,
    shape: groups.length === 0 ? shape : { ...shape, breadth },
    hidden: hiddenTexts(groups, boxes, nodes),
  };
}

function boxOf(
  node: OutlineNode,
  live: InstanceNode | undefined,
  mode: PictureOptions['mode'],
  opened: ReadonlySet<string>,
): Box {
  const isCollection = node.forEach.length > 0 || node.nodeType === 'externalCollection';
  const isOpened = isCollection && opened.has(node.id);
  const cells =
    isOpened && live !== undefined ? live.objects.slice(0, MAX_CELLS).map((object) => cellOf(object, live)) : [];
  const columns = cellsInRow(cells.length);
  const rows = Math.ceil(cells.length / columns);
  const showsState = mode === 'instance' && live !== undefined;
  return {
    id: node.id,
    kind: isCollection ? 'collection' : 'node',
    title: node.id,
    subtitle: showsState && !isCollection ? kindAndValue(node.kind, live) : node.kind,
    rules: rulesOf(node),
    ...(showsState ? { tone: toneOf(live.state) } : {}),
    stateText: showsState ? `${live.state}: ${live.reason}` : '',
    external: node.nodeType === 'external' || node.nodeType === 'externalCollection',
    shares: showsState && isCollection ? sharesOfObjects(live) : [],
    // The mode `template` draws no cells, but keeps their space.
    cells: mode === 'instance' ? cells : [],
    columns,
    members: [node.id],
    width: BOX_WIDTH + (columns - MIN_CELLS_IN_ROW) * (CELL_SIZE + CELL_GAP),
    height: BOX_HEIGHT + (isCollection ? BAR_HEIGHT : 0) + (rows === 0 ? 0 : rows * (CELL_SIZE + CELL_GAP) + CELL_GAP),
  };
}

/**
 * The number of cells in a row. A large collection is about as wide as it is high, so that the view shows the whole
 * box.
 */
const cellsInRow = (cells: number): number =>
  cells <= MIN_CELLS_IN_ROW * MAX_NARROW_ROWS ? MIN_CELLS_IN_ROW : Math.ceil(Math.sqrt(cells * 1.5));

function groupBox(
  { id, kind, members }: NodeGroup,
  nodes: ReadonlyMap<string, InstanceNode>,
  mode: PictureOptions['mode'],
): Box {
  const states = members.flatMap((member) => nodes.get(member)?.state ?? []);
  const shares = mode === 'instance' ? sharesOf(states.map(toneOf)) : [];
  const worst = shares.find(({ tone }) => tone !== 'idle')?.tone ?? shares[0]?.tone;
  return {
    id,
    kind: 'group',
    title: plural(members.length, 'node'),
    subtitle: kind,
    rules: [],
    ...(worst === undefined ? {} : { tone: worst }),
    stateText: shares.map(({ tone, count }) => `${count} ${tone}`).join(', '),
    external: false,
    shares,
    cells: [],
    columns: MIN_CELLS_IN_ROW,
    members,
    width: BOX_WIDTH,
    height: BOX_HEIGHT + BAR_HEIGHT,
  };
}

/** The kind of a node, and the value of its only object: `Deployment · 2/2`. */
export function kindAndValue(kind: string, { objects: [only, ...others] }: Pick<InstanceNode, 'objects'>): string {
  return only?.value === undefined || others.length > 0 ? kind : `${kind} · ${only.value}`;
}

/** The conditions and lists of a node in short words. */
export function rulesOf(node: Pick<OutlineNode, 'forEach' | 'includeWhen' | 'readyWhen' | 'propagateWhen'>): string[] {
  return [
    ...node.forEach.map(({ name, expression }) => `for each ${name} in ${expression}`),
    ...node.includeWhen.map((expression) => `if ${expression}`),
    ...node.readyWhen.map((expression) => `ready when ${expression}`),
    ...(node.propagateWhen ?? []).map((expression) => `writes when ${expression}`),
  ];
}

function cellOf(each: InstanceObject, node: Pick<InstanceNode, 'state'>): Cell {
  const { object } = each;
  return {
    id: instanceRef(object),
    name: `${namespacedName(object)}: ${objectStateText(each)}`,
    tone: toneOfObject(each, node),
  };
}

/** Is the object present and not ready? An object that is being deleted is not expected to be ready. */
export const isUnready = ({ state, ready }: Pick<InstanceObject, 'state' | 'ready'>): boolean =>
  state === 'present' && ready === false;

/** The state of an object in words. */
export const objectStateText = (object: Pick<InstanceObject, 'state' | 'ready'>): string =>
  isUnready(object) ? 'not ready' : object.state;

/**
 * The tone of an object of a node, from its state and its readiness. A present object with unknown readiness has the
 * tone `ready` only in a node that is ready.
 */
export function toneOfObject(object: Pick<InstanceObject, 'state' | 'ready'>, node: Pick<InstanceNode, 'state'>): Tone {
  if (isUnready(object)) return 'waiting';
  return object.state === 'present' && object.ready === undefined ? uncheckedTone(node) : toneOf(object.state);
}

const uncheckedTone = ({ state }: Pick<InstanceNode, 'state'>): Tone => (toneOf(state) === 'ready' ? 'ready' : 'busy');

/** The objects of a node: those that need attention come first. Objects with the same tone keep their order. */
export function unreadyFirst(node: Pick<InstanceNode, 'objects' | 'state'>): readonly InstanceObject[] {
  const rank = (each: InstanceObject): number => ORDER.indexOf(toneOfObject(each, node));
  return node.objects.toSorted((a, b) => rank(a) - rank(b));
}

function sharesOfObjects(node: InstanceNode): Share[] {
  const { counts, unready = 0, unchecked = 0 } = node;
  const shares = Object.entries(counts).flatMap(([state, count]): Share[] => {
    if (state !== 'present') return [{ tone: toneOf(state as keyof InstanceNode['counts']), count }];
    return [
      { tone: toneOf(state), count: count - unready - unchecked },
      { tone: 'waiting', count: unready },
      { tone: uncheckedTone(node), count: unchecked },
    ];
  });
  return merged(shares);
}

function sharesOf(tones: readonly Tone[]): Share[] {
  return merged(tones.map((tone) => ({ tone, count: 1 })));
}

/** The order of shares, objects and nodes: the states that need attention come first. */
export const ORDER: readonly Tone[] = ['failed', 'blocked', 'waiting', 'busy', 'leaving', 'unknown', 'ready', 'idle'];

function merged(shares: readonly Share[]): Share[] {
  const counts = new Map<Tone, number>();
  for (const { tone, count } of shares) if (count > 0) counts.set(tone, (counts.get(tone) ?? 0) + count);
  return ORDER.flatMap((tone) => {
    const count = counts.get(tone) ?? 0;
    return count === 0 ? [] : [{ tone, count }];
  });
}

function linesOf(
  edges: readonly (GraphEdge | ValueEdge)[],
  boxOfNode: ReadonlyMap<string, string>,
  mode: PictureOptions['mode'],
  isNode: (id: string) => boolean,
): Line[] {
  const lines = new Map<string, { from: string; to: string; states: Set<Line['state']>; labels: string[] }>();
  for (const edge of edges) {
    if (!isNode(edge.from) || !isNode(edge.to)) continue;
    const from = boxOfNode.get(edge.from);
    const to = boxOfNode.get(edge.to);
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from}\n${to}`;
    const line = lines.get(key) ?? { from, to, states: new Set(), labels: [] };
    for (const read of edge.reads) {
      const values = mode === 'instance' && 'values' in read ? read.values : [];
      line.states.add(stateOfValues(values));
      line.labels.push(
        ...(read.paths.length === 0 ? [''] : read.paths).map((path, index) => labelOf(path, values[index])),
      );
    }
    lines.set(key, line);
  }
  return [...lines.values()].map(({ from, to, states, labels }) => ({
    from,
    to,
    state: states.has('missing') ? 'missing' : states.has('flowed') ? 'flowed' : 'plain',
    labels: [...new Set(labels)].filter((label) => label !== ''),
  }));
}

function stateOfValues(values: readonly CurrentValue[]): Line['state'] {
  if (values.length === 0) return 'plain';
  return values.some(({ is }) => is === 'unknown' || is === 'failed') ? 'missing' : 'flowed';
}

function labelOf(path: string, value: CurrentValue | undefined): string {
  // The line of a value that is not known looks different, and the panel has the reason.
  if (value === undefined || value.is === 'unknown') return path;
  return `${path === '' ? 'object' : path} = ${currentValueText(value)}`;
}

/** A current value in one line. */
export function currentValueText(value: CurrentValue): string {
  switch (value.is) {
    case 'known':
      return printable(stringifyJson(value.value));
    case 'large':
      return `(${Math.ceil(value.bytes / 1024)} KiB)`;
    case 'secret':
      return '(secret)';
    case 'unknown':
      return '(not known yet)';
    case 'failed':
      return '(failed)';
  }
}

function hiddenTexts(
  groups: readonly NodeGroup[],
  boxes: readonly Box[],
  nodes: ReadonlyMap<string, InstanceNode>,
): string[] {
  const grouped = groups.reduce((sum, { members }) => sum + members.length, 0);
  const texts =
    grouped === 0 ? [] : [`${plural(grouped, 'node')} ${be(grouped)} in ${plural(groups.length, 'group')}.`];
  for (const box of boxes) {
    const node = nodes.get(box.id);
    const drawn = box.cells.length;
    const total = node === undefined ? 0 : node.objects.length + (node.omitted ?? 0);
    if (drawn > 0 && total > drawn) texts.push(`${box.title}: ${drawn} of ${total} objects are drawn.`);
  }
  return texts;
}

/** Formats a number, with commas, with its noun: `1 node`, `2,000 nodes`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${nounFor(count, noun)}`;
}

const be = (count: number): string => (count === 1 ? 'is' : 'are');
