import type { MessageConnection } from '../protocol/request.ts';
import { ClientStream } from './client-stream.ts';
import { SharedOutput, UnreadInput } from './connection-bounds.ts';
import { FrameReader } from './frame-reader.ts';
import type { SpdyFrame } from './frames.ts';
import {
  dataFrame,
  FIRST_WINDOW_BYTES,
  GO_AWAY,
  goAwayFrame,
  INITIAL_WINDOW_SETTING,
  MAX_WINDOW_BYTES,
  pingFrame,
  RESET,
  resetFrame,
  settingFrame,
  synReplyFrame,
  windowUpdateFrame,
} from './frames.ts';
import type { HeaderFields } from './header-block.ts';
import { HeaderDeflater, HeaderInflater, readHeaderBlock, writeHeaderBlock } from './header-block.ts';
import { SendWindows } from './send-windows.ts';

/** The maximum number of open streams of a connection. */
const MAX_STREAMS = 1000;

/**
 * The maximum number of HEADERS frames of a connection. The number is small, because such a frame takes much more time
 * in the server than in the client, and Kubernetes clients send no such frames.
 */
const MAX_HEADERS_FRAMES = 16;

/**
 * The maximum number of consecutive unused streams: refused streams, and streams that the client resets before either
 * side has sent data. There is a limit, because such a stream takes more time in the server than in the client.
 */
const MAX_UNUSED_STREAMS = 1000;

/** The maximum number of protocol replies, such as pongs and resets, that a client has not read. */
const MAX_UNREAD_ANSWERS = 4096;

/** The number of received bytes after which the server sends a window update. */
const WINDOW_STEP_BYTES = 2 ** 30;

/** Callbacks for the streams of a connection. */
export interface SpdyHandler {
  /** Is a new stream accepted? A refused stream is reset, as a kubelet does. */
  accepts(streamId: number, headers: HeaderFields): boolean;
  /** Called with an accepted stream, after the reply to the client. */
  open(stream: ClientStream, headers: HeaderFields): void;
  /** Called once, when the connection has ended. */
  onClose(): void;
}

/** The server's side of SPDY/3.1 on a connection whose messages are chunks of bytes. Only the client opens streams. */
export class SpdySession {
  readonly #connection: MessageConnection;
  readonly #handler: SpdyHandler;
  readonly #reader = new FrameReader();
  readonly #inflater = new HeaderInflater();
  readonly #deflater = new HeaderDeflater();
  readonly #windows = new SendWindows();
  readonly #output: SharedOutput;
  readonly #unread: UnreadInput;
  readonly #streams = new Map<number, ClientStream>();
  #lastStreamId = 0;
  #unreadAnswers = 0;
  #headersFrames = 0;
  /** The streams that neither side has used yet. */
  readonly #unused = new Set<number>();
  /** The number of unused streams that have ended since a stream was last used. */
  #endedUnused = 0;
  /**
   * Maps the ID of a stream to the number of bytes received since its last window update. The connection has the ID 0.
   */
  readonly #received = new Map<number, number>();
  #isClosed = false;

  constructor(connection: MessageConnection, handler: SpdyHandler) {
    this.#connection = connection;
    this.#handler = handler;
    this.#output = new SharedOutput(connection, (id, bytes) => dataFrame(id, bytes, false), this.#windows);
    this.#unread = new UnreadInput(connection);
    connection.onMessage = (bytes) => this.#read(bytes);
    connection.onClose = () => this.#closed();
  }

  /** Ends the connection. `status` is the reason that the server sends to the client. */
  close(status: number = GO_AWAY.ok): void {
    if (this.#isClosed) return;
    this.#connection.send(goAwayFrame(this.#lastStreamId, status));
    this.#closed();
    this.#connection.close();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stream of this.#streams.values()) this.#forget(stream);
    this.#handler.onClose();
  }

  #forget(stream: ClientStream): void {
    this.#streams.delete(stream.id);
    this.#unused.delete(stream.id);
    this.#windows.close(stream.id);
    this.#received.delete(stream.id);
    // The stream is closed first, so that it does not announce its end when its data is dropped.
    stream.close();
    this.#output.drop(stream.id);
  }

