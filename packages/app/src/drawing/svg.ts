import { type LayoutBox, type Point, layoutColumns } from './layout.ts';
import type { GraphOutline, OutlineNode } from '@typekro/engine/graph';
import { type InstanceStatus, type NodeStatus, kindText, natureText } from './outline-text.ts';

/**
 * The font size. All sizes of the picture are in pixels. In the widest common fixed-width font, a character is 0.62 of
 * the font size wide.
 */
const FONT_SIZE = 12;
const CHARACTER_WIDTH = FONT_SIZE * 0.62;
const LINE_HEIGHT = 17;
const PADDING = 10;
/** The maximum length of a line in a box. A longer line is cut, and the tooltip shows the whole line. */
const MAX_LINE_LENGTH = 56;
/**
 * The maximum number of lines in a box. If there are more, the box shows the number of omitted lines, and the tooltip
 * shows all lines.
 */
const MAX_LINES = 14;

/** The id of the box for the status. No node has this id, because the id of a node contains no colon. */
const STATUS = 'status:';

interface Card {
  readonly id: string;
  readonly column: number;
  readonly style: string;
  readonly status?: NodeStatus;
  readonly title: string;
  readonly lines: readonly string[];
}

/**
 * A picture of a graph as SVG. Each node is in a column to the right of its dependencies. Each node has a box with the
 * expressions that read other nodes, and the status has a box. Boxes of external objects are dashed, and boxes of
 * collections have a double border. The picture follows the light or dark theme of the reader. Equal outlines yield
 * equal pictures. With `states`, each box has the colour of its state, and an additional line with the state and its
 * reason.
 */
