import type { KubeObject } from '@typekro/kit/core';
import type {
  ExecutionPorts,
  ExecutionSink,
  ParentPort,
  RememberedWrite,
  WriteRules,
} from '@typekro/controller/execute';
import { carryOut, eachEffect } from '@typekro/controller/execute';
import type { Graph } from '@typekro/engine/graph';
import type {
  ApplyAction,
  Decision,
  Decisions,
  ObjectOutcome,
  ObjectTarget,
  ObjectType,
  Observations,
  StepOptions,
} from '@typekro/engine/runtime';
import { ApplySet, keys, NodeReport, ObjectKey, step, StepMemory } from '@typekro/engine/runtime';
import { type Clock, type KubernetesApi, elapsed, KubeError, pause, systemClock } from '@typekro/kube';
import { DirectAnswers } from './direct-answers.ts';
import { type KnownObject, ObservedStore, targetOfObject } from './observed-store.ts';
import { type WatchedObject, type Watched, WatchSet } from './watch-set.ts';
import type { DeployTarget } from '../compose/index.ts';
import type { CompiledGraph } from './compile-for.ts';
import type { DirectRecord } from './parent.ts';

/** One instance in direct mode, with a connection to its cluster. */
export interface DirectContext extends CompiledGraph {
  readonly api: KubernetesApi;
  readonly target: DeployTarget;
  /** Name and namespace of the instance. */
  readonly name: string;
  readonly namespace: string;
  readonly record: DirectRecord;
  /** The live parent; `undefined` when there is none. */
  readonly parent: KubeObject | undefined;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  report(decision: Decision): void;
  /** Called after each write that the server accepted, except in dry runs. */
  wrote(action: ApplyAction | Decisions.DeleteAction, outcome: ObjectOutcome): void;
}

/**
 * The minimum and the maximum pause between decisions, in milliseconds. A shorter pause is skipped, and a longer pause
 * is cut to the maximum.
 */
const MIN_REST_MS = 5;
const MAX_REST_MS = 30;

/** The options of a run. */
export interface DirectRunOptions {
  readonly api: KubernetesApi;
  /** The account that `api` impersonates. Absent for the user's own rights. */
  readonly user?: string | undefined;
  readonly graph: Graph;
  /**
   * A live instance, or the virtual instance that is made from a record. The virtual instance has the UID, labels and
   * annotations of the record's ConfigMap.
   */
  readonly instance: KubeObject;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The options of a step except the time. */
  readonly step: Omit<StepOptions, 'now' | 'memory'>;
  /**
   * `read`: nothing is written. `dry-run`: the server checks every write and stores none. `write`: the server stores
   * them.
   */
  readonly effects: ExecutionPorts['effects'];
  /** The rules for retries of failed writes. */
  readonly rules: WriteRules;
  /** The object that holds the record of the deploy, and the label selector of its watch. */
  readonly record: { readonly target: ObjectTarget; readonly selector: string };
  /**
   * Called before each batch of writes, with the record as its watch shows it. A thrown `KubeError` counts as a failed
   * write of the record. Any other error ends the run. Called only when `effects` is `write`.
   */
  beforeWrite(record: WatchedObject): Promise<void>;
  /**
   * Writes labels and annotations of the parent. Returns the instance with the same metadata. Called only when
   * `effects` is `write`.
   */
  writeParent(parent: Decisions.ParentWrite, instance: KubeObject): Promise<KubeObject>;
  /**
   * May the write be skipped, because it changes nothing that matters to the caller? By default, every write is sent.
   */
  readonly isSettled?: (action: ApplyAction) => boolean;
  /** Live objects that have been read already. Other objects are read when a step requests them. */
  readonly known?: readonly KnownObject[];
  /** Failed writes that are known already. */
  readonly failures?: readonly KnownFailure[];
  /** Finds a contest that is known already. */
  readonly contest?: NonNullable<Observations.Observed['contest']>;
  /**
   * Called after each apply, with the object's last known state before the apply and with the object that the server
   * returned.
   */
  readonly onApplied?: (action: ApplyAction, before: KubeObject | undefined, after: KubeObject) => void;
  /** Called with each object whose deletion the server accepted, except in dry runs. */
  readonly onDeleted?: (action: Decisions.DeleteAction) => void;
  /**
   * Called with each object that stays although it is retired, after the server accepted its release, except in dry
   * runs.
   */
  readonly onOrphaned?: (action: Decisions.OrphanAction) => void;
  /** Called with each decision before it is carried out. */
  report(decision: Decision): void;
}

