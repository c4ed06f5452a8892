import { expect, test } from 'vitest';
import { transition } from './conditions.ts';

test.each([
  ['a'.repeat(32_768), 'a'.repeat(32_768)],
  ['a'.repeat(900_000), `${'a'.repeat(32_767)}…`],
  // The truncation does not split a surrogate pair.
  [`${'a'.repeat(32_766)}${'🚢'.repeat(9)}`, `${'a'.repeat(32_766)}…`],
])('a message is truncated to the length that Kubernetes allows in conditions: case %#', (message, written) => {
  const value = { status: 'False', reason: 'NotReady', message } as const;
  expect(transition('Ready', value, undefined, 1, 0).message).toBe(written);
});
