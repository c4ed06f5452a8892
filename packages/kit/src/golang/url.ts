import { failure, Failure } from './strconv.ts';
import { goQuote, goQuoteBytes } from './quote.ts';
import { parseAddress } from './netip.ts';
import { escapeBytes, mustEscape, unescapeBytes } from './url-escape.ts';

/**
 * URLs as Go's `net/url` splits, decodes and encodes them. Inside this module, strings are byte strings (one character
 * per UTF-8 byte), because percent-encoding works on bytes.
 */
export interface GoUrl {
  readonly scheme: string;
  /**
   * The text between the scheme and the query, if it does not begin with a slash: `x` in `mailto:x?y`. Otherwise empty.
   */
  readonly opaque: string;
  readonly user: { readonly name: string; readonly password?: string } | undefined;
  readonly host: string;
  /** The path without escapes. */
  readonly path: string;
  /** The path as written; empty when it equals the default encoding of `path`. */
  readonly rawPath: string;
  readonly omitHost: boolean;
  readonly forceQuery: boolean;
  readonly rawQuery: string;
  readonly fragment: string;
  readonly rawFragment: string;
}

const EMPTY: GoUrl = {
  scheme: '',
  opaque: '',
  user: undefined,
  host: '',
  path: '',
  rawPath: '',
  omitHost: false,
  forceQuery: false,
  rawQuery: '',
  fragment: '',
  rawFragment: '',
};

const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const fromBytes = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** Go's `url.ParseRequestURI`: reads an absolute URL or an absolute path; `#` does not begin a fragment. */
export function parseRequestUrl(text: string): GoUrl | Failure {
  const url = parse(toBytes(text), true);
  return url instanceof Failure ? failure(`parse ${goQuote(text)}: ${url.message}`) : url;
}

/** Go's `url.Parse`. */
export function parseUrl(text: string): GoUrl | Failure {
  const bytes = toBytes(text);
  const hash = bytes.indexOf('#');
  const front = hash < 0 ? bytes : bytes.slice(0, hash);
  const url = parse(front, false);
  if (url instanceof Failure) return failure(`parse ${goQuote(fromBytes(front))}: ${url.message}`);
  const rawFragment = hash < 0 ? '' : bytes.slice(hash + 1);
  if (rawFragment === '') return url;
  const fragment = unescapeBytes(rawFragment, 'fragment');
  if (fragment instanceof Failure) return failure(`parse ${goQuote(text)}: ${fragment.message}`);
  return { ...url, fragment, rawFragment: escapeBytes(fragment, 'fragment') === rawFragment ? '' : rawFragment };
}

function parse(bytes: string, request: boolean): GoUrl | Failure {
  // oxlint-disable-next-line no-control-regex -- the pattern looks for control characters
  if (/[\u0000-\u001f\u007f]/.test(bytes)) return failure('net/url: invalid control character in URL');
  if (bytes === '' && request) return failure('empty url');
  if (bytes === '*') return { ...EMPTY, path: '*' };
  const split = splitScheme(bytes);
  if (split instanceof Failure) return split;
  const scheme = split.scheme.toLowerCase();
  let rest = split.rest;
  let rawQuery = '';
  const question = rest.indexOf('?');
  const forceQuery = question >= 0 && question === rest.length - 1;
  if (question >= 0) {
    rawQuery = rest.slice(question + 1);
    rest = rest.slice(0, question);
  }
  const base = { ...EMPTY, scheme, forceQuery, rawQuery };
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...base, opaque: rest };
    if (request) return failure('invalid URI for request');
    if ((rest.split('/', 1)[0] ?? '').includes(':')) return failure('first path segment in URL cannot contain colon');
  }
  let authority: { user: GoUrl['user']; host: string } = { user: undefined, host: '' };
  let omitHost = false;
  if ((scheme !== '' || (!request && !rest.startsWith('///'))) && rest.startsWith('//')) {
    const slash = rest.indexOf('/', 2);
    const parsed = parseAuthority(scheme, slash < 0 ? rest.slice(2) : rest.slice(2, slash));
    if (parsed instanceof Failure) return parsed;
    authority = parsed;
    rest = slash < 0 ? '' : rest.slice(slash);
  } else if (scheme !== '' && rest.startsWith('/')) {
    omitHost = true;
  }
  const path = unescapeBytes(rest, 'path');
  if (path instanceof Failure) return path;
  return { ...base, ...authority, omitHost, path, rawPath: escapeBytes(path, 'path') === rest ? '' : rest };
}

function splitScheme(bytes: string): { scheme: string; rest: string } | Failure {
  if (bytes.startsWith(':')) return failure('missing protocol scheme');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(bytes)?.[1];
  return scheme === undefined ? { scheme: '', rest: bytes } : { scheme, rest: bytes.slice(scheme.length + 1) };
}

function parseAuthority(scheme: string, authority: string): { user: GoUrl['user']; host: string } | Failure {
  const at = authority.lastIndexOf('@');
  const host = parseHost(scheme, authority.slice(at + 1));
  if (host instanceof Failure) return host;
  if (at < 0) return { user: undefined, host };
  const info = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(info)) return failure('net/url: invalid userinfo');
  const colon = info.indexOf(':');
  const name = unescapeBytes(colon < 0 ? info : info.slice(0, colon), 'userinfo');
  if (name instanceof Failure) return name;
  if (colon < 0) return { user: { name }, host };
  const password = unescapeBytes(info.slice(colon + 1), 'userinfo');
  return password instanceof Failure ? password : { user: { name, password }, host };
}

