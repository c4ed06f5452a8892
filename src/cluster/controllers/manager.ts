import type { Api } from '../api.ts';
import type { Timer } from '../clock.ts';
import type { SimulatedController } from './controller.ts';
import { isRefusal, World } from './world.ts';

/** Pieces of work done before other things in the process get a turn. */
const BATCH = 64;
/** How long a piece of work that was refused is left alone, in milliseconds. */
const RETRY_MS = 1000;

interface Entry {
  readonly controller: SimulatedController;
  readonly world: World;
  readonly due: Set<string>;
  readonly timers: Map<string, Timer>;
}

/**
 * Runs the simulated controllers: store events become keys, a key waits once however often it is wanted,
 * and everything due is done in the same turn of the event loop, in batches. Nothing is polled.
 */
export class ControllerManager {
  readonly #api: Api;
  readonly #entries: Entry[];
  readonly #unsubscribe: () => void;
  readonly #waiters = new Set<() => void>();
  #scheduled = false;
  #stopped = false;

  constructor(api: Api, controllers: readonly SimulatedController[]) {
    this.#api = api;
    this.#entries = controllers.map((controller) => ({
      controller,
      world: new World(api, controller.name),
      due: new Set(),
      timers: new Map(),
    }));
    this.#unsubscribe = api.store.subscribe((event) => {
      for (const entry of this.#entries) {
        for (const key of entry.controller.keysOf(event, entry.world)) this.#enqueue(entry, key);
      }
    });
  }

  /** Settles when no work is due now; work that waits for the clock does not count. */
  idle(): Promise<void> {
    if (!this.#scheduled) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.add(resolve));
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    for (const { timers, due } of this.#entries) {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
      due.clear();
    }
    this.#finish();
  }

  #enqueue(entry: Entry, key: string): void {
    if (this.#stopped) return;
    entry.due.add(key);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#drain());
  }

  #drain(): void {
    for (let done = 0; done < BATCH; done += 1) {
      const entry = this.#entries.find(({ due }) => due.size > 0);
      const key = entry?.due.values().next().value;
      if (entry === undefined || key === undefined) return this.#finish();
      entry.due.delete(key);
      this.#reconcile(entry, key);
    }
    setImmediate(() => this.#drain());
  }

  #reconcile(entry: Entry, key: string): void {
    entry.timers.get(key)?.cancel();
    entry.timers.delete(key);
    let again: number | undefined | void;
    try {
      again = entry.controller.reconcile(key, entry.world);
    } catch (error) {
      // The API may refuse a controller, too (quota, a namespace that is going): it tries again later.
      if (!isRefusal(error)) throw error;
      again = RETRY_MS;
    }
    if (again === undefined || this.#stopped) return;
    const timer = this.#api.clock.setTimer(again, () => {
      entry.timers.delete(key);
      this.#enqueue(entry, key);
    });
    entry.timers.set(key, timer);
  }

  #finish(): void {
    this.#scheduled = false;
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}
