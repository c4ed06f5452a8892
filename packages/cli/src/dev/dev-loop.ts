import { relative } from 'node:path';
import { whenAborted } from '@typekro/kit/core';
import type { Clock } from '@typekro/kube';
import { type CommandContext, ExitCode } from '../command.ts';
import { printFailure } from '../print-failure.ts';
import { printLines } from '../instance/print-report.ts';
import type { CheckedFiles } from '../checks/checked.ts';
import { type LiveView, createLiveView } from '../up/live-view.ts';
import { isFileProblem } from '../inputs/file-problem.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import type { Session } from '../up/up-session.ts';
import { DevCluster } from './dev-cluster.ts';
import { FAULT_MENU, isFaultKey, runFault } from './dev-faults.ts';
import { whyText } from './dev-reports.ts';
import { type FileStates, type FolderEvents, nextChange, statesAsRead, statesOf } from './watch-files.ts';

/** The dependencies of the loop. */
export interface DevLoopOptions {
  readonly context: CommandContext;
  /**
   * Reads and checks the files. Adds to `paths` each file that it reads. Throws `TypeKroError` when a file cannot be
   * read.
   */
  read(signal: AbortSignal, paths: Set<string>): Promise<CheckedFiles>;
  /** Absolute paths of the files that the user named. */
  readonly named: readonly string[];
  /** Starts an empty cluster. */
  start(): Promise<Session>;
  /** Prints the addresses and other facts of a cluster that has started. */
  announce(session: Session): void;
  readonly events: FolderEvents;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** The reason why a round ends. A round reads and applies the files once, and then shows the cluster. */
type Ending =
  | { readonly kind: 'changed'; readonly files: readonly string[] }
  | { readonly kind: 'restart' | 'quit' | 'unreadable' };

/**
 * Watches files until the signal aborts. When the state of a file differs from the given state, the running work ends.
 */
type Watch = (states: FileStates, until: AbortSignal) => void;

/** Applies files to a cluster, and again after each save, until the user quits. */
export class DevLoop {
  readonly #options: DevLoopOptions;
  readonly #context: CommandContext;
  readonly #view: LiveView;
  /** The running cluster; absent while a cluster starts or stops, and after a failed start. */
  #cluster: DevCluster | undefined;
  #rounds = 0;
  /** Absolute paths of all files of the last round, including imports. */
  #paths: ReadonlySet<string> = new Set();
  /** Ends the running round. */
  #end: (ending: Ending) => void = () => {};
  #state: DevState = 'starting';
  /**
   * Did the user press `q`? A key cannot interrupt the start of a cluster, so the loop checks this after each start.
   */
  #isQuitting = false;
  /** Aborted when the cluster of the present session ends. */
  #leaving = new AbortController();
  /** Is the next key the choice of a fault? */
  #isChoosing = false;
  /** The work for the keys `w` and `f`. The tasks run one after another. */
  #answering: Promise<void> = Promise.resolve();

  constructor(options: DevLoopOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#view = createLiveView(options.context);
  }

