import { describe, expect, test } from 'vitest';
import { compare } from './differential.ts';
import { makeProgram, sourceOf } from './program.ts';

/** How many programs are compared; more by `TYPEKRO_PROGRAMS`. */
const PROGRAMS = Number(process.env['TYPEKRO_PROGRAMS'] ?? 500);
const PER_TEST = 50;
const FIRST = Number(process.env['TYPEKRO_SEED'] ?? 1);

/** A failing program without the statements that do not matter. */
function smaller(statements: readonly string[]): string {
  let current = [...statements];
  for (let changed = true; changed;) {
    changed = false;
    for (let i = current.length - 1; i >= 0; i--) {
      const less = current.filter((_, position) => position !== i);
      if (compare(sourceOf(less)).kind !== 'differs') continue;
      current = less;
      changed = true;
    }
  }
  return sourceOf(current);
}

describe('generated programs do the same natively and as a graph', () => {
  const refusals = new Map<string, number>();
  let equal = 0;

  test.each(Array.from({ length: Math.ceil(PROGRAMS / PER_TEST) }, (_, index) => FIRST + index * PER_TEST))(
    'programs from seed %i',
    { timeout: 120_000 },
    (from) => {
      for (let seed = from; seed < from + PER_TEST; seed++) {
        const { source, statements } = makeProgram(seed);
        const verdict = compare(source);
        if (verdict.kind === 'refused') refusals.set(verdict.code, (refusals.get(verdict.code) ?? 0) + 1);
        else if (verdict.kind === 'equal') equal++;
        else throw new Error(`seed ${seed}: ${verdict.text}\n${smaller(statements)}`);
      }
    },
  );

  test('most of them are translated, and refusals have known reasons', () => {
    expect(equal / PROGRAMS).toBeGreaterThan(0.7);
    const known = [
      'trace/loop-carried',
      'trace/absent',
      'trace/duplicate-id',
      'trace/maybe-undefined',
      'trace/types',
      'trace/loop-exit',
      'trace/no-cel',
      'trace/identity',
      'trace/too-large',
    ];
    expect([...refusals.keys()].filter((code) => !known.includes(code))).toEqual([]);
  });
});
