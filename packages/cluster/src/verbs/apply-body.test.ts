import { expect, test } from 'vitest';
import { checkDuplicates } from './apply-body.ts';
import type { WriteRequest } from './write.ts';

test('all repeated keys are reported, even if there are very many', () => {
  const duplicates = Array.from({ length: 500_000 }, (_, index) => `line ${index}: key "a" already set in map`);
  const warnings: string[] = [];
  const write = { options: { fieldValidation: 'Warn' }, warnings } as WriteRequest;
  checkDuplicates(write, { value: {}, duplicates });
  expect(warnings).toEqual(duplicates);
});
