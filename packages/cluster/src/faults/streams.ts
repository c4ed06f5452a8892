import type { ClusterClock, Timer } from '../cluster-clock.ts';
import { toJsonBytes } from '../codec/json.ts';
import type { ByteStream, StreamSink } from '../protocol/request.ts';
import { ApiError } from '../errors/api-error.ts';

const NEWLINE = 0x0a;

/**
 * `end` is the offset after the first `count` lines of a chunk, and `lines` is `count`. If the chunk has fewer complete
 * lines, `end` is the length of the chunk, and `lines` is the number of its complete lines.
 */
function endOfLines(chunk: Buffer, count: number): { readonly end: number; readonly lines: number } {
  let end = 0;
  for (let lines = 0; lines < count; lines++) {
    const next = chunk.indexOf(NEWLINE, end);
    if (next < 0) return { end: chunk.length, lines };
    end = next + 1;
  }
  return { end, lines: count };
}

/** The behavior of a stream after its first lines. */
export type AfterLines = 'end' | 'break' | 'expire' | 'stall';

/**
 * Wraps a stream. Passes the first `lines` lines of the inner stream. Then ends as `how` says, or stays open without
 * data (`stall`).
 */
export function cutStream(inner: ByteStream, lines: number, how: AfterLines, stalled: Set<() => void>): ByteStream {
  let remaining = lines;
  let cut = false;
  let release: (() => void) | undefined;
  const stop = () => {
    if (release !== undefined) stalled.delete(release);
    inner.stop();
  };
  return {
    start(sink) {
      const finish = () => {
        cut = true;
        if (how === 'stall') {
          release = () => sink.end();
          stalled.add(release);
          return;
        }
        stop();
        if (how === 'break') sink.abort();
        else {
          if (how === 'expire') sink.write(expiredLine());
          sink.end();
        }
      };
      if (remaining === 0) finish();
      // If no line may pass, the inner stream is started only for `stall`, and its lines are dropped.
      if (cut && how !== 'stall') return;
      inner.start({
        write(chunk) {
          if (cut) return;
          const { end, lines: passed } = endOfLines(chunk, remaining);
          remaining -= passed;
          if (end > 0) sink.write(end === chunk.length ? chunk : chunk.subarray(0, end));
          if (remaining === 0) finish();
        },
        end() {
          if (!cut) sink.end();
        },
        abort() {
          if (!cut) sink.abort();
        },
        get backlog() {
          return cut ? 0 : sink.backlog;
        },
        drained: (callback) => sink.drained(callback),
      });
    },
    stop,
  };
}

function expiredLine(): Buffer {
  const error = new ApiError({ code: 410, reason: 'Expired', message: 'injected: too old resource version' });
  return Buffer.concat([toJsonBytes({ type: 'ERROR', object: error.status }), Buffer.from('\n')]);
}

/** Wraps a stream. Passes the chunks and the end of the inner stream after a delay. */
export function delayedStream(inner: ByteStream, clock: ClusterClock, milliseconds: number): ByteStream {
  const timers = new Set<Timer>();
  const later = (action: () => void) => {
    const timer = clock.setTimer(milliseconds, () => {
      timers.delete(timer);
      action();
    });
    timers.add(timer);
  };
  return {
    start(sink: StreamSink) {
      let held = 0;
      let waiting: (() => void)[] = [];
      inner.start({
        write(chunk) {
          held += chunk.length;
          later(() => {
            held -= chunk.length;
            sink.write(chunk);
            if (held > 0) return;
            for (const callback of waiting) sink.drained(callback);
            waiting = [];
          });
        },
        end: () => later(() => sink.end()),
        abort: () => later(() => sink.abort()),
        get backlog() {
          return held + sink.backlog;
        },
        drained(callback) {
          if (held > 0) waiting.push(callback);
          else sink.drained(callback);
        },
      });
    },
    stop() {
      for (const timer of timers) timer.cancel();
      timers.clear();
      inner.stop();
    },
  };
}
