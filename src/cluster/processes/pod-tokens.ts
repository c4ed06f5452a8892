import type { ClusterClock } from '../clock.ts';
import type { ConfigProblem } from './config-source.ts';

/** The request of a volume for a token of the pod's service account. */
export interface TokenRequest {
  /** `''` is the audience of the API. */
  readonly audience: string;
  /** The requested validity. */
  readonly expirationSeconds: number;
}

/** The longest use of a token, in milliseconds. The kubelet replaces an older token even if it is still valid. */
const MAX_USE_MS = 24 * 3_600_000;

/** The fraction of a token's validity after which the kubelet replaces the token. */
const USED_PART = 0.8;

interface IssuedToken {
  readonly token: string;
  readonly issuedMs: number;
  readonly renewalMs: number;
}

/**
 * The tokens in the files of one pod. Equal requests get one token, so that the files change only with their sources. A
 * token is renewed after 80 % of its validity, and after 24 hours at the latest.
 */
export class PodTokens {
  readonly #clock: Pick<ClusterClock, 'now'>;
  readonly #issued = new Map<string, IssuedToken>();

  constructor(clock: Pick<ClusterClock, 'now'>) {
    this.#clock = clock;
  }

  /**
   * The token for a request. `issue` makes a token when none exists or the existing one is due for renewal. A problem
   * of `issue` is returned, but not cached.
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

  /** The time until the first renewal, in milliseconds; 0 when one is due, `undefined` without tokens. */
  get untilRenewalMs(): number | undefined {
    if (this.#issued.size === 0) return undefined;
    const now = this.#clock.now();
    return Math.min(
      ...[...this.#issued.values()].map((each) => (this.#isDue(each) ? 0 : Math.max(0, each.renewalMs - now))),
    );
  }

  /** Forgets the tokens that are due for renewal. Returns whether there was any. */
  dropDue(): boolean {
    const before = this.#issued.size;
    for (const [key, each] of this.#issued) if (this.#isDue(each)) this.#issued.delete(key);
    return this.#issued.size < before;
  }

  /** Is the token due for renewal? A token with a time of issue after now is due, too: the clock was moved back. */
  #isDue({ issuedMs, renewalMs }: IssuedToken): boolean {
    const now = this.#clock.now();
    return now >= renewalMs || now < issuedMs;
  }
}
