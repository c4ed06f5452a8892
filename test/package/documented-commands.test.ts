import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../../packages/cli/src/commands/index.ts';
import { commandLinesOf, USER_PAGES, WALKED_PAGES, wordsOfLine } from '../support/documented-lines.ts';
import { commandRunner } from '@typekro/cli/test-support/run-command';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** All commands, changed so that they only parse their words. */
const untouched = await Promise.all(
  commands.map(async ({ load }) => ({ ...(await load()), run: () => Promise.resolve(0) })),
);
const parse = commandRunner(untouched, ROOT);

describe('each command line is accepted by the program', () => {
  const names = new Set(commands.map(({ name }) => name));
  const inDocs = [...USER_PAGES, ...WALKED_PAGES].flatMap((page) =>
    commandLinesOf(readFileSync(join(ROOT, page), 'utf8')).map((line) => [page, line]),
  );
  const inHelp = untouched.flatMap(({ name, examples }) =>
    examples.flatMap(({ command }) =>
      command
        .split(' && ')
        .filter((line) => line.startsWith('typekro '))
        .map((line) => [`${name} --help`, line]),
    ),
  );

  test('the pages and the examples in the help contain command lines', () => {
    expect(inDocs.length).toBeGreaterThan(60);
    expect(inHelp.length).toBeGreaterThan(60);
  });

  test.each([...inDocs, ...inHelp])('%s: %s', async (_page, line) => {
    const words = wordsOfLine(line ?? '');
    // The line is only the name of a command, or only an option that all commands have.
    if (words.length === 1 && (names.has(words[0] ?? '') || words[0]?.startsWith('-'))) return;
    if (words[0] === '<command>') return;
    const { code, err } = await parse(words);
    // A sentence may name an option without its value.
    const isNamed = words.at(-1)?.startsWith('--') === true && (await parse([...words, 'value'])).code === 0;
    expect(isNamed ? '0 ' : `${code} ${err}`).toBe('0 ');
  });
});
