import { cryptoLibrary } from '@typekro/kit/core';
import { ApiError } from '../errors/api-error.ts';
import type { ClusterOptions, UserInfo } from '../cluster-options.ts';
import { bootstrapUser } from './bootstrap-tokens.ts';
import type { Annotate, TokenContext, TokenIssuer, TokenOwner } from './service-tokens.ts';
import { createTokenIssuer } from './service-tokens.ts';

/** The user of a request without credentials. */
export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** The administrator. */
export const ADMIN: UserInfo = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

type RawHeaders = Readonly<Record<string, string | undefined>>;

/** The parts of the cluster that authentication uses. */
export interface AccessContext extends TokenContext {
  readonly options: TokenContext['options'] & Pick<ClusterOptions, 'adminToken' | 'tokens'>;
}

/** Authentication of one cluster. */
export interface ClusterAccess {
  /** The administrator's bearer token. */
  readonly adminToken: string;
  readonly tokens: TokenIssuer;
  /**
   * Returns the user of a request: the user of its bearer token, or `fallback` (default: anonymous) for a request
   * without a token. The fallback `refuse` refuses a request without a token. A listener passes `refuse` for a request
   * with an invalid client certificate. In a cluster that allows all requests, it also passes `refuse` for requests
   * from web pages and other machines. Ignores impersonation headers, which `impersonate` reads.
   *
   * `annotate` is called with annotations for the audit log.
   *
   * @throws ApiError 401 when the token is not valid.
   */
  authenticate(headers: RawHeaders, fallback?: UserInfo | 'refuse', annotate?: Annotate): UserInfo;
  /**
   * Returns the user of a token, and the subset of `audiences` (default: this server) for which the token is valid.
   * Returns `undefined` if the token is valid for none of them. `annotate` is called with annotations for the audit
   * log.
   */
  ownerOf(token: string, audiences?: readonly string[], annotate?: Annotate): TokenOwner | undefined;
}

const withAuthenticated = (user: UserInfo): UserInfo =>
  user.groups.includes('system:authenticated') || user.groups.includes('system:unauthenticated')
    ? user
    : { ...user, groups: [...user.groups, 'system:authenticated'] };

const ofClient = (fallback: UserInfo | 'refuse'): UserInfo | undefined =>
  fallback === 'refuse' ? undefined : withAuthenticated(fallback);

function same(a: string, secret: Buffer): boolean {
  const given = Buffer.from(a);
  return given.length === secret.length && cryptoLibrary().timingSafeEqual(given, secret);
}

export function createAccess(context: AccessContext): ClusterAccess {
  let adminToken = context.options.adminToken;
  let adminSecret: Buffer | undefined;
  const tokenOfAdmin = () => (adminToken ??= cryptoLibrary().randomBytes(24).toString('base64url'));
  const tokens = new Map(Object.entries(context.options.tokens ?? {}));
  const issuer = createTokenIssuer(context);
  const own = [issuer.issuer];
  const verified = (token: string, annotate: Annotate | undefined): TokenOwner | undefined => {
    if (same(token, (adminSecret ??= Buffer.from(tokenOfAdmin())))) return { user: ADMIN, audiences: own };
    const user = tokens.get(token) ?? bootstrapUser(context.store, token, context.clock.now());
    return user === undefined ? issuer.verify(token, annotate) : { user, audiences: own };
  };
  const ownerOf: ClusterAccess['ownerOf'] = (token, audiences = own, annotate) => {
    const owner = verified(token, annotate);
    const owned = new Set(owner?.audiences);
    const shared = audiences.filter((audience) => owned.has(audience));
    return owner === undefined || shared.length === 0
      ? undefined
      : { user: withAuthenticated(owner.user), audiences: shared };
  };
  return {
    get adminToken() {
      return tokenOfAdmin();
    },
    tokens: issuer,
    ownerOf,
    authenticate(headers, fallback = ANONYMOUS, annotate) {
      // As in Go, one space separates the scheme from the token, and a part after the token has no effect.
      const match = /^bearer ([^ ]+)(?: |$)/i.exec((headers['authorization'] ?? '').trim());
      const user = match === null ? ofClient(fallback) : ownerOf(match[1] ?? '', own, annotate)?.user;
      if (user === undefined) throw new ApiError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
      return user;
    },
  };
}
