import { FIRST_WINDOW_BYTES, MAX_WINDOW_BYTES } from './frames.ts';

/**
 * The bytes that the server may send on each stream and on the connection ("SPDY Protocol, Draft 3.1", section 2.6.8).
 * Kubernetes clients never send WINDOW_UPDATE frames, and Kubernetes servers never wait for them. The server therefore
 * respects the windows only after the client has sent such a frame or a window setting.
 */
export class SendWindows {
  #areUsed = false;
  #first = FIRST_WINDOW_BYTES;
  /** Maps the ID of an open stream to its window. The connection has the ID 0. A window may be negative. */
  readonly #windows = new Map<number, number>([[0, FIRST_WINDOW_BYTES]]);

  /** Has the client sent a window update or a window setting? */
  get areUsed(): boolean {
    return this.#areUsed;
  }

  open(streamId: number): void {
    this.#windows.set(streamId, this.#first);
  }

  close(streamId: number): void {
    this.#windows.delete(streamId);
  }

  /** The number of bytes that may be sent on the stream now. */
  allowed(streamId: number): number {
    if (!this.#areUsed) return Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(this.#windows.get(0) ?? 0, this.#windows.get(streamId) ?? 0));
  }

  /** Counts bytes that were sent on the stream. */
  use(streamId: number, bytes: number): void {
    for (const id of [0, streamId]) {
      const window = this.#windows.get(id);
      if (window !== undefined) this.#windows.set(id, window - bytes);
    }
  }

  /**
   * Sets the initial window of streams, and changes the windows of open streams by the difference. Returns false when a
   * window becomes too large.
   */
  setFirst(bytes: number): boolean {
    this.#areUsed = true;
    if (bytes > MAX_WINDOW_BYTES) return false;
    const difference = bytes - this.#first;
    this.#first = bytes;
    return [...this.#windows.keys()].every((id) => id === 0 || this.#add(id, difference));
  }

  /** Adds bytes to a window. Returns false when the number is 0, or when the window becomes too large. */
  update(streamId: number, bytes: number): boolean {
    this.#areUsed = true;
    return bytes > 0 && this.#add(streamId, bytes);
  }

  #add(id: number, bytes: number): boolean {
    const window = this.#windows.get(id);
    // A stream that has ended has no window, so the update is ignored.
    if (window === undefined) return true;
    this.#windows.set(id, window + bytes);
    return window + bytes <= MAX_WINDOW_BYTES;
  }
}
