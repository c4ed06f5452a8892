import type { Cluster } from '@typekro/cluster';
import { definedMembers } from '@typekro/kit/core';
import { type TransportRequest, KubeClient } from '@typekro/kube';
import { type RuledGraph, Invariants } from './invariants.ts';
import { type KindOfPlural, Ledger } from './ledger.ts';
import { type ProcessHost, ControllerProcess } from './process.ts';
import { type SimClock, storyRandom } from './sim-clock.ts';
import type { Fault, FaultSchedule } from './fault-schedule.ts';

/** The options of a `FaultyWorld`. */
export interface FaultyWorldOptions extends Pick<
  ProcessHost,
  'cluster' | 'clock' | 'schedule' | 'election' | 'authenticate' | 'controller'
> {
  /** The seed of the jitter. */
  readonly seed: number;
  /** The graph whose instances are checked. */
  readonly graph: RuledGraph;
  /** Maps the plural of a resource to its kind, for the kinds that are checked. */
  readonly kindOf: KindOfPlural;
  /** The number of controller processes. Default: 1. */
  readonly processes?: number;
  /** Receives the log lines of requests, faults and disruptions, in order. */
  readonly onLog?: (line: string) => void;
  /**
   * Receives a description of each disruption. Repeated lines of a watch, delays of some turns of the event loop, and
   * Leases that cannot be renewed are not described.
   */
  readonly onDisruption?: (text: string) => void;
}

/** The number of event loop turns without a request after which the cluster counts as quiet. */
const QUIET_TURNS = 12;
/** The smaller number of turns that suffices without faults, because no response is late. */
const FAULTLESS_TURNS = 4;
/** The number of turns with requests after which a run counts as endless. */
const MAX_TURNS = 20_000;
/** The number of turns without a new request after which a pending request counts as endless. */
const MAX_WAITING_TURNS = 2_000_000;
/** The maximum number of violations of a run. One more violation ends the run. */
const MAX_VIOLATIONS = 20;
/**
 * The maximum number of requests at the same virtual time. A run with more requests repeats the same decision
 * endlessly.
 */
const MAX_REQUESTS_AT_ONCE = 5000;
/**
 * The simulated time for the processes to finish after the last action, in milliseconds. It is long because the pauses
 * after refused writes last minutes.
 */
const MAX_QUIET_MS = 25 * 60_000;

/** The description of each fault of a request. */
const FAULT_TEXTS: Readonly<Record<Fault, string>> = {
  none: 'nothing',
  refused: 'connection refused',
  'black-hole': 'no response, not carried out',
  'lost-answer': 'carried out, then the connection breaks',
  'no-answer': 'carried out, no response',
  'gateway-timeout': 'carried out, response 504',
  'crash-before': 'the controller dies before the request',
  'crash-after': 'the controller dies after the request',
  busy: '429 Too Many Requests',
  error: '500 Internal Server Error',
  unavailable: '503 Service Unavailable',
  conflict: '409 Conflict',
  expired: '410 Expired',
};

/** Thrown if the work of a run never ends, or if a run breaks too many rules to continue. */
export class EndlessError extends Error {
  override readonly name = 'EndlessError';
}

/**
 * An embedded cluster and the controller's processes, with a common clock and with faults. Users and competing clients
 * use `admin`.
 */
export class FaultyWorld {
  readonly cluster: Cluster;
  readonly clock: SimClock;
  /** The client of users and competing clients. Its requests have no faults, and the ledger records its writes. */
  readonly admin: KubeClient;
  readonly ledger: Ledger;
  readonly invariants: Invariants;
  readonly processes: readonly ControllerProcess[];
  readonly schedule: FaultSchedule;
  /** The number of requests that the processes have sent. */
  requests = 0;
  /** Is another client working at this time? */
  isBusy: () => boolean = () => false;
  readonly #log: (line: string) => void;
  readonly #disrupted: (text: string) => void;
  /** The number of requests since the clock last moved. */
  #requestsNow = { at: 0, count: 0 };
  #endless: string | undefined;
  #streams = 0;

