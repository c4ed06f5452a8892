import { TypeKroError } from './error.ts';

/**
 * The maximum length of a wrong name for which a known name is searched. A known name may be a third longer, because a
 * third of the characters may differ.
 */
const MAX_LENGTH = 64;

/**
 * The maximum numbers of known names that a call reads, and of those among them whose edit distance it computes. They
 * bound the time for many wrong names.
 */
const MAX_CANDIDATES = 1_000;
const MAX_COMPARED = 250;

/**
 * The known name that is most similar to `name`, for "did you mean". The edit distance is at most a third of the length
 * of `name`; for a name of one or two characters it is at most 1. Insertions, deletions, replacements and swaps of
 * neighbours count 1 each, a difference of case counts 0.5. `undefined` when no name is similar enough. `shown` changes
 * a known name to the form in which the user writes it.
 */
export function nearestName(
  name: string,
  known: Iterable<string>,
  shown = (each: string): string => each,
): string | undefined {
  if (name.length === 0 || name.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 0.01;
  let [seen, compared] = [0, 0];
  for (const each of known) {
    seen += 1;
    if (seen > MAX_CANDIDATES || compared === MAX_COMPARED) break;
    const candidate = shown(each);
    if (candidate === name || Math.abs(candidate.length - name.length) > bestDistance) continue;
    compared += 1;
    const distance = editDistance(name, candidate, bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Three rows of distances, which all comparisons use. */
const ROWS = [0, 1, 2].map(() => new Float64Array(MAX_LENGTH * 2 + 1));

/**
 * The edit distance of two names. If the distance is at least `limit`, the result may be any number that is at least
 * `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  const width = b.length;
  let [beforeLast, last, row] = ROWS as [Float64Array, Float64Array, Float64Array];
  for (let j = 0; j <= width; j += 1) last[j] = j;
  let leastOfLast = 0;
  for (let i = 1; i <= a.length; i += 1) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= width; j += 1) {
      const replaced = (last[j - 1] ?? 0) + replacementCost(a[i - 1], b[j - 1]);
      let cost = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
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

function replacementCost(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0;
  return one?.toLowerCase() === other?.toLowerCase() ? 0.5 : 1;
}

/** The names that a call or an object knows, as the keys of a table. */
export type KnownNames = Readonly<Record<string, unknown>>;

/** The remedy for an unknown name: the most similar known name, otherwise all known names. */
export function remedyForName(name: string, known: KnownNames): string {
  const names = Object.keys(known);
  const near = nearestName(name, names);
  return near === undefined ? `the options are ${names.join(', ')}` : `did you mean "${near}"?`;
}

/**
 * Refuses an unknown option. Programs in JavaScript pass misspelt options, and without this check the option would have
 * no effect.
 *
 * @param call names the call in the message, such as `createCluster()`
 * @throws TypeKroError with the given code for the first unknown option
 */
export function requireKnownOptions(call: string, options: object, known: KnownNames, code: string): void {
  const name = Object.keys(options).find((each) => !Object.hasOwn(known, each));
  if (name === undefined) return;
  throw new TypeKroError(`${call} has no option "${name}"`, { code, remedy: remedyForName(name, known) });
}
