import { type RunResult, run } from './run.ts';
import { GRAPH_STAGE } from './graphs/stage.ts';
import { randomGraphActions } from './graphs/actions.ts';
import { type Stage, DEFINITION_STAGE } from './stage.ts';
import { differences } from '../../packages/testing/src/simulation/compare-states.ts';
import { noise, storyRandom } from '../../packages/testing/src/simulation/sim-clock.ts';
import { type UserAction, randomActions } from './user-actions.ts';
import { noFaults, FaultSchedule } from '../../packages/testing/src/simulation/fault-schedule.ts';

/** The result of one seed. */
export interface SimulationResult {
  readonly seed: number;
  /** Empty when the run found no problem. */
  readonly problems: readonly string[];
  readonly crashes: number;
  readonly requests: number;
  /** The names of the disruptions that happened, in order. */
  readonly happened: readonly string[];
  /** The actions and failures in order, to read when a seed fails. */
  readonly log: readonly string[];
}

/**
 * The number of consecutive seeds with the same story, i.e. the same user actions. These seeds share one run without
 * faults.
 */
export const SEEDS_PER_STORY = 10;

/** One kind of stories: the generator of the user actions, and the environment in which they run (`Stage`). */
export interface Stories {
  readonly stage: Stage;
  readonly actions: (random: () => number) => UserAction[];
}

/** The kinds of stories, by name. */
export const STORIES = {
  definitions: { stage: DEFINITION_STAGE, actions: randomActions },
  graphs: { stage: GRAPH_STAGE, actions: randomGraphActions },
} as const satisfies Readonly<Record<string, Stories>>;

let lastStory: { readonly story: number; readonly stories: Stories; readonly good: Promise<RunResult> } | undefined;

/**
 * Runs a seed with faults and without faults, and compares the end states. `only` are the names of the disruptions that
 * may happen. Default: all.
 */
export async function simulate(
  seed: number,
  only?: ReadonlySet<string>,
  processSet: ProcessSet = processSetOf(seed),
  stories: Stories = STORIES.definitions,
): Promise<SimulationResult> {
  const { stage } = stories;
  const { actions, story } = storyOf(seed, stories);
  if (lastStory?.story !== story || lastStory.stories !== stories) {
    const good = run({ seed: story, actions, schedule: noFaults(), processes: 1, stage });
    lastStory = { story, stories, good };
  }
  const good = await lastStory.good;
  const schedule = new FaultSchedule(seed, only);
  const bad = await run({ seed, actions, schedule, stage, ...processSet });
  const problems = [...good.problems.map((text) => `without faults: ${text}`), ...bad.problems];
  if (problems.length === 0) problems.push(...differences(good.state, bad.state));
  const log = good.problems.length > 0 ? good.log : bad.log;
  return { seed, problems, crashes: bad.crashes, requests: bad.requests, happened: schedule.happened, log };
}

/** The number of the story that a seed runs, and the user actions of this story. */
export function storyOf(
  seed: number,
  stories: Stories = STORIES.definitions,
): { readonly story: number; readonly actions: readonly UserAction[] } {
  const story = Math.ceil(seed / SEEDS_PER_STORY);
  return { story, actions: stories.actions(storyRandom(story)) };
}

/**
 * The controller processes of a run: one process, several processes with one leader, or several processes that divide
 * the shards.
 */
export interface ProcessSet {
  readonly processes: number;
  readonly shards?: number;
}

/** Two or three processes that divide the shards. */
export function divided(seed: number): ProcessSet {
  return { processes: noise(seed, 'shards', 1) < 0.5 ? 2 : 3, shards: 3 };
}

/** One seed in six has several processes. In two of five such seeds, the processes divide the shards. */
function processSetOf(seed: number): ProcessSet {
  if (noise(seed, 'processes', 0) >= 1 / 6) return { processes: 1 };
  return noise(seed, 'shards', 0) > 0.6 ? divided(seed) : { processes: 2 };
}

/**
 * Reduces the disruptions to a small set with which the seed still fails. Tries to remove halves, then quarters and so
 * on, and puts a part back if the seed passes without it. Stops after `runs` runs.
 */
export async function shrink(
  seed: number,
  happened: readonly string[],
  processSet?: ProcessSet,
  stories?: Stories,
  runs = 120,
): Promise<readonly string[]> {
  const fails = async (names: readonly string[]) =>
    (await simulate(seed, new Set(names), processSet, stories)).problems.length > 0;
  let left = [...happened];
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
