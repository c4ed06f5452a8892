/**
 * The maximum length of a wrong name for which a known name is searched. A known name may be a third longer, because a
 * third of the characters may differ.
 */
const MAX_LENGTH = 64;

/** The maximum number of known names with which a wrong name is compared. It bounds the time for many wrong names. */
const MAX_CANDIDATES = 1_000;

/**
 * The known name that is most similar to `name`, for "did you mean". The edit distance is at most a third of the length
 * of `name`; for a name of one or two characters it is at most 1. Insertions, deletions, replacements and swaps of
 * neighbours count 1 each, a difference of case counts 0.5. `undefined` when no name is similar enough.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 0.01;
  const letters = lettersOf(name);
  let seen = 0;
  for (const candidate of known) {
    seen += 1;
    if (seen > MAX_CANDIDATES) break;
    if (candidate === name || Math.abs(candidate.length - name.length) > bestDistance) continue;
    const distance = editDistance(letters, lettersOf(candidate), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The characters of a name, as they are and in lower case. */
interface Letters {
  readonly exact: readonly string[];
  readonly lower: readonly string[];
}

function lettersOf(name: string): Letters {
  const exact = name.split('');
  return { exact, lower: exact.map((letter) => letter.toLowerCase()) };
}

/** Three rows of distances. They are reused, because a wrong name is compared with up to a thousand names. */
const ROWS = [0, 1, 2].map(() => new Float64Array(MAX_LENGTH * 2 + 1));

/**
 * The edit distance of two names. If the distance is at least `limit`, the result may be any number that is at least
 * `limit`.
 */
function editDistance(a: Letters, b: Letters, limit: number): number {
  const width = b.exact.length;
  let [beforeLast, last, row] = ROWS as [Float64Array, Float64Array, Float64Array];
  for (let j = 0; j <= width; j += 1) last[j] = j;
  let leastOfLast = 0;
  for (let i = 1; i <= a.exact.length; i += 1) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= width; j += 1) {
      const replaced = (last[j - 1] ?? 0) + replacementCost(a, i - 1, b, j - 1);
      let cost = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a.exact[i - 1] === b.exact[j - 2] && a.exact[i - 2] === b.exact[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row[j] = cost;
      least = Math.min(least, cost);
    }
    // The next row takes costs from this row and, for a swap, from the row before it. The search ends when both rows
    // have reached the limit.
    if (least >= limit && leastOfLast >= limit) return limit;
    leastOfLast = least;
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  return last[width] ?? 0;
}

function replacementCost(a: Letters, i: number, b: Letters, j: number): number {
  if (a.exact[i] === b.exact[j]) return 0;
  return a.lower[i] === b.lower[j] ? 0.5 : 1;
}
