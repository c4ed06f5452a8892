import { callEach } from './call-each.ts';

/** The number of tasks after which requests and other work of the process can run. */
const TASKS_PER_BATCH = 64;

/**
 * The maximum number of tasks of one call of `runNow`. The remaining tasks run after the present event, as without the
 * call.
 */
const MAX_TASKS_AT_ONCE = 100_000;

/** The queue of the simulated controllers' tasks. A task runs after the present event, in the order of the queue. */
export class Work {
  #queue: (() => void | Promise<void>)[] = [];
  /** The index of the next task. Earlier tasks are done. Removing the first element of a long array would be slow. */
  #head = 0;
  #running = false;
  /** Is a task on the call stack? */
  #active = false;
  /** Does the queue wait for the end of a task? Later tasks run after it. */
  #blocked = false;
  /** The end of a task that `runNow` has started. Never rejects. */
  #unfinished: Promise<void> | undefined;
  #stopped = false;
  /** The number of tasks that wait for a promise. */
  #expected = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #onStop: (() => void)[] = [];
  readonly #report: (thrown: unknown) => void;

  /** `report` receives the error of a failed task. Later tasks still run. */
  constructor(report: (thrown: unknown) => void) {
    this.#report = report;
  }

  /** Runs `task` soon: after the present write, and before `idle()` settles. Does nothing after `stop()`. */
  enqueue(task: () => void | Promise<void>): void {
    if (this.#stopped) return;
    this.#queue.push(task);
    if (this.#running) return;
    this.#running = true;
    queueMicrotask(() => void this.#drain());
  }

  /**
   * Runs `task` after `ready`, and before `idle()` settles. When `ready` rejects, the rejection is reported and the
   * task does not run. After `stop()`, the task does not run, and a rejection is not reported.
   */
  enqueueAfter<Value>(ready: Promise<Value>, task: (value: Value) => void): void {
    this.#expected += 1;
    ready.then(
      (value) => this.#arrive(() => task(value)),
      (thrown: unknown) => this.#arrive(() => this.#report(thrown)),
    );
  }

  #arrive(task: () => void): void {
    this.#expected -= 1;
    if (this.#stopped) this.#settle();
    else this.enqueue(task);
  }

  /** Settles the promises of `idle()` when nothing is left to do. */
  #settle(): void {
    if (this.#running || this.#expected > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Runs `callback` when the cluster closes. */
  onStop(callback: () => void): void {
    this.#onStop.push(callback);
  }

  /** Settles when the queue is empty and no task is expected. Does not wait for timers that are not due yet. */
  idle(): Promise<void> {
    if (!this.#running && this.#expected === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Are tasks in the queue, or is one running? Tasks that wait for a promise do not count. */
  get isBusy(): boolean {
    return this.#running;
  }

  /**
   * Drops the waiting tasks, and runs the callbacks of `onStop`. The failure of a callback is reported, and the others
   * still run.
   */
  stop(): void {
    this.#stopped = true;
    this.#queue = [];
    this.#head = 0;
    for (const thrown of callEach(this.#onStop.splice(0))) this.#report(thrown);
  }

  #next(): (() => void | Promise<void>) | undefined {
    const task = this.#queue[this.#head];
    this.#head += 1;
    if (task === undefined) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1000 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return task;
  }

  /**
   * Runs the waiting tasks before this call returns, in the order of the queue. A task that returns a promise ends the
   * call, and the tasks behind it run after the promise has settled. Does nothing when a task makes the call.
   */
  runNow(): void {
    for (let done = 0; done < MAX_TASKS_AT_ONCE && !this.#active && !this.#blocked; done += 1) {
      const task = this.#next();
      if (task === undefined) return;
      try {
        const finished = this.#call(task);
        if (finished !== undefined) this.#unfinished = this.#finish(finished);
      } catch (thrown) {
        this.#report(thrown);
      }
    }
  }

  #call(task: () => void | Promise<void>): Promise<void> | undefined {
    this.#active = true;
    try {
      const finished = task() ?? undefined;
      this.#blocked = finished !== undefined;
      return finished;
    } finally {
      this.#active = false;
    }
  }

  async #finish(task: Promise<void>): Promise<void> {
    try {
      await task;
    } catch (thrown) {
      this.#report(thrown);
    }
    this.#blocked = false;
    this.#unfinished = undefined;
  }

  /** Settles when all tasks that `runNow` has started are finished. */
  async #unfinishedTask(): Promise<void> {
    while (this.#unfinished !== undefined) await this.#unfinished;
  }

  async #drain(): Promise<void> {
    let done = 0;
    if (this.#unfinished !== undefined) await this.#unfinishedTask();
    for (let task = this.#next(); task !== undefined; task = this.#next()) {
      try {
        await this.#call(task);
      } catch (thrown) {
        this.#report(thrown);
      }
      if (this.#unfinished === undefined) this.#blocked = false;
      done += 1;
      // Requests run between batches, so that many events do not delay them. They may call `runNow`.
      if (done % TASKS_PER_BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
      if (this.#unfinished !== undefined) await this.#unfinishedTask();
    }
    this.#running = false;
    this.#settle();
  }
}
