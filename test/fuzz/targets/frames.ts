import { Duplex } from 'node:stream';
import { readFrame, WebSocketConnection } from '../../../packages/cluster/src/http/web-socket.ts';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

/** A masked WebSocket frame, as a client sends it. */
function frame(first: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const mask = Buffer.of(1, 2, 3, 4);
  const size =
    bytes.length < 126 ? Buffer.of(0x80 | bytes.length) : Buffer.of(0xfe, bytes.length >> 8, bytes.length & 0xff);
  const masked = bytes.map((byte, index) => byte ^ (mask[index & 3] ?? 0));
  return Buffer.concat([Buffer.of(first), size, mask, masked]);
}

/** A socket that records all written bytes, and provides no bytes to read. */
class TestSocket extends Duplex {
  readonly written: Buffer[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    done();
  }
}

/** Sends the pieces to a connection. Returns the messages that it reports and the bytes that it writes. */
function receive(pieces: readonly Buffer[]): string {
  const socket = new TestSocket();
  const connection = new WebSocketConnection(socket);
  const messages: string[] = [];
  connection.onMessage = (message) => messages.push(message.toString('latin1'));
  // `unread` parses the bytes synchronously, without a turn of the event loop.
  for (const piece of pieces) connection.unread(piece);
  socket.destroy();
  return JSON.stringify([messages, Buffer.concat(socket.written).toString('latin1')]);
}

/** Parses frames of WebSocket clients. The result must not depend on how the bytes are split into pieces. */
export const target: FuzzTarget = {
  name: 'frames',
  dictionary: ['\u0001', '\u0002', '\u0080', '\u0000', '\u007f'].flatMap((text) => [text, text.repeat(4)]),
  seeds: () => [
    Buffer.concat([frame(0x82, 'hello'), frame(0x89, 'ping'), frame(0x8a, ''), frame(0x88, Buffer.of(3, 0xe8))]),
    Buffer.concat([
      frame(0x02, 'a'),
      frame(0x89, ''),
      frame(0x00, 'b'),
      frame(0x80, 'c'),
      frame(0x81, 'x'.repeat(300)),
    ]),
    Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1, 1, 1, 5, 6),
  ],
  generators: [],
  isMutable: true,
  run(input) {
    const first = readFrame(input);
    if (typeof first === 'object' && (first.length > input.length || first.payload.length > first.length)) {
      throw new FuzzFinding(`a frame of ${first.length} bytes in ${input.length}`);
    }
    const whole = receive([input]);
    const single = Array.from(input.subarray(0, 600), (byte) => Buffer.of(byte));
    const cut = receive([...single, input.subarray(600)]);
    if (cut !== whole) throw new FuzzFinding(`in pieces: ${cut}; whole: ${whole}`);
    return whole;
  },
};
