import { type JsonObject, stringifyJson } from '@typekro/kit/core';
import { tooManyRequests } from '../errors/api-error.ts';

/** The maximum size of the reviews of all requests whose webhooks have not responded, in bytes. */
export const MAX_OPEN_REVIEW_BYTES = 128 * 1024 * 1024;
/** The maximum size of the copies of reviews that are being sent to webhooks, in bytes. */
export const MAX_SENT_REVIEW_BYTES = 32 * 1024 * 1024;

let openBytes = 0;

/** A review as text without its uid. The webhooks that get the review share its bytes, each with another uid. */
export class ReviewText {
  readonly #start: string;
  readonly #rest: Buffer;
  #isOpen = true;

  /**
   * `review` is an AdmissionReview or a ConversionReview with an empty uid.
   *
   * @throws ApiError 429 when the reviews that wait for responses are too large, all together.
   */
  constructor(review: JsonObject) {
    const text = stringifyJson(review);
    const end = text.indexOf('"uid":""') + '"uid":'.length;
    this.#start = text.slice(0, end);
    this.#rest = Buffer.from(text.slice(end + '""'.length));
    if (openBytes > 0 && openBytes + this.#rest.length > MAX_OPEN_REVIEW_BYTES) throw tooManyRequests();
    openBytes += this.#rest.length;
  }

  /** The parts of the text with a uid. */
  withUid(uid: string): readonly [Buffer, Buffer] {
    return [Buffer.from(`${this.#start}${JSON.stringify(uid)}`), this.#rest];
  }

  /** Must be called after all webhooks have responded. */
  close(): void {
    if (this.#isOpen) openBytes -= this.#rest.length;
    this.#isOpen = false;
  }
}

/** Lets only a number of bytes be sent at the same time. The others wait for their turn, in order. */
export class SendTurns {
  readonly #maxBytes: number;
  /** Each function begins to send if there is room. */
  readonly #waiting = new Set<() => boolean>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Resolves to a function that ends the turn. Resolves to `undefined` when the signal aborts before the turn. */
  take(bytes: number, signal: AbortSignal): Promise<(() => void) | undefined> {
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#waiting.delete(begin);
        resolve(undefined);
        this.#next();
      };
      const begin = (): boolean => {
        if (this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) return false;
        signal.removeEventListener('abort', giveUp);
        this.#bytes += bytes;
        let isSending = true;
        resolve(() => {
          if (isSending) this.#bytes -= bytes;
          isSending = false;
          this.#next();
        });
        return true;
      };
      if (this.#waiting.size === 0 && begin()) return;
      this.#waiting.add(begin);
      signal.addEventListener('abort', giveUp);
    });
  }

  #next(): void {
    for (const begin of this.#waiting) {
      if (!begin()) return;
      this.#waiting.delete(begin);
    }
  }
}