/**
 * A failed write of an object. `writer` is the id of the patch node that made the write; absent when the object is a
 * child.
 */
export interface KnownFailure {
  readonly target: ObjectTarget;
  readonly failed: RememberedWrite;
  readonly writer?: string;
}

/** Called after each executed decision. When it returns true, the loop ends with this decision. */
export type Until = (decision: Decision) => boolean;

/**
 * The loop of direct mode for one instance. It decides with the controller's `step` and carries the decision out. When
 * nothing is left to do, it waits for a change of a watched object. It does not poll.
 */
export class DirectRun {
  readonly #options: DirectRunOptions;
  readonly #store: ObservedStore;
  readonly #memory = new StepMemory();
  readonly #watches: WatchSet;
  #instance: KubeObject;
  /** The number of observed changes. The loop sleeps only while this number does not change. */
  #changes = 0;
  #wake: (() => void) | undefined;

  constructor(options: DirectRunOptions) {
    this.#options = options;
    this.#instance = options.instance;
    this.#store = new ObservedStore(() => options.clock.now());
    for (const { target, object } of options.known ?? []) this.#store.setObject(target, object);
    for (const { target, failed, writer } of options.failures ?? []) this.#store.setFailedWrite(target, failed, writer);
    if (options.contest !== undefined) this.#store.contest = options.contest;
    const applySet = ApplySet.idOf(options.instance);
    this.#watches = new WatchSet(
      options.api,
      (type, object, gone) => this.#observe(type, object, gone),
      ({ metadata }) => metadata.labels?.[keys.PART_OF_LABEL] === applySet,
    );
  }

  /** Runs until `until` returns true. Returns the last decision. Rejects when the signal aborts. */
  async run(until: Until): Promise<Decision> {
    const { graph, clock, signal, effects, record } = this.#options;
    const recordWatch: Watched = { kind: 'list', target: { ...record.target, selector: record.selector } };
    // Ends the reads that wait for a watch, because the run must not wait for them at its end.
    const stop = () => void this.#watches.close();
    const ports = this.#ports(stop);
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        // A server in this process answers within a turn of the event loop. With an injected clock, nothing depends on
        // turns.
        if (clock === systemClock) await new Promise(setImmediate);
        signal.throwIfAborted();
        const seen = this.#changes;
        const began = elapsed(clock);
        const options = { ...this.#options.step, now: clock.now(), memory: this.#memory };
        const decision = step(graph, this.#instance, this.#store, options);
        const cost = elapsed(clock) - began;
        for (const { target, pair, writer } of decision.equivalences) this.#store.setEquivalence(target, pair, writer);
        if (this.#settle(decision)) continue;
        if (effects === 'dry-run' && (await this.#readWatched(decision, ports.view))) continue;
        this.#options.report(decision);
        if (effects === 'write') this.#watches.set([...decision.watch, recordWatch]);
        const busy = await carryOut(decision, { ...ports, instance: this.#instance });
        this.#instance = { ...this.#instance, status: decision.status };
        if (until(decision)) return decision;
        if (busy) continue;
        if (this.#changes === seen) await this.#sleep(decision.requeueAt);
        await this.#rest(Math.min(cost, MAX_REST_MS));
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await this.#watches.close();
    }
  }

  /**
   * Treats the writes for which `isSettled` returns true as done, and records them. Returns true when there are any,
   * because another step is then required.
   */
  #settle({ apply }: Decision): boolean {
    const { isSettled } = this.#options;
    if (isSettled === undefined) return false;
    let found = false;
    for (const action of apply) {
      const known = this.#store.object(action.target).state === 'present';
      if (known && isSettled(action) && this.#store.settle(action)) found = true;
    }
    return found;
  }

  /**
   * Reads the objects that watches would show, because a dry run has no watches. Returns true when it read any. Without
   * these objects, the dry run could delay a deletion that the real deploy makes immediately.
   */
  async #readWatched({ read, watch }: Decision, view: ExecutionPorts['view']): Promise<boolean> {
    const due = new Set(read.flatMap((each) => (each.kind === 'object' ? [ObjectKey.ofTarget(each.target)] : [])));
    const unread = this.#store
      .unread(watch)
      .filter((each) => each.kind === 'object' && !due.has(ObjectKey.ofTarget(each.target)));
    await eachEffect(this.#options.clock, unread, (request) => view.read(request));
    return unread.length > 0;
  }

  /** The ports of the executor. `stop` ends reads that wait for watches. */
  #ports(stop: () => void): Omit<ExecutionPorts, 'instance'> {
    const { api, user, clock, signal, effects, rules, instance, onApplied, onDeleted, onOrphaned } = this.#options;
    const random = Math.random;
    const answers = { api, user, store: this.#store, clock, random, signal, dryRun: effects === 'dry-run' };
    const sink: ExecutionSink = {
      childApplied: (action, answer) => {
        const known = this.#store.object(action.target);
        onApplied?.(action, known.state === 'present' ? known.live.object : undefined, answer);
      },
      childDeleted: (action) => onDeleted?.(action),
      childOrphaned: (action) => onOrphaned?.(action),
    };
    return {
      api,
      graph: this.#options.graph,
      user,
      clock,
      random,
      signal,
      effects,
      rules,
      parent: this.#parent(instance),
      view: new DirectAnswers({ ...answers, watches: effects === 'write' ? this.#watches : undefined }),
      sink,
      ...(effects === 'write' ? { beforeWrites: () => this.#checkRecord(stop) } : {}),
    };
  }

  /**
   * Calls `beforeWrite` with the record. When the record belongs to another deploy, `beforeWrite` throws, and the run
   * ends.
   */
  async #checkRecord(stop: () => void): Promise<void> {
    const { target, selector } = this.#options.record;
    try {
      await this.#options.beforeWrite(await this.#watches.look(target, selector));
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) stop();
      throw thrown;
    }
  }

  /**
   * Makes the port through which the executor writes the metadata of the parent. In direct mode, the record of the
   * deploy gets these writes instead of an instance.
   */
  #parent(instance: KubeObject): ParentPort {
    const { name = '', namespace } = instance.metadata;
    const { group, version, kind, plural, namespaced } = this.#options.graph.instance;
    const type = { group, version, kind, plural, namespaced };
    return {
      target: { type, name, ...(namespace === undefined ? {} : { namespace }) },
      write: async (parent) => {
        // A record has no finalizer to remove. The inventory has the kind and the namespace of a child before the child
        // exists, so a later process finds the child if the deploy dies in between.
        if (parent.labels === undefined && parent.inventory === undefined) return;
        this.#instance = await this.#options.writeParent(parent, this.#instance);
      },
    };
  }

  #observe(type: ObjectType, object: KubeObject, gone: boolean): void {
    const target = targetOfObject(type, object);
    this.#store.forgetLists();
    if (object.metadata.labels?.[keys.PART_OF_LABEL] !== undefined) this.#store.forgetMembers();
    if (gone) this.#store.setGone(target, object.metadata.uid);
    else if (this.#store.knows(target) || this.#store.failedRead(target) !== undefined) {
      this.#store.setObject(target, object);
    }
    this.#changes += 1;
    this.#wake?.();
  }

  /**
   * Pauses between decisions. Changes of a large graph arrive in bursts, and each change makes the decision before it
   * obsolete. The pause is as long as the last decision took, but at most `MAX_REST_MS`. Therefore decisions that take
   * less than `MAX_REST_MS` use at most half of the time.
   */
  #rest(milliseconds: number): Promise<void> {
    const { clock, signal } = this.#options;
    return milliseconds < MIN_REST_MS ? Promise.resolve() : pause(clock, milliseconds, signal);
  }

  /** Sleeps until a change, the given time, or the abort of the run. */
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

/** The nodes that are not done. A deploy waits for them. */
export function openNodes(decision: Decision): NodeReport[] {
  return decision.nodes.filter((node) => !NodeReport.isDone(node));
}
