import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commands } from './index.ts';

test.each(commands)('the entry $name loads a command of the same name', async ({ name, load }) => {
  expect((await load()).name).toBe(name);
});

/** The source code of each test of the command line that has an inline snapshot. */
function snapshotTests(): string[] {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split(/\n(?=\s*test(?:\.\w+)*\()/))
    .filter((source) => source.includes('toMatchInlineSnapshot('));
}

const sources = snapshotTests();

test.each(commands)('a test calls $name directly, and has an inline snapshot of the output', ({ name }) => {
  // Matches a command line of this command: a string that a test passes to a function `run…` or `start`.
  const line = new RegExp(`\\b(?:run\\w*|start)\\((?:\\[)?['"\`]${name}(?=[ '"\`])`);
  expect(
    sources.filter((source) => line.test(source)),
    `add a test of ${name} to command-outputs.test.ts`,
  ).not.toEqual([]);
});
