import { differences } from '../../packages/testing/src/simulation/compare-states.ts';
import { type RunResult, run } from './run.ts';
import { type UserAction, applyRig, drift, redefine, removeChild, removeRig } from './user-actions.ts';
import { type Fault, type FaultSchedule, noFaults } from '../../packages/testing/src/simulation/fault-schedule.ts';
import { LostLine, TheseFaults } from './chosen-faults.ts';

/** Short stories of creation, change, repair and deletion. Each story runs with every fault at every request. */
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

/** A run that broke a rule, or ended in another state than the run without faults. */
export interface ExhaustiveFailure {
  readonly fault: Fault;
  readonly request: number;
  readonly problems: readonly string[];
}

/** The result of an exhaustive run. */
export interface ExhaustiveResult {
  /**
   * The number of requests in the run without faults. Without `share`, each fault was injected once at each of these
   * requests.
   */
  readonly requests: number;
  readonly runs: number;
  readonly failures: readonly ExhaustiveFailure[];
}

const PLAN = { seed: 1, processes: 1 };

async function problemsOf(
  actions: readonly UserAction[],
  good: RunResult,
  schedule: FaultSchedule,
): Promise<readonly string[]> {
  const bad = await run({ ...PLAN, actions, schedule });
  return bad.problems.length > 0 ? bad.problems : differences(good.state, bad.state);
}

/** A story with disruptions that single faults do not cover. Each run of the story has one of the disruptions. */
export interface Series {
  readonly actions: readonly UserAction[];
  /**
   * Yields the disruption of each run. The arguments are the numbers of requests and of watch lines in a run without
   * faults.
   */
  readonly each: (
    requests: number,
    lines: number,
  ) => Iterable<{ readonly what: string; readonly schedule: FaultSchedule }>;
}

const two = ['one', 'two'].map((name) => ({
  ...applyRig(name, { text: 'a', names: ['a'] }),
  pause: 'settle' as const,
}));

/** Actions that create more revisions than the controller keeps. */
const often = ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((fixed) => ({ ...redefine(fixed), pause: 'settle' as const }));

/**
 * Disruptions that single faults do not cover.
 *
 * In `two faults in a row`, one request fails, and the request before or after it gets no response. The request without
 * a response is still in flight when the controller retries.
 *
 * In `a lost line`, the server expires the watch instead of sending one line. The controller sees the change in this
 * line only through a new list.
 *
 * In `a conflict`, one write fails with a conflict. Its story has more revisions than the controller keeps.
 */
export const SERIES = {
  'two faults in a row': { actions: two, each: pairs },
  'a lost line': { actions: SCENARIOS.get('repair') ?? [], each: lostLines },
  'a conflict': { actions: often, each: conflicts },
} as const satisfies Readonly<Record<string, Series>>;

function* pairs(requests: number): Iterable<{ what: string; schedule: FaultSchedule }> {
  for (let request = 1; request < requests; request += 1) {
    for (const [first, second] of [['error', 'black-hole'] as const, ['black-hole', 'error'] as const]) {
      const faults = new Map<number, Fault>([
        [request, first],
        [request + 1, second],
      ]);
      yield {
        what: `request ${request} (${first}), request ${request + 1} (${second})`,
        schedule: new TheseFaults(faults),
      };
    }
  }
}

function* lostLines(_requests: number, lines: number): Iterable<{ what: string; schedule: FaultSchedule }> {
  for (let line = 1; line <= lines; line += 1) yield { what: `line ${line} (expired)`, schedule: new LostLine(line) };
}

function* conflicts(requests: number): Iterable<{ what: string; schedule: FaultSchedule }> {
  for (let request = 1; request <= requests; request += 1) {
    yield { what: `request ${request} (conflict)`, schedule: new TheseFaults(new Map([[request, 'conflict']])) };
  }
}

/** Runs a series until `isEnough` returns true for a failure. Returns the number of runs and the failures. */
export async function runSeries(
  { actions, each }: Series,
  isEnough: (problems: readonly string[]) => boolean = () => false,
): Promise<{ runs: number; failures: { what: string; problems: readonly string[] }[] }> {
  const counting = new LostLine(0);
  const good = await run({ ...PLAN, actions, schedule: counting });
  const failures = good.problems.length > 0 ? [{ what: 'no disruption', problems: good.problems }] : [];
  let runs = 1;
  for (const { what, schedule } of each(good.requestsWithFaults, counting.lines)) {
    if (failures.some(({ problems }) => isEnough(problems))) break;
    const problems = await problemsOf(actions, good, schedule);
    runs += 1;
    if (problems.length > 0) failures.push({ what, problems });
  }
  return { runs, failures };
}

/**
 * Runs a story once per combination of request and fault. Each run has only that fault. With `share`, only every
 * `of`-th request gets faults, so that several processes can divide the work.
 */
export async function exhaust(
  actions: readonly UserAction[],
  faults: readonly Fault[],
  share: { readonly index: number; readonly of: number } = { index: 0, of: 1 },
): Promise<ExhaustiveResult> {
  const good = await run({ ...PLAN, actions, schedule: noFaults() });
  const failures: ExhaustiveFailure[] = [];
  if (good.problems.length > 0) failures.push({ fault: 'none', request: 0, problems: good.problems });
  let runs = 0;
  for (let request = 1 + share.index; request <= good.requestsWithFaults; request += share.of) {
    for (const fault of faults) {
      const problems = await problemsOf(actions, good, new TheseFaults(new Map([[request, fault]])));
      runs += 1;
      if (problems.length > 0) failures.push({ fault, request, problems });
    }
  }
  return { requests: good.requestsWithFaults, runs, failures };
}
