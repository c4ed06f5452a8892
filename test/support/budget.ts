import { readFileSync } from 'node:fs';

interface Budget {
  /** Count in `npm test`. */
  readonly test: number;
  /** Count in `npm run long`. */
  readonly long: number;
}

/** Returns the number of generated cases of a kind in this run, from `test/budgets.json`. */
export function budget(kind: string): number {
  const budgets = JSON.parse(readFileSync(new URL('../budgets.json', import.meta.url), 'utf8')) as Record<
    string,
    Budget
  >;
  const entry = budgets[kind];
  if (entry === undefined) throw new Error(`test/budgets.json has no entry ${kind}`);
  return process.env.TYPEKRO_BUDGET === 'long' ? entry.long : entry.test;
}
