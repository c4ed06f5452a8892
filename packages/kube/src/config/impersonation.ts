import type { Impersonation } from '../types.ts';

/** The headers of a request that impersonates a user. */
export function impersonationHeaders(impersonate: Impersonation | undefined): Record<string, string> {
  return impersonate === undefined ? {} : { 'impersonate-user': impersonate.user };
}
