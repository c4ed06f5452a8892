import type { JsonValue } from '@typekro/kit/core';

const VARINT = 0;
const DOUBLE = 1;
const BYTES = 2;

/** Writes the fields of one protobuf message. Omits `false`, and values that do not have the type of their field. */
export class ProtobufWriter {
  #chunks: Buffer[] = [];
  #size = 0;

  text(number: number, value: JsonValue | undefined): void {
    if (typeof value === 'string') this.#bytes(number, [Buffer.from(value)]);
  }

  flag(number: number, value: JsonValue | undefined): void {
    if (value !== true) return;
    this.#tag(number, VARINT);
    this.#varint(1n);
  }

  integer(number: number, value: JsonValue | undefined): void {
    if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) return;
    this.#tag(number, VARINT);
    this.#varint(BigInt.asUintN(64, BigInt(value)));
  }

  double(number: number, value: JsonValue | undefined): void {
    if (typeof value !== 'bigint' && typeof value !== 'number') return;
    this.#tag(number, DOUBLE);
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(Number(value));
    this.#push(bytes);
  }

  message(number: number, write: (inner: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter();
    write(inner);
    this.#bytes(number, inner.#chunks, inner.#size);
  }

  finish(): Buffer {
    return Buffer.concat(this.#chunks, this.#size);
  }

  #tag(number: number, type: number): void {
    this.#varint(BigInt(number * 8 + type));
  }

  #bytes(number: number, chunks: readonly Buffer[], size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)): void {
    this.#tag(number, BYTES);
    this.#varint(BigInt(size));
    for (const chunk of chunks) this.#push(chunk);
  }

  #varint(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.#push(Buffer.from(bytes));
  }

  #push(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }
}
