import type { KubeObject } from '../core/index.ts';
import type { Graph } from '../graph/index.ts';
import type { Clock, KubernetesApi } from '../kube/index.ts';
import type {
  ApplyAction,
  Decision,
  ListObservation,
  NodeReport,
  ObjectTarget,
  ObjectType,
  ReadRequest,
  StepOptions,
} from '../runtime/index.ts';
import { elapsed, pause } from '../kube/index.ts';
import { applySetIdOf, keys, step, StepMemory } from '../runtime/index.ts';
import type { EffectContext } from './effects.ts';
import { apply, read, remove } from './effects.ts';
import { liveObjects, ObservedStore, targetOf } from './observed-store.ts';
import { WatchSet } from './watch-set.ts';
import type { Sight, Watched } from './watch-set.ts';

/** Rests between decisions, in milliseconds: shorter ones are left out; a deploy answers that much later at the most. */
const LEAST_REST_MS = 5;
const MOST_REST_MS = 30;

/** What a run of the loop is given. */
export interface DirectRunOptions {
  readonly api: KubernetesApi;
  readonly graph: Graph;
  /** The instance that stands in for the parent; its metadata follows what the parent gets. */
  readonly instance: KubeObject;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Everything about a step but the time. */
  readonly step: Omit<StepOptions, 'now' | 'memory'>;
  /** `read`: look only. `dry-run`: the server checks every write. `write`: the real thing. */
  readonly effects: 'read' | 'dry-run' | 'write';
  /** The object that holds the record of the deploy, and the label selector under which it is watched. */
  readonly record: { readonly target: ObjectTarget; readonly selector: string };
  /**
   * Called before each batch of writes with the record as its watch shows it; what it throws ends the run. Not
   * called unless `effects` is `write`.
   */
  beforeWrite(record: Sight): Promise<void>;
  /** Writes labels and annotations of the parent; gives the instance with them. Not called unless `effects` is `write`. */
  writeParent(decision: Decision, instance: KubeObject): Promise<KubeObject>;
  /** Told of each object that was applied, as {@link EffectContext.onApplied} is. */
  readonly onApplied?: EffectContext['onApplied'];
  /** Called with every decision, before it is carried out. */
  report(decision: Decision): void;
}

/** When the loop ends: with the last decision, as soon as this says so. Asked after each decision was carried out. */
export type Until = (decision: Decision) => boolean;

/**
 * The loop of direct mode for one instance: decide, carry out, and when nothing is left to do wait until
 * something watched changes. The same `step` as in the controller decides. Nothing is polled.
 */
export class DirectRun {
  readonly #options: DirectRunOptions;
  readonly #store = new ObservedStore();
  readonly #memory = new StepMemory();
  readonly #watches: WatchSet;
  #instance: KubeObject;
  /** Grows with every change seen; the loop sleeps only while it stands still. */
  #changes = 0;
  #wake: (() => void) | undefined;

