import { describe, expect, it } from 'vitest';
import { backoffMs } from './time.ts';
import { RETRY_POLICIES } from './retry-policies.ts';

/** The shortest and the longest wait after 1, 2, 3, 10 and 1000 failures in a row, in milliseconds. */
const WAITS: Record<keyof typeof RETRY_POLICIES, readonly (readonly [shortest: number, longest: number])[]> = {
  request: [
    [50, 100],
    [100, 200],
    [200, 400],
    [2500, 5000],
    [2500, 5000],
  ],
  watch: [
    [250, 500],
    [500, 1000],
    [1000, 2000],
    [15_000, 30_000],
    [15_000, 30_000],
  ],
  unreachableWatch: [
    [250, 500],
    [500, 1000],
    [1000, 2000],
    [2500, 5000],
    [2500, 5000],
  ],
  idleRepeat: [
    [10, 10],
    [20, 20],
    [40, 40],
    [5120, 5120],
    [60_000, 60_000],
  ],
  clusterProcess: [
    [10, 10],
    [20, 20],
    [40, 40],
    [200, 200],
    [200, 200],
  ],
  endedContainer: [
    [10_000, 10_000],
    [20_000, 20_000],
    [40_000, 40_000],
    [300_000, 300_000],
    [300_000, 300_000],
  ],
  apiServer: [
    [250, 500],
    [500, 1000],
    [1000, 2000],
    [15_000, 30_000],
    [15_000, 30_000],
  ],
  waitingGraph: [
    [1000, 1000],
    [2000, 2000],
    [4000, 4000],
    [300_000, 300_000],
    [300_000, 300_000],
  ],
  instanceWrite: [
    [100, 200],
    [200, 400],
    [400, 800],
    [51_200, 102_400],
    [150_000, 300_000],
  ],
  objectRead: [
    [500, 1000],
    [1000, 2000],
    [2000, 4000],
    [15_000, 30_000],
    [15_000, 30_000],
  ],
  workQueue: [
    [50, 100],
    [100, 200],
    [200, 400],
    [25_600, 51_200],
    [30_000, 60_000],
  ],
  refusedDefinition: [
    [60_000, 60_000],
    [60_000, 60_000],
    [60_000, 60_000],
    [60_000, 60_000],
    [60_000, 60_000],
  ],
  rewrittenObject: [
    [5000, 5000],
    [10_000, 10_000],
    [20_000, 20_000],
    [60_000, 60_000],
    [60_000, 60_000],
  ],
  changedWrite: [
    [60_000, 60_000],
    [120_000, 120_000],
    [240_000, 240_000],
    [30_720_000, 30_720_000],
    [36_000_000, 36_000_000],
  ],
  contestedField: [
    [10_000, 10_000],
    [20_000, 20_000],
    [40_000, 40_000],
    [600_000, 600_000],
    [600_000, 600_000],
  ],
  lease: [
    [2000, 2000],
    [2000, 2000],
    [2000, 2000],
    [2000, 2000],
    [2000, 2000],
  ],
  simulatedController: [
    [1000, 1000],
    [1000, 1000],
    [1000, 1000],
    [1000, 1000],
    [1000, 1000],
  ],
  failedPod: [
    [10_000, 10_000],
    [20_000, 20_000],
    [40_000, 40_000],
    [600_000, 600_000],
    [600_000, 600_000],
  ],
  rejectedPod: [
    [1000, 1000],
    [2000, 2000],
    [4000, 4000],
    [10_000, 10_000],
    [10_000, 10_000],
  ],
  failedIssuance: [
    [3_600_000, 3_600_000],
    [7_200_000, 7_200_000],
    [14_400_000, 14_400_000],
    [115_200_000, 115_200_000],
    [115_200_000, 115_200_000],
  ],
};
const LARGEST_RANDOM = 1 - Number.EPSILON;

describe('the waits between tries', () => {
  it.each(Object.entries(WAITS))('of %s', (name, expected) => {
    const policy = RETRY_POLICIES[name as keyof typeof RETRY_POLICIES];
    const waits = [1, 2, 3, 10, 1000].map((failures) => [
      backoffMs(policy, failures, 0),
      backoffMs(policy, failures, LARGEST_RANDOM),
    ]);
    expect(waits).toEqual(expected);
  });

  it('grow by the factor, and the jitter is the fraction of each wait that is random', () => {
    const policy = { initialMs: 100, maxMs: 10_000, factor: 3, jitter: 0.1 };
    expect([1, 2, 3].map((failures) => backoffMs(policy, failures, 0))).toEqual([90, 270, 810]);
    expect([1, 2, 3].map((failures) => backoffMs(policy, failures, 0.5))).toEqual([95, 285, 855]);
  });
});
