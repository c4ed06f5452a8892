import type { UserInfo } from '../options.ts';
import { toHeader } from './header-text.ts';

/** The headers of one connection (RFC 9110, 7.6.1). They are not passed on. */
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

/** The headers of a client's request that go to another server. */
export function passedHeaders(headers: Readonly<Record<string, string | undefined>>): Headers {
  const sent: Headers = { 'x-forwarded-for': '127.0.0.1' };
  for (const [key, value] of Object.entries(headers)) {
    if (value === undefined || key === 'host' || key === 'content-length') continue;
    if (!HOP_BY_HOP.has(key) && !CREDENTIALS.test(key)) sent[key] = value;
  }
  return sent;
}

/** The headers of a request to another server: those of the client, and the user that the cluster has authenticated. */
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

/** A key of `extra` in a header: every byte that a name of a header cannot have becomes `%` and its number. */
const escapeKey = (key: string): string =>
  [...Buffer.from(key)]
    .map((byte) => String.fromCharCode(byte))
    .map((byte) =>
      /[\w!#$&'*+.^`|~-]/.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');

/** The headers of an answer that go to the client. */
export function returnedHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const returned: Record<string, string> = {};
  for (const [key, value] of Object.entries(headers))
    if (value !== undefined && !HOP_BY_HOP.has(key)) returned[key] = Array.isArray(value) ? value.join(', ') : value;
  return returned;
}
