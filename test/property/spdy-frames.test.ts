import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from '../../packages/cluster/src/streaming/frame-reader.ts';
import type { ClientStream } from '../../packages/cluster/src/streaming/client-stream.ts';
import { CONTROL, controlFrame, dataFrame, FLAGS, resetFrame } from '../../packages/cluster/src/streaming/frames.ts';
import { HeaderInflater, readHeaderBlock } from '../../packages/cluster/src/streaming/header-block.ts';
import { SpdySession } from '../../packages/cluster/src/streaming/spdy-session.ts';
import { budget } from '@typekro/kit/test-support/budget';
import { forwardHeaders, framesIn, RecordedConnection, SpdyHeaders } from '@typekro/cluster/test-support/spdy-client';

const runs = { numRuns: budget('spdyFrames') };
/** The time limit of a test, in milliseconds. It suffices for the counts of `npm run long`. */
const TIMEOUT_MS = 300_000;

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const streamId = fc.integer({ min: 0, max: 12 });
const flags = fc.constantFrom(0, FLAGS.last, FLAGS.unidirectional, 255);

/**
 * Almost valid frames: control frames of any type with any payload, data frames with any stream id, and random bytes.
 */
const frame = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 12 }), bytes(24), flags)
    .map(([type, payload, flag]) => controlFrame(type, payload, flag)),
  fc
    .tuple(fc.constantFrom(...Object.values(CONTROL)), bytes(40), flags)
    .map(([type, payload, flag]) => controlFrame(type, payload, flag)),
  fc.tuple(streamId, bytes(300), fc.boolean()).map(([id, payload, isLast]) => dataFrame(id, payload, isLast)),
  bytes(30),
);

/** Splits bytes into pieces. */
const pieces = (whole: Buffer, sizes: readonly number[]): Buffer[] => {
  const found: Buffer[] = [];
  let rest = whole;
  for (const size of sizes) {
    found.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...found, rest];
};

/** Joins adjacent data parts of one stream, because the sizes of the pieces determine where data is split. */
function normal(frames: Iterable<ReturnType<FrameReader['read']> extends Generator<infer Frame> ? Frame : never>) {
  const found: object[] = [];
  let data: { streamId: number; text: string; isLast: boolean } | undefined;
  for (const next of frames) {
    if (next.type !== 'data') {
      found.push(next);
      data = undefined;
    } else if (data !== undefined && data.streamId === next.streamId && !data.isLast) {
      data.text += next.bytes.toString('latin1');
      data.isLast = next.isLast;
    } else {
      data = { streamId: next.streamId, text: next.bytes.toString('latin1'), isLast: next.isLast };
      found.push(data);
    }
  }
  return found;
}

test(
  'the reader finds the same frames in pieces of any size, and never throws',
  () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 20 }),
        (frames, sizes) => {
          const whole = Buffer.concat(frames);
          const reader = new FrameReader();
          const inPieces = pieces(whole, sizes).flatMap((piece) => [...reader.read(piece)]);
          expect(normal(inPieces)).toEqual(normal(new FrameReader().read(whole)));
          // All parts together have at most as many bytes as the input.
          const size = inPieces.reduce(
            (sum, part) => sum + ('bytes' in part && typeof part.bytes === 'object' ? part.bytes.length : 0),
            0,
          );
          expect(size).toBeLessThanOrEqual(whole.length);
        },
      ),
      runs,
    );
  },
  TIMEOUT_MS,
);

test(
  'headers of any bytes are read or refused, and have at most 64 KiB',
  () => {
    fc.assert(
      fc.property(fc.array(bytes(200), { maxLength: 4 }), fc.boolean(), (blocks, isFlushed) => {
        const inflater = new HeaderInflater();
        for (const block of blocks) {
          const plain = inflater.inflate(isFlushed ? Buffer.concat([block, Buffer.from([0, 0, 255, 255])]) : block);
          expect(plain?.length ?? 0).toBeLessThanOrEqual(64 * 1024);
          if (plain !== undefined) readHeaderBlock(plain);
        }
        for (const block of blocks) readHeaderBlock(block);
      }),
      runs,
    );
  },
  TIMEOUT_MS,
);

