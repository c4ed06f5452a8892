import { type KubeObject, RETRY_POLICIES } from '@typekro/kit/core';
import type { AdmissionGate } from '../admission/admission-gate.ts';
import { WebhookPending } from '../webhooks/webhook-pending.ts';
import type { WorkAdmission } from '../admission/work-admission.ts';
import type { LazyModule } from '../lazy-module.ts';
import type { Timer } from '../cluster-clock.ts';
import type { ControllersOptions } from '../cluster-options.ts';
import type { SimulatedController, WorkSearch } from './simulated-controller.ts';
import { recordEvent } from './events.ts';
import { type Behaviour, type ControllerSettings, behaviourOf, unknownController } from './enabled-controllers.ts';
import { isHeld, simulated, simulatedMs } from './pods/simulated-pods.ts';
import { createIndexes, isApiError, ControllerClient, RefusedPod } from './controller-client.ts';
import type { ControllerContext } from './controller-client.ts';
import type { PodTallies } from './pods/pod-tallies.ts';
import type { RelationIndex } from './relation-index.ts';

/** The parts of the cluster that the manager uses. */
export interface ManagerContext extends ControllerContext {
  /** Listeners that are called after `restore` replaces the whole state. */
  readonly onRestored: (() => void)[];
  readonly report: (thrown: unknown) => void;
  readonly admissionGate: Pick<AdmissionGate, 'isOpen'>;
  readonly parts: { readonly admission: LazyModule<{ readonly WorkAdmission: typeof WorkAdmission }> };
}

/** The maximum number of runs of one reconcile that waits for webhooks, each with at least one more response. */
const MAX_RUNS = 1000;

interface Entry {
  readonly controller: SimulatedController;
  readonly client: ControllerClient;
  readonly behaviour: Behaviour;
  /** `due` contains the keys in the queue. `kept` contains the keys that wait for `release`. */
  readonly due: Set<string>;
  readonly kept: Set<string>;
  /** The timers of keys whose work is delayed, and of later reconciles that `reconcile` requested. */
  readonly slowed: Map<string, Timer>;
  readonly timers: Map<string, Timer>;
  /** The keys whose last reconcile ended with an error. */
  readonly refused: Set<string>;
  /** The keys whose work waits for a webhook. It reads the present state, so more work for such a key is dropped. */
  readonly waiting: Set<string>;
}

/**
 * Runs the simulated controllers. Converts events of the store to keys. A key is in the queue at most once, even if
 * several events cause it. The work for a key runs after the write that caused the event. Without an event, it runs
 * again at a time that `reconcile` requests, and as a retry after a failure.
 */
export class ControllerManager implements ControllerSettings {
  readonly #context: ManagerContext;
  readonly #entries = new Map<string, Entry>();

