import { expect, test } from 'vitest';
import { RecordedConnection } from '../../test-support/spdy-client.ts';
import { SharedOutput, UnreadInput } from './connection-bounds.ts';

const MEGABYTE = 1024 * 1024;

test('a client is paused while more than 4 MiB of its data are unread', () => {
  const connection = new RecordedConnection();
  const unread = new UnreadInput(connection);
  const steps = [4 * MEGABYTE, 1, 1, -1, -1, 1, -MEGABYTE].map((bytes) => {
    unread.add(bytes);
    return connection.calls.splice(0).join();
  });
  expect(steps).toEqual(['', 'pause', '', '', 'resume', 'pause', 'resume']);
});

/** An output whose messages begin with the ID of their stream. */
function output(connection: RecordedConnection, allowed?: Map<number, number>) {
  const done: string[] = [];
  /** The stream IDs with which the output has called `allowed`. */
  const looks: number[] = [];
  const encode = (id: number, bytes: Buffer) => Buffer.concat([Buffer.from([id]), bytes]);
  const shared = new SharedOutput(
    connection,
    encode,
    allowed === undefined
      ? undefined
      : {
          allowed: (id) => {
            looks.push(id);
            const ofConnection = allowed.get(0) ?? Number.POSITIVE_INFINITY;
            return id === 0 ? ofConnection : Math.min(ofConnection, allowed.get(id) ?? 0);
          },
          use(id, bytes) {
            for (const each of [0, id]) {
              const window = allowed.get(each);
              if (window !== undefined) allowed.set(each, window - bytes);
            }
          },
        },
  );
  const write = (id: number, bytes: Buffer) => shared.write(id, bytes, () => done.push(`${id}:${bytes.length}`));
  const sent = () => connection.sent.splice(0).map((message) => `${message[0]}:${message.length - 1}`);
  return { shared, write, done, sent, looks };
}

test('whenSent calls back at once if no data waits, and otherwise when the last waiting data is sent or dropped', () => {
  const connection = new RecordedConnection();
  connection.reads = false;
  const { shared, write, done } = output(connection);
  const after = (id: number) => shared.whenSent(id, () => done.push(`after ${id}`));
  write(1, Buffer.alloc(2 * MEGABYTE));
  after(1);
  write(1, Buffer.alloc(1));
  write(1, Buffer.alloc(2));
  after(1);
  write(2, Buffer.alloc(3));
  after(2);
  expect(done.splice(0)).toEqual(['1:2097152', 'after 1']);
  shared.drop(2);
  expect(done.splice(0)).toEqual(['2:3', 'after 2']);
  connection.readAll();
  expect(done).toEqual(['1:1', '1:2', 'after 1']);
});

test('data waits while the client has more than 1 MiB to read, and is then sent stream by stream', () => {
  const connection = new RecordedConnection();
  connection.reads = false;
  const { write, done, sent } = output(connection);
  write(1, Buffer.alloc(MEGABYTE));
  write(1, Buffer.alloc(MEGABYTE));
  write(2, Buffer.alloc(10));
  write(3, Buffer.alloc(MEGABYTE));
  expect([sent(), done]).toEqual([['1:1048576'], ['1:1048576']]);
  connection.readAll();
  expect([sent(), connection.backlog > MEGABYTE]).toEqual([['1:1048576'], true]);
  connection.readAll();
  expect([sent(), done.slice(2)]).toEqual([
    ['2:10', '3:1048576'],
    ['2:10', '3:1048576'],
  ]);
});

test('data of a stream waits for its window and does not stop other streams', () => {
  const allowed = new Map([
    [1, 3],
    [2, 100],
  ]);
  const { shared, write, done, sent } = output(new RecordedConnection(), allowed);
  write(1, Buffer.alloc(10));
  write(2, Buffer.alloc(5));
  expect([sent(), done]).toEqual([['1:3', '2:5'], ['2:5']]);
  allowed.set(1, 7);
  shared.flush(1);
  expect([sent(), done]).toEqual([['1:7'], ['2:5', '1:10']]);
});

test('the waiting data of a stream that ends is dropped', () => {
  const { shared, write, done, sent } = output(new RecordedConnection(), new Map([[2, 1]]));
  write(1, Buffer.alloc(10));
  shared.drop(1);
  write(2, Buffer.alloc(1));
  expect([sent(), done]).toEqual([['2:1'], ['1:10', '2:1']]);
});

test('the cost of a write does not depend on the number of streams that wait for their windows', () => {
  const { shared, write, sent, looks } = output(new RecordedConnection(), new Map([[2000, 1000]]));
  for (let id = 1; id <= 1000; id += 1) write(id, Buffer.alloc(1));
  looks.splice(0);
  for (let count = 0; count < 1000; count += 1) write(2000, Buffer.alloc(1));
  shared.flush(7);
  expect([sent().length, looks.filter((id) => id !== 0).length]).toEqual([1000, 1001]);
});

test('streams that wait for the window of the connection send in turn', () => {
  const allowed = new Map([[0, 0], ...[1, 2, 3].map((id): [number, number] => [id, 100])]);
  const { shared, write, sent, looks } = output(new RecordedConnection(), allowed);
  for (const id of [1, 2, 3]) for (const size of [4, 5]) write(id, Buffer.alloc(size));
  expect([sent(), looks.every((id) => id === 0)]).toEqual([[], true]);
  allowed.set(0, 1000);
  shared.flush(0);
  expect(sent()).toEqual(['1:4', '2:4', '3:4', '1:5', '2:5', '3:5']);
});

test('data that exceeds the window of the connection is sent in two parts', () => {
  const allowed = new Map([
    [0, 3],
    [1, 100],
  ]);
  const { shared, write, done, sent } = output(new RecordedConnection(), allowed);
  write(1, Buffer.alloc(10));
  expect([sent(), done]).toEqual([['1:3'], []]);
  allowed.set(0, 7);
  shared.flush(0);
  expect([sent(), done]).toEqual([['1:7'], ['1:10']]);
});
