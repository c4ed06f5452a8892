import { noise } from '../simulation/sim-clock.ts';

/**
 * A change or deletion of one child by another client. The numbers in [0, 1) choose the child and the field among the
 * existing ones.
 */
export interface Disturbance {
  readonly kind: 'change' | 'delete';
  readonly child: number;
  readonly field: number;
}

/** The maximum number of lives of one graph. A life takes some tenths of a second. */
export const MAX_LIVES = 10_000;

/** A random seed with few digits. */
export const randomSeed = (): number => Math.floor(Math.random() * 1_000_000);

/** The greatest seed. */
export const MAX_SEED = 4_294_967_295;

/** The seed of the life `index` (from 0) of a run whose first life has the seed `first`. 0 follows the greatest seed. */
export const seedOfLife = (first: number, index: number): number => (first + index) % (MAX_SEED + 1);

/**
 * The test whose steps a life has. Each test gets a number from the seed and its name, and the highest number wins. The
 * choice therefore stays the same when other tests are left out.
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
 * number after the last step of the test is the deletion of the instance.
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

/** The wait after a step. `settle` ends when no work is due at the present time. A number is milliseconds. */
export function pauseOf(seed: number, step: number): 'settle' | number {
  const number = noise(seed, 'pause', step);
  if (number < 0.5) return 'settle';
  return number < 0.8 ? Math.floor(noise(seed, 'length of pause', step) * 3000) : 0;
}
