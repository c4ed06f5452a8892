import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lastLines } from './cluster-view.ts';

const directory = mkdtempSync(join(tmpdir(), 'typekro-log-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const FATAL = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
const frames = Array.from(
  { length: 20 },
  (_, index) => `${String(index + 1).padStart(2)}: 0xe3d6a1 node::Abort() [node]`,
);
const REPORT = [
  '<--- Last few GCs --->',
  '',
  '[18138:0x3b1a1000]   120001 ms: Mark-Compact 4094.6 (4135.7) -> 4094.0 (4137.7) MB',
  '<--- JS stacktrace --->',
  '',
  FATAL,
  '----- Native stack trace -----',
  '',
  ...frames,
];

test.each([
  ['an ordinary log', ['a', '', 'b', ''], ['a', 'b']],
  [
    'a long log',
    Array.from({ length: 12 }, (_, index) => `${index}`),
    ['2', '3', '4', '5', '6', '7', '8', '9', '10', '11'],
  ],
  ['a log of a process without memory', ['a', ...REPORT, ''], ['a', `the process ran out of memory (${FATAL})`]],
  ['a log of two processes', [...REPORT, 'b'], [`the process ran out of memory (${FATAL})`, 'b']],
  [
    'another fatal error',
    ['FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal', ...frames],
    ['FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal'],
  ],
  ['no lines', [], []],
])('the last lines of %s', (_, lines, expected) => {
  const path = join(directory, 'log');
  writeFileSync(path, lines.join('\n'), { mode: 0o600 });
  expect(lastLines(path)).toEqual(expected);
});
