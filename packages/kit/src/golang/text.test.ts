import { expect, test } from 'vitest';
import { goTrim } from './text.ts';

test('goTrim removes the white space of Go', () => {
  expect(goTrim('\u0085\u00a0\u3000 x \t\v')).toBe('x');
  expect(goTrim('\ufeffx')).toBe('\ufeffx');
});