  /**
   * Runs until `q` or Ctrl-C, or until a file cannot be read in the first round. Returns the exit code. Throws the
   * errors of the first start and of the first round. If a later start fails, the loop waits for a key or a save.
   */
  async run(): Promise<number> {
    const { context } = this.#options;
    const stopKeys = context.keyboard?.listen((key) => this.#onKey(key));
    try {
      let changed: readonly string[] = [];
      for (let isFirst = true; ; isFirst = false) {
        const cluster = (this.#cluster ??= await this.#start(isFirst));
        if (this.#isQuitting) return ExitCode.ok;
        const ending = cluster === undefined ? await this.#waitForFiles() : await this.#round(cluster, changed);
        if (context.signal.aborted) return ExitCode.interrupted;
        if (ending.kind === 'quit') return ExitCode.ok;
        if (ending.kind === 'unreadable') return ExitCode.diagnostics;
        changed = ending.kind === 'changed' ? ending.files : [];
        if (ending.kind === 'restart' || this.#state !== 'running') {
          this.#printChanged(changed);
          changed = [];
          await this.#stop();
        }
      }
    } finally {
      stopKeys?.();
      this.#leaving.abort();
      await this.#answering;
      await this.#stop();
    }
  }

  /** Starts a cluster. If a start after the first one fails, prints the error and returns `undefined`. */
  async #start(isFirst: boolean): Promise<DevCluster | undefined> {
    const { clock, timeoutMs } = this.#options;
    try {
      const session = await this.#options.start();
      this.#state = 'running';
      this.#options.announce(session);
      this.#printSteps();
      return new DevCluster(session, { clock, timeoutMs, view: this.#view, print: (text) => this.#print(text) });
    } catch (error) {
      if (isFirst) throw error;
      printFailure(error, this.#context);
      this.#state = 'down';
      this.#printSteps();
      return undefined;
    }
  }

  async #stop(): Promise<void> {
    this.#state = 'starting';
    const cluster = this.#cluster;
    this.#cluster = undefined;
    this.#leaving.abort();
    this.#leaving = new AbortController();
    await cluster?.session.close();
  }

  /** Waits, without a cluster, until a save, a key or Ctrl-C ends the wait. */
  #waitForFiles(): Promise<Ending> {
    return this.#untilEnding(async (signal, watch) => {
      watch(statesOf([...this.#options.named, ...this.#paths]), signal);
      await whenAborted(signal);
    });
  }

  /**
   * Runs one round: reads and applies the files, then shows the cluster until a save, a key or Ctrl-C ends the round.
   */
  #round(cluster: DevCluster, changed: readonly string[]): Promise<Ending> {
    this.#rounds += 1;
    return this.#untilEnding((signal, watch) => {
      this.#printChanged(changed);
      // A save during the read ends the round, so that the next round reads the files again. The imports of this round
      // are not known during the read, so the loop watches the imports of the last round.
      const { named } = this.#options;
      const beganMs = Date.now();
      const known = statesOf([...named, ...this.#paths]);
      const paths = new Set(named);
      const reading = new AbortController();
      watch(known, AbortSignal.any([signal, reading.signal]));
      return this.#readAndApply(cluster, signal, paths, () => {
        reading.abort();
        this.#paths = signal.aborted ? new Set([...this.#paths, ...paths]) : paths;
        watch(statesAsRead(paths, known, beganMs), signal);
      });
    });
  }

  /**
   * Runs work until a save, a key or Ctrl-C ends it. The signal of the work then aborts, and the function waits until
   * the work has settled.
   */
  async #untilEnding(work: (signal: AbortSignal, watch: Watch) => Promise<void>): Promise<Ending> {
    const { context, events, clock } = this.#options;
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const ended = new Promise<Ending>((resolve) => {
      this.#end = (ending) => {
        resolve(ending);
        stop.abort();
      };
      const quit = (): void => this.#end({ kind: 'quit' });
      context.signal.addEventListener('abort', quit, { once: true, signal: stop.signal });
      if (context.signal.aborted) this.#end({ kind: 'quit' });
    });
    const end = this.#end;
    const watch: Watch = (states, until) => {
      void nextChange(events, states, clock, until).then((files) => {
        if (files.length > 0) end({ kind: 'changed', files });
      });
    };
    const working = work(signal, watch);
    try {
      await Promise.race([ended, working]);
      const ending = await ended;
      await working;
      return ending;
    } finally {
      this.#end = () => {};
      stop.abort();
    }
  }

