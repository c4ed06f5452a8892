import { relative } from 'node:path';
import type { KubeObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { Clock } from '../../kube/index.ts';
import { withDeadline } from '../../kube/index.ts';
import { printLines } from '../layout.ts';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../command.ts';
import { printFailure } from '../failure.ts';
import { bringUp, instancesOf, showChanges } from '../up/bring-up.ts';
import type { CheckedFiles } from '../up/checked.ts';
import type { LiveView } from '../up/live-view.ts';
import { createLiveView } from '../up/live-view.ts';
import { printDiagnostics } from '../up/print-diagnostics.ts';
import { Progress } from '../up/progress.ts';
import type { Session } from '../up/session.ts';
import { withoutEffect } from '../up/without-effect.ts';
import { FAULT_MENU, isFaultKey, runFault } from './dev-faults.ts';
import { keyOf, planText, servedText, whyText } from './dev-reports.ts';
import { removeObjects } from './remove-objects.ts';
import type { FileStates, FolderEvents } from './watch-files.ts';
import { nextChange, statesAsRead, statesOf } from './watch-files.ts';

/** The dependencies of the loop. */
export interface DevLoopOptions {
  readonly context: CommandContext;
  /**
   * Reads and checks the files. Adds each file that is read to `paths`. Throws `TypeKroError` when a file cannot be
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

/** The reason why a round ends. */
type Ending = { readonly kind: 'changed'; readonly files: readonly string[] } | { readonly kind: 'restart' | 'quit' };

const KEYS = '[w]hy  [p]lan of the last save  [f]ault  [r]estart  [?] help  [q]uit';
const HELP = `  w  why instances are not ACTIVE, down to what they wait for
  p  what the last good save changed, object by object
  f  a fault: kill the controller, end watches, a busy API server, a deleted object
  r  start again with an empty cluster
  ?  this list
  q  quit (as Ctrl-C)`;

/** Applies files to a cluster, and again after each save, until the user quits. */
export class DevLoop {
  readonly #options: DevLoopOptions;
  readonly #context: CommandContext;
  readonly #view: LiveView;
  #session: Session | undefined;
  /** The objects that were applied to this cluster and not removed since, by key. */
  readonly #applied = new Map<string, KubeObject>();
  /** The name of the definition that owns the CRD of each kind in this cluster, by group and kind. */
  readonly #owners = new Map<string, string>();
  /** The last files without errors, and the plan of their apply. */
  #good: { readonly checked: CheckedFiles; readonly plan: string } | undefined;
  #rounds = 0;
  /** Absolute paths of all files of the last round, imports included. */
  #paths: ReadonlySet<string> = new Set();
  #end: (ending: Ending) => void = () => {};
  /** Aborted when the cluster of the present session ends. */
  #leaving = new AbortController();
  /** Is the next key the choice of a fault? */
  #isChoosing = false;
  /** The answers to `w` and `f`, which run one after another. */
  #answering: Promise<void> = Promise.resolve();

  constructor(options: DevLoopOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#view = createLiveView(options.context);
  }

  /** Runs until `q` or Ctrl-C. Returns the exit code. */
  async run(): Promise<number> {
    const { context } = this.#options;
    const stopKeys = context.keyboard?.listen((key) => this.#onKey(key));
    try {
      let changed: readonly string[] = [];
      for (;;) {
        const session = (this.#session ??= await this.#start());
        const ending = await this.#round(session, changed);
        if (context.signal.aborted) return ExitCode.interrupted;
        if (ending.kind === 'quit') return ExitCode.ok;
        if (ending.kind === 'restart') await this.#stop();
        changed = ending.kind === 'changed' ? ending.files : [];
      }
    } finally {
      stopKeys?.();
      this.#leaving.abort();
      await this.#answering;
      await this.#stop();
    }
  }

  async #start(): Promise<Session> {
    const session = await this.#options.start();
    this.#options.announce(session);
    return session;
  }

  async #stop(): Promise<void> {
    this.#applied.clear();
    this.#owners.clear();
    this.#good = undefined;
    const session = this.#session;
    this.#session = undefined;
    this.#leaving.abort();
    this.#leaving = new AbortController();
    await session?.close();
  }

  /**
   * Runs one round: reads and applies the files, then shows the cluster until a save, a key or Ctrl-C ends the round.
   */
  async #round(session: Session, changed: readonly string[]): Promise<Ending> {
    const { context, events, clock } = this.#options;
    this.#rounds += 1;
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
    const watch = (states: FileStates, until: AbortSignal): void => {
      void nextChange(events, states, clock, AbortSignal.any([signal, until])).then((files) => {
        if (files.length > 0) end({ kind: 'changed', files });
      });
    };
    if (changed.length > 0) this.#print(`changed: ${changed.map((path) => relative(context.cwd, path)).join(', ')}`);
    // A save during the read ends the round, so that the next round reads the files again. Until the read is over, the
    // loop watches the imports of the last round, because the imports of this round are not known yet.
    const { named } = this.#options;
    const beganMs = Date.now();
    const known = statesOf([...named, ...this.#paths]);
    const paths = new Set(named);
    const reading = new AbortController();
    watch(known, reading.signal);
    const work = this.#readAndApply(session, signal, paths, () => {
      reading.abort();
      this.#paths = signal.aborted ? new Set([...this.#paths, ...paths]) : paths;
      watch(statesAsRead(paths, known, beganMs), stop.signal);
    });
    try {
      await Promise.race([ended, work]);
      const ending = await ended;
      await work;
      return ending;
    } finally {
      stop.abort();
    }
  }

  async #readAndApply(session: Session, signal: AbortSignal, paths: Set<string>, onRead: () => void): Promise<void> {
    const context: CommandContext = { ...this.#context, signal };
    let stopShowing = () => {};
    try {
      const began = performance.now();
      const checked = await this.#options.read(signal, paths).finally(onRead);
      signal.throwIfAborted();
      this.#view.finish();
      printDiagnostics(context, checked.diagnostics, checked.texts);
      if (checked.failed) this.#tellServed(session);
      else await this.#apply(session, checked, context, began);
    } catch (error) {
      if (!signal.aborted) {
        // In the first round, a file that cannot be read is the user's mistake and not an unfinished save.
        if (this.#rounds === 1 && this.#good === undefined) throw error;
        this.#view.finish();
        printFailure(error, context);
        this.#tellServed(session);
      }
    }
    if (this.#good !== undefined && !signal.aborted) {
      const { graphs, inputs } = this.#good.checked;
      const progress = new Progress(instancesOf(inputs.objects, graphs), session.controller.reports);
      stopShowing = showChanges(session, this.#view, progress, false);
    }
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    stopShowing();
    this.#view.finish();
  }

  async #apply(session: Session, checked: CheckedFiles, context: CommandContext, began: number): Promise<void> {
    const { timeoutMs, clock } = this.#options;
    const { inputs, graphs, known } = checked;
    const moved = this.#movedKind(graphs);
    if (moved !== undefined) {
      this.#print(`${moved}: starting again with an empty cluster`);
      return this.#end({ kind: 'restart' });
    }
    for (const graph of graphs) if (!this.#owners.has(kindKey(graph))) this.#owners.set(kindKey(graph), graph.name);
    const first = this.#good === undefined;
    for (const line of withoutEffect(inputs.objects, graphs)) context.printError(line);
    const plan = context.keyboard === undefined ? '' : await this.#plan(session, checked, context);
    const objects = this.#objectsOf(checked);
    const kept = new Set(objects.map(keyOf));
    const gone = [...this.#applied.values()].filter((object) => !kept.has(keyOf(object)));
    if (gone.length > 0) {
      const instances = this.#good === undefined ? [] : this.#instancesOf(this.#good.checked);
      const isInstance = (object: KubeObject): boolean => instances.includes(keyOf(object));
      await withDeadline(timeoutMs, [context.signal], clock, (limit) =>
        removeObjects(session.api, gone, isInstance, limit, (text) => this.#print(text)),
      );
      for (const object of gone) this.#applied.delete(keyOf(object));
    }
    for (const object of objects) this.#applied.set(keyOf(object), object);
    this.#good = { checked, plan };
    const task = { session, objects: inputs.objects, crds: known.crds, graphs, timeoutMs, once: false };
    const code = await bringUp({ ...task, context, view: this.#view, showsStatus: first });
    if (context.signal.aborted) return;
    if (code !== ExitCode.ok) return this.#tellServed(session);
    const served = servedText(graphs, session.controller.reports);
    const seconds = ((performance.now() - began) / 1000).toFixed(2);
    this.#print(`\nserving ${served}, applied in ${seconds} s`);
    if (context.keyboard !== undefined) this.#print(KEYS);
  }

  /**
   * Describes the first kind that moved to another definition. This cluster cannot serve such files: the CRD of a kind
   * outlives its definition, and the controller refuses a second owner.
   */
  #movedKind(graphs: readonly Graph[]): string | undefined {
    for (const graph of graphs) {
      const key = kindKey(graph);
      const owner = this.#owners.get(key);
      if (owner === undefined || owner === graph.name) continue;
      // The controller reports two definitions of one kind in the same files.
      if (graphs.some((each) => each.name === owner && kindKey(each) === key)) continue;
      return `the kind ${graph.instance.kind} moved from the definition ${owner} to ${graph.name}`;
    }
    return undefined;
  }

  /** The objects of the files. Instances without a namespace get one. */
  #objectsOf({ inputs, graphs }: CheckedFiles): KubeObject[] {
    const instances = new Map(instancesOf(inputs.objects, graphs).map((object) => [nameKey(object), object]));
    return inputs.objects.map(({ object }) => instances.get(nameKey(object)) ?? object);
  }

  #instancesOf({ inputs, graphs }: CheckedFiles): string[] {
    return instancesOf(inputs.objects, graphs).map(keyOf);
  }

  async #plan(session: Session, { inputs }: CheckedFiles, context: CommandContext): Promise<string> {
    try {
      return await planText(context, session, inputs, context.signal);
    } catch (error) {
      if (context.signal.aborted) throw error;
      return `There is no plan: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #tellServed(session: Session): void {
    const served = this.#good === undefined ? '' : servedText(this.#good.checked.graphs, session.controller.reports);
    const text = served === '' ? 'nothing is served yet' : `still serving ${served}`;
    this.#context.printError(`${text}; the files are read again when they change`);
  }

  #print(text: string): void {
    this.#view.finish();
    printLines(this.#context, [text]);
  }

  #onKey(key: string): void {
    if (this.#isChoosing) {
      this.#isChoosing = false;
      if (isFaultKey(key)) this.#answer((session) => this.#runFault(session, key));
      else this.#print('no fault');
    } else if (key === 'f') {
      this.#isChoosing = true;
      this.#print(FAULT_MENU);
    } else if (key === 'q') this.#end({ kind: 'quit' });
    else if (key === 'r') this.#end({ kind: 'restart' });
    else if (key === '?' || key === 'h') this.#print(HELP);
    else if (key === 'p') this.#print(this.#good?.plan ?? 'There was no good save yet.');
    else if (key === 'w')
      this.#answer(async (session) => this.#print(await whyText(this.#context, session, this.#context.signal)));
  }

  /** Runs the work of a key after that of earlier keys. */
  #answer(work: (session: Session) => Promise<void>): void {
    this.#answering = this.#answering.then(async () => {
      const session = this.#session;
      const { signal } = this.#leaving;
      if (session === undefined || signal.aborted) return;
      try {
        await work(session);
      } catch (error) {
        // A restart closes the connection, and an unfinished answer then fails.
        if (this.#session !== session || signal.aborted) return;
        this.#view.finish();
        printFailure(error, this.#context);
      }
    });
  }

  #runFault(session: Session, key: string): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    const signal = AbortSignal.any([this.#context.signal, this.#leaving.signal]);
    return runFault(key, { session, clock, signal, timeoutMs, print: (text) => this.#print(text) });
  }
}

const kindKey = ({ instance: { group, kind } }: Graph): string => `${group}/${kind}`;

const nameKey = ({ apiVersion, kind, metadata }: KubeObject): string =>
  `${apiVersion} ${kind} ${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`;
