import { expect, test } from 'vitest';
import { nearestBox } from './nearest-box.ts';

const places = { left: [0, 50], top: [200, 0], bottom: [200, 100], far: [400, 50] } as const;
const boxes = Object.keys(places).map((id) => ({ id, width: 100, height: 40 }));
const layout = {
  boxes: new Map(Object.entries(places).map(([id, [x, y]]) => [id, { x, y }])),
  lines: new Map(),
  width: 500,
  height: 140,
};

test.each([
  ['left', 'ArrowRight', 'top'],
  ['left', 'ArrowLeft', undefined],
  ['top', 'ArrowDown', 'bottom'],
  ['top', 'ArrowRight', 'far'],
  ['far', 'ArrowLeft', 'top'],
  ['bottom', 'ArrowUp', 'top'],
  ['gone', 'ArrowUp', undefined],
  ['left', 'Enter', undefined],
])('from the box %s, the key %s leads to %s', (from, key, expected) => {
  expect(nearestBox(layout, boxes, from, key)).toBe(expected);
});
