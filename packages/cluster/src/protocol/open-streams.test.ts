import { expect, test } from 'vitest';
import { ApiError } from '../errors/api-error.ts';
import { type OpenStream, OpenStreams } from './open-streams.ts';
import { MAX_PIECE_BYTES, PacedWriter, piecesOf } from './paced-writer.ts';

const nothing = () => undefined;
const stream = (): OpenStream => ({ isWatch: true, end: nothing, expire: nothing });

function opened(streams: OpenStreams, user: string): number {
  for (let count = 0; ; count += 1) {
    try {
      streams.add(stream(), user);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(ApiError);
      expect((thrown as ApiError).httpCode).toBe(429);
      return count;
    }
  }
}

test('a user can have as many streams as are left for others, and no user can keep others from opening them', () => {
  const streams = new OpenStreams();
  const first = stream();
  streams.add(first, 'a');
  expect(['a', 'b', 'c', 'a'].map((user) => opened(streams, user))).toEqual([9999, 5000, 2500, 0]);
  streams.delete(first);
  streams.delete(first);
  for (const open of [...streams].slice(0, 9998)) streams.delete(open);
  expect(streams.maxUnread).toBe((256 * 1024 * 1024) / 7501);
  expect(opened(streams, 'a')).toBe(6249);
});

test('the streams write 512 KiB in a turn of the event loop, in order, and a write counts at least 4 KiB', async () => {
  const streams = new OpenStreams();
  const written: string[] = [];
  const write = (name: string, bytes: number) =>
    streams.inTurn(() => {
      written.push(name);
      return bytes;
    });
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
  for (const cause of [{}, {}])
    for (const name of ['e', 'f']) streams.inTurn(() => written.push(name) * 512 * 1024, cause);
  expect(written.slice(-2)).toEqual(['y', 'e']);
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
  const all = piecesOf(chunks.map((size) => Buffer.alloc(size)));
  const sizes: number[] = [];
  let next = all.next();
  for (; next.done !== true; next = all.next()) sizes.push(next.value.length);
  expect([...sizes, next.value.length]).toEqual(pieces);
});

test('a writer waits for its client, tells when all is written and what failed, and writes nothing after its end', async () => {
  const told: string[] = [];
  const sink = {
    backlog: 0,
    write: ({ length }: Buffer) => void (sink.backlog += length),
    end: nothing,
    abort: nothing,
    drained: (callback: () => void) => void (resume = callback),
  };
  let resume: (() => void) | undefined;
  const turns = async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  };
  let unsent: Iterable<Buffer> = [Buffer.alloc(3 * 1024 * 1024)];
  const writer = new PacedWriter(sink, new OpenStreams(), {
    unsent: () => unsent,
    done: () => void told.push('done'),
    failed: (thrown) => void told.push(String(thrown)),
  });
  writer.wake();
  expect(sink.backlog).toBe(128 * 1024);
  await turns();
  expect([sink.backlog, writer.isBusy, told]).toEqual([1024 * 1024 + MAX_PIECE_BYTES, true, []]);
  writer.wake();
  sink.backlog = -10 * 1024 * 1024;
  resume?.();
  await turns();
  expect([sink.backlog, writer.isBusy, told]).toEqual([-8 * 1024 * 1024 - MAX_PIECE_BYTES, false, ['done']]);
  unsent = {
    [Symbol.iterator]: () => {
      throw new Error('broken');
    },
  };
  const failing = new PacedWriter(sink, new OpenStreams(), {
    unsent: () => unsent,
    done: nothing,
    failed: (thrown) => void told.push(String(thrown)),
  });
  failing.wake();
  expect(told).toEqual(['done', 'Error: broken']);
  const before = sink.backlog;
  unsent = [Buffer.alloc(1)];
  writer.stop();
  writer.wake();
  expect(sink.backlog).toBe(before);
});