  constructor(options: DirectRunOptions) {
    this.#options = options;
    this.#instance = options.instance;
    const applySet = applySetIdOf(options.instance);
    this.#watches = new WatchSet(
      options.api,
      (type, object, gone) => this.#observe(type, object, gone),
      ({ metadata }) => metadata.labels?.[keys.PART_OF_LABEL] === applySet,
    );
  }

  /** Runs until the condition holds, and gives the last decision. Rejects when the signal aborts. */
  async run(until: Until): Promise<Decision> {
    const { graph, clock, signal, effects, record } = this.#options;
    const recordWatch: Watched = { kind: 'list', target: { ...record.target, selector: record.selector } };
    // Nobody is to wait for what a watch will show when the run is over.
    const stop = () => void this.#watches.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        const seen = this.#changes;
        const began = elapsed(clock);
        const options = { ...this.#options.step, now: clock.now(), memory: this.#memory };
        const decision = step(graph, this.#instance, this.#store, options);
        const cost = elapsed(clock) - began;
        for (const { target, pair } of decision.settled) this.#store.setSettled(target, pair);
        this.#options.report(decision);
        if (effects === 'write') this.#watches.set([...decision.watch, recordWatch]);
        const busy = await this.#carryOut(decision);
        this.#instance = { ...this.#instance, status: decision.status };
        if (until(decision)) return decision;
        if (busy) continue;
        if (this.#changes === seen) await this.#sleep(decision.requeueAt);
        await this.#rest(Math.min(cost, MOST_REST_MS));
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await this.#watches.close();
    }
  }

  /** Carries out everything that the decision asks for at once; false when there was nothing. */
  async #carryOut(decision: Decision): Promise<boolean> {
    const { effects, api, signal, clock } = this.#options;
    const context: EffectContext = {
      api,
      store: this.#store,
      signal,
      dryRun: effects === 'dry-run',
      now: () => clock.now(),
      ...(this.#options.onApplied === undefined ? {} : { onApplied: this.#options.onApplied }),
    };
    // Together, so that when one fails the others fail with it and not on their own.
    await Promise.all([
      ...decision.read.map((request) => this.#read(context, request)),
      ...(effects === 'read' ? [] : [this.#write(context, decision)]),
    ]);
    return decision.read.length > 0 || (effects !== 'read' && hasWrites(decision, context));
  }

  async #write(context: EffectContext, decision: Decision): Promise<void> {
    if (!hasWrites(decision, context)) return;
    if (!context.dryRun) {
      const { target, selector } = this.#options.record;
      await this.#options.beforeWrite(await this.#watches.look(target, selector));
      // The inventory covers a child before the child exists: a deploy that dies in between can be cleaned up.
      if (isParentDue(decision)) this.#instance = await this.#options.writeParent(decision, this.#instance);
    }
    // What refers to a namespace by its name alone is no dependent of it in the graph.
    const isNamespace = ({ target: { type } }: ApplyAction) => type.group === '' && type.kind === 'Namespace';
    await Promise.all(decision.apply.filter(isNamespace).map((action) => apply(context, action)));
    await Promise.all([
      ...decision.apply.filter((action) => !isNamespace(action)).map((action) => apply(context, action)),
      ...decision.delete.map((action) => remove(context, action)),
    ]);
    if (decision.delete.length > 0) this.#store.forgetMembers();
  }

  /** Answers what a decision asks: what nobody knows yet from the watch of its kind, the rest by a request. */
  async #read(context: EffectContext, request: ReadRequest): Promise<void> {
    if (this.#options.effects === 'write' && (request.kind === 'object' || request.kind === 'whole-object')) {
      const { target } = request;
      const { exists, object } = this.#store.knows(target) ? {} : await this.#watches.look(target);
      if (exists !== undefined && !this.#store.knows(target)) {
        this.#store.setObject(target, object);
        return;
      }
    }
    if (this.#options.effects === 'write' && request.kind === 'members') {
      const { group, kind, namespaces, applySet } = request.target;
      const watched = await this.#watches.lookAll(group, kind, namespaces);
      if (watched !== undefined) {
        this.#store.setMembers(request.target, membersOf(applySet, watched, this.#store.objectsOf(group, kind)));
        return;
      }
    }
    await read(context, request);
  }

  #observe(type: ObjectType, object: KubeObject, gone: boolean): void {
    const target = targetOf(type, object);
    this.#store.forgetLists();
    if (object.metadata.labels?.[keys.PART_OF_LABEL] !== undefined) this.#store.forgetMembers();
    if (gone) this.#store.setGone(target, object.metadata.uid);
    else if (this.#store.knows(target)) this.#store.setObject(target, object);
    this.#changes += 1;
    this.#wake?.();
  }

  /**
   * Changes of a large graph come in crowds: by resting for as long as a decision took, half of the time at most is
   * spent on decisions that the next change makes obsolete.
   */
  #rest(milliseconds: number): Promise<void> {
    const { clock, signal } = this.#options;
    return milliseconds < LEAST_REST_MS ? Promise.resolve() : pause(clock, milliseconds, signal);
  }

  /** Sleeps until a change, the time given, or the abort of the run. */
  #sleep(until: number | undefined): Promise<void> {
    const { clock, signal } = this.#options;
    return new Promise((resolve) => {
      const timer =
        until === undefined || !Number.isFinite(until)
          ? undefined
          : clock.setTimer(Math.max(0, until - clock.now()), () => done());
      const done = () => {
        timer?.cancel();
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#wake = done;
    });
  }
}

const isParentDue = ({ parent }: Decision): boolean => parent.labels !== undefined || parent.inventory !== undefined;

/** Is there anything to write? A dry run leaves the parent out. */
function hasWrites(decision: Decision, { dryRun }: EffectContext): boolean {
  return decision.apply.length > 0 || decision.delete.length > 0 || (!dryRun && isParentDue(decision));
}

/** Members of an ApplySet among what watches show, and what was just written, which they may not show yet. */
function membersOf(applySet: string, watched: readonly KubeObject[], known: readonly KubeObject[]): ListObservation {
  const byUid = new Map([...known, ...watched].map((object) => [object.metadata.uid, object]));
  const members = [...byUid.values()].filter(({ metadata }) => metadata.labels?.[keys.PART_OF_LABEL] === applySet);
  return { state: 'known', objects: liveObjects(members) };
}

/** Nodes that stand in the way of success. */
export function unsettledNodes(decision: Decision): NodeReport[] {
  return decision.nodes.filter(
    (node) => node.state !== 'ready' && node.state !== 'skipped' && node.state !== 'deleted',
  );
}
