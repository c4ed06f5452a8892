/**
 * The lifetime for which the admission plugin `ServiceAccount` requests the tokens of pods. A token with this lifetime
 * is extended.
 */
export const EXTENDED_TOKEN_SECONDS = 3607;

/** The validity of an extended token: a year. */
export const YEAR_SECONDS = 365 * 86_400;

/** A request for a token, as far as it decides about the validity. */
export interface LifetimeRequest {
  readonly seconds: number;
  readonly isBoundToPod: boolean;
  /** Are all audiences of the token those of the API server? */
  readonly isForServer: boolean;
}

/** The end of a token's validity, in milliseconds since the epoch. */
export interface TokenLifetime {
  readonly expires: number;
  /** The time after which the server notes each use of the token. Only extended tokens have one. */
  readonly warnAfter?: number;
}

/**
 * The validity of a token that is issued at `nowMs`. The tokens of pods for the API are valid for a year, as
 * kube-apiserver issues them, so that clients that never read their file again keep their access.
 */
export function tokenLifetime({ seconds, isBoundToPod, isForServer }: LifetimeRequest, nowMs: number): TokenLifetime {
  const requested = nowMs + seconds * 1000;
  return isBoundToPod && isForServer && seconds === EXTENDED_TOKEN_SECONDS
    ? { expires: nowMs + YEAR_SECONDS * 1000, warnAfter: requested }
    : { expires: requested };
}
