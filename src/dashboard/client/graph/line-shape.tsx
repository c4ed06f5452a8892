import type { JSX } from 'preact';
import { shortText } from '../text/short-text.ts';
import type { Point } from './layout.ts';
import { middleOf, pathOf } from './line-path.ts';
import type { Line } from './picture.ts';

const MAX_LABEL_LENGTH = 32;
const CHARACTER_WIDTH = 6.1;

/** A line of the graph. */
export function LineShape(props: {
  readonly line: Line;
  readonly points: readonly Point[];
  readonly isNear: boolean;
  readonly isDim: boolean;
}): JSX.Element | null {
  if (props.points.length === 0) return null;
  return (
    <g class={`edge is-${props.line.state}`} data-near={props.isNear} data-dim={props.isDim}>
      <path class="edge-line" d={pathOf(props.points)} marker-end="url(#arrow)" />
    </g>
  );
}

/** The data that flows along a line: the first value, and the number of further ones. */
export function LineLabel(props: { readonly line: Line; readonly points: readonly Point[] }): JSX.Element | null {
  const [label = '', ...others] = props.line.labels;
  if (props.points.length === 0 || label === '') return null;
  const text = `${shortText(label, MAX_LABEL_LENGTH)}${others.length === 0 ? '' : ` +${others.length}`}`;
  const middle = middleOf(props.points);
  const width = text.length * CHARACTER_WIDTH + 12;
  return (
    <g class="edge-label" transform={`translate(${middle.x} ${middle.y})`}>
      <rect x={-width / 2} y="-10" width={width} height="20" rx="6" />
      <text text-anchor="middle" y="4">
        {text}
      </text>
    </g>
  );
}
