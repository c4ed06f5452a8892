import { expect, test } from 'vitest';
import { MIN_SCALE, fitCamera, panCamera, placementIn, revealCamera, viewBoxOf, zoomCamera } from './camera.ts';
import { pathOf, pointAt } from './line-path.ts';
import { nearestBox } from './nearest-box.ts';
import { shortText } from './place-labels.ts';

const frame = { width: 800, height: 400 };

test.each([
  ['a small picture is centered and not enlarged', { width: 200, height: 100 }, { x: -300, y: -150, scale: 1 }],
  ['a large picture is reduced', { width: 1060, height: 400 }, { x: 0, y: -65, scale: 800 / 1060 }],
  [
    'a very large picture is shown from its top left corner',
    { width: 8000, height: 8000 },
    { x: 0, y: 0, scale: 0.75 },
  ],
])('%s', (_title, layout, camera) => {
  expect(fitCamera(layout, frame)).toEqual(camera);
});

test('the whole of a very large picture is shown when the user wants it', () => {
  expect(fitCamera({ width: 8000, height: 8000 }, frame, MIN_SCALE)).toMatchObject({ y: 0, scale: 0.08 });
});

test.each([
  ['a short chain in a wide frame', { width: 1300, height: 600 }, [4, 1], 'LR', 7],
  ['the same chain next to a panel', { width: 666, height: 590 }, [4, 1], 'TB', 3],
  ['many nodes on two levels', { width: 666, height: 590 }, [2, 12], 'LR', 3],
  ['a narrow window', { width: 366, height: 590 }, [2, 1], 'TB', 1],
] as const)(
  '%s: direction and columns keep the texts readable',
  (_title, size, [levels, breadth], direction, columns) => {
    expect(placementIn(size, { levels, breadth })).toEqual({ direction, columns });
  },
);

test('a zoom keeps the point under the pointer', () => {
  const camera = { x: 10, y: 20, scale: 1 };
  const zoomed = zoomCamera(camera, 2, { x: 100, y: 50 });
  expect(zoomed.x + 100 / zoomed.scale).toBe(camera.x + 100);
  expect(zoomed.y + 50 / zoomed.scale).toBe(camera.y + 50);
  expect(zoomCamera(camera, 1000, { x: 0, y: 0 }).scale).toBe(2.5);
});

test('a pan moves the picture by the distance on the screen', () => {
  expect(panCamera({ x: 0, y: 0, scale: 0.5 }, 10, -10)).toEqual({ x: -20, y: 20, scale: 0.5 });
});

test.each([
  ['visible', { x: 100, y: 100 }, { x: 0, y: 0 }],
  ['right of the frame', { x: 900, y: 100 }, { x: 224, y: 0 }],
  ['above the frame', { x: 100, y: -200 }, { x: 0, y: -224 }],
])('the camera moves only as far as necessary to show a box that is %s', (_title, place, expected) => {
  expect(revealCamera({ x: 0, y: 0, scale: 1 }, frame, { ...place, width: 100, height: 50 })).toMatchObject(expected);
});

test('the view box has the position of the camera and the size of the frame at the camera scale', () => {
  expect(viewBoxOf({ x: 1.234, y: 2, scale: 2 }, frame)).toBe('1.23 2 400 200');
});

const at = (x: number, y: number) => ({ x, y });

test.each([
  [[], ''],
  [[at(0, 0)], 'M0 0'],
  [[at(0, 0), at(10, 0)], 'M0 0L10 0'],
  [[at(0, 0), at(10, 0), at(20, 10)], 'M0 0Q10 0 20 10'],
  [[at(0, 0), at(10, 0), at(20, 10), at(30, 10)], 'M0 0Q10 0 15 5Q20 10 30 10'],
])('pathOf draws the expected path through %j', (points, expected) => {
  expect(pathOf(points)).toBe(expected);
});

test.each([
  [[at(0, 0), at(10, 0)], 0.5, at(5, 0)],
  [[at(0, 0), at(2, 0), at(10, 0)], 0.5, at(5, 0)],
  [[at(0, 0), at(2, 0), at(2, 8)], 0.1, at(1, 0)],
  [[at(0, 0), at(2, 0), at(2, 8)], 0.6, at(2, 4)],
  [[at(0, 0), at(10, 0)], 1, at(10, 0)],
  [[at(3, 3)], 0.5, at(3, 3)],
  [[at(3, 3), at(3, 3)], 0.5, at(3, 3)],
])('on the path %j, pointAt finds the point at the fraction %d of the length', (points, part, expected) => {
  expect(pointAt(points, part)).toEqual(expected);
});

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

test.each([
  ['short', 5, 'short'],
  ['longer', 5, 'long…'],
  ['a\u202eb', 12, 'a\\u202eb'],
  ['😀😀😀', 3, '😀😀😀'],
  ['😀😀😀', 2, '😀…'],
])('shortText shows %j in at most %i characters', (text, length, expected) => {
  expect(shortText(text, length)).toBe(expected);
});
