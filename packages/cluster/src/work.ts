import { callEach } from './call-each.ts';

/** The numbers of tasks, and of units of work, after which the queue yields to other work of the process. */
const [TASKS_PER_BATCH, WORK_PER_BATCH] = [64, 100];

/** The maximum time for which work runs without a turn for the requests of others, apart from the work for one object. */
export const MAX_TURN_MS = 10;

/** The maximum number of tasks of one call of `runNow`. The remaining tasks run after the current event. */
const MAX_TASKS_AT_ONCE = 100_000;

/** The queue of the simulated controllers' tasks. Tasks run in order, after the current event of the event loop. */
export class Work {
  #queue: (() => void | Promise<void>)[] = [];
  /** The index of the next task. Earlier tasks are removed later, because this is slow in a long array. */
  #head = 0;
  #running = false;
  /** Is a task on the call stack? */
  #active = false;
  /** Does the queue wait for the promise of a task, so that later tasks must wait? */
  #blocked = false;
  /** Resolves when the task that `runNow` has started is finished. Never rejects. */
  #unfinished: Promise<void> | undefined;
  #stopped = false;
  #isShared = false;
  /** Did a timer cause the first task since the queue was empty? */
  #isTimed = false;
  /** When did the queue begin to run tasks in this turn of the event loop? Undefined before its first task. */
  #turnBegan: number | undefined;
  /** The number of tasks of `enqueueAfter` whose promise is pending. */
  #expected = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #onStop: (() => void)[] = [];
  readonly #report: (thrown: unknown) => void;
  readonly #changes: () => number;
  #counted = 0;
  #doneBefore = 0;

  /** `report` receives the errors of failed tasks. Later tasks still run. `changes` counts the changes of objects. */
  constructor(report: (thrown: unknown) => void, changes = () => 0) {
    this.#report = report;
    this.#changes = changes;
  }

  /** The changes of objects and the work that was counted. */
  get done(): number {
    return this.#changes() + this.#counted;
  }

  /** Counts work of the present task in addition to its changes. The unit is the change of a small object. */
  count(units: number): void {
    this.#counted += units;
  }

  /**
   * Queues `task`. It runs after the current write, and before `idle()` resolves. Does nothing after `stop()`. With
   * `isTimed`, a timer causes the task.
   */
  enqueue(task: () => void | Promise<void>, isTimed = false): void {
    if (this.#stopped) return;
    this.#queue.push(task);
    if (this.#running) return;
    this.#running = true;
    this.#isTimed = isTimed;
    queueMicrotask(() => void this.#drain());
  }

  /**
   * Queues `task` when `ready` resolves. It runs before `idle()` resolves. If `ready` rejects, the error is reported
   * and the task does not run. After `stop()`, the task does not run, and a rejection is not reported.
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

  /** Resolves the promises of `idle()` when no task remains. */
  #settle(): void {
    if (this.#running || this.#expected > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /**
   * From now on, other processes send requests. The queue then yields by time after tasks of timers: many can be due
   * together, each of which begins a new count of tasks. Before, the order of tasks must be the same in each run.
   */
  share(): void {
    this.#isShared = true;
  }

  /** Must other work of the process run after a number of tasks? The work of all tasks since the last turn counts. */
  #mustYield(done: number): boolean {
    if (!this.#isShared || !this.#isTimed) {
      const work = this.done;
      if (done % TASKS_PER_BATCH !== 0 && work - this.#doneBefore < WORK_PER_BATCH) return false;
      this.#doneBefore = work;
      return true;
    }
    if (this.#turnBegan === undefined) setImmediate(() => (this.#turnBegan = undefined)).unref();
    this.#turnBegan ??= performance.now();
    return performance.now() - this.#turnBegan >= MAX_TURN_MS;
  }

  /** Runs `callback` when the cluster closes. */
  onStop(callback: () => void): void {
    this.#onStop.push(callback);
  }

  /** Resolves when the queue is empty and no task of `enqueueAfter` is pending. Does not wait for timers. */
  idle(): Promise<void> {
    if (!this.#running && this.#expected === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Is a task queued or running? Pending tasks of `enqueueAfter` do not count. */
  get isBusy(): boolean {
    return this.#running;
  }

  /** Drops the queued tasks, and runs the callbacks of `onStop`. Reports the errors of these callbacks. */
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
   * Runs the queued tasks in order before this call returns. If a task returns a promise, the call ends, and the later
   * tasks run after the promise has settled. Does nothing when a task calls it.
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

  /** Resolves when all tasks that `runNow` has started are finished. */
  async #unfinishedTask(): Promise<void> {
    while (this.#unfinished !== undefined) await this.#unfinished;
  }

  async #drain(): Promise<void> {
    let done = 0;
    this.#doneBefore = this.done;
    if (this.#unfinished !== undefined) await this.#unfinishedTask();
    for (let task = this.#next(); task !== undefined; task = this.#next()) {
      try {
        await this.#call(task);
      } catch (thrown) {
        this.#report(thrown);
      }
      if (this.#unfinished === undefined) this.#blocked = false;
      done += 1;
      // Requests may call `runNow` in the meantime.
      if (this.#mustYield(done)) await new Promise((resolve) => setImmediate(resolve));
      if (this.#unfinished !== undefined) await this.#unfinishedTask();
    }
    this.#running = false;
    this.#settle();
  }
}
