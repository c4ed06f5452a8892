import type { Clock } from '../../kube/index.ts';

/** What came in is left as it came for so long at least, and for twice as long at most, in milliseconds. */
const LEFT_FOR_MS = 1000;
/** So many at a time: some milliseconds. */
const AT_A_TIME = 64;

/**
 * Tidies things up some time after they came in, a few at a time. What comes in is wanted at once: to pack it for
 * keeping can wait, and what changes again meanwhile is packed once.
 */
export class DeferredCompactor {
  readonly #clock: Clock;
  readonly #tidy: (key: string) => void;
  /** What came in since the last look, and what is due. */
  #fresh = new Set<string>();
  #due = new Set<string>();
  #timer: { cancel(): void } | undefined;

  constructor(clock: Clock, tidy: (key: string) => void) {
    this.#clock = clock;
    this.#tidy = tidy;
  }

  /** Something came in, or came anew. */
  add(key: string): void {
    this.#due.delete(key);
    this.#fresh.add(key);
    this.#timer ??= this.#clock.setTimer(LEFT_FOR_MS, () => this.#look());
  }

  /** Nothing is tidied up any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#fresh.clear();
    this.#due.clear();
  }

  #look(): void {
    let left = AT_A_TIME;
    for (const key of this.#due) {
      if (left === 0) break;
      left -= 1;
      this.#due.delete(key);
      this.#tidy(key);
    }
    const isDone = this.#due.size === 0;
    if (isDone) [this.#due, this.#fresh] = [this.#fresh, this.#due];
    const wait = isDone ? LEFT_FOR_MS : 0;
    this.#timer = this.#due.size === 0 ? undefined : this.#clock.setTimer(wait, () => this.#look());
  }
}
