import { expect, test } from 'vitest';
import { numbersOf } from '@typekro/kit/test-support/budget';
import { fuzzedSource, problemOf } from '../../support/compose-fuzz.ts';

test('the tracer translates each source exactly, or refuses it', { timeout: 1_800_000 }, () => {
  for (const number of numbersOf('composeSources')) {
    const seed = 1 + number;
    const source = fuzzedSource(seed);
    expect(problemOf(source), `seed ${seed}: ${source}`).toBeUndefined();
  }
});
