import { expect, test } from 'vitest';
import { userFrames } from './user-frame.ts';

const at = (file: string) => ({ file, line: 3, column: 5 });

test.each([
  ['at /app/a.ts:3:5', '/app/a.ts'],
  ['at compose (/app/a.ts:3:5)', '/app/a.ts'],
  ['at async file:///app/a.ts:3:5', '/app/a.ts'],
  ['at async Object.run [as go] (file:///app/a%20b.ts:3:5)', '/app/a b.ts'],
  ['at new App (/app/a.ts?t=1:3:5)', '/app/a.ts'],
  ['at run (C:\\app\\a.ts:3:5)', 'C:\\app\\a.ts'],
  ['at run (/app/(shop)/page.ts:3:5)', '/app/(shop)/page.ts'],
  ['at /app/project (1)/a.ts:3:5', '/app/project (1)/a.ts'],
  ['at async run (file:///app/project%20(1)/a.ts:3:5)', '/app/project (1)/a.ts'],
])('the frame "%s" names %s', (frame, file) => {
  expect([...userFrames(`Error: x\n    ${frame}`)]).toEqual([at(file)]);
});

test.each([
  'at node:internal/modules/run_main:3:5',
  'at run (node:internal/x:3:5)',
  'at run (/app/node_modules/a/index.js:3:5)',
  'at async Promise.all (index 0)',
  'at eval (eval at run (/app/a.ts:1:2), <anonymous>:3:5)',
  'at run (native)',
  'at run (file://server/app/a.ts:3:5)',
  'at run (file:///app%2Fa.ts:3:5)',
])('the frame "%s" names no file of the user', (frame) => {
  expect([...userFrames(`Error: x\n    ${frame}`)]).toEqual([]);
});

test('a long line of a message is skipped in less than a second', () => {
  const started = performance.now();
  expect([...userFrames(`Error: x\n    at ${' (/:1'.repeat(30_000)}`)]).toEqual([]);
  expect(performance.now() - started).toBeLessThan(1000);
});
