import { expect, test } from 'vitest';
import type { InstanceObject } from '@typekro/controller/inspect';
import type { Because } from '@typekro/engine/runtime';
import { knownReadiness, withCounts } from './object-readiness.ts';

test.each<[string, boolean | undefined, Because['kind'], boolean, boolean | undefined]>([
  ['an object of a ready node', true, 'ready', false, true],
  ['an object of a node that waits for another object', true, 'not-ready', false, true],
  ['an object of a node with another, missing object', true, 'items-missing', false, true],
  ['an object without a pending write, of a node with another write', true, 'write', false, true],
  ['an object with a pending write', true, 'write', true, undefined],
  ['an object whose write waits', true, 'held', false, undefined],
  ['an object whose write fails', true, 'write-failed', false, undefined],
  ['an object whose write is a conflict', true, 'field-conflict', false, undefined],
  ['an object of a node that waits for another node', true, 'dependency', false, undefined],
  ['an object that is read as not ready', false, 'write', true, false],
  ['an object that was not read', undefined, 'ready', false, undefined],
])('the readiness of %s (%s, reason %s, pending write: %s) is %s', (_title, ready, kind, isPending, expected) => {
  expect(knownReadiness(ready, { kind } as Because, isPending)).toBe(expected);
});

const object = (state: InstanceObject['state'], ready?: boolean): InstanceObject => ({
  object: { apiVersion: 'v1', kind: 'ConfigMap', name: 'a' },
  state,
  ...(ready === undefined ? {} : { ready }),
});
const NODE = { id: 'maps', state: 'waiting', reason: '', waitsFor: [], objects: [] } as const;

test.each<[string, readonly InstanceObject[], { readonly unready?: number; readonly unchecked?: number }]>([
  ['ready objects', [object('present', true)], {}],
  ['an object that is not ready', [object('present', true), object('present', false)], { unready: 1 }],
  ['an object that is being deleted', [object('deleting', false), object('present', true)], {}],
  ['an object with unknown readiness', [object('present'), object('present', true)], { unchecked: 1 }],
  ['objects that do not exist', [object('absent'), object('failed'), object('unknown')], {}],
  [
    'more objects than the limit of a response',
    Array.from({ length: 2001 }, () => object('present', false)),
    { unready: 2001 },
  ],
])('objects that are not ready or not checked are counted: %s', (_title, objects, { unready, unchecked }) => {
  const found = withCounts(NODE, objects);
  expect([found.unready, found.unchecked]).toEqual([unready, unchecked]);
  expect(found.objects.length + (found.omitted ?? 0)).toBe(objects.length);
});
