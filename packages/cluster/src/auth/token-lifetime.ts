/**
 * The lifetime, in seconds, that the admission plugin `ServiceAccount` requests for the tokens of pods. The server
 * extends the validity of a token if exactly this lifetime is requested.
 */
export const EXTENDED_TOKEN_SECONDS = 3607;

/** The validity of an extended token in seconds: one year. */
export const YEAR_SECONDS = 365 * 86_400;

/** The parts of a token request that determine the validity of the token. */
export interface LifetimeRequest {
  readonly seconds: number;
  readonly isBoundToPod: boolean;
  /** True when all audiences of the token are audiences of the API server. */
  readonly isForServer: boolean;
}

/** The end of a token's validity, in milliseconds since the epoch. */
export interface TokenLifetime {
  readonly expires: number;
  /** The time after which audit events report each use of the token. Only extended tokens have this time. */
  readonly warnAfter?: number;
}

/**
 * Returns the validity of a token that is issued at `nowMs`. As in kube-apiserver, an API token that is requested for a
 * pod with `EXTENDED_TOKEN_SECONDS` is valid for a year. A client that reads its token file only once therefore keeps
 * its access.
 */
export function tokenLifetime({ seconds, isBoundToPod, isForServer }: LifetimeRequest, nowMs: number): TokenLifetime {
  const requested = nowMs + seconds * 1000;
  return isBoundToPod && isForServer && seconds === EXTENDED_TOKEN_SECONDS
    ? { expires: nowMs + YEAR_SECONDS * 1000, warnAfter: requested }
    : { expires: requested };
}
