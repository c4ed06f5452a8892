import { toJsonBytes } from '../codec/json.ts';
import { toYamlText } from '../codec/yaml.ts';
import type { Encoding } from './negotiate.ts';
import { jsonOutput } from './negotiate.ts';
import type { ApiReply } from './request.ts';
import type { ApiError } from '../errors/status.ts';

/** The header with warnings. Control characters and quotes are escaped or replaced. */
export function warningHeader(texts: readonly string[]): Record<string, string> {
  if (texts.length === 0) return {};
  const seen = [...new Set(texts)].slice(0, 50);
  const quote = (text: string) =>
    `"${text
      .replaceAll(/[^\u0020-\u007E\u0080-\u00FF]/g, ' ')
      .replaceAll(/["\\]/g, String.raw`\$&`)
      .slice(0, 4000)}"`;
  return { warning: seen.map((text) => `299 - ${quote(text)}`).join(', ') };
}

/** An answer with a JSON value. */
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

/** The answer for a refused request. */
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

/** Plain text, for health checks and unknown paths. */
export function replyText(status: number, text: string, contentType = 'text/plain; charset=utf-8'): ApiReply {
  return {
    status,
    headers: { 'content-type': contentType, 'cache-control': 'no-cache, private', 'x-content-type-options': 'nosniff' },
    body: Buffer.from(text),
  };
}
