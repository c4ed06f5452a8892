import { noise } from '../simulation/sim-clock.ts';

/** An act of another client on one child. The numbers in [0, 1) choose among what exists then. */
export interface Disturbance {
  readonly kind: 'change' | 'delete';
  readonly child: number;
  readonly field: number;
}

/** The greatest number of lives; each takes some tenths of a second. */
export const MAX_LIVES = 10_000;

/** A seed that is short to type. */
export const randomSeed = (): number => Math.floor(Math.random() * 1_000_000);

/** The greatest seed. */
export const MAX_SEED = 4_294_967_295;

/** The seed of a life, by its number from 0. After the greatest seed comes 0. */
export const seedOfLife = (first: number, index: number): number => (first + index) % (MAX_SEED + 1);

/**
 * The test whose steps a life has. The choice depends on the seed and on the names alone, and stays when other tests are
 * left out: of all tests that with the highest number wins.
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

/** What another client does to children after the step of this number, from 0 for the creation of the instance. */
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

/** How long the life waits after a step: until nothing more happens at this time, or some milliseconds; 0: not at all. */
export function pauseOf(seed: number, step: number): 'settle' | number {
  const number = noise(seed, 'pause', step);
  if (number < 0.5) return 'settle';
  return number < 0.8 ? Math.floor(noise(seed, 'length of pause', step) * 3000) : 0;
}
