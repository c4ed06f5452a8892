import type { JSX } from 'preact';
import type { Tone } from '../graph/states.ts';

/**
 * The shapes of the states, in a square of 16 units. Each state has its own shape in addition to its colour. Each call
 * makes new elements: through a reused element, Preact would keep the whole former page in memory.
 */
const SHAPES: Readonly<Record<Tone, () => JSX.Element>> = {
  ready: () => (
    <>
      <circle class="fill" cx="8" cy="8" r="7" />
      <path class="mark" d="M4.8 8.3l2.2 2.2 4.3-4.8" />
    </>
  ),
  busy: () => (
    <>
      <circle class="track" cx="8" cy="8" r="6" />
      <path class="line turning" d="M8 2a6 6 0 0 1 6 6" />
    </>
  ),
  waiting: () => (
    <>
      <circle class="line" cx="8" cy="8" r="6.2" />
      <path class="line" d="M8 4.6V8l2.3 1.6" />
    </>
  ),
  blocked: () => (
    <>
      <rect class="fill" x="1.5" y="1.5" width="13" height="13" rx="3" />
      <path class="mark" d="M4.8 8h6.4" />
    </>
  ),
  failed: () => (
    <>
      <path class="fill" d="M8 .8L15.2 8 8 15.2.8 8z" />
      <path class="mark" d="M8 4.6v4.2M8 11.2v.1" />
    </>
  ),
  idle: () => <circle class="line dashed" cx="8" cy="8" r="6" />,
  leaving: () => (
    <>
      <circle class="line" cx="8" cy="8" r="6.2" />
      <path class="line" d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" />
    </>
  ),
  unknown: () => (
    <>
      <circle class="line" cx="8" cy="8" r="6.2" />
      <path class="line" d="M6.2 6.4a1.9 1.9 0 1 1 2.5 2c-.5.2-.7.5-.7 1M8 11.4v.1" />
    </>
  ),
};

/** The shape of a state, as a part of a larger SVG. */
export function StateShape({ tone }: { readonly tone: Tone }): JSX.Element {
  return <g class={`state tone-${tone}`}>{SHAPES[tone]()}</g>;
}

/** The shape of a state, next to a text that names the state. */
export function StateIcon({ tone }: { readonly tone: Tone }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <StateShape tone={tone} />
    </svg>
  );
}

const PATHS = {
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zm3.6-1.4L14.5 14.5',
  copy: 'M6 6h8v8H6zM4 10H2V2h8v2',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4',
  theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  help: 'M6 6a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.1v.6M8 12v.1M8 15A7 7 0 1 0 8 1a7 7 0 0 0 0 14z',
  path: 'M3 13a1.8 1.8 0 1 0 0-.1M13 3a1.8 1.8 0 1 0 0 .1M4.8 12H9a3 3 0 0 0 0-6H7a2.5 2.5 0 0 1 0-3h4',
  list: 'M5 4h9M5 8h9M5 12h9M2 4h.1M2 8h.1M2 12h.1',
  chevron: 'M6 3l5 5-5 5',
  up: 'M8 13V3M4 7l4-4 4 4',
  down: 'M8 3v10M4 9l4 4 4-4',
} as const;

/**
 * The drawing in a button or a field. The text next to the drawing, or the label of the button, is the accessible name
 * of the button or field.
 */
export function Icon({ name }: { readonly name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="icon stroke" viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
