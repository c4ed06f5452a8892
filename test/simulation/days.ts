import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { JsonObject } from '@typekro/kit/core';
import { differences } from '../../packages/testing/src/simulation/compare-states.ts';
import { storyRandom } from '../../packages/testing/src/simulation/sim-clock.ts';
import { type Fault, FaultSchedule, noFaults } from '../../packages/testing/src/simulation/fault-schedule.ts';
import type { TransportRequest } from '@typekro/kube';
import { RotatedCredentials } from './rotated-credentials.ts';
import { run } from './run.ts';
import type { UserAction } from './instance-actions.ts';
import { applyRig, removeChild, removeRig, randomActions, replaceDefinition } from './user-actions.ts';

const HOUR_MS = 3_600_000;
/** The maximum pause between two random actions of users. */
const MAX_PAUSE_MS = 6 * 60_000;
/**
 * The number of events that the cluster keeps. If it kept more events, memory would grow during the first hours. With
 * few events, old watches also expire.
 */
const EVENT_WINDOW = 10;

/** The number of log lines that are kept. Without a limit, the log would grow during the whole run. */
const MAX_LOG_LINES = 500;

/** The inputs of a long run. */
export interface DaysPlan {
  readonly seed: number;
  /** The hours of simulated time. */
  readonly hours: number;
  /** The number of controller processes. Several processes elect a leader. */
  readonly processes: number;
  /** Called once per hour of simulated time, with the number of elapsed hours. */
  readonly onHour: (hour: number) => Promise<void>;
}

export interface DaysResult {
  readonly problems: readonly string[];
  /**
   * The number of rotations of the processes' credentials. `refused` is the number of requests that the server refused
   * because of rotations.
   */
  readonly rotations: number;
  readonly refused: number;
  readonly requests: number;
  readonly actions: number;
  readonly log: readonly string[];
}

/**
 * The faults of processes that live for days. A process is never killed, because a restart would hide a leak. The list
 * of disruptions is emptied, because it would grow during the whole run.
 */
class LongSchedule extends FaultSchedule {
  override happens(source: string, count: number, probability: number, detail = ''): boolean {
    if (source === 'kill') return false;
    const happens = super.happens(source, count, probability, detail);
    this.happened.length = 0;
    return happens;
  }

  override requestFault(index: number, request: TransportRequest): Fault {
    const fault = super.requestFault(index, request);
    return fault === 'crash-before' || fault === 'crash-after' ? 'none' : fault;
  }
}

/** The last actions of a run. They replace all objects, so that the end state does not depend on earlier actions. */
function lastActions(): UserAction[] {
  const spec: JsonObject = { text: 'last', names: ['a', 'c'], extra: true };
  const [one, two, three] = ['one', 'two', 'three'].map((name) => ({ ...removeRig(name), pause: 'settle' as const }));
  return [
    one,
    two,
    three,
    removeChild('three-base'),
    replaceDefinition(),
    applyRig('one', spec),
    applyRig('two', { ...spec, extra: false }),
  ].filter((action) => action !== undefined);
}

/** The progress of a long run. */
interface Progress {
  elapsedMs: number;
  /** The number of actions up to now, without the last actions. */
  actions: number;
}

/**
 * Yields the actions of random stories one after another, with pauses, until the hours are over. Then yields the last
 * actions.
 */
function* longStory(seed: number, hours: number, progress: Progress): Generator<UserAction> {
  const random = storyRandom(seed);
  const isOver = () => progress.elapsedMs >= hours * HOUR_MS;
  for (let part = 1; !isOver(); part += 1) {
    for (const action of randomActions(storyRandom(seed * 10_000 + part))) {
      if (isOver()) break;
      progress.actions += 1;
      yield { ...action, pause: random() < 0.2 ? 'none' : Math.floor(random() * MAX_PAUSE_MS) };
    }
  }
  yield* lastActions();
}

/**
 * Runs users, rivals and controllers for days of simulated time, with continuous faults. Compares the end state with
 * the end state of a short run that has only the last actions and no faults.
 */
export async function runDays({ seed, hours, processes, onHour }: DaysPlan): Promise<DaysResult> {
  const progress = { elapsedMs: 0, actions: 0 };
  using credentials = await RotatedCredentials.create(seed);
  const good = await run({ seed, actions: lastActions(), schedule: noFaults(), processes: 1 });
  const long = await run({
    seed,
    actions: longStory(seed, hours, progress),
    schedule: new LongSchedule(seed),
    processes,
    credentials,
    maxLogLines: MAX_LOG_LINES,
    cluster: { eventWindow: EVENT_WINDOW, controllers: true },
    async onTime(elapsedMs) {
      const isNewHour = Math.floor(elapsedMs / HOUR_MS) > Math.floor(progress.elapsedMs / HOUR_MS);
      progress.elapsedMs = elapsedMs;
      if (isNewHour) await onHour(elapsedMs / HOUR_MS);
    },
  });
  const problems = [...good.problems.map((text) => `without faults: ${text}`), ...long.problems];
  if (problems.length === 0) problems.push(...differences(good.state, long.state));
  const { rotations, refused } = credentials;
  problems.push(...credentials.problems);
  return { problems, rotations, refused, requests: long.requests, actions: progress.actions, log: long.log };
}

/** Collects garbage, and returns the number of bytes in use on the JavaScript heap. Works without `--expose-gc`. */
export async function liveHeap(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
  // Callbacks for collected objects run between the two collections.
  await new Promise(setImmediate);
  collect();
  return process.memoryUsage().heapUsed;
}

/**
 * The types of resources that the test runner itself uses: its channel to other processes, its streams and its files.
 */
const OF_THE_RUNNER = new Set(['PipeWrap', 'TTYWrap', 'MessagePort', 'Immediate', 'FSReqPromise', 'FSEventWrap']);

/** The names of the sockets, timers and other resources that keep this process alive. */
export async function openResources(): Promise<string[]> {
  await new Promise(setImmediate);
  return process.getActiveResourcesInfo().filter((name) => !OF_THE_RUNNER.has(name));
}
