import { expect, test } from 'vitest';
import { isCopyAt } from './masked-value.ts';

const COPY = '{"kind":"Shop","spec":{"password":"x"}}';

test.each<[string, string, boolean]>([
  ['metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]', 'x', true],
  ['metadata.annotations["acme.dev/copy"]', COPY, true],
  ['metadata.annotations.copy', COPY, true],
  ['metadata.annotations.last-copy', COPY, true],
  ['metadata.annotations.acme/copy', COPY, true],
  ['metadata.annotations.copy', 'x', false],
  ['metadata.labels.copy', COPY, false],
  ['spec.template.metadata.annotations.copy', COPY, false],
])('the field %s with the value %j contains a copy of an object: %s', (path, value, isCopy) => {
  expect(isCopyAt(path, value)).toBe(isCopy);
});