function parseHost(scheme: string, host: string): string | Failure {
  const open = host.lastIndexOf('[');
  if (open > 0) return failure('invalid IP-literal');
  if (open === 0) return parseBracketedHost(host);
  const first = host.indexOf(':');
  if (first >= 0) {
    // Only http and https refuse a colon inside the host, because URLs of other schemes may have lists of hosts with
    // ports.
    const port = host.slice(scheme === 'http' || scheme === 'https' ? first : host.lastIndexOf(':'));
    if (!isOptionalPort(port)) return failure(`invalid port ${goQuoteBytes(port)} after host`);
  }
  return unescapeBytes(host, 'host');
}

function parseBracketedHost(host: string): string | Failure {
  const close = host.lastIndexOf(']');
  if (close < 0) return failure("missing ']' in host");
  const port = host.slice(close + 1);
  if (!isOptionalPort(port)) return failure(`invalid port ${goQuoteBytes(port)} after host`);
  const name = host.slice(1, close);
  const zone = name.indexOf('%25');
  const front = unescapeBytes(zone < 0 ? name : name.slice(0, zone), 'host');
  if (front instanceof Failure) return front;
  const back = zone < 0 ? '' : unescapeBytes(name.slice(zone), 'zone');
  if (back instanceof Failure) return back;
  const address = parseAddress(fromBytes(front + back));
  if (address instanceof Failure) return failure(`invalid host: ${address.message}`);
  if (address.bytes.length === 4) return failure('invalid IP-literal');
  return `[${front}${back}]${port}`;
}

function isOptionalPort(text: string): boolean {
  return /^(?::\d*)?$/.test(text);
}

/** The host without port and brackets, and the port, which is empty when the URL has none. */
export function urlHostAndPort(url: GoUrl): { readonly host: string; readonly port: string } {
  const match = /^(.*):(\d*)$/s.exec(url.host);
  const host = match?.[1] ?? url.host;
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return { host: fromBytes(bare), port: match?.[2] ?? '' };
}

/** Host and port, without percent-encoding. */
export function urlHost(url: GoUrl): string {
  return fromBytes(url.host);
}

/** Name and password before the host, with escapes; undefined when the URL has no `@`. */
export function urlUserinfo({ user }: GoUrl): string | undefined {
  if (user === undefined) return undefined;
  const password = user.password === undefined ? '' : `:${escapeBytes(user.password, 'userinfo')}`;
  return `${escapeBytes(user.name, 'userinfo')}${password}`;
}

/** The query as written. */
export function urlRawQuery(url: GoUrl): string {
  return fromBytes(url.rawQuery);
}

/** The fragment without escapes. */
export function urlFragment(url: GoUrl): string {
  return fromBytes(url.fragment);
}

/** The encoded form: `raw` if it is a valid encoding of the decoded text, else a new encoding. */
function escaped(raw: string, decoded: string, place: 'fragment' | 'path'): string {
  if (raw !== '' && raw.split('').every((char) => /[!$&'()*+,;=:@[\]%]/.test(char) || !mustEscape(char, place))) {
    if (unescapeBytes(raw, place) === decoded) return raw;
  }
  return place === 'path' && decoded === '*' ? '*' : escapeBytes(decoded, place);
}

/** The path, percent-encoded. */
export function urlEscapedPath(url: GoUrl): string {
  return fromBytes(escaped(url.rawPath, url.path, 'path'));
}

/** Query parameters in order of first appearance; pairs that cannot be decoded are left out. */
export function urlQuery(url: GoUrl): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const pair of url.rawQuery.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const key = unescapeBytes(equals < 0 ? pair : pair.slice(0, equals), 'query');
    const value = unescapeBytes(equals < 0 ? '' : pair.slice(equals + 1), 'query');
    if (key instanceof Failure || value instanceof Failure) continue;
    const name = fromBytes(key);
    const list = values.get(name) ?? [];
    list.push(fromBytes(value));
    values.set(name, list);
  }
  return values;
}

/** The whole URL as a string. Two URLs are equal when these strings are equal. */
export function formatUrl(url: GoUrl): string {
  let out = url.scheme === '' ? '' : `${url.scheme}:`;
  if (url.opaque === '') out += formatHierarchy(url, out === '');
  else out += url.opaque;
  if (url.forceQuery || url.rawQuery !== '') out += `?${url.rawQuery}`;
  if (url.fragment !== '') out += `#${escaped(url.rawFragment, url.fragment, 'fragment')}`;
  return fromBytes(out);
}

function formatHierarchy(url: GoUrl, first: boolean): string {
  const { scheme, user, host, path } = url;
  let out = '';
  const bare = url.omitHost && host === '' && user === undefined;
  if ((scheme !== '' || host !== '' || user !== undefined) && !bare) {
    if (host !== '' || path !== '' || user !== undefined) out += '//';
    if (user !== undefined) out += `${urlUserinfo(url) ?? ''}@`;
    out += escapeBytes(host, 'host');
  }
  const text = escaped(url.rawPath, path, 'path');
  if (text !== '' && !text.startsWith('/') && host !== '') out += '/';
  if (first && out === '' && (text.split('/', 1)[0] ?? '').includes(':')) out += './';
  return out + text;
}
