import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Api } from '../api.ts';
import { ApiError } from '../http/status.ts';
import type { UserInfo } from '../options.ts';

/** Who somebody is whom nobody knows. */
export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** The administrator. */
export const ADMIN: UserInfo = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

/** Authentication of one cluster. */
export interface Access {
  /** The administrator's bearer token. */
  readonly adminToken: string;
  /**
   * The user of a request: by bearer token, else `fallback` (default: anonymous).
   *
   * @throws ApiError 401 when the token is not valid.
   */
  authenticate(headers: Readonly<Record<string, string | undefined>>, fallback?: UserInfo): UserInfo;
}

const withAuthenticated = (user: UserInfo): UserInfo =>
  user.groups.includes('system:authenticated') || user.groups.includes('system:unauthenticated')
    ? user
    : { ...user, groups: [...user.groups, 'system:authenticated'] };

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export function createAccess(api: Api): Access {
  const adminToken = api.options.adminToken ?? randomBytes(24).toString('base64url');
  const tokens = new Map(Object.entries(api.options.tokens ?? {}));
  return {
    adminToken,
    authenticate(headers, fallback = ANONYMOUS) {
      const match = /^bearer\s+(\S+)\s*$/i.exec(headers['authorization'] ?? '');
      if (match === null) return withAuthenticated(fallback);
      const token = match[1] ?? '';
      if (same(token, adminToken)) return ADMIN;
      const user = tokens.get(token);
      if (user !== undefined) return withAuthenticated(user);
      throw new ApiError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
    },
  };
}
