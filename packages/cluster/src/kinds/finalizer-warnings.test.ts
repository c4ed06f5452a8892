import { expect, test } from 'vitest';
import { finalizerWarnings } from './custom-resource.ts';

const holding = (finalizers: string[]) => ({
  apiVersion: 'example.com/v1',
  kind: 'A',
  metadata: { name: 'a', finalizers },
});
const warning = (name: string, path = '') =>
  `metadata.finalizers: "${name}": prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`;

test.each([
  ['a qualified name', ['example.com/x'], undefined, []],
  ['the finalizers of Kubernetes', ['orphan', 'foregroundDeletion', 'kubernetes'], undefined, []],
  ['plain names, sorted by name', ['y', 'x'], undefined, [warning('x'), warning('y')]],
  ['a domain without a path', ['example.com'], undefined, [warning('example.com', ' including a path (/)')]],
  ['an existing name', ['x', 'y'], ['x'], [warning('y')]],
])('for %s, a change of the finalizers to %j from %j causes the warnings %j', (_, finalizers, before, warnings) => {
  expect(finalizerWarnings(holding(finalizers), before === undefined ? undefined : holding(before))).toEqual(warnings);
});
