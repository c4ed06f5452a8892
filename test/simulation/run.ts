import type { ClusterSnapshot } from '../../src/cluster/index.ts';
import { createEmbeddedCluster } from '../../src/cluster/index.ts';
import { controllerCrds } from '../../src/controller/index.ts';
import type { KubeObject } from '../../src/core/index.ts';
import type { TransportRequest } from '../../src/kube/index.ts';
import { KubeClient } from '../../src/kube/index.ts';
import { endState, restProblems } from './end-state.ts';
import { Invariants } from './invariants.ts';
import { Ledger } from './ledger.ts';
import { ControllerProcess } from './process.ts';
import { rigDefinition } from './rig.ts';
import { Rivals } from './rivals.ts';
import { SimClock, seededRandom } from '../../src/testing/simulation/sim-clock.ts';
import type { UserAction } from './user-actions.ts';
import { perform } from './user-actions.ts';
import type { Weather } from './weather.ts';

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

/** Longest time that is waited for quiet after the last action, by the simulated clock: refused writes pause for minutes. */
const MAX_QUIET_MS = 25 * 60_000;
/** So many turns of the event loop without a request count as quiet at one point of time. */
const QUIET_TURNS = 12;
const CALM_TURNS = 4;
/** So long a user waits for others: processes die about every minute meanwhile, and an election takes 150 s. */
const MAX_WAIT_SECONDS = 3600;
/** After so many violations a run ends. */
const MAX_VIOLATIONS = 20;
/** More requests at one point of time than any story needs: a pass that decides the same over and over. */
const MAX_REQUESTS_AT_ONCE = 5000;
/** Then so long nothing may be written. */
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
  readonly #cluster: Awaited<ReturnType<typeof createEmbeddedCluster>>;
  readonly #clock: SimClock;
  readonly #admin: KubeClient;
  readonly #invariants: Invariants;
  readonly #rivals: Rivals;
  readonly #processes: ControllerProcess[];
  readonly #log: string[] = [];
  #state: KubeObject[] = [];
  #requests = 0;
  #requestsUntilCalm = 0;
  /** How many were sent since the time moved last. */
  #requestsNow = { at: 0, count: 0 };
  #endless: string | undefined;
  #streams = 0;

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
    const { seed, weather } = plan;
    const random = seededRandom(seed ^ 0x5bd1e995);
    const ledger = new Ledger(clock);
    this.#plan = plan;
    this.#cluster = cluster;
    this.#clock = clock;
    this.#admin = new KubeClient({ transport: ledger.wrap(cluster.transport()), clock, random });
    this.#invariants = new Invariants(cluster.transport(), ledger);
    this.#rivals = new Rivals(this.#admin, clock, ledger, seed);
    const host = {
      cluster,
      clock,
      random,
      weather,
      invariants: this.#invariants,
      log: this.#log,
      nextRequest: (request: TransportRequest) => this.#nextRequest(request),
      nextStream: () => (this.#streams += 1),
    };
    const elects = plan.processes > 1;
    const election = elects ? { shards: plan.shards ?? 0 } : undefined;
    this.#processes = Array.from(
      { length: plan.processes },
      (_, index) => new ControllerProcess(`process-${index + 1}`, host, election),
    );
  }

  async play(): Promise<void> {
    const { actions, weather } = this.#plan;
    this.#skewClocks(0);
    for (const [index, action] of actions.entries()) {
      await this.#perform(action);
      if (action.pause === 'settle') await this.#settle();
      else if (typeof action.pause === 'number') await this.#jumpTo(this.#clock.now() + action.pause);
      await this.#disrupt(index + 1);
    }
    this.#requestsUntilCalm = this.#requests;
    weather.calm = true;
    for (const process of this.#processes) process.out = false;
    for (const process of this.#processes) process.leaseOut = undefined;
    await this.#settle();
    await this.#jumpTo(this.#clock.now() + MAX_QUIET_MS);
    const { writes } = this.#invariants;
    this.#state = await endState(this.#admin);
    this.problems.push(...(await restProblems(this.#admin)));
    await this.#jumpTo(this.#clock.now() + STAYS_QUIET_MS);
    const late = this.#invariants.writes - writes;
    if (late > 0) this.problems.push(`${late} writes although all has been quiet`);
  }

  async end(): Promise<RunResult> {
    this.#rivals.stop();
    await this.#endProcesses();
    await this.#cluster.close();
    return {
      problems: [...this.problems, ...this.#invariants.violations],
      state: this.#state,
      crashes: this.#processes.reduce((sum, { crashes }) => sum + crashes, 0),
      requests: this.#requests,
      requestsUntilCalm: this.#requestsUntilCalm,
      writes: this.#invariants.writes,
      log: this.#log,
    };
  }

  /** Work that is still under way, as in a run that was given up, ends when its time is up. */
  async #endProcesses(): Promise<void> {
    const ending = Promise.all(this.#processes.map((process) => process.end())).then(() => true);
    for (let turns = 0; turns < 20_000; turns += 1) {
      const turn = new Promise<boolean>((resolve) => setImmediate(resolve, false));
      if (await Promise.race([ending, turn])) return;
      if (turns > QUIET_TURNS) this.#clock.jump();
    }
    throw new Error('a process never ends');
  }

  /** What befalls the world as a whole between two actions. */
  async #disrupt(index: number): Promise<void> {
    const { weather } = this.#plan;
    this.#skewClocks(index);
    if (weather.strikes('outage', index, 0.04)) {
      await this.#without(this.#processes, (1 + weather.detail('outage', index) * 9) * 60_000);
    }
    // Elections take minutes.
    if (this.#processes.length > 1 && weather.strikes('long pause', index, 0.4)) {
      await this.#jumpTo(this.#clock.now() + weather.detail('long pause', index) * 240_000);
    }
    for (const [number, process] of this.#processes.entries()) {
      const count = index * 10 + number;
      if (weather.strikes('kill', count, 0.03)) process.kill();
      if (weather.strikes('all watches cut', count, 0.03)) process.cutWatches();
      if (this.#processes.length > 1 && weather.strikes('cut off', count, 0.15)) {
        await this.#without([process], (1 + weather.detail('cut off', count) * 5) * 60_000);
      }
      if (this.#processes.length > 1 && weather.strikes('lease cut off', count, 0.3))
        this.#withoutLease(process, count);
    }
  }

  async #without(processes: readonly ControllerProcess[], milliseconds: number): Promise<void> {
    for (const process of processes) {
      process.out = true;
      process.cutWatches();
    }
    this.#log.push(
      `${processes.map(({ name }) => name).join(', ')} cannot reach the server for ${Math.round(milliseconds / 1000)} s`,
    );
    await this.#jumpTo(this.#clock.now() + milliseconds);
    for (const process of processes) process.out = false;
  }

  /** Work goes on, and only the Lease cannot be renewed. */
  #withoutLease(process: ControllerProcess, count: number): void {
    const minutes = 1 + this.#plan.weather.detail('lease cut off', count) * 5;
    process.leaseOut = this.#plan.weather.detail('how the lease is cut off', count) < 0.5 ? 'refused' : 'unanswered';
    this.#log.push(`${process.name} cannot renew its Lease for ${Math.round(minutes * 60)} s: ${process.leaseOut}`);
    this.#clock.setTimer(minutes * 60_000, () => {
      process.leaseOut = undefined;
    });
  }

  #skewClocks(index: number): void {
    const { weather } = this.#plan;
    for (const [number, process] of this.#processes.entries()) {
      const count = index * 10 + number;
      if (!weather.strikes('clock', count, index === 0 ? 0.3 : 0.02)) continue;
      process.skew(Math.floor((weather.detail('clock', count) - 0.5) * 20 * 60_000));
    }
  }

  async #perform(action: UserAction): Promise<void> {
    this.#log.push(`user: ${action.text}`);
    const memory = new Map<string, string>();
    for (let tries = 0; !(await perform(this.#admin, action, tries, memory)); tries += 1) {
      if (tries > MAX_WAIT_SECONDS) throw new Error(`the user waits for ever: ${action.text}`);
      await this.#settle();
      await this.#jumpTo(this.#clock.now() + 1000);
    }
  }

  #nextRequest({ method, path }: TransportRequest): number {
    // A controller that breaks rules over and over would keep the cluster busy for ever.
    if (this.#invariants.violations.length > MAX_VIOLATIONS) throw new Error('too many rules are broken to go on');
    this.#requests += 1;
    const now = this.#clock.now();
    this.#requestsNow = { at: now, count: this.#requestsNow.at === now ? this.#requestsNow.count + 1 : 1 };
    if (this.#requestsNow.count > MAX_REQUESTS_AT_ONCE) {
      this.#endless ??= `${MAX_REQUESTS_AT_ONCE} requests at one point of time, the last of them ${method} ${path}`;
    }
    if (this.#endless !== undefined) throw new Error(this.#endless);
    if (process.env['TRACE'] !== undefined) this.#log.push(`  ${this.#requests} ${method} ${path.slice(0, 110)}`);
    return this.#requests;
  }

  /** Lets everything happen that happens at this point of time. */
  async #settle(): Promise<void> {
    // Without lateness what is under way shows at once.
    const enough = this.#plan.weather.calm ? CALM_TURNS : QUIET_TURNS;
    for (let quiet = 0, turns = 0; quiet < enough; turns += 1) {
      if (turns > 20_000) throw new Error('it never becomes quiet');
      if (this.#endless !== undefined) throw new Error(this.#endless);
      if (this.#invariants.violations.length > MAX_VIOLATIONS) throw new Error('too many rules are broken to go on');
      for (const process of this.#processes) if (process.wanted) process.start();
      const before = this.#requests;
      await new Promise(setImmediate);
      await this.#cluster.idle();
      const busy = this.#rivals.busy || this.#processes.some(({ inFlight }) => inFlight > 0);
      quiet = before === this.#requests && !busy ? quiet + 1 : 0;
    }
  }

  async #jumpTo(time: number): Promise<void> {
    for (let due = this.#clock.nextDue; due !== undefined && due <= time; due = this.#clock.nextDue) {
      this.#clock.jump();
      await this.#settle();
    }
    if (this.#clock.now() < time) this.#clock.skip(time - this.#clock.now());
  }
}
