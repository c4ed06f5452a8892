import { type AddressInfo, connect, createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { masked } from '../../test-support/masked-frame.ts';
import { acceptKey, readFrame, WebSocketConnection, writeFrame } from './web-socket.ts';

test('the accept value for a key equals the example of RFC 6455', () => {
  expect(acceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

test.each([0, 1, 125, 126, 65_535, 65_536])(
  'a frame with a payload of %i bytes is parsed only when it is complete',
  (size) => {
    const payload = Buffer.alloc(size, 'x');
    const bytes = masked(2, payload);
    expect(readFrame(bytes)).toEqual({ isFinal: true, opcode: 2, payload, length: bytes.length });
    expect(readFrame(bytes.subarray(0, -1))).toBeUndefined();
  },
);

test.each<[string, Buffer, number]>([
  ['without a mask', writeFrame(2, Buffer.from('x')), 1002],
  ['with a reserved bit', Buffer.from([0xc2, 0x80]), 1002],
  ['that is a fragmented control frame', masked(9, Buffer.from('x'), false), 1002],
  ['that is a control frame with a long payload', masked(9, Buffer.alloc(126)), 1002],
  ['that is too long', Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0]), 1009],
])('a frame %s is refused', (_title, bytes, code) => {
  expect(readFrame(bytes)).toBe(code);
});

function connection() {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  const messages: string[] = [];
  const opened = new WebSocketConnection(socket);
  opened.onMessage = (message) => messages.push(message.toString());
  const closeCode = () => written.at(-1)?.readUInt16BE(2);
  return { opened, messages, written, closeCode };
}

test('the parts of a message are joined, even with a ping between them', () => {
  const { opened, messages, written } = connection();
  const ping = masked(9, Buffer.from('p'));
  const bytes = Buffer.concat([
    masked(2, Buffer.from('a'), false),
    ping,
    masked(0, Buffer.from('b')),
    masked(1, Buffer.from('c')),
  ]);
  for (const byte of bytes) opened.unread(Buffer.from([byte]));
  expect(messages).toEqual(['ab', 'c']);
  expect(written).toEqual([writeFrame(10, Buffer.from('p'))]);
});

test('empty parts and many small parts are joined into one message', () => {
  const { opened, messages } = connection();
  opened.unread(masked(2, Buffer.alloc(0), false));
  for (let index = 0; index < 3000; index += 1) {
    opened.unread(masked(0, Buffer.from('x'), false));
    opened.unread(masked(0, Buffer.alloc(0), false));
  }
  opened.unread(masked(0, Buffer.from('y')));
  opened.unread(masked(2, Buffer.alloc(0)));
  expect(messages).toEqual([`${'x'.repeat(3000)}y`, '']);
});

test('a client that sends many pings before it reads gets only the pong for the last ping', async () => {
  const written: Buffer[] = [];
  let read = (): void => undefined;
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      read = done;
    },
  });
  const opened = new WebSocketConnection(socket);
  opened.send(Buffer.alloc(64 * 1024));
  for (let count = 0; count < 1000; count += 1) opened.unread(masked(9, Buffer.from(String(count))));
  expect(socket.writableLength).toBeLessThan(65 * 1024);
  const drained = new Promise((resolve) => socket.once('drain', resolve));
  read();
  await drained;
  expect(written.slice(1)).toEqual([writeFrame(10, Buffer.from('999'))]);
});

test('a closed connection is destroyed ten seconds after the client last read data', () => {
  vi.useFakeTimers();
  try {
    const reads: (() => void)[] = [];
    const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => void reads.push(done) });
    const opened = new WebSocketConnection(socket);
    for (let count = 0; count < 3; count += 1) opened.send(Buffer.alloc(10));
    opened.close();
    reads.shift()?.();
    vi.advanceTimersByTime(9999);
    expect(socket.destroyed).toBe(false);
    reads.shift()?.();
    vi.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(socket.destroyed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('a paused connection notices that its client disconnects', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ended = new Promise<void>((resolve) => {
    server.on('connection', (socket) => {
      const opened = new WebSocketConnection(socket);
      opened.onClose = resolve;
      opened.onMessage = () => {
        opened.pause();
        client.destroy();
      };
    });
  });
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write(masked(2, Buffer.from('x')));
  await ended;
  await new Promise((resolve) => server.close(resolve));
});

test.each<[string, Buffer[], number]>([
  ['a continuation frame without a first frame', [masked(0, Buffer.from('x'))], 1002],
  [
    'a new message inside an unfinished message',
    [masked(2, Buffer.from('x'), false), masked(2, Buffer.from('y'))],
    1002,
  ],
  ['an unknown operation', [masked(3, Buffer.from('x'))], 1002],
  [
    'parts that are too long',
    Array.from({ length: 2 }, (_, index) => masked(index === 0 ? 2 : 0, Buffer.alloc(1024 * 1024), false)),
    1009,
  ],
  ['a close frame', [masked(8, Buffer.from([3, 232]))], 1000],
])('%s closes the connection', (_title, frames, code) => {
  const { opened, messages, closeCode } = connection();
  for (const frame of frames) opened.unread(frame);
  opened.unread(masked(2, Buffer.from('late')));
  expect([messages, closeCode()]).toEqual([[], code]);
});
