import { type Layout, type Point, lineKey } from './layout.ts';
import { pointAt } from './line-path.ts';
import type { Box, Line } from './picture.ts';

import { printable } from '@typekro/kit/core';

/** A label of a line with its position. `x` and `y` are its middle. */
export interface PlacedLabel {
  readonly key: string;
  readonly text: string;
  /** All values of the line. */
  readonly whole: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** An area of the picture. */
interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const LABEL_HEIGHT = 20;
const CHARACTER_WIDTH = 6.1;
/**
 * The distance by which the outline behind a collection or a group extends to the right of its box and below the box.
 */
const BACK = 5;
/** The space between a label and other labels or boxes. */
const SPACE = 2;
/** The lengths of texts that are tried. A longer text fits at fewer positions. */
const LENGTHS = [32, 18, 10];
/**
 * The positions of a label that are tried: fractions of the line's length, and distances from the line. The middle of
 * the line comes first.
 */
const PARTS = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8];
const SHIFTS = [0, -14, 14, -28, 28, -42, 42];
/** The maximum number of labels. The panel of a node has all values. */
const MAX_LABELS = 60;

/**
 * Places the labels of lines, so that no label overlaps a box or another label. A label without a free position gets a
 * shorter text. When no text fits, the label is left out.
 */
export function placeLabels(lines: readonly Line[], boxes: readonly Box[], layout: Layout): PlacedLabel[] {
  const taken = boxes.flatMap((box): Area[] => {
    const place = layout.boxes.get(box.id);
    if (place === undefined) return [];
    const back = box.kind === 'node' ? 0 : BACK;
    const { x, y } = place;
    return [{ left: x, top: y, right: x + box.width + back, bottom: y + box.height + back }];
  });
  const placed: PlacedLabel[] = [];
  for (const line of lines.slice(0, MAX_LABELS)) {
    const label = placeLabel(line, layout.lines.get(lineKey(line)) ?? [], taken);
    if (label === undefined) continue;
    placed.push(label);
    taken.push(areaOf(label, label.width));
  }
  return placed;
}

function placeLabel(line: Line, points: readonly Point[], taken: readonly Area[]): PlacedLabel | undefined {
  const [first = '', ...others] = line.labels;
  if (first === '' || points.length === 0) return undefined;
  const more = others.length === 0 ? '' : ` +${others.length}`;
  for (const length of LENGTHS) {
    const text = `${shortText(first, length)}${more}`;
    const width = widthOf(text) * CHARACTER_WIDTH + 12;
    for (const shift of SHIFTS) {
      for (const part of PARTS) {
        const { x, y } = pointAt(points, part);
        const middle = { x, y: y + shift };
        if (taken.some((area) => overlaps(area, areaOf(middle, width)))) continue;
        return { key: lineKey(line), text, whole: line.labels.join('\n'), ...middle, width };
      }
    }
  }
  return undefined;
}

/** The number of columns of a text. Characters with high code points, such as Chinese characters, take two columns. */
const widthOf = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + (character > '\u2e7f' ? 2 : 1), 0);

const areaOf = ({ x, y }: Point, width: number): Area => ({
  left: x - width / 2 - SPACE,
  top: y - LABEL_HEIGHT / 2 - SPACE,
  right: x + width / 2 + SPACE,
  bottom: y + LABEL_HEIGHT / 2 + SPACE,
});

const overlaps = (a: Area, b: Area): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/**
 * The text as the page draws it, with at most `length` characters; a longer one ends with `…`. A surrogate pair is
 * never divided.
 */
export function shortText(whole: string, length: number): string {
  const text = printable(whole);
  if (text.length <= length) return text;
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