  constructor(options: FaultyWorldOptions) {
    const { cluster, clock, seed, schedule, graph, kindOf, processes = 1, election, controller } = options;
    const random = storyRandom(seed ^ 0x5bd1e995);
    this.cluster = cluster;
    this.clock = clock;
    this.schedule = schedule;
    this.#log = options.onLog ?? (() => undefined);
    this.#disrupted = options.onDisruption ?? (() => undefined);
    this.ledger = new Ledger(clock, kindOf);
    this.admin = new KubeClient({ transport: this.ledger.wrap(cluster.transport()), clock, random });
    this.invariants = new Invariants(cluster.transport(), this.ledger, graph);
    const host = {
      cluster,
      clock,
      random,
      schedule,
      invariants: this.invariants,
      onLog: this.#log,
      onFault: (fault: Fault, process: string, { method, path }: TransportRequest, index: number) => {
        this.#log(`${index} ${fault}: ${process} ${method} ${path}`);
        this.#disrupted(`${FAULT_TEXTS[fault]}: ${method} ${path.replace(/\?.*/, '')}`);
      },
      onWatchFault: (text: string, { path }: TransportRequest) =>
        this.#disrupted(`${text}: watch of ${path.replace(/\?.*/, '')}`),
      nextRequest: (request: TransportRequest) => this.#nextRequest(request),
      nextStream: () => (this.#streams += 1),
      ...definedMembers({ election, controller, authenticate: options.authenticate }),
    };
    this.processes = Array.from(
      { length: processes },
      (_, index) => new ControllerProcess(`process-${index + 1}`, host),
    );
    this.#skewClocks(0);
  }

  /** Causes disruptions of whole processes after the action with this number (from 1). */
  async disrupt(index: number): Promise<void> {
    const { schedule } = this;
    this.#skewClocks(index);
    if (schedule.happens('outage', index, 0.04)) {
      await this.#without(this.processes, (1 + schedule.detail('outage', index) * 9) * 60_000);
    }
    // With several processes, a pause may last minutes, because an election takes minutes.
    if (this.processes.length > 1 && schedule.happens('long pause', index, 0.4)) {
      await this.jumpTo(this.clock.now() + schedule.detail('long pause', index) * 240_000);
    }
    for (const [number, process] of this.processes.entries()) {
      const count = index * 10 + number;
      if (schedule.happens('kill', count, 0.03)) {
        this.#disrupted('the controller is killed');
        process.kill();
      }
      if (schedule.happens('all watches cut', count, 0.03)) {
        this.#disrupted('all watches of the controller end');
        process.cutWatches();
      }
      if (this.processes.length > 1 && schedule.happens('cut off', count, 0.15)) {
        await this.#without([process], (1 + schedule.detail('cut off', count) * 5) * 60_000);
      }
      if (this.processes.length > 1 && schedule.happens('lease cut off', count, 0.3))
        this.#withoutLease(process, count);
    }
  }

  /** Ends all disruptions, and waits until the processes are quiet. */
  async endFaults(): Promise<void> {
    this.schedule.isOver = true;
    for (const process of this.processes) process.out = false;
    for (const process of this.processes) process.leaseOut = undefined;
    await this.settle();
    await this.jumpTo(this.clock.now() + MAX_QUIET_MS);
  }

  /**
   * Runs all work that is possible at the present time.
   *
   * @throws EndlessError if the work does not end, or if the controller breaks too many rules.
   */
  async settle(): Promise<void> {
    // Without late responses, running work sends its next request immediately.
    const enough = this.schedule.isOver ? FAULTLESS_TURNS : QUIET_TURNS;
    for (let quiet = 0, turns = 0, waiting = 0; quiet < enough;) {
      if (turns > MAX_TURNS || waiting > MAX_WAITING_TURNS) throw new EndlessError('it never becomes quiet');
      if (this.#endless !== undefined) throw new EndlessError(this.#endless);
      this.#endBroken();
      for (const process of this.processes) if (process.wanted) process.start();
      const before = this.requests;
      await new Promise(setImmediate);
      await this.cluster.idle();
      const busy = this.isBusy() || this.processes.some(({ inFlight }) => inFlight > 0);
      quiet = before === this.requests && !busy ? quiet + 1 : 0;
      // On a busy machine, a request that waits for a file of the cluster takes many turns.
      if (before === this.requests) waiting += 1;
      else turns += 1;
    }
  }

  /** Moves the time step by step, and runs the work of each step. */
  async jumpTo(time: number): Promise<void> {
    for (let due = this.clock.nextDue; due !== undefined && due <= time; due = this.clock.nextDue) {
      this.clock.jump();
      await this.settle();
    }
    if (this.clock.now() < time) this.clock.skip(time - this.clock.now());
  }

  /**
   * Ends the processes and the cluster. If they do not end soon, moves the clock, so that running work reaches its time
   * limit.
   */
  async end(): Promise<void> {
    const ending = Promise.all(this.processes.map((process) => process.end())).then(() => true);
    for (let turns = 0; ; turns += 1) {
      if (turns >= 20_000) throw new EndlessError('a process never ends');
      const turn = new Promise<boolean>((resolve) => setImmediate(resolve, false));
      if (await Promise.race([ending, turn])) break;
      if (turns > QUIET_TURNS) this.clock.jump();
    }
    for (const process of this.processes) this.invariants.processGone(process.name, process.timers);
    await this.cluster.close();
  }

  async #without(processes: readonly ControllerProcess[], milliseconds: number): Promise<void> {
    for (const process of processes) {
      process.out = true;
      process.cutWatches();
    }
    this.#disrupted(`the controller cannot reach the server for ${Math.round(milliseconds / 1000)} s`);
    this.#log(
      `${processes.map(({ name }) => name).join(', ')} cannot reach the server for ${Math.round(milliseconds / 1000)} s`,
    );
    await this.jumpTo(this.clock.now() + milliseconds);
    for (const process of processes) process.out = false;
  }

