import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { share } from '@typekro/kit/test-support/budget';
import { CEL_KINDS, examine, fuzzEnvironment } from '../support/cel-fuzz.ts';
import { type Choices, seededChoices, tapeChoices } from '../support/choices.ts';

/**
 * The random decisions from which an expression and its data are generated. A shrunk tape produces a simpler
 * expression.
 */
const tape = fc.array(fc.nat(0xffff), { minLength: 10, maxLength: 400, size: 'max' });

/**
 * The number of runs with tapes. All later runs generate expressions from seeds. A seed is cheaper than a tape, and is
 * enough to replay the expression.
 */
const TAPE_RUNS = 5000;

describe('any expression on any data', () => {
  const environment = fuzzEnvironment();
  const { first, count } = share('celExpressions');
  const runs = Math.ceil(count / CEL_KINDS.length);
  const firstSeed = Math.ceil(first / CEL_KINDS.length);

  test.each(CEL_KINDS)(
    '$name: evaluation returns a value or an error, and never throws, hangs or leaks',
    ({ expression }) => {
      const outcome = (choices: Choices) => {
        const text = expression(choices);
        return `${text} → ${examine(environment, text, choices) ?? 'ok'}`;
      };
      fc.assert(
        fc.property(tape, (decisions) => outcome(tapeChoices(decisions)).endsWith(' → ok')),
        { numRuns: Math.min(runs, TAPE_RUNS), endOnFailure: false },
      );
      for (let seed = firstSeed + TAPE_RUNS; seed < firstSeed + runs; seed += 1) {
        const found = outcome(seededChoices(seed));
        if (!found.endsWith(' → ok')) expect.fail(`seed ${seed}: ${found}`);
      }
    },
    1_800_000,
  );
});
