import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as graph from './index.ts';

/** A code block of the page, with the line where it starts. */
interface Example {
  readonly line: number;
  readonly code: string;
}

function examples(): Example[] {
  const page = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  return [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => ({
    line: page.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
  }));
}

/** Imports become names of the door, and `expression; // → value` becomes an expectation. */
function runnable(code: string): string {
  return code
    .replaceAll(/^import \{([^}]*)\} from 'typekro\/graph';$/gm, 'const {$1} = door;')
    .replaceAll(/^(.+); \/\/ → (.+)$/gm, 'equals($1, $2);');
}

describe('the examples of the page do what they say', () => {
  test.each(examples())('line $line', ({ code }) => {
    let compared = 0;
    const equals = (actual: unknown, expected: unknown): void => {
      compared += 1;
      expect(actual).toEqual(expected);
    };
    // oxlint-disable-next-line typescript/no-implied-eval -- the code is that of the page beside
    const run = new Function('door', 'equals', runnable(code)) as (door: typeof graph, check: typeof equals) => void;
    run(graph, equals);
    expect(compared).toBeGreaterThan(0);
  });
});
