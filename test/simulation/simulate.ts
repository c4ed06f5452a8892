import type { RunResult } from './run.ts';
import { run } from './run.ts';
import { differences } from '../../src/testing/simulation/compare-states.ts';
import { noise, seededRandom } from '../../src/testing/simulation/sim-clock.ts';
import type { UserAction } from './user-actions.ts';
import { randomActions } from './user-actions.ts';
import { fairWeather, Weather } from '../../src/testing/simulation/weather.ts';

/** What one seed came to. */
export interface SimulationResult {
  readonly seed: number;
  /** Empty when all went well. */
  readonly problems: readonly string[];
  readonly crashes: number;
  readonly requests: number;
  /** The disruptions that struck, by name, in order. */
  readonly struck: readonly string[];
  /** What was done and what went wrong, in order, for reading a failure. */
  readonly log: readonly string[];
}

/** So many seeds in a row have the same user actions, so that the run without faults is made once for them. */
export const SEEDS_PER_STORY = 10;

let lastStory: { readonly story: number; readonly good: Promise<RunResult> } | undefined;

/** Runs a seed with faults and without, and compares where both end. `only`: the disruptions that are let through. */
export async function simulate(
  seed: number,
  only?: ReadonlySet<string>,
  staff: Staff = staffOf(seed),
): Promise<SimulationResult> {
  const { actions, story } = storyOf(seed);
  if (lastStory?.story !== story) {
    lastStory = { story, good: run({ seed: story, actions, weather: fairWeather(), processes: 1 }) };
  }
  const good = await lastStory.good;
  const weather = new Weather(seed, only);
  const bad = await run({ seed, actions, weather, ...staff });
  const problems = [...good.problems.map((text) => `without faults: ${text}`), ...bad.problems];
  if (problems.length === 0) problems.push(...differences(good.state, bad.state));
  const log = good.problems.length > 0 ? good.log : bad.log;
  return { seed, problems, crashes: bad.crashes, requests: bad.requests, struck: weather.struck, log };
}

/** What the users of a seed do. */
export function storyOf(seed: number): { readonly story: number; readonly actions: readonly UserAction[] } {
  const story = Math.ceil(seed / SEEDS_PER_STORY);
  return { story, actions: randomActions(seededRandom(story)) };
}

/** Who works: one process, or several of which one leads, or that divide the work into shards. */
export interface Staff {
  readonly processes: number;
  readonly shards?: number;
}

/** Two or three processes that divide the work. */
export function divided(seed: number): Staff {
  return { processes: noise(seed, 'shards', 1) < 0.5 ? 2 : 3, shards: 3 };
}

/** One seed in six has several processes; of these, two in five have them divide the work. */
function staffOf(seed: number): Staff {
  if (noise(seed, 'processes', 0) >= 1 / 6) return { processes: 1 };
  return noise(seed, 'shards', 0) > 0.6 ? divided(seed) : { processes: 2 };
}

/**
 * The fewest disruptions found with which a seed still fails: halves, then quarters and so on are left out
 * as long as it still does. At most `runs` runs.
 */
export async function shrink(
  seed: number,
  struck: readonly string[],
  staff?: Staff,
  runs = 120,
): Promise<readonly string[]> {
  const fails = async (names: readonly string[]) => (await simulate(seed, new Set(names), staff)).problems.length > 0;
  let left = [...struck];
  let spent = 0;
  if (await fails([])) return [];
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length && spent < runs; spent += 1) {
      const without = [...left.slice(0, from), ...left.slice(from + size)];
      if (await fails(without)) left = without;
      else from += size;
    }
  }
  return left;
}
