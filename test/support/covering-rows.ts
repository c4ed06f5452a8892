/**
 * Returns rows with one choice per dimension. For any three dimensions, each combination of their choices is part of at
 * least one row. Such rows find most defects, because most defects need a combination of at most three settings. The
 * same dimensions always produce the same rows. The first row has the first choice of each dimension.
 */
export function coveringRows<T>(dimensions: readonly (readonly T[])[]): T[][] {
  const rows: number[][] = [dimensions.map(() => 0)];
  const missing = new Set(triplesOf(dimensions.map((choices) => choices.map((_, index) => index))));
  const cover = (row: readonly number[]) => {
    for (const triple of triplesOf(row.map((choice) => [choice]))) missing.delete(triple);
  };
  cover(rows[0] ?? []);
  while (missing.size > 0) {
    // A row begins with a missing triple, so that it covers at least one. For each other dimension, the row gets the
    // choice that covers the most missing triples.
    const [begun = ''] = missing;
    const row: (number | undefined)[] = dimensions.map(() => undefined);
    for (const pair of begun.split(' ')) {
      const [dimension = 0, choice = 0] = pair.split(':').map(Number);
      row[dimension] = choice;
    }
    for (const [dimension, choices] of dimensions.entries()) {
      if (row[dimension] !== undefined) continue;
      const gains = choices.map((_, choice) => gainOf(row, dimension, choice, missing));
      row[dimension] = gains.indexOf(Math.max(...gains));
    }
    const complete = row.map((choice) => choice ?? 0);
    rows.push(complete);
    cover(complete);
  }
  return rows.map((row) => row.map((choice, dimension) => dimensions[dimension]?.[choice] as T));
}

/** The number of missing triples that a choice covers together with the existing choices of a row. */
function gainOf(
  row: readonly (number | undefined)[],
  dimension: number,
  choice: number,
  missing: ReadonlySet<string>,
): number {
  const chosen = row.map((other, index) => (index === dimension ? [choice] : other === undefined ? [] : [other]));
  let gain = 0;
  for (const triple of triplesOf(chosen)) if (missing.has(triple)) gain += 1;
  return gain;
}

/** All triples of choices of three dimensions, as strings. */
function* triplesOf(choices: readonly (readonly number[])[]): Generator<string> {
  for (let a = 0; a < choices.length; a += 1) {
    for (let b = a + 1; b < choices.length; b += 1) {
      for (let c = b + 1; c < choices.length; c += 1) {
        for (const x of choices[a] ?? []) {
          for (const y of choices[b] ?? []) for (const z of choices[c] ?? []) yield `${a}:${x} ${b}:${y} ${c}:${z}`;
        }
      }
    }
  }
}
