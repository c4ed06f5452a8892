import { DueHeap } from './due-heap.ts';
import { KeyFifo } from './key-fifo.ts';

/**
 * The name of a piece of work. A group is a definition or a single Graph. The queue is fair between groups. `key` is
 * unique in its group.
 */
export interface WorkKey {
  readonly group: string;
  readonly key: string;
}

interface Entry {
  readonly work: WorkKey;
  running: boolean;
  /** Is the work due, and does it wait for its turn? */
  isReady: boolean;
  /** The time at which the work is due; `undefined` while the work is not requested. */
  dueAt: number | undefined;
}

/**
 * Orders due work. Groups take turns, so that a thousand instances of one definition do not delay the instances of
 * another definition. Within a group, work that became due first comes first.
 *
 * Guarantees: A key runs only once at a time. A request that arrives while its key runs is kept until `done`. Of
 * several requests for a key, the earliest counts. No request is lost. The queue has no clock and no timers.
 */
export class WorkQueue {
  readonly #entries = new Map<string, Entry>();
  /** The due keys of each group with due work. */
  readonly #ready = new Map<string, KeyFifo>();
  /** The round: the groups with due work, each once, in the order of their turns. */
  readonly #turns = new KeyFifo();
  readonly #delayed = new DueHeap();
  #readyCount = 0;
  #adds = 0;
  #waited = 0;
  #running = 0;

  /**
   * Requests `work` at `dueAt`, unless it is already requested for the same or an earlier time. Returns true when the
   * time of the next work may have changed.
   */
  add(work: WorkKey, dueAt: number, now: number): boolean {
    const id = idOf(work);
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      entry = { work, running: false, isReady: false, dueAt: undefined };
      this.#entries.set(id, entry);
    }
    if (entry.dueAt !== undefined && entry.dueAt <= dueAt) return false;
    entry.dueAt = dueAt;
    if (entry.running || entry.isReady) return false;
    this.#place(id, entry, now);
    return true;
  }

  /** Takes the next due work. The work counts as running until `done`. Returns `undefined` when no work is due. */
  take(now: number): WorkKey | undefined {
    this.#promote(now);
    const group = this.#turns.take();
    const ids = group === undefined ? undefined : this.#ready.get(group);
    const id = ids?.take();
    if (group === undefined || ids === undefined || id === undefined) return undefined;
    // The group moves to the end of the round, unless it has no more due work.
    if (ids.size > 0) this.#turns.add(group);
    else this.#ready.delete(group);
    this.#readyCount -= 1;
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    entry.running = true;
    entry.isReady = false;
    this.#waited = Math.max(0, now - (entry.dueAt ?? now));
    entry.dueAt = undefined;
    this.#running += 1;
    return entry.work;
  }

  /** Ends running work. A request for the same work that arrived in the meantime takes effect now. */
  done(work: WorkKey, now: number): void {
    const id = idOf(work);
    const entry = this.#entries.get(id);
    if (entry?.running !== true) return;
    entry.running = false;
    this.#running -= 1;
    if (entry.dueAt === undefined) this.#entries.delete(id);
    else this.#place(id, entry, now);
  }

  /** The time at which the next work becomes due. `now` when work is already due; `undefined` when no work waits. */
  nextDue(now: number): number | undefined {
    this.#promote(now);
    return this.#readyCount > 0 ? now : this.#delayed.peek()?.dueAt;
  }

  /** The number of keys that are due but not running. */
  get ready(): number {
    return this.#readyCount;
  }

  /** The number of keys that are running. */
  get running(): number {
    return this.#running;
  }

  /** How many times a key became due. */
  get adds(): number {
    return this.#adds;
  }

  /** The time between the due time of the last taken work and its start, in milliseconds. */
  get waited(): number {
    return this.#waited;
  }

  /** The number of known keys: due, waiting for their time, or running. */
  get size(): number {
    return this.#entries.size;
  }

  #place(id: string, entry: Entry, now: number): void {
    const dueAt = entry.dueAt ?? now;
    if (dueAt > now) {
      this.#delayed.push({ id, dueAt });
      return;
    }
    const { group } = entry.work;
    // A group has an entry here exactly while it is in the round.
    const ids = this.#ready.get(group);
    if (ids === undefined) {
      this.#ready.set(group, new KeyFifo(id));
      this.#turns.add(group);
    } else ids.add(id);
    entry.isReady = true;
    this.#readyCount += 1;
    this.#adds += 1;
  }

  /** Moves due work to its group. Skips entries of the heap that a request for an earlier time has replaced. */
  #promote(now: number): void {
    for (let top = this.#delayed.peek(); top !== undefined; top = this.#delayed.peek()) {
      const entry = this.#entries.get(top.id);
      const stale = entry === undefined || entry.running || entry.dueAt !== top.dueAt || entry.isReady;
      if (!stale && top.dueAt > now) return;
      this.#delayed.pop();
      if (!stale) this.#place(top.id, entry, now);
    }
  }
}

function idOf(work: WorkKey): string {
  return `${work.group}\0${work.key}`;
}
