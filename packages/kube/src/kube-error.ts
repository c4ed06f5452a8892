import {
  type JsonValue,
  type ObjectRef,
  isJsonObject,
  tryParseJson,
  TypeKroError,
  definedMembers,
} from '@typekro/kit/core';
import { classify } from '@typekro/kit/kubernetes';
import { connectionRemedy } from './http/connection-failures.ts';

/** The `details` of a `Status` object, which the API server sends with errors. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly retryAfterSeconds?: number;
  readonly causes: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
}

/** The data of a `KubeError` in addition to its message. */
export interface KubeErrorDetails {
  /** HTTP status; 0 when no response arrived. */
  readonly status: number;
  /**
   * The `reason` of the server's Status, e.g. `NotFound`, or a reason of the client, e.g. `InvalidAnswer`. Without a
   * response: `Transport`, `NoAnswer` (no response in time), `Closed` or `Aborted`.
   */
  readonly reason: string;
  readonly details?: StatusDetails;
  readonly what?: string;
  readonly object?: ObjectRef;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * The longest pause that a server or proxy can request, in milliseconds. A longer pause is reduced to this maximum,
 * because the server may be available sooner.
 */
const MAX_WAIT_MS = 60_000;

const NO_DETAILS: StatusDetails = { causes: [] };

/**
 * The error of a request that the API server refused, that got no response, or whose response is unusable. Programs
 * must switch on `reason` or `status`, never on the message.
 */
export class KubeError extends TypeKroError {
  readonly status: number;
  readonly reason: string;
  readonly details: StatusDetails;
  /** The pause that the server requests, in milliseconds; at most a minute. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: KubeErrorDetails) {
    const { status, reason, what, object, cause } = details;
    super(message, {
      code: `kube/${kebab(reason)}`,
      ...definedMembers({ what, object, cause }),
      ...remedyFor(status, reason, message, cause),
    });
    this.status = status;
    this.reason = reason;
    this.details = details.details ?? NO_DETAILS;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The error for a response with a status of 300 or more. `text` is the body: a Status, or any text from a proxy. */
export function errorOfResponse(
  response: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  text: string,
  request: { readonly what?: string; readonly object?: ObjectRef } = {},
): KubeError {
  const status = statusObject(text);
  const message =
    status === undefined ? shorten(text, response.status) : (status.message ?? shorten('', response.status));
  const header = headerPauseMs(response.headers);
  return new KubeError(message, {
    status: response.status,
    reason: status?.reason ?? reasonOfStatus(response.status),
    ...(status === undefined ? {} : { details: status.details }),
    ...pauseOf(header > 0 ? header : detailsPauseMs(status?.details)),
    ...request,
  });
}

/** The error for a Status object inside a stream (a watch's `ERROR` event). */
export function errorOfStatus(value: JsonValue | undefined): KubeError {
  const status = readStatus(value);
  const code =
    isJsonObject(value) && typeof value['code'] === 'number' ? value['code'] : statusOfReason(status?.reason);
  return new KubeError(status?.message ?? 'the server ended the watch with an error', {
    status: code,
    reason: status?.reason ?? reasonOfStatus(code),
    ...(status === undefined ? {} : { details: status.details }),
    ...pauseOf(detailsPauseMs(status?.details)),
  });
}

/**
 * The pause of the header Retry-After: a number of seconds, or a time. A time is compared with the header Date, because
 * the clocks of the server and of the client may differ. Returns NaN when there is no usable header.
 */
function headerPauseMs({ 'retry-after': retryAfter = '', date = '' }: Readonly<Record<string, string>>): number {
  return /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.parse(date);
}

const detailsPauseMs = (details: StatusDetails | undefined): number => (details?.retryAfterSeconds ?? 0) * 1000;

/** Ignores a pause of zero, which would cause a loop without pauses. */
const pauseOf = (milliseconds: number): { readonly retryAfterMs?: number } =>
  milliseconds > 0 ? { retryAfterMs: Math.min(milliseconds, MAX_WAIT_MS) } : {};

/** Is this the error of an object or kind that does not exist? */
export function isNotFound(thrown: unknown): thrown is KubeError {
  return thrown instanceof KubeError && thrown.status === 404;
}

/**
 * Is this the error of a response with status 409? Such a response means that the object has another version, UID or
 * field owner than the request assumed, or that it exists already.
 */
export function isConflict(thrown: unknown): thrown is KubeError {
  return thrown instanceof KubeError && thrown.status === 409;
}

/**
 * Is it unknown whether the server executed the request? This is the case when the connection failed, when no response
 * arrived in time, and when the response has status 408, 503 or 504.
 */
export function isUnanswered(thrown: unknown): thrown is KubeError {
  return thrown instanceof KubeError && classify(thrown) === 'unanswered';
}

/** The error of a request that its own signal aborted. */
export function abortedError(about: { readonly what?: string; readonly object?: ObjectRef } = {}): KubeError {
  return new KubeError('the request was aborted', { status: 0, reason: 'Aborted', ...about });
}

/** Was the request aborted by its own signal? */
export function isAborted(thrown: unknown): boolean {
  return thrown instanceof KubeError && thrown.reason === 'Aborted';
}

function statusObject(text: string) {
  return text.startsWith('{') ? readStatus(tryParseJson(text)) : undefined;
}

function readStatus(value: JsonValue | undefined) {
  if (!isJsonObject(value) || value['kind'] !== 'Status') return undefined;
  const message = textIn(value['message']);
  const reason = textIn(value['reason']);
  return { ...definedMembers({ message, reason }), details: readDetails(value['details']) };
}

function readDetails(value: JsonValue | undefined): StatusDetails {
  if (!isJsonObject(value)) return NO_DETAILS;
  const causes = Array.isArray(value['causes']) ? value['causes'] : [];
  return {
    ...pick(value, ['name', 'group', 'kind', 'uid']),
    ...(typeof value['retryAfterSeconds'] === 'number' ? { retryAfterSeconds: value['retryAfterSeconds'] } : {}),
    causes: causes.filter(isJsonObject).map((cause) => pick(cause, ['reason', 'message', 'field'])),
  };
}

function pick<K extends string>(value: Record<string, unknown>, keys: readonly K[]): { [P in K]?: string } {
  const picked: { [P in K]?: string } = {};
  for (const key of keys) {
    const entry = value[key];
    if (typeof entry === 'string') picked[key] = entry;
  }
  return picked;
}

/**
 * Returns a non-empty string. `undefined` for an empty string, because Go omits empty strings, and for any other value.
 */
function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Maps a status to the API server's reason, for responses without a Status object, such as those of a proxy. */
const REASONS = new Map<number, string>([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [406, 'NotAcceptable'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);

function reasonOfStatus(status: number): string {
  return REASONS.get(status) ?? 'Unknown';
}

const CODES: ReadonlyMap<string, number> = new Map([
  ...[...REASONS].map(([status, reason]) => [reason, status] as const),
  ['AlreadyExists', 409],
  ['Expired', 410],
]);

/** The HTTP status for a Status object that has only a reason. */
function statusOfReason(reason = ''): number {
  return CODES.get(reason) ?? 500;
}

function shorten(text: string, status: number): string {
  const beginning = text.trim().slice(0, 300);
  return beginning === '' ? `the server responded with ${status}` : beginning;
}

function kebab(reason: string): string {
  return reason.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}

function remedyFor(status: number, reason: string, message: string, cause: unknown): { remedy?: string } {
  if (status === 401 || (status === 403 && message.includes('User "system:anonymous"'))) {
    return { remedy: 'log in again: the credentials of the current kubeconfig context are missing, wrong or expired' };
  }
  if (status === 403 && / cannot \S+ resource /.test(message)) {
    return {
      remedy:
        'give the user a role with that verb and resource; `kubectl auth can-i --list` shows what the user may do',
    };
  }
  if (reason === 'InvalidAnswer')
    return { remedy: 'check "server" in the kubeconfig: the program at that address is not a Kubernetes API' };
  if (reason === 'Closed')
    return { remedy: 'await running calls, such as deploy(), before the transport or the cluster is closed' };
  if (reason === 'NoAnswer')
    return {
      remedy:
        'check whether the API server is overloaded or stopped, and whether a proxy or a firewall blocks the connection',
    };
  if (reason !== 'Transport') return {};
  // An error before the request, such as a credential plugin's, has its own remedy.
  if (cause instanceof TypeKroError) return cause.remedy === undefined ? {} : { remedy: cause.remedy };
  if (/closed the connection before it responded/.test(message))
    return {
      remedy:
        'if the server speaks TLS, write https:// in "server" of the kubeconfig; otherwise check that the API server runs',
    };
  if (/closed the connection before its response was complete/.test(message))
    return { remedy: 'check that the API server runs, and the time limits of proxies and load balancers in between' };
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return { remedy: connectionRemedy(code) };
}
