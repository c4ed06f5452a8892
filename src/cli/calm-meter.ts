/** A sample is calm when the process used less than this share of a processor since the previous sample. */
const CALM_SHARE = 0.15;

/** Counts the calm samples of a process, from the clock and the used processor time. */
export class CalmMeter {
  #at: number;
  #used: number;
  #calmSamples = 0;

  /** `now` is the time of the first sample, `used` the processor time until then, both in seconds. */
  constructor(now: number, used: number) {
    this.#at = now;
    this.#used = used;
  }

  /**
   * Takes a sample. Returns the number of calm samples in a row, this sample included; 0 when this sample is not calm.
   */
  sample(now: number, used: number): number {
    const isCalm = used - this.#used < CALM_SHARE * (now - this.#at);
    this.#at = now;
    this.#used = used;
    this.#calmSamples = isCalm ? this.#calmSamples + 1 : 0;
    return this.#calmSamples;
  }
}
