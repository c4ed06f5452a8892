import { printable } from '@typekro/kit/core';
import { toJsonBytes } from '../codec/json.ts';
import { toYamlText } from '../codec/yaml.ts';

import { type Encoding, jsonOutput } from './negotiate.ts';
import type { ApiReply } from './request.ts';
import type { ApiError } from '../errors/api-error.ts';

/**
 * The maximum total length of a response's warnings, in characters. There is a limit because clients limit the size of
 * headers.
 */
const MAX_WARNINGS_LENGTH = 4096;
/** The maximum length of one warning, if the total length exceeds the limit. */
const MAX_WARNING_LENGTH = 256;

/**
 * The `Warning` header. Quotes and backslashes are escaped. When the total length exceeds the limit, each warning is
 * truncated, and warnings after the limit are omitted, as in kube-apiserver. Control characters become spaces, whereas
 * kube-apiserver omits warnings that contain them. Characters that hide or reverse text become escapes.
 */
export function warningHeader(texts: readonly string[]): Record<string, string> {
  if (texts.length === 0) return {};
  // Later warnings are omitted, because each warning except one has a character.
  const first = [...new Set(texts)].slice(0, MAX_WARNINGS_LENGTH + 2);
  const all = first.map((text) => Array.from(printable(text.replaceAll(/\p{Cc}/gu, ' '))));
  const isLong = all.reduce((sum, { length }) => sum + length, 0) > MAX_WARNINGS_LENGTH;
  const shown: string[] = [];
  let length = 0;
  for (const characters of isLong ? all.map((each) => each.slice(0, MAX_WARNING_LENGTH)) : all) {
    length += characters.length;
    if (length > MAX_WARNINGS_LENGTH) break;
    shown.push(`299 - "${characters.join('').replaceAll(/["\\]/g, String.raw`\$&`)}"`);
  }
  return { warning: toHeader(shown.join(', ')) };
}

/** A response with a JSON value. */
export function replyValue(
  status: number,
  value: unknown,
  output: Encoding = jsonOutput,
  headers: Record<string, string> = {},
): ApiReply {
  const body = output.yaml ? Buffer.from(toYamlText(value)) : toJsonBytes(value);
  return {
    status,
    headers: { 'content-type': output.contentType, 'cache-control': 'no-cache, private', ...headers },
    body,
  };
}

/** The response to a refused request. */
export function replyError(error: ApiError, warnings: readonly string[] = [], yaml = false): ApiReply {
  const contentType = yaml ? 'application/yaml' : 'application/json';
  const body = yaml ? Buffer.from(toYamlText(error.status)) : toJsonBytes(error.status);
  const headers = {
    'content-type': contentType,
    'cache-control': 'no-cache, private',
    ...warningHeader([...warnings, ...error.warnings]),
    ...error.headers,
  };
  return { status: error.httpCode, headers, body };
}

/** A plain text response, for health checks and unknown paths. */
export function replyText(status: number, text: string, contentType = 'text/plain; charset=utf-8'): ApiReply {
  return {
    status,
    headers: { 'content-type': contentType, 'cache-control': 'no-cache, private', 'x-content-type-options': 'nosniff' },
    body: Buffer.from(text),
  };
}

/**
 * Converts header values. Go and Kubernetes clients encode headers as UTF-8, but Node reads and writes each byte of a
 * header as one character (Latin-1).
 */

/** Converts a string so that Node sends its UTF-8 bytes in a header. Line breaks become spaces. */
export const toHeader = (text: string): string => Buffer.from(text.replaceAll(/[\r\n\0]/g, ' ')).toString('latin1');

/** Decodes a header value that Node has read. A value that cannot come from a socket is returned unchanged. */
export const fromHeader = (header: string): string =>
  /^[\0-\u{7F}]*$|[^\0-\u{FF}]/u.test(header) ? header : Buffer.from(header, 'latin1').toString('utf8');
