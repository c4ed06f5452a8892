import { readFileSync } from 'node:fs';

/** The size of a run: `npm test`, `npm run long`, or `npm run long -- full`. */
type Size = 'test' | 'long' | 'full';

/** The number of generated cases of a kind, for each size of a run. */
export type Budget = Readonly<Record<Size, number>>;

/** The cases of a kind that a run tries: those with the numbers `first` to `first + count - 1`. The numbers begin at 0. */
export interface Share {
  readonly first: number;
  readonly count: number;
}

/** Milliseconds of a day. */
const DAY_MS = 86_400_000;

/**
 * Returns the cases that a run tries. `npm test` has the first ones and a full run has all. `npm run long` has another
 * part of all each day, so that the nights together try what a full run tries.
 */
export function shareOf(budget: Budget, size: Size, day: number): Share {
  if (size !== 'long') return { first: 0, count: budget[size] };
  const parts = Math.max(1, Math.floor(budget.full / budget.long));
  return { first: (day % parts) * budget.long, count: budget.long };
}

function sizeOfRun(): Size {
  const size = process.env['TYPEKRO_BUDGET'] ?? 'test';
  if (size === 'test' || size === 'long' || size === 'full') return size;
  throw new Error(`TYPEKRO_BUDGET is ${size}, but must be test, long or full`);
}

/** Whether this run has the tests that are too slow for `npm test`. */
export function isLongRun(): boolean {
  return sizeOfRun() !== 'test';
}

/** Returns the cases of a kind that this run tries, from `test/budgets.json`. `TYPEKRO_DAY` names another day. */
export function share(kind: string): Share {
  const budgets = JSON.parse(readFileSync(new URL('../budgets.json', import.meta.url), 'utf8')) as Record<
    string,
    Budget
  >;
  const entry = budgets[kind];
  if (entry === undefined) throw new Error(`test/budgets.json has no entry ${kind}`);
  return shareOf(entry, sizeOfRun(), Number(process.env['TYPEKRO_DAY'] ?? Math.floor(Date.now() / DAY_MS)));
}

/** Returns the number of cases of a kind in this run. For cases that have no numbers. */
export function budget(kind: string): number {
  return share(kind).count;
}

/**
 * Returns the cases of a list that this run tries: as many as its budget, evenly spread. `npm run long` begins at another
 * case each day.
 */
export function spread<T>(list: readonly T[], kind: string): T[] {
  const { first, count } = share(kind);
  const stride = Math.max(1, Math.floor(list.length / count));
  const offset = Math.floor(first / count) % stride;
  return list.filter((_, index) => index % stride === offset);
}

/** Returns the numbers of the cases of a kind in this run. */
export function numbersOf(kind: string): number[] {
  const { first, count } = share(kind);
  return Array.from({ length: count }, (_, index) => first + index);
}
