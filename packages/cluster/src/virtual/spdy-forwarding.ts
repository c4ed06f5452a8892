import type { ClusterClock, Timer } from '../cluster-clock.ts';
import type { MessageConnection } from '../protocol/request.ts';
import type { ClientStream } from '../streaming/client-stream.ts';
import { SpdySession } from '../streaming/spdy-session.ts';
import { type ForwardTarget, forwardPort, LAST_BYTES_MS } from './forward-port.ts';
import { type StreamRequest, streamRequest } from './forward-request.ts';

/**
 * The time within which a client must open both streams of a forwarded connection, in milliseconds, as in a kubelet.
 */
const STREAM_CREATION_MS = 30_000;

/** A forwarded connection that waits for its second stream. */
interface PendingPair {
  readonly first: ClientStream;
  readonly type: StreamRequest['type'];
  readonly timer: Timer;
}

/** Forwards ports of a pod to the streams of a SPDY connection: two streams per forwarded connection. */
export function forwardSpdy(clock: ClusterClock, target: ForwardTarget, connection: MessageConnection): void {
  const pending = new Map<string, PendingPair>();
  let forwarded = 0;
  /** The timer that ends the client connection. Set when the pod is killed while connections to it are open. */
  let end: Timer | undefined;
  const session = new SpdySession(connection, {
    accepts: (streamId, headers) => end === undefined && streamRequest(streamId, headers) !== undefined,
    open: (stream, headers) => {
      const request = streamRequest(stream.id, headers);
      if (request !== undefined) addStream(stream, request);
    },
    onClose: () => {
      forget();
      end?.cancel();
      for (const { timer } of pending.values()) timer.cancel();
    },
  });
  const forget = target.run.whenKilled(() => {
    if (forwarded === 0) session.close();
    else end = clock.setTimer(LAST_BYTES_MS, () => session.close());
  });

  function addStream(stream: ClientStream, { type, port, requestId }: StreamRequest): void {
    const other = pending.get(requestId);
    if (other === undefined) {
      const drop = () => {
        pending.delete(requestId);
        timer.cancel();
      };
      const timer = clock.setTimer(STREAM_CREATION_MS, () => {
        drop();
        void refuse(stream, type, `(request=${requestId}) timed out waiting for streams`);
      });
      pending.set(requestId, { first: stream, type, timer });
      stream.onLost = drop;
      return;
    }
    if (other.type === type) {
      const text = `error processing stream for request ${requestId}: ${type} stream already assigned`;
      if (type === 'error') void other.first.write(Buffer.from(text));
      return stream.reset();
    }
    pending.delete(requestId);
    other.timer.cancel();
    other.first.onLost = () => undefined;
    const [data, errors] = type === 'data' ? [stream, other.first] : [other.first, stream];
    forwarded += 1;
    void forwardPair(target, port, data, errors).then(() => {
      forwarded -= 1;
      if (end !== undefined && forwarded === 0) session.close();
    });
  }
}

/** Resets a stream. If it is an error stream, first writes the message to it. */
async function refuse(stream: ClientStream, type: StreamRequest['type'], text: string): Promise<void> {
  if (type === 'error') await stream.write(Buffer.from(text));
  stream.reset();
}

async function forwardPair(
  target: ForwardTarget,
  port: number,
  data: ClientStream,
  errors: ClientStream,
): Promise<void> {
  void errors.discard();
  const problem = await forwardPort(target, port, data);
  if (problem === undefined) return errors.end();
  await errors.write(Buffer.from(problem));
  data.reset();
  errors.reset();
}