  #read(bytes: Buffer): void {
    for (const frame of this.#reader.read(bytes)) {
      if (this.#isClosed) return;
      if (frame.type === 'problem' || !this.#handle(frame)) return this.close(GO_AWAY.protocolError);
    }
  }

  /** Returns false for a protocol violation that affects the whole connection. */
  #handle(frame: SpdyFrame): boolean {
    switch (frame.type) {
      case 'data':
        this.#receive(frame.streamId, frame.bytes, frame.isLast);
        return true;
      case 'synStream':
        return this.#open(frame);
      case 'headers': {
        this.#headersFrames += 1;
        if (this.#headersFrames > MAX_HEADERS_FRAMES) return false;
        // The block must be decompressed even if the stream does not exist, because each block changes the state of the
        // compression.
        if (this.#headersOf(frame.block) === undefined) return false;
        if (frame.isLast) this.#receive(frame.streamId, Buffer.alloc(0), true);
        return true;
      }
      case 'rstStream': {
        const stream = this.#streams.get(frame.streamId);
        if (stream === undefined) return true;
        const isUnused = this.#unused.has(stream.id);
        this.#forget(stream);
        return !isUnused || this.#countUnused();
      }
      case 'ping':
        // Only pings with odd IDs come from clients. Replies to the server's probes have even IDs and are ignored.
        if (frame.id % 2 === 1) this.#answer(pingFrame(frame.id));
        return true;
      case 'goAway':
        // Like a kubelet, the server closes the connection when the client sends GOAWAY.
        this.close();
        return true;
      case 'settings': {
        const first = frame.values.find(([id]) => id === INITIAL_WINDOW_SETTING);
        return first === undefined || this.#useWindows(undefined, () => this.#windows.setFirst(first[1]));
      }
      case 'windowUpdate':
        return this.#useWindows(frame.streamId, () => {
          if (this.#windows.update(frame.streamId, frame.bytes)) return true;
          if (frame.streamId === 0) return false;
          this.#reset(frame.streamId, RESET.flowControlError);
          return true;
        });
    }
  }

  #open({ streamId, block, isLast, isUnidirectional }: SpdyFrame & { type: 'synStream' }): boolean {
    const headers = this.#headersOf(block);
    if (headers === undefined || streamId % 2 === 0 || streamId <= this.#lastStreamId) return false;
    this.#lastStreamId = streamId;
    const isRefused = isUnidirectional || this.#streams.size >= MAX_STREAMS;
    if (isRefused || !this.#handler.accepts(streamId, headers)) {
      this.#reset(streamId, isRefused ? RESET.refusedStream : RESET.cancel);
      return this.#countUnused();
    }
    this.#answer(synReplyFrame(streamId, this.#deflater.deflate(writeHeaderBlock(new Map()))));
    const stream = new ClientStream(streamId, {
      unread: this.#unread,
      write: (id, bytes, done) => {
        this.#noteUse(id);
        this.#output.write(id, bytes, done);
      },
      whenSent: (id, callback) => this.#output.whenSent(id, callback),
      end: (id) => {
        this.#noteUse(id);
        this.#connection.send(dataFrame(id, Buffer.alloc(0), true));
        this.#closeEnded(id);
      },
      reset: (id) => this.#reset(id, RESET.cancel),
    });
    this.#streams.set(streamId, stream);
    this.#unused.add(streamId);
    this.#windows.open(streamId);
    this.#handler.open(stream, headers);
    // An end in the opening frame does not count as use, so that a client cannot open and reset such streams endlessly.
    if (isLast) this.#receiveEnd(streamId);
    return true;
  }

  /** Counts a stream that ended unused. Returns false when there were too many such streams. */
  #countUnused(): boolean {
    this.#endedUnused += 1;
    return this.#endedUnused <= MAX_UNUSED_STREAMS;
  }

  /** Records that one side has used a stream. Only the first use has an effect. */
  #noteUse(streamId: number): void {
    if (this.#unused.delete(streamId)) this.#endedUnused = 0;
  }

  #headersOf(block: Buffer): HeaderFields | undefined {
    const plain = this.#inflater.inflate(block);
    return plain === undefined ? undefined : readHeaderBlock(plain);
  }

  #receive(streamId: number, bytes: Buffer, isLast: boolean): void {
    const stream = this.#streams.get(streamId);
    this.#grant(0, bytes.length);
    if (stream === undefined) {
      // Data of a stream that has ended may still arrive and is ignored.
      if (streamId > this.#lastStreamId) this.#reset(streamId, RESET.invalidStream);
      return;
    }
    if (stream.hasReceivedEnd) return this.#reset(streamId, RESET.streamAlreadyClosed);
    this.#grant(streamId, bytes.length);
    if (bytes.length > 0 || isLast) this.#noteUse(streamId);
    stream.receive(bytes);
    if (isLast) this.#receiveEnd(streamId);
  }

  #receiveEnd(streamId: number): void {
    this.#streams.get(streamId)?.receiveEnd();
    this.#closeEnded(streamId);
  }

  #closeEnded(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined && stream.hasReceivedEnd && stream.hasSentEnd) this.#forget(stream);
  }

  #reset(streamId: number, status: number): void {
    this.#answer(resetFrame(streamId, status));
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#forget(stream);
  }

  /**
   * Changes the window of a stream, of the connection (0), or of all streams (`undefined`). At the first change, the
   * server begins to respect the client's windows, and gives the client the largest windows in return. The server does
   * not slow down a client with windows. It stops reading from the connection instead, as a kubelet does.
   */
  #useWindows(streamId: number | undefined, change: () => boolean): boolean {
    if (!this.#windows.areUsed) {
      this.#answer(settingFrame(INITIAL_WINDOW_SETTING, MAX_WINDOW_BYTES));
      this.#answer(windowUpdateFrame(0, MAX_WINDOW_BYTES - FIRST_WINDOW_BYTES));
    }
    const isValid = change();
    this.#output.flush(streamId);
    return isValid;
  }

  /** Sends a window update for received bytes to a client that uses windows, after each `WINDOW_STEP_BYTES`. */
  #grant(streamId: number, bytes: number): void {
    const received = (this.#received.get(streamId) ?? 0) + bytes;
    const isDue = this.#windows.areUsed && received >= WINDOW_STEP_BYTES;
    this.#received.set(streamId, isDue ? 0 : received);
    if (isDue) this.#answer(windowUpdateFrame(streamId, received));
  }

  /**
   * Sends a protocol reply to a frame. A client that sends many such frames and does not read the replies is
   * disconnected.
   */
  #answer(frame: Buffer): void {
    if (this.#isClosed) return;
    this.#connection.send(frame);
    if (this.#connection.backlog === 0) return;
    if (this.#unreadAnswers === 0) this.#connection.drained(() => (this.#unreadAnswers = 0));
    this.#unreadAnswers += 1;
    if (this.#unreadAnswers <= MAX_UNREAD_ANSWERS) return;
    this.#closed();
    this.#connection.abort();
  }
}
