import { expect, test } from 'vitest';
import { validateAnnotations, validateMetaUpdate } from './metadata.ts';
import { Problems } from '../errors/field-problems.ts';

const MAX = 256 * 1024;

test.each<[string, Record<string, string>, boolean]>([
  ['the maximum size', { a: 'x'.repeat(MAX - 1) }, true],
  ['one byte more', { a: 'x'.repeat(MAX) }, false],
  ['the maximum size, in two-byte characters', { aa: 'ä'.repeat(MAX / 2 - 1) }, true],
  ['one two-byte character more', { aa: 'ä'.repeat(MAX / 2) }, false],
  ['the sum of several annotations', { a: 'x'.repeat(MAX / 2), b: 'x'.repeat(MAX / 2) }, false],
])('the size limit of annotations counts bytes: %s', (_, annotations, isValid) => {
  const problems = new Problems();
  validateAnnotations(annotations, 'metadata.annotations', problems);
  expect(problems.map(({ message }) => message)).toEqual(
    isValid ? [] : ['Too long: may not be more than 262144 bytes'],
  );
});

test('the error lists each finalizer that is added during a deletion once, sorted by name', () => {
  const object = (...finalizers: string[]) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers },
  });
  const problems = new Problems();
  validateMetaUpdate(object('b/z', 'a/a', 'b/b', 'a/a'), object('b/b'), problems);
  expect(problems.map(({ message }) => message)).toEqual([
    'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/a", "b/z"}',
  ]);
});
