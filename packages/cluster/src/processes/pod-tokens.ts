import type { ClusterClock } from '../cluster-clock.ts';
import type { ConfigProblem } from './config-source.ts';

/** A volume's request for a token of the pod's service account. */
export interface TokenRequest {
  /** `''` is the audience of the API. */
  readonly audience: string;
  /** The requested validity, in seconds. */
  readonly expirationSeconds: number;
}

/**
 * The maximum time for which a token is used, in milliseconds. After this time, the token is replaced even if it is
 * still valid, as by the kubelet.
 */
const MAX_USE_MS = 24 * 3_600_000;

/** The fraction of a token's validity after which the token is replaced, as by the kubelet. */
const USED_PART = 0.8;

interface IssuedToken {
  readonly token: string;
  readonly issuedMs: number;
  readonly renewalMs: number;
}

/**
 * The tokens in the files of one pod. Equal requests share one token, so that the files change only when a token is
 * renewed. A token is renewed after 80 % of its validity, but at the latest after 24 hours.
 */
export class PodTokens {
  readonly #clock: Pick<ClusterClock, 'now'>;
  readonly #issued = new Map<string, IssuedToken>();

  constructor(clock: Pick<ClusterClock, 'now'>) {
    this.#clock = clock;
  }

  /**
   * Returns the token for a request. Calls `issue` when no token exists, or when the existing token is due for renewal.
   * A problem that `issue` returns is returned, but not cached.
   */
  get({ audience, expirationSeconds }: TokenRequest, issue: () => string | ConfigProblem): string | ConfigProblem {
    const key = `${expirationSeconds} ${audience}`;
    const known = this.#issued.get(key);
    if (known !== undefined && !this.#isDue(known)) return known.token;
    const issuedMs = this.#clock.now();
    const renewalMs = issuedMs + Math.min(MAX_USE_MS, expirationSeconds * 1000 * USED_PART);
    const token = issue();
    if (typeof token !== 'string') return token;
    this.#issued.set(key, { token, issuedMs, renewalMs });
    return token;
  }

  /** The time until the first renewal, in milliseconds; 0 when a renewal is due, `undefined` without tokens. */
  get untilRenewalMs(): number | undefined {
    if (this.#issued.size === 0) return undefined;
    const now = this.#clock.now();
    return Math.min(
      ...[...this.#issued.values()].map((each) => (this.#isDue(each) ? 0 : Math.max(0, each.renewalMs - now))),
    );
  }

  /** Drops the tokens that are due for renewal. Returns whether any token was dropped. */
  dropDue(): boolean {
    const before = this.#issued.size;
    for (const [key, each] of this.#issued) if (this.#isDue(each)) this.#issued.delete(key);
    return this.#issued.size < before;
  }

  /**
   * Is the token due for renewal? A token that was issued after the current time is also due, because the clock was
   * moved back.
   */
  #isDue({ issuedMs, renewalMs }: IssuedToken): boolean {
    const now = this.#clock.now();
    return now >= renewalMs || now < issuedMs;
  }
}
