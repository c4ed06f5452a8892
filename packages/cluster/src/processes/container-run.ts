import { type JsonObject, type KubeObject, RETRY_POLICIES } from '@typekro/kit/core';
import { numberAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { Timer } from '../cluster-clock.ts';
import type { RunPrograms } from './container-members.ts';
import type { ContainerProcess, ProcessEnd, ProcessSpec, ProgramGuard } from './container-process.ts';
import { hasStarted, startProcess } from './container-process.ts';
import { type ContainerEnd, type ContainerFacts, type ContainerState, NEW_CONTAINER, quickEndsAfter } from './life.ts';
import { limitsOf } from './limits.ts';
import { LineCutter } from './output-lines.ts';
import { isMountProblem, mountMessage } from './config-source.ts';
import type { Preparation, RunHost } from './run-host.ts';
import { MARK } from './run-mark.ts';
import { type AttemptResult, probeOnce, cutOutput } from './probe.ts';
import { Prober } from './prober.ts';
import { signalNumber } from './container-settings.ts';

/** A program that a client starts in a container, in addition to the main program. */
export interface ExecOptions extends Pick<ProcessSpec, 'words' | 'hasInput' | 'slowsOutput' | 'onOutput' | 'onEnd'> {
  /** Variables in addition to the container's variables. Default: none. */
  readonly variables?: ReadonlyMap<string, string>;
}

/** A reader of a container's output, in addition to the container's log. */
export interface OutputReader {
  write(stream: 'stdout' | 'stderr', chunk: Buffer): void;
  end(): void;
}

/** The default grace period of a pod: the time for the hook and the signal handler before the processes are killed. */
const DEFAULT_GRACE_SECONDS = 30;

/** One container of a pod: its successive runs, and their programs. */
export class ContainerRun {
  readonly name: string;
  readonly #host: RunHost;
  readonly #readers = new Set<OutputReader>();
  /** The programs other than the main program: hooks, probes and `exec` programs. */
  readonly #others = new Set<ContainerProcess>();
  #restarts: number;
  #quickEnds = 0;
  #blocked: Extract<ContainerState, { is: 'blocked' }> | undefined;
  #lastEnd: ContainerEnd | undefined;
  #hasEnded: boolean;
  #process: ContainerProcess | undefined;
  #prepared: Preparation | undefined;
  #programs: RunPrograms | undefined;
  #prober: Prober | undefined;
  #startedMs = 0;
  #isStopping = false;
  #isKilled = false;
  #killTimer: Timer | undefined;
  /** The time at which the processes of a stopping run are killed, in milliseconds since the epoch. */
  #killMs = Number.POSITIVE_INFINITY;
  /** The timer of a `sleep` hook. */
  #sleepTimer: Timer | undefined;
  /** The reason and message in the status when the cluster kills the run. */
  #excess: { readonly reason: string; readonly message: string } | undefined;

  /** `restarts` is the number of restarts so far. */
  constructor(name: string, host: RunHost, restarts: number, lastEnd: ContainerEnd | undefined, hasEnded: boolean) {
    this.name = name;
    this.#host = host;
    this.#restarts = restarts;
    this.#lastEnd = lastEnd;
    this.#hasEnded = hasEnded;
  }

  get facts(): ContainerFacts {
    return { state: this.#state(), restarts: this.#restarts, quickEnds: this.#quickEnds };
  }

  /** The end of the last run; `undefined` before a run has ended. */
  get lastEnd(): ContainerEnd | undefined {
    return this.#lastEnd;
  }

  /**
   * The value of the environment variable that marks the processes of the current run; `undefined` while the container
   * does not run.
   */
  get mark(): string | undefined {
    return this.#process === undefined ? undefined : this.#programs?.mark;
  }

  /** Does the main process or any other program of the container run? */
  get isActive(): boolean {
    return this.#process !== undefined || this.#others.size > 0;
  }

  #state(): ContainerState {
    if (this.#process !== undefined) {
      return {
        is: 'running',
        startedMs: this.#startedMs,
        started: this.#prober?.started ?? false,
        ready: !this.#isStopping && (this.#prober?.ready ?? false),
        stopping: this.#isStopping,
      };
    }
    if (this.#blocked !== undefined) return this.#blocked;
    if (this.#hasEnded && this.#lastEnd !== undefined) return { is: 'ended', end: this.#lastEnd };
    return NEW_CONTAINER.state;
  }

  /** Starts the next run. Does nothing while the container runs. */
  start(pod: KubeObject): void {
    if (this.#process !== undefined) return;
    const container = this.#host.specification(pod, this.name);
    const prepared = this.#host.prepare(pod, container);
    if ('problem' in prepared) {
      const { problem: message } = prepared;
      const isMount = isMountProblem(prepared);
      const retryMs = this.#host.clock.now() + RETRY_POLICIES.simulatedController.initialMs;
      if (this.#blocked?.message !== message) {
        if (isMount) this.#host.event('FailedMount', mountMessage(prepared), 'Warning');
        else this.#host.event('Failed', `Error: ${message}`, 'Warning');
      }
      const reason = isMount ? 'ContainerCreating' : 'CreateContainerConfigError';
      this.#blocked = { is: 'blocked', reason, message, retryMs };
      return this.#host.changed();
    }
    this.#blocked = undefined;
    if (this.#hasEnded) this.#restarts += 1;
    this.#hasEnded = false;
    this.#isStopping = false;
    this.#excess = undefined;
    this.#startedMs = this.#host.clock.now();
    const programs = this.#host.beginRun();
    this.#programs = programs;
    this.#prepared = { ...prepared, variables: new Map([...prepared.variables, [MARK, programs.mark]]) };
    this.#host.log.begin(this.name);
    this.#launch(pod, container, this.#prepared, programs.main);
    this.#host.changed();
  }

  #launch(pod: KubeObject, container: JsonObject, prepared: Preparation, guard: ProgramGuard): void {
    const cutters = {
      stdout: new LineCutter((line) => this.#host.log.write(this.name, line)),
      stderr: new LineCutter((line) => this.#host.log.write(this.name, line)),
    };
    const result = startProcess(
      {
        ...prepared,
        dataBytes: dataBytesOf(pod, container),
        hasInput: container['stdin'] === true,
        slowsOutput: true,
        onOutput: (stream, chunk) => {
          cutters[stream].add(chunk);
          for (const reader of this.#readers) reader.write(stream, chunk);
        },
        onEnd: (end) => {
          cutters.stdout.end();
          cutters.stderr.end();
          this.#ended(end);
        },
      },
      guard,
    );
    if (!hasStarted(result)) {
      this.#host.event('Failed', `Error: ${result.message ?? ''}`, 'Warning');
      return this.#ended(result);
    }
    this.#process = result;
    this.#host.event('Started', `Started container ${this.name} as process ${result.pid}`);
    const probing = {
      clock: this.#host.clock,
      attempt: (action: JsonObject, timeoutMs: number) =>
        probeOnce(this.#attemptContext(pod, container), action, timeoutMs),
      changed: () => this.#host.changed(),
      failed: (message: string) => this.#host.event('Unhealthy', message, 'Warning'),
      kill: (message: string, probe: JsonObject) => {
        this.#host.event('Killing', `Container ${this.name} ${message}, will be restarted`);
        this.stop(pod, graceMsOf(pod, probe));
      },
    };
    const hook = optionalAt(container, 'lifecycle', 'postStart');
    if (hook === undefined) {
      this.#prober = new Prober(container, probing);
      return;
    }
    this.#runHook(pod, container, hook, graceMsOf(pod), ({ succeeded, output }) => {
      if (this.#process !== result || this.#isStopping || this.#isKilled) return;
      if (succeeded) this.#prober = new Prober(container, probing);
      else {
        this.#host.event('FailedPostStartHook', `PostStartHook failed: ${output}`, 'Warning');
        this.stop(pod, graceMsOf(pod));
      }
      this.#host.changed();
    });
  }

  /**
   * Ends the current run: runs the `preStop` hook, then sends the stop signal. Kills the processes when the grace
   * period is over.
   */
  stop(pod: KubeObject, graceMs: number): void {
    const program = this.#process;
    if (program === undefined || this.#isStopping) return;
    this.#isStopping = true;
    this.#prober?.stop();
    const container = this.#host.specification(pod, this.name);
    this.#killMs = Number.POSITIVE_INFINITY;
    this.shortenGrace(graceMs);
    const name = textAt(container, 'lifecycle', 'stopSignal') || 'SIGTERM';
    const signal = signalNumber(name, process.platform) ?? 'SIGTERM';
    const hook = optionalAt(container, 'lifecycle', 'preStop');
    if (hook === undefined) program.signal(signal);
    else {
      this.#runHook(pod, container, hook, graceMs, ({ succeeded, output }) => {
        if (this.#isKilled) return;
        if (!succeeded) this.#host.event('FailedPreStopHook', `PreStopHook failed: ${output}`, 'Warning');
        if (this.#process === program) program.signal(signal);
      });
    }
    this.#host.changed();
  }

  /** Runs a hook. `ended` is not called for a `sleep` hook when the run ends before the hook. */
  #runHook(
    pod: KubeObject,
    container: JsonObject,
    hook: JsonObject,
    timeoutMs: number,
    ended: (result: AttemptResult) => void,
  ): void {
    const seconds = numberAt(hook, 'sleep', 'seconds');
    this.#sleepTimer?.cancel();
    if (seconds === undefined) void probeOnce(this.#attemptContext(pod, container), hook, timeoutMs).then(ended);
    else {
      const slept = () => ended({ succeeded: true, output: '' });
      this.#sleepTimer = this.#host.clock.setTimer(seconds * 1000, slept);
    }
  }

  /** Shortens the grace period of a stopping run so that it ends at the latest `graceMs` from now. */
  shortenGrace(graceMs: number): void {
    const process = this.#process;
    const killMs = this.#host.clock.now() + graceMs;
    if (process === undefined || !this.#isStopping || killMs >= this.#killMs) return;
    this.#killMs = killMs;
    this.#killTimer?.cancel();
    this.#killTimer = this.#host.clock.setTimer(graceMs, () => process.kill());
  }

  /** Kills the current run at once, because it exceeds its limits. */
  killForExcess(excess: { readonly reason: string; readonly message: string }): void {
    if (this.#process === undefined || this.#excess !== undefined) return;
    this.#excess = excess;
    this.#host.event(excess.reason === 'OOMKilled' ? 'OOMKilling' : 'Killing', excess.message, 'Warning');
    this.#process.kill();
  }

  /**
   * Kills all processes without recording events. From then on, the end of each process calls `changed` of the host.
   */
  kill(): void {
    this.#isKilled = true;
    this.#prober?.stop();
    this.#cancelTimers();
    this.#process?.kill();
    for (const process of this.#others) process.kill();
  }

  #cancelTimers(): void {
    this.#killTimer?.cancel();
    this.#sleepTimer?.cancel();
  }

  #ended({ exitCode, reason, message }: ProcessEnd): void {
    const endedMs = this.#host.clock.now();
    const excess = this.#excess;
    this.#lastEnd = {
      exitCode,
      reason: excess?.reason ?? reason,
      ...(excess === undefined ? (message === undefined ? {} : { message }) : { message: excess.message }),
      startedMs: this.#startedMs,
      endedMs,
    };
    this.#quickEnds = quickEndsAfter(this.#quickEnds, this.#lastEnd);
    this.#hasEnded = true;
    this.#process = undefined;
    this.#prober?.stop();
    this.#prober = undefined;
    this.#cancelTimers();
    for (const process of this.#others) process.kill();
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    this.#host.changed();
  }

  /** Runs a program for a client; `undefined` while the container does not run. */
  exec(options: ExecOptions): ContainerProcess | ProcessEnd | undefined {
    return this.#startOther(options, this.#programs?.exec);
  }

  #startOther(options: ExecOptions, guard: ProgramGuard | undefined): ContainerProcess | ProcessEnd | undefined {
    const prepared = this.#prepared;
    if (this.#process === undefined || prepared === undefined || guard === undefined) return undefined;
    const started: { process?: ContainerProcess } = {};
    const result = startProcess(
      {
        words: options.words,
        variables: new Map([...prepared.variables, ...(options.variables ?? [])]),
        directory: prepared.directory,
        dataBytes: Number.MAX_SAFE_INTEGER,
        hasInput: options.hasInput,
        slowsOutput: options.slowsOutput,
        onOutput: (stream, chunk) => options.onOutput(stream, chunk),
        onEnd: (end) => {
          if (started.process !== undefined) this.#others.delete(started.process);
          options.onEnd(end);
          if (this.#isKilled) this.#host.changed();
        },
      },
      guard,
    );
    if (hasStarted(result)) {
      started.process = result;
      this.#others.add(result);
    }
    return result;
  }

  /** Adds a reader of the output. Returns `undefined`, and adds none, while the container does not run. */
  attach(reader: OutputReader): { readonly process: ContainerProcess; detach(): void } | undefined {
    if (this.#process === undefined) return undefined;
    this.#readers.add(reader);
    return { process: this.#process, detach: () => void this.#readers.delete(reader) };
  }

  #attemptContext(pod: KubeObject, container: JsonObject) {
    return {
      pod,
      container,
      address: this.#host.address,
      connect: (host: string | undefined, port: number) => this.#host.connect(pod, host, port),
      run: (words: readonly string[], timeoutMs: number) => this.#runToEnd(words, timeoutMs),
    };
  }

  #runToEnd(words: readonly string[], timeoutMs: number): Promise<AttemptResult> {
    return new Promise((resolve) => {
      let output = '';
      let timedOut = false;
      const options: ExecOptions = {
        words,
        hasInput: false,
        slowsOutput: true,
        onOutput: (_stream, chunk) => {
          output = cutOutput(output + chunk.toString('utf8'));
        },
        onEnd: ({ exitCode }) => {
          clearTimeout(timer);
          if (timedOut) resolve({ succeeded: false, output: `command timed out after ${timeoutMs / 1000}s` });
          else resolve({ succeeded: exitCode === 0, output: output === '' ? `exit status ${exitCode}` : output });
        },
      };
      const result = this.#startOther(options, this.#programs?.helper);
      if (result === undefined) return resolve({ succeeded: false, output: 'the container does not run' });
      if (!hasStarted(result)) return resolve({ succeeded: false, output: result.message ?? '' });
      // The timeout is in real time, even when a test moves the clock of the cluster.
      const timer = setTimeout(() => {
        timedOut = true;
        result.kill();
      }, timeoutMs);
    });
  }
}

/**
 * The grace period for a container of the pod, in milliseconds. The grace period of a deletion takes precedence over
 * all others. The grace period of the probe whose failure ends the container takes precedence over the one in the spec
 * of the pod.
 */
export const graceMsOf = ({ metadata, spec }: KubeObject, probe?: JsonObject): number =>
  (metadata.deletionGracePeriodSeconds ??
    numberAt(probe, 'terminationGracePeriodSeconds') ??
    numberAt(spec, 'terminationGracePeriodSeconds') ??
    DEFAULT_GRACE_SECONDS) * 1000;

/** The maximum data size of each process. It exceeds the memory limit, because the stacks of threads count as data. */
const dataBytesOf = (pod: KubeObject, container: JsonObject): number =>
  limitsOf(pod, container).memoryBytes * 2 + 512 * 1024 ** 2;
