import { expect, test } from 'vitest';
import type { NodeReport } from '../../runtime/index.ts';
import { keysOfNodes, ReportedCauses } from './cause-keys.ts';

const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', namespace: 'n', name });
const node = (because: NodeReport['because']): NodeReport => ({ id: 'web', state: 'waiting', because, objects: [] });
const missing = (name: string): NodeReport => node({ kind: 'external-missing', object: secret(name) });
const broken = (message: string): NodeReport => node({ kind: 'expression-failed', expression: 'a', message });

test.each<[string, NodeReport, NodeReport, boolean, string?]>([
  ['that wait for one object', missing('a'), missing('a'), true],
  ['that wait for one object, with other definitions', missing('a'), missing('a'), true, 'ships'],
  ['that wait for an object each', missing('a'), missing('b'), false],
  ['with one reason and no object', broken('no such key'), broken('no such key'), true],
  ['with one reason and no object, with other definitions', broken('x'), broken('x'), false, 'ships'],
  ['with a reason each', broken('no such key'), broken('no such index'), false],
])('instances %s', (_title, one, other, isSame, definition = 'boats') => {
  const keys = keysOfNodes([one], 'boats');
  expect([...keysOfNodes([other], definition)].some((key) => keys.has(key))).toBe(isSame);
});

test('the keys of a report are those of its last pass', () => {
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
