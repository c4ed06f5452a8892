import type { Duplex } from 'node:stream';
import { cryptoLibrary } from '@typekro/kit/core';
import { SocketConnection } from './socket-connection.ts';

/** The maximum size of a client's message, in bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * The maximum number of separate parts of a message in memory. When a message has more parts, the server joins them
 * into one buffer.
 */
const MAX_PARTS = 1024;

/** The constant that RFC 6455 appends to a client's key. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The value of `Sec-WebSocket-Accept` for the key of a client. */
export const acceptKey = (key: string): string =>
  cryptoLibrary()
    .createHash('sha1')
    .update(key + KEY_SUFFIX)
    .digest('base64');

const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const CLOSE_CODES = { normal: 1000, protocolError: 1002, tooBig: 1009 } as const;

/** A frame from a client, with its payload unmasked. */
export interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  /** The number of input bytes that the frame occupies. */
  readonly length: number;
}

/**
 * Parses the first frame of the bytes. Returns `undefined` when the frame is incomplete, and a close code when the
 * frame is not allowed.
 */
export function readFrame(bytes: Buffer): Frame | number | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const opcode = first & 0x0f;
  const isControl = opcode >= OPCODES.close;
  const short = second & 0x7f;
  // A client must mask its frames. The reserved bits must be 0, because no extension is negotiated.
  if ((first & 0x70) !== 0 || (second & 0x80) === 0) return CLOSE_CODES.protocolError;
  if (isControl && (short > 125 || (first & 0x80) === 0)) return CLOSE_CODES.protocolError;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (size > MAX_MESSAGE_BYTES) return CLOSE_CODES.tooBig;
  const length = start + 4 + size;
  if (bytes.length < length) return undefined;
  const mask = bytes.subarray(start, start + 4);
  const payload = Buffer.from(bytes.subarray(start + 4, length));
  for (let index = 0; index < payload.length; index += 1)
    payload[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  return { isFinal: (first & 0x80) !== 0, opcode, payload, length };
}

/** Encodes a frame that the server sends. */
export function writeFrame(opcode: number, payload: Buffer): Buffer {
  const size = payload.length;
  const header = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10);
  header[0] = 0x80 | opcode;
  if (size < 126) header[1] = size;
  else if (size < 65_536) {
    header[1] = 126;
    header.writeUInt16BE(size, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(size), 2);
  }
  return Buffer.concat([header, payload]);
}

/** The server's side of a WebSocket (RFC 6455) on an open connection. */
export class WebSocketConnection extends SocketConnection {
  #bytes: Buffer = Buffer.alloc(0);
  /** The payloads that have arrived for a fragmented message. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** Has a fragmented message begun that is not complete yet? */
  #isBegun = false;
  /** The latest ping for which no pong was sent yet. */
  #ping: Buffer | undefined;

  constructor(socket: Duplex) {
    super(socket, writeFrame(OPCODES.ping, Buffer.alloc(0)));
  }

  send(message: Buffer): void {
    this.write(writeFrame(OPCODES.binary, message));
  }

  close(code: number = CLOSE_CODES.normal): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.end(writeFrame(OPCODES.close, payload));
  }

  protected read(chunk: Buffer): void {
    if (this.isClosed) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const frame = readFrame(this.#bytes);
      if (frame === undefined) return;
      if (typeof frame === 'number') return this.close(frame);
      this.#bytes = this.#bytes.subarray(frame.length);
      this.#handle(frame);
      if (this.isClosed) return;
    }
  }

  #handle({ opcode, isFinal, payload }: Frame): void {
    switch (opcode) {
      case OPCODES.ping:
        return this.#answer(payload);
      case OPCODES.pong:
        return;
      case OPCODES.close:
        return this.close();
      case OPCODES.continuation:
      case OPCODES.text:
      case OPCODES.binary: {
        // A continuation frame is allowed only while a message is unfinished, and any other data frame only while no
        // message is unfinished.
        if ((opcode === OPCODES.continuation) !== this.#isBegun) return this.close(CLOSE_CODES.protocolError);
        this.#isBegun = !isFinal;
        this.#partBytes += payload.length;
        if (this.#partBytes > MAX_MESSAGE_BYTES) return this.close(CLOSE_CODES.tooBig);
        if (payload.length > 0) this.#parts.push(payload);
        // Parts are joined here because many small buffers take much more memory than their bytes.
        if (this.#parts.length > MAX_PARTS) this.#parts = [Buffer.concat(this.#parts)];
        if (!isFinal) return;
        const message = Buffer.concat(this.#parts);
        this.#parts = [];
        this.#partBytes = 0;
        return this.onMessage(message);
      }
      default:
        return this.close(CLOSE_CODES.protocolError);
    }
  }

  /** Sends a pong. While the client does not read, only the latest ping is kept for a pong, as RFC 6455 permits. */
  #answer(ping: Buffer): void {
    if (this.backlog === 0) return this.write(writeFrame(OPCODES.pong, ping));
    if (this.#ping === undefined) {
      this.drained(() => {
        const latest = this.#ping;
        this.#ping = undefined;
        if (latest !== undefined) this.write(writeFrame(OPCODES.pong, latest));
      });
    }
    this.#ping = ping;
  }
}
