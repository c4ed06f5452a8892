import type { Cluster } from '../../src/cluster/index.ts';
import { createController, jsonLogger, runController } from '../../src/controller/index.ts';
import type { Controller } from '../../src/controller/index.ts';
import { shardOf } from '../../src/controller/shards/assignment.ts';
import type { TransportRequest } from '../../src/kube/index.ts';
import { KubeClient } from '../../src/kube/index.ts';
import { FaultyTransport, textOf } from './faulty-transport.ts';
import type { Invariants } from './invariants.ts';
import { Knowledge } from './knowledge.ts';
import type { SimClock } from '../../src/testing/simulation/sim-clock.ts';
import { SkewedClock } from '../../src/testing/simulation/sim-clock.ts';
import type { Weather } from './weather.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kro-system/leases';
const LEASE = 'controller.kro.run';
/** Longer than the defaults, so that hours of elections cost few requests. */
const ELECTION = [
  '--leader-election-lease-duration=150s',
  '--leader-election-renew-deadline=100s',
  '--leader-election-retry-period=20s',
];

/** What processes of a run share. */
export interface ProcessHost {
  readonly cluster: Cluster;
  readonly clock: SimClock;
  readonly random: () => number;
  readonly weather: Weather;
  readonly invariants: Invariants;
  readonly log: string[];
  readonly nextRequest: (request: TransportRequest) => number;
  readonly nextStream: () => number;
}

/** How several processes divide the work: into so many shards, or not at all (0), so that one leads. */
export interface Division {
  readonly shards: number;
}

/** A controller process that can die and is started again by its kubelet; one of several if it stands in an election. */
export class ControllerProcess {
  readonly name: string;
  readonly #host: ProcessHost;
  readonly #division: Division | undefined;
  readonly #clock: SkewedClock;
  readonly #unsure = new Set<string>();
  #transport: FaultyTransport | undefined;
  #controller: Controller | undefined;
  #stop: AbortController | undefined;
  #generation = 0;
  crashes = 0;
  /** Died, or never came up: to be started again. */
  wanted = true;
  /** Is the server cut off from it? */
  out = false;
  /** Do only its requests for the Lease fail? */
  leaseOut: 'refused' | 'unanswered' | undefined;

  constructor(name: string, host: ProcessHost, division: Division | undefined) {
    this.name = name;
    this.#host = host;
    this.#division = division;
    this.#clock = new SkewedClock(host.clock);
  }

  get inFlight(): number {
    return this.#transport?.inFlight ?? 0;
  }

  /** Sets its clock wrong. */
  skew(milliseconds: number): void {
    this.#clock.ahead = milliseconds;
  }

  /** Dies at once. */
  kill(): void {
    if (this.wanted) return;
    this.#transport?.kill();
    this.crashes += 1;
    this.wanted = true;
  }

  /** Breaks its open watches. */
  cutWatches(): void {
    this.#transport?.cut();
  }

  start(): void {
    this.wanted = false;
    this.#transport?.kill();
    void this.#controller?.stop();
    this.#stop?.abort();
    // What the process before it was unsure of, this one reads anew.
    this.#unsure.clear();
    this.#generation += 1;
    const generation = this.#generation;
    const { random, log } = this.#host;
    const transport = this.#connect();
    this.#transport = transport;
    const client = new KubeClient({ transport, clock: this.#clock, random });
    const logger = jsonLogger(
      (line) => log.push(`${this.name}: ${line.trim()}`),
      () => this.#clock.now(),
      'warn',
    );
    const failed = () => {
      if (this.#generation === generation) this.wanted = true;
    };
    if (this.#division !== undefined) {
      const stop = new AbortController();
      this.#stop = stop;
      const args = [
        ...ELECTION,
        ...(this.#division.shards > 0 ? [`--shards=${this.#division.shards}`] : ['--leader-elect']),
        '--metrics-bind-address=0',
        '--health-probe-bind-address=0',
      ];
      const identity = this.name;
      runController({ client, args, logger, signal: stop.signal, identity, clock: this.#clock, random }).catch(failed);
    } else {
      this.#controller = createController({ client, clock: this.#clock, random, logger, shutdownGraceMs: 0 });
      this.#controller.start().catch(failed);
    }
  }

  async end(): Promise<void> {
    this.#generation += 1;
    this.#transport?.kill();
    this.#stop?.abort();
    await this.#controller?.stop();
  }

  #connect(): FaultyTransport {
    const { cluster, weather, invariants, log, clock, nextRequest, nextStream } = this.#host;
    const knowledge = new Knowledge(clock);
    const check = invariants.checkerOf({
      name: this.name,
      knowledge,
      unsure: this.#unsure,
      mayWrite: () => this.#leads(),
    });
    return new FaultyTransport(cluster.transport(), {
      weather,
      clock,
      nextRequest,
      nextStream,
      isOut: ({ path }) => (this.out ? 'refused' : path.includes('/leases') ? this.leaseOut : undefined),
      onFault: (fault, { method, path }, index) => log.push(`${index} ${fault}: ${this.name} ${method} ${path}`),
      onCrash: () => {
        this.crashes += 1;
        this.wanted = true;
      },
      onUnheard: ({ path }) => this.#unsure.add(path.replace(/\?.*/, '')),
      check,
      knowledge,
    });
  }

  /** Does it hold the Lease under which the one definition of the world is worked on? */
  async #leads(): Promise<boolean> {
    if (this.#division === undefined) return true;
    const { shards } = this.#division;
    const lease = shards > 0 ? `${LEASE}-shard-${shardOf('rigs', shards)}` : LEASE;
    const response = await this.#host.cluster.transport().request({ method: 'GET', path: `${LEASES}/${lease}` });
    const held = JSON.parse(await textOf(response)) as { spec?: { holderIdentity?: string } };
    return held.spec?.holderIdentity === this.name;
  }
}
