import type { Impersonation } from './types.ts';

/** By what a request says for whom it acts. */
export function impersonationHeaders(impersonate: Impersonation | undefined): Record<string, string> {
  return impersonate === undefined ? {} : { 'impersonate-user': impersonate.user };
}