  /** The process cannot renew its Lease, but its other requests succeed. */
  #withoutLease(process: ControllerProcess, count: number): void {
    const minutes = 1 + this.schedule.detail('lease cut off', count) * 5;
    process.leaseOut = this.schedule.detail('how the lease is cut off', count) < 0.5 ? 'refused' : 'unanswered';
    this.#log(`${process.name} cannot renew its Lease for ${Math.round(minutes * 60)} s: ${process.leaseOut}`);
    this.clock.setTimer(minutes * 60_000, () => {
      process.leaseOut = undefined;
    });
  }

  #skewClocks(index: number): void {
    const { schedule } = this;
    for (const [number, process] of this.processes.entries()) {
      const count = index * 10 + number;
      if (!schedule.happens('clock', count, index === 0 ? 0.3 : 0.02)) continue;
      const ahead = Math.floor((schedule.detail('clock', count) - 0.5) * 20 * 60_000);
      this.#disrupted(`the clock of the controller is ${Math.round(ahead / 1000)} s ahead`);
      process.skew(ahead);
    }
  }

  #nextRequest({ method, path }: TransportRequest): number {
    this.#endBroken();
    this.requests += 1;
    const now = this.clock.now();
    this.#requestsNow = { at: now, count: this.#requestsNow.at === now ? this.#requestsNow.count + 1 : 1 };
    if (this.#requestsNow.count > MAX_REQUESTS_AT_ONCE) {
      this.#endless ??= `${MAX_REQUESTS_AT_ONCE} requests at the same time, the last of them ${method} ${path}`;
    }
    if (this.#endless !== undefined) throw new EndlessError(this.#endless);
    return this.requests;
  }

  /** Ends a run in which the controller repeatedly breaks rules, because such a run would not end by itself. */
  #endBroken(): void {
    if (this.invariants.violations.length > MAX_VIOLATIONS)
      throw new EndlessError('too many rules are broken to continue');
  }
}
