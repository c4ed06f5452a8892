import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { commandRunner } from '../support/run-command.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The pages that users read. Pages of decisions tell of their time. */
const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** All commands, which take their words and do nothing. */
const untouched = await Promise.all(
  commands.map(async ({ load }) => ({ ...(await load()), run: () => Promise.resolve(0) })),
);
const parse = commandRunner(untouched, ROOT);

/** `$ typekro plan a.yaml --save   # comment`, alone in a line of a block. */
const LINE = /^(?:\$ )?((?:npx )?typekro .*)$/gm;
/** The same in a block that is marked by its indentation. */
const INDENTED = /^ {4}((?:npx )?typekro .*)$/gm;
/** `` `typekro plan a.yaml` `` inside of a sentence. */
const SPAN = /`((?:npx )?typekro [^`\n]+)`/g;

/** The words behind the name of the program, as a shell hands them over; what follows the command is left out. */
function wordsOf(text: string): string[] {
  const [command = ''] = text.split(/\s+# | \| | && | > | < |; /);
  const words: readonly string[] = command.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  return words.slice(words.indexOf('typekro') + 1).map((word) => word.replaceAll(/^['"]|['"]$/g, ''));
}

function linesIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const sentences = text.replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, '');
  return [
    ...blocks.flatMap((block) => [...block.matchAll(LINE)].map(([, line = '']) => line)),
    ...[...sentences.matchAll(INDENTED)].map(([, line = '']) => line),
    ...[...sentences.matchAll(SPAN)].map(([, line = '']) => line),
  ];
}

describe('each command line is one that the program takes', () => {
  const names = new Set(commands.map(({ name }) => name));
  const inDocs = PAGES.flatMap((page) => linesIn(readFileSync(join(ROOT, page), 'utf8')).map((line) => [page, line]));
  const inHelp = untouched.flatMap(({ name, examples }) =>
    examples.flatMap(({ command }) =>
      command
        .split(' && ')
        .filter((line) => line.startsWith('typekro '))
        .map((line) => [`${name} --help`, line]),
    ),
  );

  test('the pages and the examples of the help have some', () => {
    expect(inDocs.length).toBeGreaterThan(60);
    expect(inHelp.length).toBeGreaterThan(60);
  });

  test.each([...inDocs, ...inHelp])('%s: %s', async (_page, line) => {
    const words = wordsOf(line ?? '');
    // A command that a sentence only names, and the words for all commands.
    if (words.length === 1 && (names.has(words[0] ?? '') || words[0]?.startsWith('-'))) return;
    if (words[0] === '<command>') return;
    const { code, err } = await parse(words);
    // A sentence may name an option without its value.
    const isNamed = words.at(-1)?.startsWith('--') === true && (await parse([...words, 'value'])).code === 0;
    expect(isNamed ? '0 ' : `${code} ${err}`).toBe('0 ');
  });
});
