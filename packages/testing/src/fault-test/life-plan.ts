import { noise } from '../simulation/sim-clock.ts';

/**
 * A change or deletion of one child by another client. The numbers in [0, 1) select one of the existing children and
 * one of its fields.
 */
export interface Disturbance {
  readonly kind: 'change' | 'delete';
  readonly child: number;
  readonly field: number;
}

/**
 * The maximum number of lives per graph. A life is one instance under faults, from its creation to its deletion. It
 * takes a few tenths of a second.
 */
export const MAX_LIVES = 10_000;

/** A random seed of at most six digits. */
export const randomSeed = (): number => Math.floor(Math.random() * 1_000_000);

/** The greatest seed. */
export const MAX_SEED = 4_294_967_295;

/**
 * The seed of the life with this index (from 0) in a run whose first life has the seed `first`. After the greatest
 * seed, seeds continue at 0.
 */
export const seedOfLife = (first: number, index: number): number => (first + index) % (MAX_SEED + 1);

/**
 * Chooses the test whose steps a life carries out. A number is computed from the seed and each test's name, and the
 * test with the highest number is chosen. The choice therefore stays the same if other tests are removed.
 */
export function chooseTest<Test extends { readonly name: string }>(
  seed: number,
  tests: readonly Test[],
): Test | undefined {
  let chosen: { readonly test: Test; readonly number: number } | undefined;
  for (const test of tests) {
    const number = noise(seed, `test ${test.name}`, 0);
    if (chosen === undefined || number > chosen.number) chosen = { test, number };
  }
  return chosen?.test;
}

/**
 * The changes and deletions of children by another client after a step. Step 0 is the creation of the instance. The
 * step number after the last step of the test stands for the deletion of the instance.
 */
export function disturbancesOf(seed: number, step: number): Disturbance[] {
  const count = Math.floor(noise(seed, 'disturbances', step) * 3);
  return Array.from({ length: count }, (_, index) => {
    const number = step * 10 + index;
    return {
      kind: noise(seed, 'kind of disturbance', number) < 0.5 ? 'change' : 'delete',
      child: noise(seed, 'disturbed child', number),
      field: noise(seed, 'disturbed field', number),
    };
  });
}

/** The pause after a step. `settle`: until no work remains at the present time. A number: milliseconds. */
export function pauseOf(seed: number, step: number): 'settle' | number {
  const number = noise(seed, 'pause', step);
  if (number < 0.5) return 'settle';
  return number < 0.8 ? Math.floor(noise(seed, 'length of pause', step) * 3000) : 0;
}
