import type { Clock } from '@typekro/kube';

/** A clock for tests. Only `advance` moves the clock. */
export class TestClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  /** The number of pending timers. */
  get timers(): number {
    return this.#timers.size;
  }

  setTimer(milliseconds: number, callback: () => void): { cancel(): void } {
    const timer = { at: this.#now + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Advances the time. Runs each timer at its own time, and then lets promises settle. */
  async advance(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
      await new Promise(setImmediate);
    }
    this.#now = until;
    await new Promise(setImmediate);
  }

  #next(until: number) {
    let found: { readonly at: number; readonly callback: () => void } | undefined;
    for (const timer of this.#timers)
      if (timer.at <= until && (found === undefined || timer.at < found.at)) found = timer;
    return found;
  }
}