  constructor(context: ManagerContext, controllers: readonly SimulatedController[], options: ControllersOptions = {}) {
    this.#context = context;
    const indexes = createIndexes(context.store);
    const all: readonly (RelationIndex | PodTallies)[] = Object.values(indexes);
    for (const controller of controllers) {
      this.#entries.set(controller.name, {
        controller,
        client: new ControllerClient(context, controller.name, indexes, controller.fieldManager),
        behaviour: behaviourOf(controller.name, options),
        due: new Set(),
        kept: new Set(),
        slowed: new Map(),
        timers: new Map(),
        refused: new Set(),
        waiting: new Set(),
      });
    }
    const entries = [...this.#entries.values()];
    const unsubscribe = context.store.subscribe((event) => {
      for (const index of all) index.take(event);
      for (const entry of entries) {
        if (entry.behaviour.disabled) continue;
        for (const key of entry.controller.keysOf(event, entry.client)) this.#enqueue(entry, key);
      }
    });
    context.onRestored.push(() => {
      for (const index of all) index.fill(context.store);
      for (const entry of entries) this.#enqueueAll(entry);
    });
    context.work.onStop(() => {
      unsubscribe();
      for (const { timers, slowed } of entries) {
        for (const timer of [...timers.values(), ...slowed.values()]) timer.cancel();
      }
    });
  }

  disable(name: string): void {
    const entry = this.#entry(name);
    entry.behaviour.disabled = true;
    this.#forget(entry);
  }

  enable(name: string): void {
    const entry = this.#entry(name);
    if (!entry.behaviour.disabled) return;
    entry.behaviour.disabled = false;
    this.#enqueueAll(entry);
  }

  /** Drops the pending work and the state of a controller. */
  #forget(entry: Entry): void {
    for (const timer of [...entry.timers.values(), ...entry.slowed.values()]) timer.cancel();
    for (const keys of [entry.timers, entry.slowed, entry.kept, entry.refused, entry.waiting]) keys.clear();
    entry.controller.reset?.();
  }

  /** Queues the keys of all objects, like at the start of a controller. */
  #enqueueAll(entry: Entry): void {
    this.#forget(entry);
    if (!entry.behaviour.disabled) this.#enqueueKeys(entry);
  }

  #enqueueKeys(entry: Entry): void {
    const { controller, client } = entry;
    for (const collection of this.#context.store.collections()) {
      for (const stored of collection.all()) {
        const event = { type: 'ADDED', collection, stored, previous: undefined } as const;
        for (const key of controller.keysOf(event, client)) this.#enqueue(entry, key);
      }
    }
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  hold(name: string): void {
    this.#entry(name).behaviour.held = true;
  }

  release(name: string): void {
    const entry = this.#entry(name);
    entry.behaviour.held = false;
    for (const key of entry.kept) this.#push(entry, key);
    entry.kept.clear();
  }

  delay(name: string, milliseconds: number): void {
    this.#entry(name).behaviour.delayMs = Math.max(0, milliseconds);
  }

  fail(name: string, attempts: number = Number.POSITIVE_INFINITY): void {
    this.#entry(name).behaviour.failures = attempts;
  }

  /** Queues a key of one controller without an event. Does nothing while the controller is disabled. */
  enqueue(controller: string, key: string): void {
    const entry = this.#entries.get(controller);
    if (entry !== undefined && !entry.behaviour.disabled) this.#enqueue(entry, key);
  }

  /** Queues the keys of all objects of a controller. Does nothing while the controller is disabled. */
  enqueueAll(controller: string): void {
    const entry = this.#entry(controller);
    if (!entry.behaviour.disabled) this.#enqueueKeys(entry);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw unknownController(name, this.names);
    return entry;
  }

  /** Queues a search, unless it is queued already. It runs after the present event and queues the keys it finds. */
  #search(entry: Entry, key: string, search: WorkSearch): void {
    if (entry.due.has(key)) return;
    entry.due.add(key);
    this.#context.work.enqueue(() => {
      entry.due.delete(key);
      if (entry.behaviour.disabled) return;
      for (const found of search.find(key, entry.client)) this.#enqueue(entry, found);
    });
  }

  #enqueue(entry: Entry, key: string): void {
    const { search } = entry.controller;
    if (search?.isKey(key) === true) return this.#search(entry, key, search);
    if (entry.due.has(key) || entry.slowed.has(key)) return;
    const target = entry.controller.target?.(key, entry.client);
    const delayMs = target === undefined ? 0 : (simulatedMs(target, 'delay') ?? 0);
    const delay = Math.max(entry.behaviour.delayMs, delayMs);
    if (delay === 0) return this.#push(entry, key);
    const timer = this.#context.clock.setTimer(delay, () => {
      entry.slowed.delete(key);
      this.#push(entry, key, true);
    });
    entry.slowed.set(key, timer);
  }

  #push(entry: Entry, key: string, isTimed = false): void {
    if (entry.due.has(key)) return;
    entry.due.add(key);
    this.#context.work.enqueue(() => this.#reconcile(entry, key), isTimed);
  }

  #reconcile(entry: Entry, key: string): void {
    entry.due.delete(key);
    if (entry.behaviour.disabled) return;
    if (entry.behaviour.held) {
      entry.kept.add(key);
      return;
    }
    if (entry.waiting.has(key)) return;
    entry.timers.get(key)?.cancel();
    entry.timers.delete(key);
    const { admission } = this.#context.parts;
    if (!this.#context.admissionGate.isOpen) this.#schedule(entry, key, this.#attempt(entry, key));
    // Runs the work without a promise if possible, so that it is done before an advancing clock continues.
    else if (admission.loaded) this.#admit(entry, key);
    else this.#wait(entry, key, admission.load(), () => this.#admit(entry, key));
  }

  /** Starts a reconcile whose writes pass through webhooks and policies. */
  #admit(entry: Entry, key: string): void {
    const { WorkAdmission } = this.#context.parts.admission.code;
    this.#admitted(entry, key, new WorkAdmission(this.#context), 1);
  }

  /**
   * Schedules the next reconcile of a key in `again` milliseconds. The pause is at least 1 ms, so that an advancing
   * clock cannot repeat the reconcile at the same time forever.
   */
  #schedule(entry: Entry, key: string, again: number | 'next' | undefined): void {
    if (again === undefined) return;
    if (again === 'next') return this.#push(entry, key);
    const timer = this.#context.clock.setTimer(Math.max(1, again), () => {
      entry.timers.delete(key);
      this.#push(entry, key, true);
    });
    entry.timers.set(key, timer);
  }

  /** Continues the work of a key when the promise settles. */
  #wait<Value>(entry: Entry, key: string, ready: Promise<Value>, task: (value: Value) => void): void {
    entry.waiting.add(key);
    this.#context.work.enqueueAfter(ready, (value) => {
      entry.waiting.delete(key);
      if (!entry.behaviour.disabled) task(value);
    });
  }

  /** Runs a reconcile whose writes pass through webhooks and policies, with the webhook responses received so far. */
  #admitted(entry: Entry, key: string, admission: WorkAdmission, runs: number): void {
    entry.client.admitBy(admission);
    try {
      const again = this.#attempt(entry, key);
      admission.finish();
      this.#schedule(entry, key, again);
    } catch (thrown) {
      if (!(thrown instanceof WebhookPending)) throw thrown;
      if (runs === MAX_RUNS) this.#schedule(entry, key, RETRY_POLICIES.simulatedController.initialMs);
      else this.#wait(entry, key, thrown.answered(), () => this.#admitted(entry, key, admission, runs + 1));
    } finally {
      entry.client.admitBy(undefined);
    }
  }

  #attempt(entry: Entry, key: string): number | 'next' | undefined {
    const { controller, client, behaviour } = entry;
    if (behaviour.failures > 0) {
      behaviour.failures -= 1;
      return RETRY_POLICIES.simulatedController.initialMs;
    }
    const target = controller.target?.(key, client);
    if (target !== undefined && this.#isStopped(entry, target)) return undefined;
    try {
      const again = controller.reconcile(key, client) ?? undefined;
      entry.refused.delete(key);
      return again;
    } catch (error) {
      // The API can refuse the write of a controller (a quota, a terminating namespace). The controller then retries
      // later.
      if (error instanceof WebhookPending) throw error;
      const isPod = error instanceof RefusedPod;
      if (!isPod && !isApiError(error)) this.#context.report(error);
      else if (target !== undefined && !entry.refused.has(key)) {
        const [reason, message] = isPod
          ? ['FailedCreate', `Error creating: ${error.message}`]
          : ['FailedSync', error.message];
        recordEvent(client, target, controller.name, reason, message, 'Warning');
      }
      entry.refused.add(key);
      return RETRY_POLICIES.simulatedController.initialMs;
    }
  }

  /** Do annotations of the object hold the work or make it fail? */
  #isStopped({ controller, client }: Entry, target: KubeObject): boolean {
    if (isHeld(target, controller.name)) return true;
    const failure = controller.ownFailures === true ? undefined : simulated(target, 'failure');
    if (failure === undefined) return false;
    recordEvent(client, target, controller.name, failure, `simulated: ${failure}`, 'Warning');
    return true;
  }
}
