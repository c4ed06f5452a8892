import type { Cluster } from '@typekro/cluster';
import type { Controller, ControllerOptions, Logger } from '@typekro/controller/controller';
import { createController, jsonLogger } from '@typekro/controller/controller';
import { type Clock, type Transport, type TransportRequest, KubeClient } from '@typekro/kube';
import { FaultyTransport, type FaultPlan } from './faulty-transport.ts';
import type { Invariants } from './invariants.ts';
import { ProcessKnowledge } from './knowledge.ts';
import { type SimClock, SkewedClock } from './sim-clock.ts';
import type { Fault } from './fault-schedule.ts';

/** The dependencies that the processes of a run share. */
export interface ProcessHost extends Pick<FaultPlan, 'schedule' | 'nextRequest' | 'nextStream' | 'onWatchFault'> {
  readonly cluster: Cluster;
  readonly clock: SimClock;
  readonly random: () => number;
  readonly invariants: Invariants;
  /** Receives each line of the log of a process. */
  readonly onLog: (line: string) => void;
  /** Receives each fault of a request. */
  readonly onFault: (fault: Fault, process: string, request: TransportRequest, index: number) => void;
  /** The leader election; absent for a single process, which has no Lease. */
  readonly election?: Election;
  /** Adds the credentials of a process to its connection. Default: the requests have none. */
  readonly authenticate?: (transport: Transport, clock: Clock) => Transport;
  /** The controller options of a process without an election. Default: none. */
  readonly controller?: Partial<ControllerOptions>;
}

/** The dependencies of a process with an election. */
export interface ElectionOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  /** Aborted when the process ends. */
  readonly signal: AbortSignal;
  readonly identity: string;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The way in which several processes share the work. */
export interface Election {
  /** Runs a process until its signal aborts. Rejects when the process fails. */
  run(options: ElectionOptions): Promise<void>;
  /** May the process send this write at this time? */
  leads(process: string, request: TransportRequest): Promise<boolean>;
}

/** A controller process that can die and is restarted. With an election, it is one of several processes. */
export class ControllerProcess {
  readonly name: string;
  readonly #host: ProcessHost;
  readonly #clock: SkewedClock;
  readonly #unsure = new Set<string>();
  #transport: FaultyTransport | undefined;
  #controller: Controller | undefined;
  #stop: AbortController | undefined;
  /** Settles when the run of a process with an election has ended. */
  #elected: Promise<void> | undefined;
  #generation = 0;
  crashes = 0;
  /** Must the process be started? True before the first start, and after a crash or a failed start. */
  wanted = true;
  /** Is the process disconnected from the server? */
  out = false;
  /** The way in which requests for the Lease fail; `undefined` if they do not fail. */
  leaseOut: 'refused' | 'unanswered' | undefined;

  constructor(name: string, host: ProcessHost) {
    this.name = name;
    this.#host = host;
    this.#clock = new SkewedClock(host.clock);
  }

  get inFlight(): number {
    return this.#transport?.inFlight ?? 0;
  }

  /** The running controller; `undefined` with an election. */
  get controller(): Controller | undefined {
    return this.#controller;
  }

  /** The number of running timers of the process, including timers of its earlier controllers. */
  get timers(): number {
    return this.#clock.pending;
  }

  /** Sets the deviation of the process's clock. */
  skew(milliseconds: number): void {
    this.#clock.ahead = milliseconds;
  }

  /** Kills the process. Has no effect on a process that is not running. */
  kill(): void {
    if (this.wanted) return;
    this.#transport?.kill();
    this.crashes += 1;
    this.wanted = true;
  }

  /** Ends the open watches of the process. */
  cutWatches(): void {
    this.#transport?.cut();
  }

  start(): void {
    this.wanted = false;
    this.#transport?.kill();
    void this.#controller?.stop();
    this.#stop?.abort();
    // A new process reads the state from the server, so it does not depend on the lost responses of earlier requests.
    this.#unsure.clear();
    this.#generation += 1;
    const generation = this.#generation;
    const { random, onLog, election, controller, invariants } = this.#host;
    const transport = this.#connect();
    this.#transport = transport;
    const client = new KubeClient({ transport, clock: this.#clock, random });
    const logger = jsonLogger(
      (line) => onLog(`${this.name}: ${line.trim()}`),
      () => this.#clock.now(),
      'warn',
    );
    let isReached = false;
    client.measure({ answered: (_method, status) => void (isReached ||= status > 0) });
    const failed = (thrown: unknown) => {
      if (this.#generation !== generation) return;
      if (!this.wanted) invariants.processEnded(this.name, thrown, isReached);
      this.wanted = true;
    };
    if (election !== undefined) {
      const stop = new AbortController();
      this.#stop = stop;
      const identity = this.name;
      const options = { client, logger, signal: stop.signal, identity, clock: this.#clock, random };
      this.#elected = election.run(options).catch(failed);
    } else {
      const options = { client, clock: this.#clock, random, logger, shutdownGraceMs: 0 };
      this.#controller = createController({ ...controller, ...options });
      this.#controller.start().catch(failed);
    }
  }

  async end(): Promise<void> {
    this.#generation += 1;
    this.#transport?.kill();
    this.#stop?.abort();
    await Promise.all([this.#controller?.stop(), this.#elected]);
  }

  #connect(): FaultyTransport {
    const { cluster, schedule, invariants, onFault, onWatchFault, clock, nextRequest, nextStream, election } =
      this.#host;
    const knowledge = new ProcessKnowledge(clock);
    const check = invariants.checkerOf({
      name: this.name,
      knowledge,
      unsure: this.#unsure,
      mayWrite: (request) => election?.leads(this.name, request) ?? Promise.resolve(true),
    });
    const { authenticate = (transport) => transport } = this.#host;
    return new FaultyTransport(authenticate(cluster.transport(), this.#clock), {
      schedule,
      clock,
      nextRequest,
      nextStream,
      isOut: ({ path }) => (this.out ? 'refused' : path.includes('/leases') ? this.leaseOut : undefined),
      onFault: (fault, request, index) => onFault(fault, this.name, request, index),
      onWatchFault,
      onCrash: () => {
        this.crashes += 1;
        this.wanted = true;
      },
      onLostAnswer: ({ path }) => this.#unsure.add(path.replace(/\?.*/, '')),
      check,
      knowledge,
    });
  }
}
