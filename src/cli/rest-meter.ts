/** A process that uses less than this share of a processor is at rest. */
const CALM_SHARE = 0.15;

/** Tells for how long a process has been at rest, from samples of the clock and of the processor time that was used. */
export class RestMeter {
  #at: number;
  #used: number;
  #calmLooks = 0;

  /** The time of the first sample and the processor time used until then, both in seconds. */
  constructor(now: number, used: number) {
    this.#at = now;
    this.#used = used;
  }

  /** Takes a sample. Returns how many samples in a row, this one included, found the process at rest. */
  look(now: number, used: number): number {
    const isCalm = used - this.#used < CALM_SHARE * (now - this.#at);
    this.#at = now;
    this.#used = used;
    this.#calmLooks = isCalm ? this.#calmLooks + 1 : 0;
    return this.#calmLooks;
  }
}
