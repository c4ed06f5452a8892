import { expect, test } from 'vitest';
import { createManualClock } from '../cluster-clock.ts';
import { ApiError } from '../errors/api-error.ts';
import { type OpenStream, OpenStreams } from './open-streams.ts';
import { MAX_PIECE_BYTES, PacedWriter, piecesOf } from './paced-writer.ts';

const nothing = () => undefined;
const stream = (): OpenStream => ({ isWatch: true, end: nothing, expire: nothing });

function opened(streams: OpenStreams, user: string): number {
  let count = 0;
  const open = () => {
    for (; ; count += 1) streams.add(stream(), user);
  };
  expect(open).toThrow(ApiError);
  expect(open).toThrow(expect.objectContaining({ httpCode: 429 }));
  return count;
}

test('a user can have as many streams as are left for others, and no user can keep others from opening them', () => {
  const streams = new OpenStreams();
  const first = stream();
  streams.add(first, 'a');
  expect(['a', 'b', 'c', 'a'].map((user) => opened(streams, user))).toEqual([9999, 5000, 2500, 0]);
  streams.delete(first);
  streams.delete(first);
  for (const open of [...streams].slice(0, 9998)) streams.delete(open);
  expect(streams.maxUnread).toBe(128 * 1024 * (2048 / 7501) ** 2);
  expect(opened(streams, 'a')).toBe(6249);
});

test('the streams write 512 KiB in a turn of the event loop, in order, and a write counts at least 4 KiB', async () => {
  const streams = new OpenStreams();
  const written: string[] = [];
  const write = (name: string, bytes: number, cause?: object) =>
    streams.inTurn(() => (written.push(name), bytes), cause);
  const turn = () => new Promise(setImmediate);
  for (const name of ['a', 'b', 'c']) write(name, 256 * 1024);
  for (let index = 0; index < 128; index += 1) write('small', 0);
  expect(written).toEqual(['a', 'b']);
  await turn();
  // The third write leaves half a turn.
  expect(written.length).toBe(3 + 63);
  write('last', 0);
  await turn();
  expect(written.length).toBe(3 + 128 + 1);
  expect(written.at(-1)).toBe('last');
  await turn();
  write('x', 512 * 1024);
  expect(written.at(-1)).toBe('x');
  write('y', 0);
  expect(written.at(-1)).toBe('x');
  await turn();
  await turn();
  // Each event has its own limit, also between writes that have no event.
  const event = {};
  write('e', 256 * 1024, event);
  write('f', 512 * 1024);
  write('g', 0, event);
  expect(written.slice(-3)).toEqual(['y', 'e', 'f']);
  await turn();
  write('h', 512 * 1024);
  write('i', 0, {});
  expect(written.slice(-3)).toEqual(['g', 'h', 'i']);
});

test.each([
  [[], [0]],
  [[0, 3, 0], [3]],
  [[MAX_PIECE_BYTES], [MAX_PIECE_BYTES, 0]],
  [
    [5, MAX_PIECE_BYTES, 6],
    [MAX_PIECE_BYTES, 11],
  ],
  [[3 * MAX_PIECE_BYTES + 1], [MAX_PIECE_BYTES, MAX_PIECE_BYTES, MAX_PIECE_BYTES, 1]],
])('chunks of %j bytes are pieces of %j bytes', (chunks, pieces) => {
  const all = function* () {
    yield yield* piecesOf(chunks.map((size) => Buffer.alloc(size)));
  };
  expect([...all()].map(({ length }) => length)).toEqual(pieces);
});

/** A writer whose client reads when `read` is called, and what was told. */
function writerOf(source: { unsent: Iterable<Buffer> }) {
  const told: string[] = [];
  const clock = createManualClock(0);
  let resume: (() => void) | undefined;
  const sink = {
    backlog: 0,
    write: ({ length }: Buffer) => void (sink.backlog += length),
    end: () => void told.push('end'),
    abort: () => void told.push('abort'),
    drained: (callback: () => void) => void (resume = callback),
  };
  const writer = new PacedWriter(
    sink,
    { streams: new OpenStreams(), clock },
    {
      unsent: () => source.unsent,
      done: () => void told.push('done'),
      failed: (thrown) => void told.push(String(thrown)),
      stop: () => writer.stop(),
    },
  );
  const turns = async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  };
  return { writer, sink, told, clock, turns, read: () => resume?.() };
}

test('a writer waits for its client, tells when all is written and what failed, and writes nothing after its end', async () => {
  const source: { unsent: Iterable<Buffer> } = { unsent: [Buffer.alloc(3 * 1024 * 1024)] };
  const { writer, sink, told, turns, read } = writerOf(source);
  writer.wake();
  await turns();
  expect([sink.backlog, writer.isBusy, told]).toEqual([5 * MAX_PIECE_BYTES, true, []]);
  writer.wake();
  sink.backlog = -10 * 1024 * 1024;
  read();
  await turns();
  expect([sink.backlog, writer.isBusy, told]).toEqual([-7 * 1024 * 1024 - 5 * MAX_PIECE_BYTES, false, ['done']]);
  const throws = (): never => {
    throw new Error('broken');
  };
  const failing = writerOf({ unsent: { [Symbol.iterator]: throws } });
  failing.writer.wake();
  expect(failing.told).toEqual(['Error: broken']);
  const before = sink.backlog;
  source.unsent = [Buffer.alloc(1)];
  writer.stop();
  writer.wake();
  expect(sink.backlog).toBe(before);
});

test.each([
  ['when its client has read what it writes', true, 'end'],
  ['by an abort after a minute, when its client does not read', false, 'abort'],
])('a writer ends %s', (_how, isRead, end) => {
  const { writer, sink, told, clock, read } = writerOf({ unsent: [Buffer.alloc(2 * MAX_PIECE_BYTES)] });
  sink.backlog = 10 * 1024 * 1024;
  writer.wake();
  writer.end();
  writer.end();
  expect([told, writer.isEnding]).toEqual([[], true]);
  for (const _ of isRead ? ['first piece', 'second piece'] : []) {
    sink.backlog = 0;
    read();
  }
  clock.advance(60_000);
  writer.wake();
  writer.end();
  expect(told).toEqual([end]);
});

test.each([100, 40_000])('a client that does not read gets few of many events of %d bytes', async (size) => {
  const source = { unsent: [] as Buffer[] };
  const { writer, sink, turns, read, told } = writerOf(source);
  for (let event = 0; event < 2000; event += 1) {
    source.unsent = [Buffer.alloc(size)];
    writer.wake();
    await turns();
  }
  expect(sink.backlog).toBeGreaterThan(64 * 1024);
  expect(sink.backlog).toBeLessThanOrEqual(128 * 1024 + MAX_PIECE_BYTES);
  source.unsent = [];
  for (let turn = 0; turn < 4; turn += 1) {
    sink.backlog = 0;
    read();
    await turns();
  }
  expect([writer.isBusy, told.at(-1)]).toEqual([false, 'done']);
});
