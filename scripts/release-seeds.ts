/** The seeds of the simulations that a release runs. */
import { createHash } from 'node:crypto';

/** A range of seeds that includes both ends. */
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

/** The number of possible ranges. A hash of the version selects one. */
const RANGES = 1_000_000;

/**
 * Returns the fresh seeds of a version. Their number is the number of seeds of one night of `npm run long`. These seeds
 * are greater than all seeds of a full run, so no full run uses them. They depend only on the version, so a reader can
 * repeat the run.
 */
export function releaseSeeds(version: string, budgets: SeedBudgets): ReleaseSeeds {
  const choice = createHash('sha256').update(version).digest().readUInt32BE(0) % RANGES;
  const rangeOf = ({ long, full }: SeedBudgets[keyof SeedBudgets]): SeedRange => {
    const from = full + 1 + choice * long;
    return { from, to: from + long - 1 };
  };
  return { definitions: rangeOf(budgets.simulationSeeds), graphs: rangeOf(budgets.simulationGraphSeeds) };
}
