import { toHeader } from './reply.ts';
import type { UserInfo } from '../cluster-options.ts';

/** Hop-by-hop headers (RFC 9110, 7.6.1), which are not forwarded. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The headers that identify the user. Only the cluster may send them to another server. */
const CREDENTIALS = /^(?:authorization|impersonate-.*|x-remote-.*)$/;

type Headers = Record<string, string | string[]>;

/** Returns the headers of a client's request that may be forwarded to another server, and `x-forwarded-for`. */
export function passedHeaders(headers: Readonly<Record<string, string | undefined>>): Headers {
  const sent: Headers = { 'x-forwarded-for': '127.0.0.1' };
  for (const [key, value] of Object.entries(headers)) {
    if (value === undefined || key === 'host' || key === 'content-length') continue;
    if (!HOP_BY_HOP.has(key) && !CREDENTIALS.test(key)) sent[key] = value;
  }
  return sent;
}

/** The headers of a request to another server: the client's headers, and headers with the authenticated user. */
export function forwardedHeaders(
  headers: Readonly<Record<string, string | undefined>>,
  { name, uid = '', groups, extra = {} }: UserInfo,
): Headers {
  const sent = passedHeaders(headers);
  sent['x-remote-user'] = toHeader(name);
  if (uid !== '') sent['x-remote-uid'] = toHeader(uid);
  if (groups.length > 0) sent['x-remote-group'] = groups.map(toHeader);
  for (const [key, values] of Object.entries(extra))
    if (values.length > 0) sent[`x-remote-extra-${escapeKey(key)}`] = values.map(toHeader);
  return sent;
}

/** Percent-encodes each byte of an `extra` key that a header name cannot contain. */
const escapeKey = (key: string): string =>
  [...Buffer.from(key)]
    .map((byte) => String.fromCharCode(byte))
    .map((byte) =>
      /[\w!#$&'*+.^`|~-]/.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');

/**
 * Returns the headers of another server's response without the hop-by-hop headers, for the client. Each `Set-Cookie`
 * stays a header of its own, because a cookie can contain a comma.
 */
export function returnedHeaders(headers: NodeJS.Dict<string | string[]>): Headers {
  const returned: Headers = {};
  for (const [key, value] of Object.entries(headers))
    if (value !== undefined && !HOP_BY_HOP.has(key)) returned[key] = value;
  return returned;
}
