import type { ClusterSnapshot } from '../../src/cluster/index.ts';
import { createEmbeddedCluster } from '../../src/cluster/index.ts';
import { controllerCrds } from '../../src/controller/index.ts';
import type { KubeObject } from '../../src/core/index.ts';
import { KubeClient } from '../../src/kube/index.ts';
import { endState, restProblems } from './end-state.ts';
import { electionOf } from './election.ts';
import { rigDefinition } from './rig.ts';
import { kindOfPlural, RIG_RULES } from './rig-rules.ts';
import { Rivals } from './rivals.ts';
import { FaultyWorld } from '../../src/testing/simulation/faulty-world.ts';
import { SimClock } from '../../src/testing/simulation/sim-clock.ts';
import type { UserAction } from './user-actions.ts';
import { perform } from './user-actions.ts';
import type { Weather } from '../../src/testing/simulation/weather.ts';

/** What a run consists of. */
export interface RunPlan {
  /** Decides jitter and what rivals do. */
  readonly seed: number;
  readonly actions: readonly UserAction[];
  readonly weather: Weather;
  /** How many processes stand in an election; 1: one process without any. */
  readonly processes: number;
  /** Into how many shards they divide the work; absent: one leads. */
  readonly shards?: number;
}

/** What one run came to. */
export interface RunResult {
  readonly problems: readonly string[];
  readonly state: readonly KubeObject[];
  readonly crashes: number;
  readonly requests: number;
  /** How many of them were sent until the last user action had been followed. */
  readonly requestsUntilCalm: number;
  readonly writes: number;
  /** What was done and what went wrong, in order, for reading a failure. */
  readonly log: readonly string[];
}

/** So long a user waits for others: processes die about every minute meanwhile, and an election takes 150 s. */
const MAX_WAIT_SECONDS = 3600;
/** So long nothing may be written once all is quiet. */
const STAYS_QUIET_MS = 10 * 60_000;

/** Runs users, rivals and controllers against a cluster until all is quiet. */
export async function run(plan: RunPlan): Promise<RunResult> {
  const world = await World.create(plan);
  try {
    await world.play();
  } catch (error) {
    world.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return world.end();
}

/** Of the simulated controllers only the garbage collector matters to a run. */
const IDLE_CONTROLLERS = [
  'clusterrole-aggregation-controller',
  'event-expiry',
  'namespace-controller',
  'resourcequota-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
];

/** What every run begins with, made once. */
let initial: Promise<ClusterSnapshot> | undefined;

async function initialState(): Promise<ClusterSnapshot> {
  await using cluster = await createEmbeddedCluster({ clock: new SimClock(), workloads: false });
  const admin = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await admin.create(crd);
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  await admin.create(rigDefinition('a'));
  await cluster.idle();
  return cluster.snapshot();
}

class World {
  readonly problems: string[] = [];
  readonly #plan: RunPlan;
  readonly #faulty: FaultyWorld;
  readonly #rivals: Rivals;
  readonly #log: string[] = [];
  #state: KubeObject[] = [];
  #requestsUntilCalm = 0;

  static async create(plan: RunPlan): Promise<World> {
    const clock = new SimClock();
    const cluster = await createEmbeddedCluster({
      clock,
      workloads: false,
      controllers: { disable: IDLE_CONTROLLERS },
    });
    cluster.restore(await (initial ??= initialState()));
    return new World(plan, cluster, clock);
  }

  constructor(plan: RunPlan, cluster: Awaited<ReturnType<typeof createEmbeddedCluster>>, clock: SimClock) {
    const { seed, weather, processes, shards = 0 } = plan;
    this.#plan = plan;
    this.#faulty = new FaultyWorld({
      cluster,
      clock,
      seed,
      weather,
      graph: RIG_RULES,
      kindOf: kindOfPlural,
      processes,
      ...(processes > 1 ? { election: electionOf(cluster, shards) } : {}),
      onLog: (line) => this.#log.push(line),
    });
    this.#rivals = new Rivals(this.#faulty.admin, clock, this.#faulty.ledger, seed);
    this.#faulty.isBusy = () => this.#rivals.busy;
  }

  async play(): Promise<void> {
    const { clock, admin, invariants } = this.#faulty;
    for (const [index, action] of this.#plan.actions.entries()) {
      await this.#perform(action);
      if (action.pause === 'settle') await this.#faulty.settle();
      else if (typeof action.pause === 'number') await this.#faulty.jumpTo(clock.now() + action.pause);
      await this.#faulty.disrupt(index + 1);
    }
    this.#requestsUntilCalm = this.#faulty.requests;
    await this.#faulty.calmDown();
    const { writes } = invariants;
    this.#state = await endState(admin);
    this.problems.push(...(await restProblems(admin)));
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
      requestsUntilCalm: this.#requestsUntilCalm,
      writes: invariants.writes,
      log: this.#log,
    };
  }

  async #perform(action: UserAction): Promise<void> {
    const { admin, clock } = this.#faulty;
    this.#log.push(`user: ${action.text}`);
    const memory = new Map<string, string>();
    for (let tries = 0; !(await perform(admin, action, tries, memory)); tries += 1) {
      if (tries > MAX_WAIT_SECONDS) throw new Error(`the user waits for ever: ${action.text}`);
      await this.#faulty.settle();
      await this.#faulty.jumpTo(clock.now() + 1000);
    }
  }
}
