import { writeFrame } from '../src/http/web-socket.ts';

/** Encodes a WebSocket frame as a client sends it, with a masked payload. */
export function masked(opcode: number, payload: Buffer, isFinal = true): Buffer {
  const plain = writeFrame(opcode, payload);
  plain[0] = (isFinal ? 0x80 : 0) | opcode;
  plain[1] = (plain[1] ?? 0) | 0x80;
  const start = plain.length - payload.length;
  const mask = Buffer.from([1, 2, 3, 4]);
  const hidden = payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0));
  return Buffer.concat([plain.subarray(0, start), mask, hidden]);
}
