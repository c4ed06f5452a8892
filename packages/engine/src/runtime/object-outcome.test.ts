import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { Outcome } from './index.ts';

const at = (resourceVersion?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...(resourceVersion === undefined ? {} : { resourceVersion }) },
});

test.each([
  ['an absent object is created', 'create', undefined, at('2'), 'created'],
  ['an object that a change of the graph affects is configured', 'change', at('1'), at('2'), 'configured'],
  ['an object whose drift is reverted is configured', 'drift', at('1'), at('2'), 'configured'],
  ['an object of another client is adopted', 'adopt', at('1'), at('2'), 'adopted'],
  ['an object whose version stays is unchanged', 'change', at('2'), at('2'), 'unchanged'],
  ['an object of unknown version is configured', 'change', at(), at(), 'configured'],
] as const)('%s', (_, why, before, after, outcome) => {
  expect(Outcome.ofApply({ why }, before, after)).toBe(outcome);
});

test.each<[string, KubeObject | undefined, boolean, string]>([
  ['no object', undefined, false, 'created'],
  ['no object, after a deletion for the replacement', undefined, true, 'replaced'],
  ['an object of the same version', at('2'), false, 'unchanged'],
  ['an object of another version', at('1'), false, 'configured'],
])('an apply that finds %s has the expected outcome', (_, before, isReplacement, outcome) => {
  expect(Outcome.ofWrite(before, at('2'), isReplacement)).toBe(outcome);
});
