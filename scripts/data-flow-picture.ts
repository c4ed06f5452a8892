/**
 * The data flow diagram in `docs/security-self-assessment.md`. The arrows come from the rows of the table in that page,
 * so the table describes every arrow.
 */

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The position and size of each party that the table names. */
const PARTIES: Readonly<Record<string, Box>> = {
  'author, user': { x: 40, y: 60, width: 140, height: 44 },
  browser: { x: 40, y: 320, width: 140, height: 44 },
  operator: { x: 40, y: 400, width: 140, height: 44 },
  'API server': { x: 300, y: 60, width: 140, height: 44 },
  Prometheus: { x: 300, y: 145, width: 140, height: 44 },
  kubelet: { x: 300, y: 230, width: 140, height: 44 },
  controller: { x: 600, y: 60, width: 140, height: 44 },
  dashboard: { x: 600, y: 320, width: 140, height: 44 },
  'inspect interface': { x: 600, y: 400, width: 140, height: 44 },
  'trace collector': { x: 830, y: 60, width: 140, height: 44 },
};

/** The trust boundaries. A party inside none of these boundaries is outside of the cluster. */
const BOUNDARIES: Readonly<Record<string, Box>> = {
  cluster: { x: 260, y: 16, width: 524, height: 460 },
  "controller's pod": { x: 570, y: 36, width: 200, height: 424 },
};

const STYLE = `<style>
.ground{fill:#fff;stroke:none}text{font:12px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#24292f}
.party{font-weight:700;text-anchor:middle}.more{fill:#57606a}.number{text-anchor:middle}rect{fill:#f6f8fa;stroke:#57606a}
.boundary{fill:none;stroke-dasharray:5 3}path{fill:none;stroke:#57606a}.head{fill:#57606a;stroke:none}
@media (prefers-color-scheme:dark){.ground{fill:#0d1117}text{fill:#e6edf3}.more{fill:#9198a1}rect{fill:#161b22;stroke:#9198a1}
.boundary{fill:none}path{stroke:#9198a1}.head{fill:#9198a1}}
</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>`;

/** An arrow from one party to another, with the numbers of the table rows that describe the arrow. */
interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly numbers: readonly string[];
}

/**
 * Returns the SVG picture for a page that contains the table.
 *
 * @throws Error when the page has no table, or a row names a party that `PARTIES` does not contain.
 */
export function dataFlowPicture(page: string): string {
  const arrows = arrowsOf(page);
  const lines = [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 492" width="1000" height="492" role="img" aria-label="flow of data between the controller, the cluster and users">',
    STYLE,
    '<rect class="ground" width="1000" height="492"/>',
    ...Object.entries(BOUNDARIES).map(
      ([name, box]) =>
        `<rect class="boundary" ${attributes(box)} rx="6"/><text class="more" x="${box.x + 8}" y="${box.y + 16}">${name}</text>`,
    ),
    ...arrows.map((arrow) => arrowText(arrow, arrows)),
    ...Object.entries(PARTIES).map(
      ([name, box]) =>
        `<rect ${attributes(box)} rx="6"/><text class="party" x="${box.x + box.width / 2}" y="${box.y + box.height / 2 + 4}">${name}</text>`,
    ),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

function arrowsOf(page: string): readonly Arrow[] {
  const [, section = ''] = page.split('### Flow of data\n');
  const rows = [...section.matchAll(/^\| (\d+) \| ([^|]+) \| ([^|]+) \|/gm)];
  if (rows.length === 0) throw new Error('the page has no table below "Flow of data"');
  const arrows = new Map<string, Arrow>();
  for (const [, number = '', from = '', to = ''] of rows) {
    for (const party of [from, to]) {
      if (!Object.hasOwn(PARTIES, party)) throw new Error(`the picture has no place for "${party}"`);
    }
    const key = `${from} → ${to}`;
    arrows.set(key, { from, to, numbers: [...(arrows.get(key)?.numbers ?? []), number] });
  }
  return [...arrows.values()];
}

const attributes = ({ x, y, width, height }: Box): string => `x="${x}" y="${y}" width="${width}" height="${height}"`;

/** The distance between two arrows in opposite directions. */
const APART = 18;

function arrowText({ from, to, numbers }: Arrow, all: readonly Arrow[]): string {
  const [begin, end] = [PARTIES[from], PARTIES[to]];
  if (begin === undefined || end === undefined) return '';
  const isMutual = all.some((other) => other.from === to && other.to === from);
  const shift = isMutual ? (begin.x < end.x ? -APART / 2 : APART / 2) : 0;
  const [a, b] = [edgeOf(begin, end), edgeOf(end, begin)].map(({ x, y }) => ({ x, y: y + shift }));
  if (a === undefined || b === undefined) return '';
  const label = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 + (shift > 0 ? 14 : -6) };
  return `<path d="M${a.x} ${a.y} L${b.x} ${b.y}" marker-end="url(#arrow)"><title>${from} → ${to}</title></path><text class="number" x="${label.x}" y="${label.y}">${numbers.join(', ')}</text>`;
}

/** The middle of the side of a box that faces another box. Boxes in one column face each other vertically. */
function edgeOf(box: Box, other: Box): { readonly x: number; readonly y: number } {
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  if (box.x === other.x) return { x: middle.x, y: other.y > box.y ? box.y + box.height : box.y };
  return { x: other.x > box.x ? box.x + box.width : box.x, y: middle.y };
}
