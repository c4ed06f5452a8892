import { differences } from './end-state.ts';
import { run } from './run.ts';
import type { UserAction } from './user-actions.ts';
import { applyRig, drift, redefine, removeChild, removeRig } from './user-actions.ts';
import type { Fault } from './weather.ts';
import { fairWeather, OneFault } from './weather.ts';

/** Short stories that go through everything once: each is run with every fault at every request. */
export const SCENARIOS: ReadonlyMap<string, readonly UserAction[]> = new Map([
  [
    'create and delete',
    [
      { ...applyRig('one', { text: 'a', names: ['a'], extra: true }), pause: 10_000 },
      { ...removeRig('one'), pause: 90_000 },
    ],
  ],
  [
    'change',
    [
      { ...applyRig('one', { text: 'a', names: ['a', 'b'], extra: true }), pause: 10_000 },
      { ...applyRig('one', { text: 'b', names: ['b', 'c'] }), pause: 10_000 },
      { ...redefine('b'), pause: 10_000 },
    ],
  ],
  [
    'repair',
    [
      { ...applyRig('one', { text: 'a', names: ['a'] }), pause: 10_000 },
      { ...drift('one-mid'), pause: 5000 },
      { ...removeChild('one-after'), pause: 5000 },
    ],
  ],
] as const);

/** A run that broke a rule or ended elsewhere. */
export interface ExhaustiveFailure {
  readonly fault: Fault;
  readonly request: number;
  readonly problems: readonly string[];
}

/** What an exhaustive run came to. */
export interface ExhaustiveResult {
  /** Requests of the run without faults; each had each fault once. */
  readonly requests: number;
  readonly runs: number;
  readonly failures: readonly ExhaustiveFailure[];
}

/** Runs a story once for each request and fault, with that fault alone; `shares` splits the work among processes. */
export async function exhaust(
  actions: readonly UserAction[],
  faults: readonly Fault[],
  share: { readonly index: number; readonly of: number } = { index: 0, of: 1 },
): Promise<ExhaustiveResult> {
  const plan = { seed: 1, actions, processes: 1 };
  const good = await run({ ...plan, weather: fairWeather() });
  const failures: ExhaustiveFailure[] = [];
  if (good.problems.length > 0) failures.push({ fault: 'none', request: 0, problems: good.problems });
  let runs = 0;
  for (let request = 1 + share.index; request <= good.requestsUntilCalm; request += share.of) {
    for (const fault of faults) {
      const bad = await run({ ...plan, weather: new OneFault(request, fault) });
      runs += 1;
      const problems = bad.problems.length > 0 ? bad.problems : differences(good.state, bad.state);
      if (problems.length > 0) failures.push({ fault, request, problems });
    }
  }
  return { requests: good.requestsUntilCalm, runs, failures };
}
