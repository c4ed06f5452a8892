import { describe, expect, test } from 'vitest';
import { FlapDetector } from './flaps.ts';

const KEY = 'ConfigMap/default/cache';
const why = () => 'cache skipped';

/**
 * Each row has a title, the keys of the children that the controller deletes in the run without faults, the events of a
 * child, and the expected number of flaps. The keys are `undefined` when the detector observes the run without faults
 * itself.
 */
const STORIES: readonly (readonly [
  string,
  ReadonlySet<string> | undefined,
  (detector: FlapDetector) => void,
  number,
])[] = [
  ['created once', new Set(), (flaps) => flaps.written(KEY, 'u1', 'cache', 0), 0],
  [
    'written again',
    new Set(),
    (flaps) => {
      flaps.written(KEY, 'u1', 'cache', 0);
      flaps.written(KEY, 'u1', 'cache', 5);
    },
    0,
  ],
  [
    'deleted by the controller and created again',
    new Set(),
    (flaps) => {
      flaps.written(KEY, 'u1', 'cache', 0);
      flaps.deletedByController(KEY, 5, why);
      flaps.written(KEY, 'u2', 'cache', 9);
    },
    1,
  ],
  [
    'deleted by the controller, and created again after a step of the test that does not request a deletion',
    new Set(),
    (flaps) => {
      flaps.written(KEY, 'u1', 'cache', 0);
      flaps.deletedByController(KEY, 5, why);
      flaps.epoch += 1;
      flaps.written(KEY, 'u2', 'cache', 9);
    },
    1,
  ],
  [
    'deleted by the controller and created again, as in the run without faults',
    new Set([KEY]),
    (flaps) => {
      flaps.written(KEY, 'u1', 'cache', 0);
      flaps.deletedByController(KEY, 5, why);
      flaps.written(KEY, 'u2', 'cache', 9);
    },
    0,
  ],
  [
    'deleted by another client',
    new Set(),
    (flaps) => {
      flaps.written(KEY, 'u1', 'cache', 0);
      flaps.deletedByOther(KEY);
      flaps.written(KEY, 'u2', 'cache', 9);
    },
    0,
  ],
  [
    'deleted by another client first, and then by the controller',
    new Set(),
    (flaps) => {
      flaps.written(KEY, 'u1', 'cache', 0);
      flaps.deletedByOther(KEY);
      flaps.deletedByController(KEY, 5, why);
      flaps.written(KEY, 'u2', 'cache', 9);
    },
    0,
  ],
  [
    'deleted in one step and created in the next, in the run without faults',
    undefined,
    (flaps) => {
      flaps.written(KEY, 'u1', 'cache', 0);
      flaps.deletedByController(KEY, 5, why);
      flaps.epoch += 1;
      flaps.written(KEY, 'u2', 'cache', 9);
    },
    0,
  ],
  [
    'deleted and created within one step, in the run without faults',
    undefined,
    (flaps) => {
      flaps.written(KEY, 'u1', 'cache', 0);
      flaps.deletedByController(KEY, 5, why);
      flaps.written(KEY, 'u2', 'cache', 9);
    },
    1,
  ],
];

describe('the flap detector', () => {
  test.each(STORIES)('counts the flaps of a child that is %s', (_name, expected, play, count) => {
    const flaps = new FlapDetector(expected);
    play(flaps);
    expect(flaps.found).toHaveLength(count);
  });

  test('reports both times of a flap, the node and the reason', () => {
    const flaps = new FlapDetector(new Set());
    flaps.written(KEY, 'u1', 'cache', 0);
    flaps.deletedByController(KEY, 5, why);
    flaps.deletedByController(KEY, 7, () => 'a repetition');
    flaps.written(KEY, 'u2', 'cache', 9);
    expect(flaps.found).toEqual([
      { key: KEY, node: 'cache', deletedAtMs: 5, createdAtMs: 9, because: 'cache skipped' },
    ]);
    expect([...flaps.deleted]).toEqual([KEY]);
    expect(flaps.nodeOf(KEY)).toBe('cache');
  });
});
