import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackHost } from '@typekro/kit/core';
import { InspectFailure } from './inspect-failure.ts';

/** The parts of a request that the guard checks. */
export interface GuardedRequest {
  readonly method: string;
  /** The path with its parameters. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Refuses a request that a page of another site can cause: one with a foreign `Host` (a name that resolves to this
 * machine), a foreign `Origin`, or a `Sec-Fetch-Site` of another site. A link to the page itself is allowed from any
 * site: the page contains no data, and a frame cannot show it.
 *
 * @param hosts additional allowed host names, in lower case
 * @param takesHosts does the command of the server have an option for additional host names? If so, the remedy names
 *   this option
 * @throws InspectFailure 403 or 421.
 */
export function refuseForeign(request: GuardedRequest, hosts: ReadonlySet<string>, takesHosts: boolean): void {
  const { headers } = request;
  const host = (headers.host ?? '').toLowerCase();
  const name = hostName(host);
  if (name === undefined || !(isLoopbackHost(name) || hosts.has(name))) {
    throw new InspectFailure(`this server is not called ${JSON.stringify(host.slice(0, 100))}`, {
      status: 421,
      code: 'inspect/foreign-host',
      remedy: `open it as 127.0.0.1${takesHosts ? ', or start the controller with --dashboard-hosts' : ''}`,
    });
  }
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isOwn = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  if (!isOwn || (site !== undefined && site !== 'same-origin' && site !== 'none' && !isLinkToPage(request))) {
    throw new InspectFailure('a page of another origin may not use this server', {
      status: 403,
      code: 'inspect/foreign-origin',
    });
  }
}

/** Does the browser open the page itself in a tab (and not in a frame)? */
function isLinkToPage({ method, path, headers }: GuardedRequest): boolean {
  return (
    method === 'GET' &&
    path === '/' &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  );
}

/** The name in a `Host` header without the port; `undefined` for a malformed header. */
function hostName(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(host)?.[1];
}

/**
 * Refuses a body that is not JSON in UTF-8. A form of another site cannot send this content type.
 *
 * @throws InspectFailure 415.
 */
export function refuseOtherTypes(headers: IncomingHttpHeaders): void {
  const type = headers['content-type'] ?? '';
  if (/^application\/json(?:\s*;\s*charset=utf-8)?$/i.test(type.trim()) && headers['content-encoding'] === undefined)
    return;
  throw new InspectFailure('the body must be application/json', { status: 415, code: 'inspect/content-type' });
}
