import { type ClusterOptions, type ClusterSnapshot, createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds } from '@typekro/controller/controller';
import { type KubeObject, definedMembers } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { electionOf } from './election.ts';
import { type Stage, DEFINITION_STAGE } from './stage.ts';
import { Rivals } from './rivals.ts';
import type { RotatedCredentials } from './rotated-credentials.ts';
import { FaultyWorld } from '../../packages/testing/src/simulation/faulty-world.ts';
import { SimClock } from '../../packages/testing/src/simulation/sim-clock.ts';
import { type UserAction, perform } from './user-actions.ts';
import type { FaultSchedule } from '../../packages/testing/src/simulation/fault-schedule.ts';

/** The inputs of a run. */
export interface RunPlan {
  /** Seed of the delays and of the rivals (other controllers that write to the children). */
  readonly seed: number;
  readonly actions: Iterable<UserAction>;
  readonly schedule: FaultSchedule;
  /** Number of controller processes. With 1, the process runs without an election. */
  readonly processes: number;
  /** The number of shards that the processes divide among them. If it is undefined, one process leads. */
  readonly shards?: number;
  /** The environment of the story: its objects, rules and checks. Default: a definition and its instances. */
  readonly stage?: Stage;
  /** Additional options of the cluster. By default, the controllers of `IDLE_CONTROLLERS` do not run in it. */
  readonly cluster?: ClusterOptions;
  /** The log keeps at least this number of its last lines. Default: 20,000. */
  readonly maxLogLines?: number;
  /** The credentials of the processes. By default, the requests have no credentials. */
  readonly credentials?: RotatedCredentials;
  /** Called after each action, with the milliseconds of simulated time since the beginning. */
  readonly onTime?: (elapsedMs: number) => Promise<void>;
}

/** The result of a run. */
export interface RunResult {
  readonly problems: readonly string[];
  readonly state: readonly KubeObject[];
  readonly crashes: number;
  readonly requests: number;
  /** The number of requests up to the end of the last user action. */
  readonly requestsWithFaults: number;
  readonly writes: number;
  /** The last actions and failures in order, to read when a run fails. */
  readonly log: readonly string[];
}

/**
 * The user retries an action at most this many times, once a second of simulated time. The limit is high because
 * processes are killed about once a minute, and an election takes 150 s.
 */
const MAX_WAIT_SECONDS = 3600;
/** The default of `maxLogLines`. */
const MAX_LOG_LINES = 20_000;
/** The time for which no controller may write after all work is done. Events and Leases are excepted. */
const STAYS_QUIET_MS = 10 * 60_000;

/** Runs users, rivals and controllers against a cluster until no work remains. */
export async function run(plan: RunPlan): Promise<RunResult> {
  const world = await World.create(plan);
  try {
    await world.play();
  } catch (error) {
    world.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return world.end();
}

/** Controllers of the cluster that a run does not use. The garbage collector stays enabled. */
const IDLE_CONTROLLERS = [
  'clusterrole-aggregation-controller',
  'event-expiry',
  'namespace-controller',
  'resourcequota-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
];

/** Maps an environment (stage) to the state from which its runs start. The state is computed once. */
const initial = new Map<Stage, Promise<ClusterSnapshot>>();

function initialState(stage: Stage): Promise<ClusterSnapshot> {
  const known = initial.get(stage);
  if (known !== undefined) return known;
  const state = prepare(stage);
  initial.set(stage, state);
  return state;
}

async function prepare(stage: Stage): Promise<ClusterSnapshot> {
  await using cluster = await createEmbeddedCluster({ clock: new SimClock(), workloads: false });
  const admin = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await admin.create(crd);
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  await stage.prepare(admin, () => cluster.idle());
  await cluster.idle();
  return cluster.snapshot();
}

class World {
  readonly problems: string[] = [];
  readonly #plan: RunPlan;
  readonly #stage: Stage;
  readonly #faulty: FaultyWorld;
  readonly #rivals: Rivals;
  readonly #log: string[] = [];
  #state: KubeObject[] = [];
  #requestsWithFaults = 0;

  static async create(plan: RunPlan): Promise<World> {
    const clock = new SimClock();
    const cluster = await createEmbeddedCluster({
      clock,
      workloads: false,
      controllers: { disable: IDLE_CONTROLLERS },
      ...plan.cluster,
    });
    cluster.restore(await initialState(plan.stage ?? DEFINITION_STAGE));
    return new World(plan, cluster, clock);
  }

  constructor(plan: RunPlan, cluster: Awaited<ReturnType<typeof createEmbeddedCluster>>, clock: SimClock) {
    const { seed, schedule, processes, shards = 0, stage = DEFINITION_STAGE } = plan;
    this.#plan = plan;
    this.#stage = stage;
    this.#faulty = new FaultyWorld({
      cluster,
      clock,
      seed,
      schedule,
      graph: stage.rules,
      kindOf: stage.kindOf,
      controller: stage.controller,
      processes,
      ...(processes > 1 ? { election: electionOf(cluster, shards, stage.flags) } : {}),
      onLog: (line) => this.#note(line),
      ...definedMembers({ authenticate: plan.credentials?.authenticate }),
    });
    plan.credentials?.begin(clock, (line) => this.#note(line));
    this.#rivals = new Rivals(this.#faulty.admin, clock, this.#faulty.ledger, seed);
    this.#faulty.isBusy = () => this.#rivals.busy;
  }

  async play(): Promise<void> {
    const { clock, admin, invariants } = this.#faulty;
    const began = clock.now();
    let index = 0;
    for (const action of this.#plan.actions) {
      index += 1;
      await this.#perform(action);
      if (action.pause === 'settle') await this.#faulty.settle();
      else if (typeof action.pause === 'number') await this.#faulty.jumpTo(clock.now() + action.pause);
      await this.#faulty.disrupt(index);
      await this.#plan.onTime?.(clock.now() - began);
    }
    this.#requestsWithFaults = this.#faulty.requests;
    this.#plan.credentials?.end();
    await this.#faulty.endFaults();
    const { writes } = invariants;
    this.#state = await this.#stage.endState(admin);
    this.problems.push(...(await this.#stage.restProblems(admin)));
    await this.#faulty.jumpTo(clock.now() + STAYS_QUIET_MS);
    const late = invariants.writes - writes;
    if (late > 0) this.problems.push(`${late} writes although all has been quiet`);
  }

  async end(): Promise<RunResult> {
    this.#rivals.stop();
    await this.#faulty.end();
    const { invariants, processes, requests } = this.#faulty;
    return {
      problems: [...this.problems, ...invariants.violations.map(({ text }) => text)],
      state: this.#state,
      crashes: processes.reduce((sum, { crashes }) => sum + crashes, 0),
      requests,
      requestsWithFaults: this.#requestsWithFaults,
      writes: invariants.writes,
      log: this.#log,
    };
  }

  #note(line: string): void {
    this.#log.push(line);
    const { maxLogLines = MAX_LOG_LINES } = this.#plan;
    if (this.#log.length > 2 * maxLogLines) this.#log.splice(0, maxLogLines);
  }

  async #perform(action: UserAction): Promise<void> {
    const { admin, clock } = this.#faulty;
    this.#note(`user: ${action.text}`);
    const memory = new Map<string, string>();
    for (let tries = 0; !(await perform(admin, action, tries, memory)); tries += 1) {
      if (tries > MAX_WAIT_SECONDS) throw new Error(`the user waits forever: ${action.text}`);
      await this.#faulty.settle();
      await this.#faulty.jumpTo(clock.now() + 1000);
    }
  }
}
