import { expect, test } from 'vitest';
import { readPlanRequest } from './bodies.ts';

test('two files of a plan with the same name are refused', () => {
  const body = (...names: string[]) => JSON.stringify({ files: names.map((name) => ({ name, text: '' })) });
  expect(readPlanRequest(body('a', 'b')).files).toHaveLength(2);
  expect(() => readPlanRequest(body('a', 'b', 'a'))).toThrow('each file must have its own name');
});
