/** The seeds of the simulated lives that a release runs. */
import { createHash } from 'node:crypto';

/** A range of seeds; both ends are in it. */
export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

/** The ranges of a release, for stories about definitions and for stories about Graphs. */
export interface ReleaseSeeds {
  readonly definitions: SeedRange;
  readonly graphs: SeedRange;
}

/** The counts of `test/budgets.json` that the ranges need. */
export type SeedBudgets = Readonly<
  Record<'simulationSeeds' | 'simulationGraphSeeds', { readonly long: number; readonly full: number }>
>;

/** The number of ranges among which the version chooses. */
const RANGES = 1_000_000;

/**
 * Returns the fresh seeds of a version: as many as a night of `npm run long` has. They are above those of a full run, so
 * that no earlier run had them, and follow from the version alone, so that a reader can run them again.
 */
export function releaseSeeds(version: string, budgets: SeedBudgets): ReleaseSeeds {
  const choice = createHash('sha256').update(version).digest().readUInt32BE(0) % RANGES;
  const rangeOf = ({ long, full }: SeedBudgets[keyof SeedBudgets]): SeedRange => {
    const from = full + 1 + choice * long;
    return { from, to: from + long - 1 };
  };
  return { definitions: rangeOf(budgets.simulationSeeds), graphs: rangeOf(budgets.simulationGraphSeeds) };
}
