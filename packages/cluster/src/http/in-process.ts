import { ADMIN } from '../auth/cluster-access.ts';
import { type HandlerContext, handle } from './handler.ts';
import type { ApiReply, ByteStream } from '../protocol/request.ts';
import type { UserInfo } from '../cluster-options.ts';
import type { KubeError, Transport, TransportRequest, TransportResponse } from '@typekro/kube';

const NO_BYTES = Buffer.alloc(0);

function toBuffer(body: string | Uint8Array | undefined): Buffer {
  if (body === undefined) return NO_BYTES;
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/**
 * A transport to the request handler without a socket. It transfers the same bytes and returns the same responses as a
 * socket.
 */
export function inProcessTransport(context: HandlerContext, user: UserInfo = ADMIN): Transport {
  const open = new Set<() => void>();
  let closed = false;
  return {
    async request(request: TransportRequest): Promise<TransportResponse> {
      if (closed) throw await closedError();
      request.signal?.throwIfAborted();
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
      const body = toBuffer(request.body);
      const faulty = context.intercept !== undefined;
      const pending = handle(context, { method: request.method, target: request.path, headers, body }, user);
      const reply = await (faulty ? answerOrAbort(pending, request.signal, open) : pending);
      if (reply.stream !== undefined) {
        // A client that gave up while the request was handled never reads the body, so the stream must be stopped here.
        if (closed || request.signal?.aborted === true) {
          reply.stream.stop();
          request.signal?.throwIfAborted();
          throw await closedError();
        }
        return {
          status: reply.status,
          headers: joined(reply.headers),
          body: streamBody(reply.stream, request.signal, open),
        };
      }
      const chunks =
        request.method === 'HEAD' || reply.body === undefined
          ? []
          : Buffer.isBuffer(reply.body)
            ? [reply.body]
            : reply.body;
      return { status: reply.status, headers: joined(reply.headers), body: fixedBody(chunks) };
    },
    close() {
      closed = true;
      for (const stop of open) stop();
      return Promise.resolve();
    },
  };
}

/** Headers with the values of each header in one string, as `TransportResponse` has them. */
const joined = (headers: ApiReply['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));

/**
 * The error of a closed transport. No later request can succeed, so clients must not retry. The class of the error is
 * loaded only here, so that a server starts faster.
 */
async function closedError(): Promise<KubeError> {
  const { KubeError } = await import('@typekro/kube');
  return new KubeError('the transport is closed', { status: 0, reason: 'Closed' });
}

/**
 * Waits for a pending response. Rejects when the client gives up or the transport closes first, because a fault may
 * delay the response indefinitely.
 */
function answerOrAbort(
  pending: Promise<ApiReply>,
  signal: AbortSignal | undefined,
  open: Set<() => void>,
): Promise<ApiReply> {
  return new Promise((resolve, reject) => {
    let left = false;
    const leave = () => {
      left = true;
      open.delete(onClose);
      signal?.removeEventListener('abort', onAbort);
    };
    const onClose = () => {
      leave();
      closedError().then(reject, reject);
    };
    const onAbort = () => {
      leave();
      reject(signal?.reason as Error);
    };
    open.add(onClose);
    signal?.addEventListener('abort', onAbort, { once: true });
    pending.then(
      (reply) => {
        if (left) return reply.stream?.stop();
        if (reply.fate === 'hang') return;
        leave();
        if (reply.fate === 'break') reject(new Error('the connection broke'));
        else resolve(reply);
      },
      (error: unknown) => {
        leave();
        reject(error);
      },
    );
  });
}

// eslint-disable-next-line typescript/require-await -- transports answer with an async iterable
async function* fixedBody(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** Starts the stream at once, so that no event is lost between the response and the first read. */
function streamBody(
  stream: ByteStream,
  signal: AbortSignal | undefined,
  open: Set<() => void>,
): AsyncIterable<Uint8Array> {
  const queue: Buffer[] = [];
  let size = 0;
  let ended = false;
  let broken = false;
  let wake: (() => void) | undefined;
  let waiting: (() => void)[] = [];
  const finish = () => {
    if (ended) return;
    ended = true;
    open.delete(finish);
    signal?.removeEventListener('abort', finish);
    stream.stop();
    wake?.();
  };
  open.add(finish);
  signal?.addEventListener('abort', finish, { once: true });
  stream.start({
    write(chunk) {
      queue.push(chunk);
      size += chunk.length;
      wake?.();
    },
    end: finish,
    abort() {
      broken = true;
      finish();
    },
    get backlog() {
      return size;
    },
    drained(callback) {
      if (size > 0) waiting.push(callback);
      else setImmediate(callback);
    },
  });
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          const chunk = queue.shift();
          if (chunk !== undefined) {
            size -= chunk.length;
            if (size === 0 && waiting.length > 0) {
              for (const callback of waiting) setImmediate(callback);
              waiting = [];
            }
            yield chunk;
          } else if (ended) {
            signal?.throwIfAborted();
            if (broken) throw new Error('the connection broke');
            return;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
            wake = undefined;
          }
        }
      } finally {
        finish();
      }
    },
  };
}
