import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * `README.md` and the pages directly in `docs`, relative to the root of the repository. `WALKED_PAGES` has the pages in
 * the folders for users. Neither list contains the pages about decisions, because they keep the commands of the time
 * when they were written, or pages that `npm run docs` writes.
 */
export const USER_PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md') && !/^(?:dependencies|seeds)\.md$/.test(name))
    .map((name) => `docs/${name}`),
];

/** The pages whose blocks `test/package/walked-pages.test.ts` or `test/e2e/start-pages.test.ts` follows in order. */
export const WALKED_PAGES: readonly string[] = ['start', 'concepts', 'guides', 'migration'].flatMap((folder) =>
  readdirSync(join(ROOT, 'docs', folder)).map((name) => `docs/${folder}/${name}`),
);

/** A line of a code block: `$ typekro plan a.yaml --save   # comment`. */
const LINE = /^(?:\$ )?((?:npx )?typekro .*)$/gm;
/** A line of a code block that is indented by four spaces. */
const INDENTED = /^ {4}((?:npx )?typekro .*)$/gm;
/** A code span in a sentence: `` `typekro plan a.yaml` ``. */
const SPAN = /`((?:npx )?typekro [^`\n]+)`/g;

/** The command lines of a page, from its code blocks and its sentences. */
export function commandLinesOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const sentences = text.replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, '');
  return [
    ...blocks.flatMap((block) => [...block.matchAll(LINE)].map(([, line = '']) => line)),
    ...[...sentences.matchAll(INDENTED)].map(([, line = '']) => line),
    ...[...sentences.matchAll(SPAN)].map(([, line = '']) => line),
  ];
}

/**
 * The arguments after the program's name, as a shell passes them. A comment, a redirection or a second command after
 * them is left out.
 */
export function wordsOfLine(text: string): string[] {
  const [command = ''] = text.split(/\s+# | \| | && | > | < |; /);
  const words: readonly string[] = command.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  return words.slice(words.indexOf('typekro') + 1).map((word) => word.replaceAll(/^['"]|['"]$/g, ''));
}
