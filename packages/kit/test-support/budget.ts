import { readFileSync } from 'node:fs';

/** The size of a run: `npm test`, `npm run long`, or `npm run long -- full`. */
type Size = 'test' | 'long' | 'full';

/** The number of generated cases of a kind, for each size of a run. */
export type Budget = Readonly<Record<Size, number>>;

/** The cases of a kind that a run tries: the numbers from `first` to `first + count - 1`. The numbers begin at 0. */
export interface Share {
  readonly first: number;
  readonly count: number;
}

/** The length of a day, in milliseconds. */
const DAY_MS = 86_400_000;

/**
 * Returns the cases that a run tries. `npm test` tries the first cases, and a full run tries all cases. `npm run long`
 * tries another part each day, so that the nightly runs together try each case of a full run. All parts have the same
 * number of cases. The last part ends with the last case, and may overlap with the part before it. If a test uses
 * `first` as a random seed, its sequence differs each day.
 */
export function shareOf(budget: Budget, size: Size, day: number): Share {
  if (size !== 'long') return { first: 0, count: budget[size] };
  const parts = Math.ceil(budget.full / budget.long);
  return { first: Math.min((day % parts) * budget.long, budget.full - budget.long), count: budget.long };
}

function sizeOfRun(): Size {
  const size = process.env['TYPEKRO_BUDGET'] ?? 'test';
  if (size === 'test' || size === 'long' || size === 'full') return size;
  throw new Error(`TYPEKRO_BUDGET is ${size}, but must be test, long or full`);
}

/** Does this run include the tests that are too slow for `npm test`? */
export function isLongRun(): boolean {
  return sizeOfRun() !== 'test';
}

/** The day of this run, counted from 1970. `TYPEKRO_DAY` names another day. */
function dayOfRun(): number {
  return Number(process.env['TYPEKRO_DAY'] ?? Math.floor(Date.now() / DAY_MS));
}

/** Returns the cases of a kind that this run tries, from `test/budgets.json`. */
export function share(kind: string): Share {
  const budgets = JSON.parse(readFileSync(new URL('../../../test/budgets.json', import.meta.url), 'utf8')) as Record<
    string,
    Budget
  >;
  const entry = budgets[kind];
  if (entry === undefined) throw new Error(`test/budgets.json has no entry ${kind}`);
  return shareOf(entry, sizeOfRun(), dayOfRun());
}

/** Returns only the number of cases of a kind in this run, for kinds whose cases are not numbered. */
export function budget(kind: string): number {
  return share(kind).count;
}

/**
 * Returns the cases of a list that this run tries. They are evenly spread over the list, and their number is at least
 * the budget, unless the list is shorter. `npm run long` begins at another case each day, so that the nightly runs
 * together try the whole list.
 */
export function spread<T>(list: readonly T[], kind: string): T[] {
  return spreadOf(list, share(kind).count, sizeOfRun() === 'long' ? dayOfRun() : 0);
}

/**
 * Returns at least `count` cases of a list, evenly spread; all cases of a shorter list. Each day begins one case later,
 * so that every case is tried.
 */
export function spreadOf<T>(list: readonly T[], count: number, day: number): T[] {
  const stride = Math.max(1, Math.floor(list.length / count));
  return list.filter((_, index) => index % stride === day % stride);
}

/** Returns the numbers of the cases of a kind in this run. */
export function numbersOf(kind: string): number[] {
  const { first, count } = share(kind);
  return Array.from({ length: count }, (_, index) => first + index);
}
