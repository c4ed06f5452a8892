import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { Icon } from '../shared/icons.tsx';
import { Empty, Loading } from '../shared/parts.tsx';
import { useShortcuts } from '../shared/shortcuts.ts';
import { BoxShape } from './box-shape.tsx';
import { placementIn } from './camera.ts';
import { type LayoutInput, type Point, lineKey } from './layout.ts';
import { nearestBox } from './nearest-box.ts';
import { type PlacedLabel, LABEL_HEIGHT, placeLabels } from './place-labels.ts';
import { type Line, type Picture, BAR_HEIGHT, BOX_HEIGHT, BOX_WIDTH } from './picture.ts';
import { useLayout } from './use-layout.ts';
import { useFrameSize, usePanZoom } from './use-pan-zoom.ts';
import { pathOf } from './line-path.ts';

/** The picture of a graph: lines, and boxes that Tab and the arrow keys reach. */
export function GraphView(props: {
  readonly picture: Picture;
  /** The name of the graph. The name of the picture contains it. */
  readonly name: string;
  readonly selected: string | undefined;
  /** The selected object of an opened collection, as its `instanceRef`. */
  readonly selectedObject?: string | undefined;
  /** The boxes that stay bright while all others are dim; undefined when none is dim. */
  readonly bright: ReadonlySet<string> | undefined;
  /** Selects a box, or an object of an opened collection. */
  readonly onSelect: (box: string | undefined, object?: string) => void;
  /** Opens or closes a collection or a group. */
  readonly onToggle: (box: string) => void;
}): JSX.Element {
  const { picture, bright } = props;
  const frame = useRef<HTMLDivElement>(null);
  const drawing = useRef<SVGSVGElement>(null);
  const size = useFrameSize(frame);
  const { direction, columns } = placementIn(size, picture.shape);
  const input = useMemo(
    (): LayoutInput => ({ boxes: picture.boxes, lines: picture.lines, direction, columns }),
    [picture, direction, columns],
  );
  const { layout, failure, retry } = useLayout(input);
  const chosen = picture.boxes.find(({ members }) => members.some((id) => id === props.selected));
  const selected = chosen?.id;
  const view = usePanZoom(frame, size, layout, chosen);
  const [focused, setFocused] = useState<string | undefined>(undefined);
  const entry = [focused, selected, picture.boxes[0]?.id].find((id) => picture.boxes.some((box) => box.id === id));

  const lines = picture.lines.map((line) => {
    const isNear = line.from === selected || line.to === selected;
    const isDim = bright !== undefined && !(bright.has(line.from) && bright.has(line.to));
    const points = layout?.lines.get(lineKey(line)) ?? [];
    return { line, points, isNear, isDim };
  });
  const labels = useMemo(
    () =>
      layout === undefined
        ? []
        : placeLabels(
            lines.filter(({ isNear, isDim }) => isNear || (bright !== undefined && !isDim)).map(({ line }) => line),
            picture.boxes,
            layout,
          ),
    [picture, layout, selected, bright],
  );
  const tools = [
    { keys: '+', label: 'Enlarge', icon: 'plus', run: () => view.zoom(1.25) },
    { keys: '-', label: 'Reduce', icon: 'minus', run: () => view.zoom(0.8) },
    { keys: '0', label: 'Whole graph', icon: 'fit', run: view.fit },
  ] as const;
  useShortcuts('Graph', 'graph', [
    ...tools.map(({ keys, label, run }) => ({ keys, description: label, run })),
    {
      keys: 'x',
      description: 'Open or close the focused collection or group',
      run: () => entry !== undefined && props.onToggle(entry),
    },
  ]);

  const focusBox = (id: string): void => {
    setFocused(id);
    drawing.current?.querySelector<SVGGElement>(`[data-box="${CSS.escape(id)}"]`)?.focus();
    view.reveal(picture.boxes.find((box) => box.id === id));
  };
  const onKeyDown = (event: KeyboardEvent, id: string): void => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      props.onSelect(id);
      return;
    }
    if (!event.key.startsWith('Arrow') || layout === undefined) return;
    const next = nearestBox(layout, picture.boxes, id, event.key);
    event.preventDefault();
    if (next !== undefined) focusBox(next);
  };

  return (
    <div class="graph">
      <div class="graph-bar">
        <p class="graph-hidden">{picture.hidden.join(' ')}</p>
        <div class="graph-tools" role="toolbar" aria-label="Graph">
          {tools.map(({ keys, label, icon, run }) => (
            <button
              key={keys}
              type="button"
              class="button quiet"
              title={`${label} (${keys})`}
              aria-label={label}
              onClick={run}
            >
              <Icon name={icon} />
            </button>
          ))}
        </div>
      </div>
      {failure === undefined ? null : (
        <div class="notice bad" role="alert">
          <p>
            <strong>The worker that lays out the graph failed:</strong> {failure}.
          </p>
          <button type="button" class="button" onClick={retry}>
            Try again
          </button>
        </div>
      )}
      <div
        class="graph-frame"
        ref={frame}
        onPointerDown={view.onPointerDown}
        onClick={(event) => {
          if (!view.wasDragged() && (event.target as Element).closest('.box') === null) props.onSelect(undefined);
        }}
      >
        {layout === undefined ? (
          failure === undefined && <Loading what="the graph" />
        ) : picture.boxes.length === 0 ? (
          <Empty title="The graph has no nodes." />
        ) : (
          <svg
            ref={drawing}
            class="graph-drawing"
            role="group"
            aria-label={`Graph of ${props.name}`}
            viewBox={view.viewBox}
            width="100%"
            height="100%"
          >
            <defs>
              <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                <path class="arrow" d="M0 .8L7 4 0 7.2z" />
              </marker>
              {/* Clips labels at the edge of their box, because wide characters could cross it. */}
              <clipPath id="in-box">
                <rect width={BOX_WIDTH - 4} height={BOX_HEIGHT + BAR_HEIGHT} />
              </clipPath>
            </defs>
            <g class="lines" aria-hidden="true">
              {lines.map(({ line, points, isNear, isDim }) => (
                <LineShape key={lineKey(line)} line={line} points={points} isNear={isNear} isDim={isDim} />
              ))}
            </g>
            {picture.boxes.map((box) => (
              <BoxShape
                key={box.id}
                box={box}
                position={layout.boxes.get(box.id)}
                isSelected={box.id === selected}
                isDim={bright !== undefined && !bright.has(box.id)}
                isEntry={box.id === entry}
                selectedCell={props.selectedObject}
                onCell={(object) => {
                  if (!view.wasDragged()) props.onSelect(box.id, object);
                }}
                onFocus={() => setFocused(box.id)}
                onSelect={() => {
                  if (!view.wasDragged()) props.onSelect(box.id);
                }}
                onToggle={() => props.onToggle(box.id)}
                onKeyDown={(event) => onKeyDown(event, box.id)}
              />
            ))}
            <g aria-hidden="true">
              {labels.map((label) => (
                <LineLabel key={label.key} label={label} />
              ))}
            </g>
          </svg>
        )}
      </div>
    </div>
  );
}

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
