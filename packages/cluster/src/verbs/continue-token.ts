/** The tokens with which a client reads the next page of a list. */
import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { goJsonKind, goQuote } from '@typekro/kit/golang';
import { JsonSyntaxError, parseStrictJson } from '../codec/json.ts';
import { type ApiError, badRequest } from '../errors/api-error.ts';

/** Identifies the next page of a list. */
export interface ContinueToken {
  /** The resource version of the list; negative for the current version. */
  readonly version: number;
  /** The key of the last object of the previous page. */
  readonly key: string;
  /** The time of the first page, in milliseconds since the epoch. Absent in a token that another server has created. */
  readonly listedAt?: number;
}

const VERSION = 'meta.k8s.io/v1';

/** The time for which a list can be continued. At this interval, kube-apiserver removes old versions from its store. */
const MAX_AGE_MS = 300_000;

/** Is the list of the token too old to be continued at its resource version? */
export const isExpired = ({ version, listedAt }: ContinueToken, now: number): boolean =>
  version >= 0 && listedAt !== undefined && now - listedAt >= MAX_AGE_MS;

/** Encodes a token. */
export function encodeToken({ version, key, listedAt }: ContinueToken): string {
  const content = { v: VERSION, rv: version, start: `${key}\u0000`, listedAt };
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

const refused = (problem: string): ApiError =>
  badRequest(`invalid continue token: continue key is not valid: ${problem}`);

/** Decodes a token that a client sends. Throws 400 with kube-apiserver's message. */
export function decodeToken(token: string): ContinueToken {
  const corrupt = corruptByte(token);
  if (corrupt !== undefined) throw refused(`illegal base64 data at input byte ${corrupt}`);
  const value = parsed(Buffer.from(token, 'base64url'));
  if (value !== null && !isJsonObject(value))
    throw refused(`json: cannot unmarshal ${goJsonKind(value)} into Go value of type storage.continueToken`);
  const member = (name: string, type: 'int64' | 'string') => {
    const found = value?.[name];
    if (found === undefined || found === null) return undefined;
    if (type === 'string' ? typeof found === 'string' : Number.isSafeInteger(found)) return found;
    const shown = typeof found === 'number' ? `number ${found}` : goJsonKind(found);
    throw refused(`json: cannot unmarshal ${shown} into Go struct field continueToken.${name} of type ${type}`);
  };
  const [v = '', rv = 0, start = ''] = [member('v', 'string'), member('rv', 'int64'), member('start', 'string')];
  if (v !== VERSION) throw refused(`server does not recognize this encoded version ${String(v)}`);
  if (rv === 0) throw refused(`incorrect encoded start resourceVersion (version ${VERSION})`);
  if (start === '') throw refused(`encoded start key empty (version ${VERSION})`);
  const path = String(start);
  const key = path.startsWith('/') ? path.slice(1) : path;
  if (key !== '' && key.split('/').some((part) => part === '' || part === '.' || part === '..')) throw refused(path);
  const listedAt = value?.['listedAt'];
  return {
    version: Number(rv),
    key: key.endsWith('\u0000') ? key.slice(0, -1) : key,
    ...(typeof listedAt === 'number' ? { listedAt } : {}),
  };
}

/** The position of the first byte that Go's `base64.RawURLEncoding` refuses; `undefined` for a valid string. */
function corruptByte(text: string): number | undefined {
  const bytes = Buffer.from(text);
  let digits = 0;
  for (const [index, byte] of bytes.entries()) {
    const character = String.fromCharCode(byte);
    if (character === '\n' || character === '\r') continue;
    if (!/^[\w-]$/.test(character)) return index;
    digits += 1;
  }
  return digits % 4 === 1 ? bytes.length - 1 : undefined;
}

function parsed(bytes: Buffer): JsonValue {
  const first = bytes[0] ?? 0;
  // JSON cannot begin with such a byte. Go's message contains the byte, which may be invalid UTF-8.
  if (first > 0x7f) {
    const shown = goQuote(String.fromCharCode(first)).slice(1, -1);
    throw refused(`invalid character '${shown}' looking for beginning of value`);
  }
  try {
    return parseStrictJson(bytes.toString('utf8'));
  } catch (thrown) {
    if (!(thrown instanceof JsonSyntaxError)) throw thrown;
    throw refused(thrown.message);
  }
}
