import { expect, test } from 'vitest';
import { budget } from '../../support/budget.ts';
import { fuzzedSource, problemOf } from '../../support/compose-fuzz.ts';

test('no source makes the tracer fail or differ: it is translated exactly or refused', { timeout: 1_800_000 }, () => {
  const count = budget('composeSources');
  for (let seed = 1; seed <= count; seed++) {
    const source = fuzzedSource(seed);
    expect(problemOf(source), `seed ${seed}: ${source}`).toBeUndefined();
  }
});
