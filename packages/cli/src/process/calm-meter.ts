/** A sample is calm when the process used less than this share of a processor since the previous sample. */
const CALM_SHARE = 0.15;

/** Counts consecutive calm samples of a process. A sample consists of the time and the processor time used so far. */
export class CalmMeter {
  #at: number;
  #used: number;
  #calmSamples = 0;

  /**
   * `now` is the present time, and `used` is the processor time used so far, both in seconds. The first sample is
   * compared with these values.
   */
  constructor(now: number, used: number) {
    this.#at = now;
    this.#used = used;
  }

  /**
   * Takes a sample. Returns the number of consecutive calm samples up to and including this sample; 0 when this sample
   * is not calm.
   */
  sample(now: number, used: number): number {
    const isCalm = used - this.#used < CALM_SHARE * (now - this.#at);
    this.#at = now;
    this.#used = used;
    this.#calmSamples = isCalm ? this.#calmSamples + 1 : 0;
    return this.#calmSamples;
  }
}
