/** A process that uses less than this share of a processor is at rest. */
const CALM_SHARE = 0.15;

/** Tells for how long a process has been at rest, from samples of the clock and of the processor time that was used. */
export class RestMeter {
  #at: number;
  #used: number;
  #calmLooks = 0;

  /** From when on it is looked at, and what was used until then, both in seconds. */
  constructor(now: number, used: number) {
    this.#at = now;
    this.#used = used;
  }

  /** How many looks in a row, this one included, found the process calm since the one before. */
  look(now: number, used: number): number {
    const isCalm = used - this.#used < CALM_SHARE * (now - this.#at);
    this.#at = now;
    this.#used = used;
    this.#calmLooks = isCalm ? this.#calmLooks + 1 : 0;
    return this.#calmLooks;
  }
}