  #printChanged(files: readonly string[]): void {
    const { cwd } = this.#context;
    if (files.length > 0) this.#print(`changed: ${files.map((path) => relative(cwd, path)).join(', ')}`);
  }

  async #readAndApply(cluster: DevCluster, signal: AbortSignal, paths: Set<string>, onRead: () => void): Promise<void> {
    const context: CommandContext = { ...this.#context, signal };
    try {
      const began = performance.now();
      const checked = await this.#options.read(signal, paths).finally(onRead);
      signal.throwIfAborted();
      this.#view.finish();
      printDiagnostics(context, checked.diagnostics, checked.texts);
      if (this.#isFirst(cluster) && checked.diagnostics.some(isFileProblem)) return this.#end({ kind: 'unreadable' });
      if (checked.failed) this.#printServed(cluster);
      else await this.#apply(cluster, checked, context, began);
    } catch (error) {
      if (!signal.aborted) {
        if (this.#isFirst(cluster)) throw error;
        await this.#printTrouble(cluster, error, signal);
      }
    }
    const stopShowing = this.#state === 'running' && !signal.aborted ? cluster.show() : () => {};
    await whenAborted(signal);
    stopShowing();
    this.#view.finish();
  }

  /**
   * Is this the first round, before the apply of its files begins? In this case, a file that cannot be read is a
   * mistake of the user. Later it may be an unfinished save.
   */
  #isFirst(cluster: DevCluster): boolean {
    return this.#rounds === 1 && cluster.plan === undefined;
  }

  async #apply(cluster: DevCluster, checked: CheckedFiles, context: CommandContext, began: number): Promise<void> {
    const moved = cluster.movedKind(checked.graphs);
    if (moved !== undefined) {
      this.#print(`${moved}: starting again with an empty cluster`);
      return this.#end({ kind: 'restart' });
    }
    const code = await cluster.apply(checked, context);
    if (context.signal.aborted) return;
    if (code !== ExitCode.ok) return this.#printServed(cluster);
    const seconds = ((performance.now() - began) / 1000).toFixed(2);
    this.#print(`\nserving ${cluster.served()}, applied in ${seconds} s`);
    this.#printSteps();
  }

  #printServed(cluster: DevCluster): void {
    const served = cluster.served();
    const text = served === '' ? 'nothing is served yet' : `still serving ${served}`;
    this.#context.printError(`${text}; the files are read again when they change`);
    this.#printSteps();
  }

  /** Prints an error and, if the cluster still responds, the revisions that it still serves. */
  async #printTrouble(cluster: DevCluster, error: unknown, signal: AbortSignal): Promise<void> {
    const answers = await cluster.answers(signal);
    if (signal.aborted) return;
    this.#view.finish();
    printFailure(error, this.#context);
    if (answers) return this.#printServed(cluster);
    this.#state = 'lost';
    this.#context.printError('the cluster no longer responds, and nothing is served');
    this.#printSteps();
  }

  #print(text: string): void {
    this.#view.finish();
    printLines(this.#context, [text]);
  }

  #printSteps(): void {
    this.#print(nextSteps(this.#state, this.#context.keyboard !== undefined));
  }

  #onKey(key: string): void {
    if (key === 'q' && !this.#isChoosing) {
      this.#isQuitting = true;
      this.#end({ kind: 'quit' });
    } else if (this.#state === 'starting') this.#print(`the cluster is starting\n${nextSteps('starting', true)}`);
    else if (this.#isChoosing) {
      this.#isChoosing = false;
      if (isFaultKey(key)) this.#answer(({ session }, signal) => this.#runFault(session, key, signal));
      else this.#print('no fault');
    } else if (key === 'r') {
      this.#print('starting again with an empty cluster');
      this.#end({ kind: 'restart' });
    } else if (this.#state !== 'running') this.#printSteps();
    else if (key === 'f') {
      this.#isChoosing = true;
      this.#print(FAULT_MENU);
    } else if (key === '?' || key === 'h') this.#print(KEY_HELP);
    else if (key === 'p') this.#print(this.#cluster?.plan ?? 'There has been no good save yet.');
    else if (key === 'w') {
      this.#answer(async ({ session }, signal) => this.#print(await whyText(this.#context, session, signal)));
    } else this.#printSteps();
  }

  /** Runs the work for a key after the work for earlier keys. The signal aborts when the session ends. */
  #answer(work: (cluster: DevCluster, signal: AbortSignal) => Promise<void>): void {
    this.#answering = this.#answering.then(async () => {
      const cluster = this.#cluster;
      // A restart closes the connection, which makes unfinished work fail. The signal aborts, too, so the failure is
      // not reported.
      const signal = AbortSignal.any([this.#context.signal, this.#leaving.signal]);
      if (cluster === undefined || signal.aborted) return;
      try {
        await work(cluster, signal);
      } catch (error) {
        await this.#printTrouble(cluster, error, signal);
      }
    });
  }

  #runFault(session: Session, key: string, signal: AbortSignal): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    return runFault(key, { session, clock, signal, timeoutMs, print: (text) => this.#print(text) });
  }
}

/**
 * The states of `typekro dev`, as the user sees them:
 * - `starting`: the cluster starts or ends;
 * - `running`: files are read, applied or served, or have errors;
 * - `down`: there is no cluster, because a start failed;
 * - `lost`: the cluster does not respond.
 */
export type DevState = 'starting' | 'running' | 'down' | 'lost';

const STEPS: Readonly<Record<DevState, { readonly keys: string; readonly lines: string }>> = {
  starting: { keys: '[q]uit', lines: 'Ctrl-C ends the command.' },
  running: {
    keys: '[w]hy  [p]lan of the last good save  [f]ault  [r]estart  [?] help  [q]uit',
    lines: 'The files are read again when they change. Ctrl-C ends the cluster.',
  },
  down: {
    keys: '[r]estart: try again, as the next save does  [q]uit',
    lines: 'The next save of a file starts a cluster. Ctrl-C ends the command.',
  },
  lost: {
    keys: '[r]estart with an empty cluster, as the next save does  [q]uit',
    lines: 'The next save of a file starts an empty cluster. Ctrl-C ends the command.',
  },
};

/** The next steps of the user in a state: the available keys, or a sentence if there is no keyboard. */
export const nextSteps = (state: DevState, hasKeyboard: boolean): string =>
  STEPS[state][hasKeyboard ? 'keys' : 'lines'];

/** The list of all keys. */
export const KEY_HELP = `  w  why instances are not ACTIVE, down to what they wait for
  p  what the last good save changed, object by object
  f  a fault: kill the controller, end watches, a busy API server, a deleted object
  r  start again with an empty cluster
  ?  this list
  q  quit (as Ctrl-C)`;
