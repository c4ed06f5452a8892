import type { JSX } from 'preact';
import { StateShape } from '../shared/icons.tsx';
import { shortText } from './place-labels.ts';
import type { Point } from './layout.ts';
import { type Box, BAR_HEIGHT, BOX_HEIGHT, BOX_WIDTH, CELL_GAP, CELL_SIZE } from './picture.ts';

const PADDING = 12;
/** The x coordinate at which the texts of a box start, to the right of the symbol of the state. */
const TEXT_X = 36;
const MAX_TITLE_LENGTH = 22;
const MAX_SUBTITLE_LENGTH = 28;
const MAX_COUNTS_LENGTH = 32;

/** A box of the graph. It is a button that Tab and the arrow keys reach. */
export function BoxShape(props: {
  readonly box: Box;
  readonly position: Point | undefined;
  readonly isSelected: boolean;
  readonly isDim: boolean;
  /** Does the Tab key reach this box? The arrow keys reach the other boxes. */
  readonly isEntry: boolean;
  /** The id of the selected cell. */
  readonly selectedCell: string | undefined;
  readonly onCell: (id: string) => void;
  readonly onFocus: () => void;
  readonly onSelect: () => void;
  readonly onToggle: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}): JSX.Element | null {
  const { box, position } = props;
  if (position === undefined) return null;
  const textX = box.tone === undefined ? PADDING + 2 : TEXT_X;
  const more = box.tone === undefined ? 2 : 0;
  const rule = box.rules[0];
  return (
    <g
      class={`box box-${box.kind}${box.tone === undefined ? '' : ` tone-${box.tone}`}`}
      data-box={box.id}
      data-external={box.external}
      data-selected={props.isSelected}
      data-dim={props.isDim}
      transform={`translate(${position.x} ${position.y})`}
      role="button"
      tabIndex={props.isEntry ? 0 : -1}
      aria-pressed={props.isSelected}
      onFocus={props.onFocus}
      onClick={props.onSelect}
      onDblClick={props.onToggle}
      onKeyDown={props.onKeyDown}
    >
      {/* The title is also the accessible name. */}
      <title>{labelOf(box)}</title>
      {box.kind === 'node' ? null : (
        <rect class="box-back" x="5" y="5" width={box.width - 2} height={box.height} rx="9" />
      )}
      <rect class="box-frame" width={box.width} height={box.height} rx="9" />
      {box.tone === undefined ? null : (
        <g transform={`translate(${PADDING} ${BOX_HEIGHT / 2 - 8})`}>
          <StateShape tone={box.tone} />
        </g>
      )}
      <g aria-hidden="true" clip-path="url(#in-box)">
        <text class="box-title" x={textX} y="24">
          {shortText(box.title, MAX_TITLE_LENGTH + more)}
        </text>
        <text class="box-subtitle" x={textX} y="41">
          {shortText(
            box.tone === undefined && rule !== undefined && box.kind === 'node'
              ? `${box.subtitle} · ${rule}`
              : box.subtitle,
            MAX_SUBTITLE_LENGTH + more,
          )}
        </text>
        {box.kind === 'node' ? null : <Shares box={box} />}
      </g>
      {box.cells.map(({ id, name, tone }, index) => (
        <rect
          key={id}
          class={`box-cell tone-${tone}`}
          data-selected={id === props.selectedCell}
          onClick={(event) => {
            event.stopPropagation();
            props.onCell(id);
          }}
          x={PADDING + (index % box.columns) * (CELL_SIZE + CELL_GAP)}
          y={BOX_HEIGHT + BAR_HEIGHT + Math.floor(index / box.columns) * (CELL_SIZE + CELL_GAP)}
          width={CELL_SIZE}
          height={CELL_SIZE}
          rx="2.5"
        >
          <title>{name}</title>
        </rect>
      ))}
    </g>
  );
}

/** The bar of a collection or group, with a segment for each state (`tone`), and the numbers below it. */
function Shares({ box }: { readonly box: Box }): JSX.Element {
  const total = box.shares.reduce((sum, { count }) => sum + count, 0);
  const width = BOX_WIDTH - 2 * PADDING;
  let x = PADDING;
  return (
    <>
      <rect class="box-bar" x={PADDING} y={BOX_HEIGHT - 5} width={width} height="5" rx="2.5" />
      {box.shares.map(({ tone, count }) => {
        const part = (width * count) / total;
        const bar = (
          <rect key={tone} class={`box-share tone-${tone}`} x={x} y={BOX_HEIGHT - 5} width={part} height="5" rx="2.5" />
        );
        x += part;
        return bar;
      })}
      <text class="box-counts" x={PADDING} y={BOX_HEIGHT + 14}>
        {total === 0 ? (box.rules[0] === undefined ? '' : shortText(box.rules[0], MAX_COUNTS_LENGTH)) : sharesText(box)}
      </text>
    </>
  );
}

function sharesText({ shares }: Box): string {
  const [first, second, third] = shares;
  const rest = shares.slice(3).reduce((sum, { count }) => sum + count, 0);
  const texts = [first, second, third].flatMap((share) =>
    share === undefined ? [] : [`${share.count.toLocaleString('en')} ${share.tone}`],
  );
  return [...texts, ...(rest === 0 ? [] : [`${rest.toLocaleString('en')} other`])].join(' · ');
}

function labelOf(box: Box): string {
  const parts = [
    `${box.title}, ${box.subtitle}`,
    box.external ? 'external' : '',
    box.stateText,
    sharesText(box),
    ...box.rules,
  ];
  return parts.filter((part) => part !== '').join(', ');
}
