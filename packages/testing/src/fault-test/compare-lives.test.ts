import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type EndFinding, compareEnds, restingState } from './compare-lives.ts';
import { FlapDetector } from './flaps.ts';

const UIDS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;

/** A ConfigMap whose whole data the controller owns. */
function map(name: string, data: Record<string, string>, more: JsonObject = {}): { node: string; object: KubeObject } {
  const fields = Object.fromEntries(Object.keys(data).map((key) => [`f:${key}`, {}]));
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    data,
    ...more,
    metadata: {
      name,
      namespace: 'default',
      managedFields: [{ manager: 'kro.run/applyset', operation: 'Apply', fieldsV1: { 'f:data': fields } }],
    },
  };
  return { node: name, object };
}

const instance = (status: JsonObject): KubeObject => ({
  apiVersion: 'a.test/v1',
  kind: 'Shop',
  metadata: { name: 'shop', namespace: 'default' },
  status,
});

const READY = { state: 'ACTIVE', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 'x' }] };
const resting = restingState(instance(READY), [map('a', { x: '1' })]);

const service = (clusterIP: string, name: string) => ({
  node: name,
  object: { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { clusterIP } } satisfies KubeObject,
});

type Row = readonly [string, ReturnType<typeof restingState>, ReturnType<typeof restingState>, readonly EndFinding[]];

const ROWS: readonly Row[] = [
  ['the same', resting, restingState(instance(READY), [map('a', { x: '1' })]), []],
  [
    'times, versions and messages are ignored',
    resting,
    restingState(
      instance({
        state: 'ACTIVE',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 'y', message: 'm', observedGeneration: 7 }],
      }),
      [map('a', { x: '1' })],
    ),
    [],
  ],
  [
    'fields of other clients are ignored',
    resting,
    restingState(instance(READY), [map('a', { x: '1' }, { immutable: true })]),
    [],
  ],
  [
    'UIDs, times and addresses of Services inside values are ignored',
    restingState(undefined, [
      map('a', { x: `id ${UIDS[0]} at 2026-01-01T00:00:00Z` }),
      map('b', { x: '10.96.0.7' }),
      service('10.96.0.7', 's'),
    ]),
    restingState(undefined, [
      map('a', { x: `id ${UIDS[1]} at 2026-01-02T10:00:00Z` }),
      map('b', { x: '10.96.0.9' }),
      service('10.96.0.9', 's'),
    ]),
    [],
  ],
  [
    'an address that begins with the address of another Service is ignored',
    restingState(undefined, [
      map('b', { x: '10.96.0.7 10.96.0.8' }),
      service('10.96.0.7', 's'),
      service('10.96.0.8', 't'),
    ]),
    restingState(undefined, [
      map('b', { x: '10.96.0.1 10.96.0.10' }),
      service('10.96.0.1', 's'),
      service('10.96.0.10', 't'),
    ]),
    [],
  ],
  [
    'an address that is not the address of the Service is a difference',
    restingState(undefined, [map('b', { x: '10.96.0.7' }), service('10.96.0.7', 's')]),
    restingState(undefined, [map('b', { x: '10.96.0.7' }), service('10.96.0.9', 's')]),
    [
      {
        invariant: 'differs',
        node: 'b',
        expected: 'ConfigMap v1 default/b with data.x "<address>"',
        received: 'data.x "10.96.0.7"',
      },
    ],
  ],
  [
    'a child is missing',
    resting,
    restingState(instance(READY), []),
    [{ invariant: 'missing', node: 'a', expected: 'ConfigMap v1 default/a', received: 'it is missing' }],
  ],
  [
    'a child too many',
    resting,
    restingState(instance(READY), [map('a', { x: '1' }), map('old', {})]),
    [
      {
        invariant: 'orphan',
        node: 'old',
        expected: 'no ConfigMap v1 default/old, because no node wants it',
        received: 'it exists',
      },
    ],
  ],
  [
    'another value, a missing field and an additional field',
    restingState(undefined, [map('a', { x: '1', y: '2' })]),
    restingState(undefined, [map('a', { x: '9', z: '3' })]),
    [
      { invariant: 'differs', node: 'a', expected: 'ConfigMap v1 default/a with data.x "1"', received: 'data.x "9"' },
      {
        invariant: 'differs',
        node: 'a',
        expected: 'ConfigMap v1 default/a with data.y "2"',
        received: 'data.y nothing',
      },
      {
        invariant: 'differs',
        node: 'a',
        expected: 'ConfigMap v1 default/a with data.z nothing',
        received: 'data.z "3"',
      },
    ],
  ],
  [
    'another status',
    resting,
    restingState(instance({ ...READY, state: 'ERROR' }), [map('a', { x: '1' })]),
    [{ invariant: 'differs', expected: 'the status of the instance with state "ACTIVE"', received: 'state "ERROR"' }],
  ],
  [
    'the instance still exists',
    restingState(undefined, []),
    restingState(instance(READY), []),
    [{ invariant: 'stuck', expected: 'no instance', received: 'it exists' }],
  ],
  [
    'the instance is gone',
    restingState(instance(READY), []),
    restingState(undefined, []),
    [{ invariant: 'missing', expected: 'an instance', received: 'it is gone' }],
  ],
];

describe('the comparison of two final states', () => {
  test.each(ROWS)('%s', (_name, expected, received, findings) => {
    expect(compareEnds(expected, received, () => false)).toEqual(findings);
  });

  test('values from Secrets are not shown', () => {
    const other = restingState(instance({ ...READY, state: 'ERROR' }), [map('a', { x: 'hunter2' })]);
    const shown = JSON.stringify(compareEnds(resting, other, () => true));
    expect(shown).toContain('(secret)');
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain('ERROR');
  });
});

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