test(
  'a session never throws, sends valid frames, and ends once',
  () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), fc.integer({ min: 1, max: 64 }), (frames, size) => {
        const connection = new RecordedConnection();
        let ends = 0;
        const session = new SpdySession(connection, {
          accepts: () => true,
          open: (stream) => void stream.discard(),
          onClose: () => (ends += 1),
        });
        const headers = new SpdyHeaders();
        const opening = [1, 3].map((id) => headers.open(id, forwardHeaders('data', 80)));
        const whole = Buffer.concat([...opening, ...frames]);
        for (let offset = 0; offset < whole.length; offset += size) {
          connection.onMessage(whole.subarray(offset, offset + size));
        }
        expect(connection.calls.filter((call) => call === 'close').length).toBe(ends);
        session.close();
        connection.onClose();
        expect(ends).toBe(1);
        expect(framesIn(...connection.sent).filter(({ type }) => type === 'problem')).toEqual([]);
      }),
      runs,
    );
  },
  TIMEOUT_MS,
);

const KIBIBYTE = 1024;
const action = fc.record({
  stream: fc.integer({ min: 0, max: 3 }),
  kind: fc.constantFrom('send', 'send', 'send', 'read', 'reset', 'end'),
  kibibytes: fc.integer({ min: 0, max: 1500 }),
});

test(
  'a client is paused exactly as long as more than 4 MiB of its bytes are unread',
  () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const connection = new RecordedConnection();
        const streams: ClientStream[] = [];
        const session = new SpdySession(connection, {
          accepts: () => true,
          open: (stream) => streams.push(stream),
          onClose: () => undefined,
        });
        const headers = new SpdyHeaders();
        for (const id of [1, 3, 5, 7]) connection.onMessage(headers.open(id, forwardHeaders('data', 80)));
        /**
         * The unread bytes of each open stream: the waiting bytes, in parts, and the bytes of the last read, which
         * count as unread until the next read.
         */
        const model = streams.map(() => ({
          parts: [] as number[],
          taken: 0,
          isOpen: true,
          isReading: false,
          isEnded: false,
        }));
        for (const { stream: index, kind, kibibytes } of actions) {
          const [stream, state] = [streams[index], model[index]];
          if (stream === undefined || state === undefined || !state.isOpen) continue;
          // The session does not join parts of at least 64 KiB, so each of them is one part of the model.
          const size = kibibytes < 64 ? 0 : kibibytes * KIBIBYTE;
          if (kind === 'send' && !state.isEnded) {
            connection.onMessage(dataFrame(stream.id, Buffer.alloc(size), false));
            if (size > 0) {
              if (state.isReading) state.taken = size;
              else state.parts.push(size);
              state.isReading = false;
            }
          } else if (kind === 'read' && !state.isReading) {
            void stream.read();
            state.taken = state.parts.shift() ?? 0;
            state.isReading = state.taken === 0 && !state.isEnded;
          } else if (kind === 'end') {
            if (!state.isEnded) connection.onMessage(dataFrame(stream.id, Buffer.alloc(0), true));
            state.isEnded = true;
            state.isReading = false;
          } else if (kind === 'reset') {
            connection.onMessage(resetFrame(stream.id, 5));
            Object.assign(state, { parts: [], taken: 0, isOpen: false });
          }
          const unread = model.flatMap(({ parts, taken }) => [...parts, taken]).reduce((sum, part) => sum + part, 0);
          expect(connection.calls.at(-1) === 'pause').toBe(unread > 4 * KIBIBYTE * KIBIBYTE);
        }
        session.close();
      }),
      // Fewer runs, because each case has many megabytes.
      { numRuns: Math.ceil(runs.numRuns / 5) },
    );
  },
  TIMEOUT_MS,
);
