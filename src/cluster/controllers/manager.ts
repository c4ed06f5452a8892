import type { Api } from '../api.ts';
import type { Timer } from '../clock.ts';
import type { SimulatedController } from './controller.ts';
import { isRefusal, World } from './world.ts';

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
 * and its work is done right after the write that made it due. Nothing is polled.
 */
export class ControllerManager {
  readonly #api: Api;
  readonly #entries: readonly Entry[];

  constructor(api: Api, controllers: readonly SimulatedController[]) {
    this.#api = api;
    this.#entries = controllers.map((controller) => ({
      controller,
      world: new World(api, controller.name),
      due: new Set(),
      timers: new Map(),
    }));
    const unsubscribe = api.store.subscribe((event) => {
      for (const entry of this.#entries) {
        for (const key of entry.controller.keysOf(event, entry.world)) this.#enqueue(entry, key);
      }
    });
    api.work.onStop(() => {
      unsubscribe();
      for (const { timers } of this.#entries) for (const timer of timers.values()) timer.cancel();
    });
  }

  /** Makes a key of one controller due, for what no event tells. */
  enqueue(controller: string, key: string): void {
    for (const entry of this.#entries) if (entry.controller.name === controller) this.#enqueue(entry, key);
  }

  #enqueue(entry: Entry, key: string): void {
    if (entry.due.has(key)) return;
    entry.due.add(key);
    this.#api.work.enqueue(() => this.#reconcile(entry, key));
  }

  #reconcile(entry: Entry, key: string): void {
    entry.due.delete(key);
    entry.timers.get(key)?.cancel();
    entry.timers.delete(key);
    const again = this.#attempt(entry, key);
    if (again === undefined) return;
    const timer = this.#api.clock.setTimer(again, () => {
      entry.timers.delete(key);
      this.#enqueue(entry, key);
    });
    entry.timers.set(key, timer);
  }

  #attempt({ controller, world }: Entry, key: string): number | undefined {
    try {
      return controller.reconcile(key, world) ?? undefined;
    } catch (error) {
      // The API may refuse a controller, too (quota, a namespace that is going): it tries again later.
      if (!isRefusal(error)) this.#api.report(error);
      return RETRY_MS;
    }
  }
}
