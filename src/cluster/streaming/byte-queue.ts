/** The size up to which neighbouring parts of a queue are joined, in bytes. */
const MAX_JOINED_BYTES = 64 * 1024;

/**
 * Bytes that wait for their reader. Many small parts take about as much memory as one large part: small neighbours are
 * joined, and a part does not keep a much larger buffer in memory.
 */
export class ByteQueue {
  #parts: Buffer[] = [];
  #length = 0;

  /** The number of bytes in the queue. */
  get length(): number {
    return this.#length;
  }

  append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    let last = bytes.length * 2 < bytes.buffer.byteLength ? copyOf(bytes) : bytes;
    // A part is joined only with one of similar size, so each byte is copied only a few times.
    for (;;) {
      const previous = this.#parts.at(-1);
      if (previous === undefined || previous.length > 2 * last.length) break;
      if (previous.length + last.length > MAX_JOINED_BYTES) break;
      this.#parts.pop();
      last = Buffer.concat([previous, last]);
    }
    this.#parts.push(last);
  }

  /** Removes and returns the first part; `undefined` when the queue is empty. */
  take(): Buffer | undefined {
    const part = this.#parts.shift();
    this.#length -= part?.length ?? 0;
    return part;
  }

  clear(): void {
    this.#parts = [];
    this.#length = 0;
  }
}

/** A copy outside the common pool of small buffers. A copy in the pool would keep the whole pool in memory. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
