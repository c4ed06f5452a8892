import type { IncomingHttpHeaders } from 'node:http';
import { InspectFailure } from './failure.ts';

/** The names of this machine that a browser sends as `Host`. Another name may belong to another site. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The parts of a request that the guard checks. */
export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Refuses a request that a page of another site can cause: one with a foreign `Host` (a name that resolves to this
 * machine), a foreign `Origin`, or a `Sec-Fetch-Site` of another site.
 *
 * @param hosts further allowed host names, in lower case
 * @throws InspectFailure 403 or 421.
 */
export function refuseForeign({ headers }: GuardedRequest, hosts: ReadonlySet<string>): void {
  const host = (headers.host ?? '').toLowerCase();
  const name = hostName(host);
  if (name === undefined || !(LOOPBACK_NAMES.has(name) || isLoopbackAddress(name) || hosts.has(name))) {
    throw new InspectFailure(`this server is not called ${JSON.stringify(host.slice(0, 100))}`, {
      status: 421,
      code: 'inspect/foreign-host',
      remedy: 'open it as 127.0.0.1 or localhost, or start the controller with --dashboard-hosts',
    });
  }
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isOwn = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  if (!isOwn || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    throw new InspectFailure('a page of another origin may not use this server', {
      status: 403,
      code: 'inspect/foreign-origin',
    });
  }
}

/** The name in a `Host` header without the port; `undefined` for a malformed one. */
function hostName(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(host)?.[1];
}

const isLoopbackAddress = (name: string): boolean => /^127(?:\.\d{1,3}){3}$/.test(name);

/**
 * Refuses a body that is not JSON in UTF-8. A form of another site cannot have this type.
 *
 * @throws InspectFailure 415.
 */
export function refuseOtherTypes({ headers }: GuardedRequest): void {
  const type = headers['content-type'] ?? '';
  if (/^application\/json(?:\s*;\s*charset=utf-8)?$/i.test(type.trim()) && headers['content-encoding'] === undefined)
    return;
  throw new InspectFailure('the body must be application/json', { status: 415, code: 'inspect/content-type' });
}
