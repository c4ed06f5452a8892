import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { budget } from '../support/budget.ts';
import { CEL_KINDS, examine, fuzzEnvironment } from '../support/cel-fuzz.ts';
import { tapeChoices } from '../support/choices.ts';

/** Decisions for one expression and its data; a shrunk tape makes a simpler expression. */
const tape = fc.array(fc.nat(0xffff), { minLength: 10, maxLength: 400, size: 'max' });

describe('any expression on any data', () => {
  const environment = fuzzEnvironment();
  const runs = Math.ceil(budget('celExpressions') / CEL_KINDS.length);

  test.each(CEL_KINDS)(
    '$name: an answer or an error, never an exception, a hang or a leak',
    ({ expression }) => {
      fc.assert(
        fc.property(tape, (decisions) => {
          const choices = tapeChoices(decisions);
          const text = expression(choices);
          expect(`${text} → ${examine(environment, text, choices) ?? 'ok'}`).toBe(`${text} → ok`);
        }),
        { numRuns: runs, endOnFailure: false },
      );
    },
    1_800_000,
  );
});
