import { expect, test } from 'vitest';
import { nearestName } from './nearest-name.ts';

test.each<[string, string[], string | undefined]>([
  ['replcias', ['replicas', 'selector'], 'replicas'],
  ['Replicas', ['replicas'], 'replicas'],
  ['a', ['b'], 'b'],
  ['abcdef', ['abcdxy'], 'abcdxy'],
  ['abcdef', ['abcxyz'], undefined],
  ['replicas', ['replicas'], undefined],
  ['port', ['ports', 'part'], 'ports'],
  ['', ['a'], undefined],
])('the name nearest to %j in %j is %j', (name, known, nearest) => {
  expect(nearestName(name, known)).toBe(nearest);
});