export function toSvg(outline: GraphOutline, states?: InstanceStatus): string {
  const cards = cardsOf(outline, states);
  const edges = [
    ...outline.nodes.flatMap(({ id, dependsOn }) => dependsOn.map((from) => ({ from, to: id }))),
    ...[...new Set(outline.status.flatMap(({ nodes }) => nodes))].sort().map((from) => ({ from, to: STATUS })),
  ];
  const layout = layoutColumns(cards.map(boxOf), edges);
  const drawn = cards.map((card) => {
    const box = layout.boxes.get(card.id);
    return box === undefined ? '' : cardText(card, box);
  });
  const arrows = layout.edges.map(({ points, from, to }) => {
    const style = to === STATUS ? ' class="dotted"' : '';
    return `<path${style} d="${pathOf(points)}" marker-end="url(#arrow)"><title>${escaped(`${from} → ${to.replace(':', '')}`)}</title></path>`;
  });
  const [width, height] = [Math.ceil(layout.width), Math.ceil(layout.height)];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(`graph of ${outline.kind}`)}">`,
    STYLE,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
    `<rect class="ground" width="${width}" height="${height}"/>`,
    ...arrows,
    ...drawn,
    '</svg>',
  ].join('\n')}\n`;
}

const STYLE = `<style>
.ground{fill:#fff}text{font:${FONT_SIZE}px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#24292f;white-space:pre}
.name{font-weight:700}.more{fill:#57606a}rect{fill:#f6f8fa;stroke:#57606a}.ground{stroke:none}.external{stroke-dasharray:5 3}
.inner{fill:none}.status{fill:#ddf4ff}.ready{stroke:#1a7f37}.busy{stroke:#9a6700}.failed{stroke:#cf222e;stroke-width:2}.idle{opacity:.6}
text.ready{stroke:none;fill:#1a7f37}text.busy{stroke:none;fill:#9a6700}text.failed{stroke:none;fill:#cf222e}path{fill:none;stroke:#57606a}.dotted{stroke-dasharray:2 3}.head{fill:#57606a;stroke:none}
@media (prefers-color-scheme:dark){.ground{fill:#0d1117}text{fill:#e6edf3}.more{fill:#9198a1}rect{fill:#161b22;stroke:#9198a1}
.inner{fill:none}.status{fill:#0c2d6b}.ready{stroke:#3fb950}.busy{stroke:#d29922}.failed{stroke:#f85149}
text.ready{fill:#3fb950}text.busy{fill:#d29922}text.failed{fill:#f85149}path{stroke:#9198a1}.head{fill:#9198a1}}
</style>`;

function cardsOf({ nodes, status, kind }: GraphOutline, states?: InstanceStatus): Card[] {
  const columns = nodes.reduce((highest, { level }) => Math.max(highest, level), 0);
  const cards = nodes.map((node) => cardOf(node, states?.nodes.get(node.id)));
  if (status.length === 0 && nodes.length > 0 && states === undefined) return cards;
  const own = states === undefined ? [] : [states.instance.text];
  const whole = [`${kind} status`, ...own, ...status.map(readLine)];
  // The box of a status without arrows is in the first column.
  return [...cards, card(STATUS, status.length === 0 ? 0 : columns, 'status', whole, states?.instance)];
}

function cardOf(node: OutlineNode, status: NodeStatus | undefined): Card {
  const nature = natureText(node);
  const isExternal = node.nodeType === 'external' || node.nodeType === 'externalCollection';
  const whole = [
    node.id,
    ...(status === undefined ? [] : [status.text]),
    kindText(node),
    ...(nature === '' ? [] : [nature]),
    ...node.includeWhen.map((cel) => `if ${cel}`),
    ...(node.propagateWhen ?? []).map((cel) => `writes when ${cel}`),
    ...node.reads.filter(({ place }) => !/^(?:includeWhen\[|forEach\.)/.test(place)).map(readLine),
  ];
  return card(node.id, node.level - 1, isExternal ? 'external' : node.nodeType, whole, status);
}

function card(id: string, column: number, style: string, texts: readonly string[], status?: NodeStatus): Card {
  const whole = texts.map((text) => legal(text.replaceAll(/\s*\n\s*/g, ' ')));
  const shown = whole.length > MAX_LINES ? whole.slice(0, MAX_LINES - 1) : whole;
  const more = whole.length > shown.length ? [`… ${whole.length - shown.length} more`] : [];
  const lines = [...shown.map(shortened), ...more];
  return { id, column, style, title: whole.join('\n'), lines, ...(status === undefined ? {} : { status }) };
}

const readLine = ({ place, expression }: OutlineNode['reads'][number]): string => `${place} ← ${expression}`;

function shortened(text: string): string {
  const characters = Array.from(text);
  let width = 0;
  const end = characters.findIndex((character) => (width += columns(character)) > MAX_LINE_LENGTH);
  return end < 0 ? text : `${characters.slice(0, end - 1).join('')}…`;
}

/**
 * The width of a character in columns of a fixed-width font. Characters outside of Latin, Greek and Cyrillic may be
 * twice as wide.
 */
const columns = (character: string): number =>
  (character.codePointAt(0) ?? 0) < 0x1100 || /[\u2026\u2190\u2192]/.test(character) ? 1 : 2;

const widthOf = (text: string): number => Array.from(text).reduce((sum, character) => sum + columns(character), 0);

function boxOf({ id, column, lines }: Card): LayoutBox {
  const longest = Math.max(0, ...lines.map(widthOf));
  return {
    id,
    column,
    width: Math.ceil(longest * CHARACTER_WIDTH) + 2 * PADDING,
    height: lines.length * LINE_HEIGHT + 2 * PADDING,
  };
}

function cardText({ style, title, lines, status }: Card, { x, y, width, height }: LayoutBox & Point): string {
  const inner =
    style === 'collection'
      ? `<rect class="inner" x="${x + 3}" y="${y + 3}" width="${width - 6}" height="${height - 6}" rx="4"/>`
      : '';
  const texts = lines.map((line, index) => {
    const second = status === undefined ? 'more' : status.tone;
    const kind = index === 0 ? ' class="name"' : index === 1 ? ` class="${second}"` : '';
    const baseline = y + PADDING + index * LINE_HEIGHT + FONT_SIZE;
    return `<text${kind} x="${x + PADDING}" y="${baseline}">${escaped(line)}</text>`;
  });
  return `<g><title>${escaped(title)}</title><rect class="${status === undefined ? style : `${style} ${status.tone}`}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>${inner}${texts.join('')}</g>`;
}

/**
 * The path of an arrow through the given points: a straight line between points of equal height, and otherwise a curve.
 */
function pathOf(points: readonly Point[]): string {
  const [start, ...rest] = points;
  let at = start ?? { x: 0, y: 0 };
  const parts = rest.map((point) => {
    const middle = (at.x + point.x) / 2;
    const part = at.y === point.y ? `H${point.x}` : `C${middle} ${at.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    at = point;
    return part;
  });
  return [`M${start?.x ?? 0} ${start?.y ?? 0}`, ...parts].join(' ');
}

/** Replaces the characters that XML 1.0 does not allow. */
const legal = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- the function replaces control characters
  text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd');

function escaped(text: string): string {
  return legal(text).replaceAll(/[&<>"]/g, (character) => `&#${character.codePointAt(0) ?? 63};`);
}
