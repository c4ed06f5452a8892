import { expect, test } from 'vitest';
import type { NodeReport } from '@typekro/engine/runtime';
import { keysOfNodes, ReportedCauses } from './cause-keys.ts';

const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', namespace: 'n', name });
const node = (because: NodeReport['because']): NodeReport => ({ id: 'web', state: 'waiting', because, objects: [] });
const missing = (name: string): NodeReport => node({ kind: 'external-missing', object: secret(name) });
const broken = (message: string): NodeReport => node({ kind: 'expression-failed', expression: 'a', message });
const settings = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'n', name: 'settings' };
const reading = (message: string, ...objects: (typeof settings)[]): NodeReport =>
  node({
    kind: 'expression-failed',
    expression: `int(${message})`,
    message,
    reads: objects.map((object) => ({ object, path: 'data.count' })),
  });
const contested = (name: string): NodeReport =>
  node({ kind: 'contested', objects: [{ object: { ...settings, name }, fields: ['data'], managers: [], retryAt: 0 }] });
const held = (name: string): NodeReport =>
  node({
    kind: 'held',
    expression: 'a',
    nodes: [],
    awaited: { object: { ...settings, name }, is: 'not ready' },
    creates: 0,
    changes: 1,
  });

test.each<[string, NodeReport, NodeReport, boolean, string?]>([
  ['that wait for the same object share a key', missing('a'), missing('a'), true],
  ['of different definitions that wait for the same object share a key', missing('a'), missing('a'), true, 'ships'],
  ['that wait for different objects share no key', missing('a'), missing('b'), false],
  ['with the same reason and no object share a key', broken('no such key'), broken('no such key'), true],
  [
    'of different definitions with the same reason and no object share no key',
    broken('x'),
    broken('x'),
    false,
    'ships',
  ],
  [
    'whose expressions fail on the same object share a key',
    reading('a', settings),
    reading('b', settings),
    true,
    'ships',
  ],
  [
    'whose expressions fail on different objects share no key',
    reading('a', settings),
    reading('a', { ...settings, name: 'b' }),
    false,
  ],
  ['whose expressions read only the instance share a key', reading('a'), reading('a'), true],
  ['with the same contested object share a key', contested('a'), contested('a'), true, 'ships'],
  ['held back by the same object share a key', held('a'), held('a'), true, 'ships'],
  ['held back by different objects share no key', held('a'), held('b'), false],
  ['with different reasons share no key', broken('no such key'), broken('no such index'), false],
])('instances %s', (_title, one, other, isSame, definition = 'boats') => {
  const keys = keysOfNodes([one], 'boats');
  expect([...keysOfNodes([other], definition)].some((key) => keys.has(key))).toBe(isSame);
});

test('the keys of an instance follow from the report of its last pass', () => {
  let nodes: readonly NodeReport[] | undefined = [missing('a')];
  const causes = new ReportedCauses(() => nodes);
  const boat = { ref: 'r', definition: 'boats' };
  const first = causes.keysOf(boat);
  expect(first).toEqual(keysOfNodes([missing('a')], 'boats'));
  expect(causes.keysOf(boat)).toBe(first);
  nodes = [missing('b')];
  expect(causes.keysOf(boat)).toEqual(keysOfNodes([missing('b')], 'boats'));
  nodes = undefined;
  expect(causes.keysOf(boat)).toBeUndefined();
});
