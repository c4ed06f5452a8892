/** At rest is who took less than this share of a processor in each of so many looks. */
const REST_SHARE = 0.05;
const REST_LOOKS = 3;
/** What is done at rest may take this share of the time. */
const WORTH = 0.01;

/** Tells when a process has come to rest, and no more often than what it does then is worth. */
export class RestMeter {
  #at: number;
  #used: number;
  #calmLooks = 0;
  #isDone = false;
  #notBefore = Number.NEGATIVE_INFINITY;

  /** From when on it is looked at, and the processor's time that was used until then, in seconds. */
  constructor(now: number, used: number) {
    this.#at = now;
    this.#used = used;
  }

  /** Has it come to rest? True once until it works again. */
  look(now: number, used: number): boolean {
    const isCalm = used - this.#used < REST_SHARE * (now - this.#at);
    this.#at = now;
    this.#used = used;
    this.#calmLooks = isCalm ? this.#calmLooks + 1 : 0;
    if (!isCalm) this.#isDone = false;
    if (this.#isDone || this.#calmLooks < REST_LOOKS || now < this.#notBefore) return false;
    this.#isDone = true;
    return true;
  }

  /** What was done at rest is done, and does not count as work. */
  did(now: number, used: number): void {
    this.#notBefore = now + (now - this.#at) / WORTH;
    this.#at = now;
    this.#used = used;
  }
}
