import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/** A code block of a page, and the line at which its code starts. */
interface Example {
  readonly line: number;
  readonly code: string;
}

function examplesOf(page: URL): Example[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
  }));
}

/**
 * Runs the examples of a page. Imports from `entry` become members of `module`. A line of the form
 * `expression; // → value` checks the value of the expression. `others` maps other entries to their modules.
 */
export function testReadmeExamples(
  page: URL,
  entry: string,
  module: object,
  others: Readonly<Record<string, object>> = {},
): void {
  const modules: Readonly<Record<string, object>> = { ...others, [entry]: module };
  const runnable = (code: string): string =>
    code
      .replaceAll(/^import \{([^}]*)\} from '([^']*)';$/gm, (line, names: string, from: string) =>
        Object.hasOwn(modules, from) ? `const {${names}} = modules['${from}'];` : line,
      )
      .replaceAll(/^(.+); \/\/ → (.+)$/gm, 'equals($1, $2);');

  describe('the examples of the page do what they say', () => {
    test.each(examplesOf(page))('line $line', async ({ code }) => {
      let compared = 0;
      const equals = (actual: unknown, expected: unknown): void => {
        compared += 1;
        expect(actual).toEqual(expected);
      };
      // oxlint-disable-next-line typescript/no-implied-eval -- the code comes from a page of this project
      const run = new Function('modules', 'equals', `return (async () => {\n${runnable(code)}})();`) as (
        names: object,
        check: typeof equals,
      ) => Promise<void>;
      await run(modules, equals);
      expect(compared).toBeGreaterThan(0);
    });
  });
}
