import { describe, expect, test } from 'vitest';
import { share } from '@typekro/kit/test-support/budget';
import { type Host, compare } from './differential.ts';
import { makeProgram, sourceOf } from './program.ts';

const PER_TEST = 50;
const SHARE = share('programs');
const FIRST = Number(process.env['TYPEKRO_SEED'] ?? 1 + SHARE.first);
/** The number of test files. They divide the programs among them, and run in parallel. */
const FILES = 2;
/** The tracer reads the source of one in this many programs through the inspector. */
const INSPECTED = 10;

/** The codes of refusals that generated programs may cause. */
const KNOWN_REFUSALS = [
  'trace/loop-carried',
  'trace/absent',
  'trace/field',
  'trace/duplicate-id',
  'trace/maybe-undefined',
  'trace/types',
  'trace/loop-exit',
  'trace/no-cel',
  'trace/identity',
  'trace/too-large',
];

/** Shortens a program that fails in a host: removes each statement without which the program still fails there. */
function smaller(statements: readonly string[], host: Host): string {
  let current = [...statements];
  for (let changed = true; changed;) {
    changed = false;
    for (let i = current.length - 1; i >= 0; i--) {
      const less = current.filter((_, position) => position !== i);
      if (compare(sourceOf(less), host).kind !== 'differs') continue;
      current = less;
      changed = true;
    }
  }
  return sourceOf(current);
}

/**
 * Compares the generated programs of one test file. The number of all programs is `programs` in test/budgets.json, or
 * `TYPEKRO_PROGRAMS`, rounded up to a multiple of 100: each test of both files runs 50 programs.
 */
export function comparePrograms(file: number): void {
  const all = Number(process.env['TYPEKRO_PROGRAMS'] ?? SHARE.count);
  const tests = Math.ceil(all / FILES / PER_TEST);
  describe('generated programs have the same result natively and as a graph', () => {
    const refusals = new Map<string, number>();
    let equal = 0;

    test.each(Array.from({ length: tests }, (_, index) => FIRST + (index * FILES + file) * PER_TEST))(
      'programs from seed %i',
      { timeout: 120_000 },
      (from) => {
        for (let seed = from; seed < from + PER_TEST; seed++) {
          const { source, statements } = makeProgram(seed);
          const host = seed % INSPECTED === 0 ? 'inspector' : 'transform';
          const verdict = compare(source, host);
          if (verdict.kind === 'refused') refusals.set(verdict.code, (refusals.get(verdict.code) ?? 0) + 1);
          else if (verdict.kind === 'equal') equal++;
          else throw new Error(`seed ${seed}: ${verdict.text}\n${smaller(statements, host)}`);
        }
      },
    );

    test('most programs are translated, and refusals have known reasons', () => {
      expect(equal).toBeGreaterThanOrEqual(0.7 * tests * PER_TEST);
      expect([...refusals.keys()].filter((code) => !KNOWN_REFUSALS.includes(code))).toEqual([]);
    });
  });
}
