/** The maximum size of a joined part, in bytes. */
const MAX_JOINED_BYTES = 64 * 1024;

/**
 * A queue of bytes. Small adjacent parts are joined, and a part does not keep a much larger buffer in memory. Many
 * small parts therefore take about as much memory as one large part.
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
    // Only parts of similar size are joined, so each byte is copied only a few times.
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

/**
 * Copies bytes to a buffer outside Node's shared pool of small buffers, because a copy in the pool would keep the whole
 * pool in memory.
 */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
