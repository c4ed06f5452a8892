/** A process that uses less than this share of a processor is at rest. */
const CALM_SHARE = 0.15;

/** Measures for how many samples a process has been at rest, from the clock and the used processor time. */
export class RestMeter {
  #at: number;
  #used: number;
  #calmSamples = 0;

  /** `now` is the time of the first sample, `used` the processor time until then, both in seconds. */
  constructor(now: number, used: number) {
    this.#at = now;
    this.#used = used;
  }

  /** Takes a sample. Returns the number of samples in a row, including this one, with the process at rest. */
  sample(now: number, used: number): number {
    const isCalm = used - this.#used < CALM_SHARE * (now - this.#at);
    this.#at = now;
    this.#used = used;
    this.#calmSamples = isCalm ? this.#calmSamples + 1 : 0;
    return this.#calmSamples;
  }
}
