import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { commandRunner } from '../support/run-command.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The pages for users. Pages of decisions are left out: they describe their own time. */
const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** All commands. Each parses its words and does nothing. */
const untouched = await Promise.all(
  commands.map(async ({ load }) => ({ ...(await load()), run: () => Promise.resolve(0) })),
);
const parse = commandRunner(untouched, ROOT);

/** A line of a code block: `$ typekro plan a.yaml --save   # comment`. */
const LINE = /^(?:\$ )?((?:npx )?typekro .*)$/gm;
/** A line of a code block that is indented by four spaces. */
const INDENTED = /^ {4}((?:npx )?typekro .*)$/gm;
/** A code span in a sentence: `` `typekro plan a.yaml` ``. */
const SPAN = /`((?:npx )?typekro [^`\n]+)`/g;

/**
 * The arguments after the program's name, as a shell passes them. A comment, a redirection or a second command after
 * them is left out.
 */
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

describe('each command line is accepted by the program', () => {
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

  test('the pages and the examples of the help contain command lines', () => {
    expect(inDocs.length).toBeGreaterThan(60);
    expect(inHelp.length).toBeGreaterThan(60);
  });

  test.each([...inDocs, ...inHelp])('%s: %s', async (_page, line) => {
    const words = wordsOf(line ?? '');
    // The name of a command alone, or an option of all commands.
    if (words.length === 1 && (names.has(words[0] ?? '') || words[0]?.startsWith('-'))) return;
    if (words[0] === '<command>') return;
    const { code, err } = await parse(words);
    // A sentence may name an option without its value.
    const isNamed = words.at(-1)?.startsWith('--') === true && (await parse([...words, 'value'])).code === 0;
    expect(isNamed ? '0 ' : `${code} ${err}`).toBe('0 ');
  });
});
