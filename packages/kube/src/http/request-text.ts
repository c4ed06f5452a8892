import { setMaxListeners } from 'node:events';
import { type BackoffPolicy, type ObjectRef, backoffMs, TypeKroError, definedMembers } from '@typekro/kit/core';
import { classify } from '@typekro/kit/kubernetes';
import { readBodyText } from './response-body.ts';
import { elapsed, pause } from '../clock.ts';
import { abortedError, errorOfResponse, KubeError } from '../kube-error.ts';
import type { Clock, Transport, TransportRequest, TransportResponse, RequestMeter } from '../kube-api.ts';

/** A request with the properties that determine whether it may be retried. */
export interface CoreRequest extends Pick<TransportRequest, 'method' | 'path' | 'headers' | 'signal'> {
  readonly body?: string;
  /** May the request be sent again when its outcome is unknown? True for reads and for idempotent writes. */
  readonly idempotent: boolean;
  /** May the request be sent again at all? Default true. */
  readonly repeat?: boolean;
  readonly what: string;
  readonly object?: ObjectRef;
}

/** The dependencies of sending a request. */
export interface RequestContext {
  readonly transport: () => Promise<Transport>;
  readonly clock: Clock;
  /** Random numbers in [0, 1) for jitter. */
  readonly random: () => number;
  /** The maximum number of retries of a request. */
  readonly retries: number;
  /** The pauses before retries. */
  readonly backoff: BackoffPolicy;
  /** Headers of every request: user agent, impersonation. */
  readonly headers: Readonly<Record<string, string>>;
  /** Called after every attempt of a request, for metrics and tests. The status is 0 when no response arrived. */
  readonly observe: ((request: CoreRequest, status: number, milliseconds: number) => void) | undefined;
  readonly meters: Iterable<RequestMeter>;
  /** Waits until the client-side rate limit lets a request through; absent without a limit. */
  readonly admit: ((signal: AbortSignal | undefined) => Promise<void>) | undefined;
  /** May requests other than GET be sent now? Absent if they always may. */
  readonly mayWrite?: (() => boolean) | undefined;
}

/**
 * Sends a request and reads the whole response. Rejects with `KubeError` for any status of 300 or more, because
 * redirects are not followed.
 */
export async function requestText(
  context: RequestContext,
  request: CoreRequest,
): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly text: string }> {
  return withRetries(context, request, async (response) => {
    const text = await readBodyText(response.body);
    for (const meter of context.meters) meter.read?.(request.method, Buffer.byteLength(text));
    if (response.status >= 300) throw errorOfResponse(response, text, about(request));
    return { status: response.status, headers: response.headers, text };
  });
}

/**
 * Sends a request and returns the response before its body is read, for streams. Rejects like `requestText`. Never
 * retries.
 */
export async function requestStream(context: RequestContext, request: CoreRequest): Promise<TransportResponse> {
  const response = await sendOnce(context, request);
  if (response.status < 300) return response;
  const text = await readBodyText(response.body).catch((thrown: unknown) => {
    throw toKubeError(thrown, request);
  });
  throw errorOfResponse(response, text, about(request));
}

async function withRetries<T>(
  context: RequestContext,
  request: CoreRequest,
  read: (response: TransportResponse) => Promise<T>,
): Promise<T> {
  for (let failures = 0; ;) {
    try {
      return await read(await sendOnce(context, request));
    } catch (thrown) {
      const error = toKubeError(thrown, request);
      failures += 1;
      if (failures > context.retries || !mayRetry(error, request)) throw error;
      for (const meter of context.meters) meter.retried?.(request.method, error.status);
      const wait = error.retryAfterMs ?? backoffMs(context.backoff, failures, context.random());
      await pause(context.clock, wait, request.signal);
    }
  }
}

async function sendOnce(context: RequestContext, request: CoreRequest): Promise<TransportResponse> {
  if (request.signal?.aborted === true) throw abortedError(about(request));
  // Each request in flight listens to the signal. Without this call, Node.js would warn of a leak.
  if (request.signal !== undefined) setMaxListeners(0, request.signal);
  const requestedAt = elapsed(context.clock);
  if (context.admit !== undefined) await context.admit(request.signal);
  const began = elapsed(context.clock);
  for (const meter of context.meters) {
    meter.heldBack?.(request.method, began - requestedAt);
    if (request.body !== undefined) meter.sent?.(request.method, Buffer.byteLength(request.body));
  }
  const mayBeSent = request.method === 'GET' ? undefined : context.mayWrite;
  let status = 0;
  try {
    const transport = await context.transport();
    if (mayBeSent?.() === false) throw abortedError(about(request));
    const response = await transport.request({
      method: request.method,
      path: request.path,
      headers: { ...context.headers, ...request.headers },
      ...definedMembers({ body: request.body, signal: request.signal, mayBeSent }),
    });
    status = response.status;
    return response;
  } catch (thrown) {
    const isFenced = mayBeSent?.() === false && !(thrown instanceof KubeError);
    const error = isFenced ? abortedError(about(request)) : toKubeError(thrown, request);
    if (error.reason !== 'Aborted') for (const meter of context.meters) meter.unanswered?.(request.method, error);
    throw error;
  } finally {
    const milliseconds = elapsed(context.clock) - began;
    context.observe?.(request, status, milliseconds);
    for (const meter of context.meters) meter.answered?.(request.method, status, milliseconds, request.path);
  }
}

/**
 * May the request be sent again? 429 means that the server did not execute the request. If the server may have executed
 * the request (`unanswered`), only an idempotent request is retried. A request without a response in time is not
 * retried, because the next attempt would wait as long again. No other error is retried.
 */
function mayRetry(error: KubeError, request: CoreRequest): boolean {
  if (request.repeat === false || request.signal?.aborted === true || neverSent(error)) return false;
  if (error.reason === 'NoAnswer' || error.reason === 'Aborted') return false;
  const failure = classify(error);
  return failure === 'throttled' || (request.idempotent && failure === 'unanswered');
}

/** The codes of failures that occur before a request is sent. An immediate retry would fail in the same way. */
const NEVER_SENT: ReadonlySet<string> = new Set(['kube/exec-plugin', 'kube/ended']);

const neverSent = ({ cause }: KubeError): boolean => cause instanceof TypeKroError && NEVER_SENT.has(cause.code);

function toKubeError(thrown: unknown, request: CoreRequest): KubeError {
  if (thrown instanceof KubeError) return thrown;
  if (request.signal?.aborted === true) return abortedError(about(request));
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new KubeError(message === '' ? 'the connection failed' : message, {
    status: 0,
    reason: 'Transport',
    cause: thrown,
    ...about(request),
  });
}

function about(request: CoreRequest): { what: string; object?: ObjectRef } {
  return { what: request.what, ...(request.object === undefined ? {} : { object: request.object }) };
}
