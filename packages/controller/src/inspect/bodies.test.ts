import { expect, test } from 'vitest';
import { readPlanRequest } from './bodies.ts';

test('a plan request is refused if two of its files have the same name', () => {
  const body = (...names: string[]) => JSON.stringify({ files: names.map((name) => ({ name, text: '' })) });
  expect(readPlanRequest(body('a', 'b')).files).toHaveLength(2);
  expect(() => readPlanRequest(body('a', 'b', 'a'))).toThrow('each file must have its own name');
});
