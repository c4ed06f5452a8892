import type { JSX } from 'preact';
import type { Point } from './layout.ts';
import { pathOf } from './line-path.ts';
import type { Line } from './picture.ts';
import { type PlacedLabel, LABEL_HEIGHT } from './place-labels.ts';

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

/** The data that flows along a line: the first value, and the number of additional values. */
export function LineLabel({ label }: { readonly label: PlacedLabel }): JSX.Element {
  const { x, y, width, text, whole } = label;
  return (
    <g class="edge-label" transform={`translate(${x} ${y})`}>
      <title>{whole}</title>
      <rect x={-width / 2} y={-LABEL_HEIGHT / 2} width={width} height={LABEL_HEIGHT} rx="6" />
      {/* Combining marks above and below the letters are clipped at the edges of the label. */}
      <svg x={-width / 2} y={-LABEL_HEIGHT / 2} width={width} height={LABEL_HEIGHT} overflow="hidden">
        <text text-anchor="middle" x={width / 2} y={LABEL_HEIGHT / 2 + 4}>
          {text}
        </text>
      </svg>
    </g>
  );
}
