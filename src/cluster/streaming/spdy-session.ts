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
 * The maximum number of HEADERS frames of a connection. Each takes much more time in the server than in the client, and
 * clients of Kubernetes send none.
 */
const MAX_HEADERS_FRAMES = 16;

/**
 * The maximum number of unused streams in a row: refused streams, and streams that the client resets before either side
 * has sent anything. Each takes more time in the server than in the client.
 */
const MAX_UNUSED_STREAMS = 1000;

/** The maximum number of answers that a client does not read. */
const MAX_UNREAD_ANSWERS = 4096;

/** The number of received bytes after which a client gets its window back. */
const WINDOW_STEP_BYTES = 2 ** 30;

/** The code that uses the streams of a connection. */
export interface SpdyHandler {
  /** Decides about a new stream. A refused stream is reset, as in a kubelet. */
  accepts(streamId: number, headers: HeaderFields): boolean;
  /** Called with an accepted stream, after the reply to the client. */
  open(stream: ClientStream, headers: HeaderFields): void;
  /** Called once, when the connection has ended. */
  onClose(): void;
}

/**
 * The server's side of SPDY/3.1 on a connection whose messages are pieces of its bytes. Only the client opens streams.
 */
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
  /** The number of ended streams without use since the last use of a stream. */
  #endedUnused = 0;
  /** The received bytes since the last window updates, by the ids of streams. The connection has the id 0. */
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

  /** Ends the connection, with the reason for the client. */
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
    // A closed stream announces no end when its data is dropped.
    stream.close();
    this.#output.drop(stream.id);
  }

  #read(bytes: Buffer): void {
    for (const frame of this.#reader.read(bytes)) {
      if (this.#isClosed) return;
      if (frame.type === 'problem' || !this.#handle(frame)) return this.close(GO_AWAY.protocolError);
    }
  }

  /** Returns false when the client violates the protocol of the whole connection. */
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
        // Each block changes the state of the compression, also for a stream that does not exist.
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
        // The server sends no pings. Pings of clients have odd ids.
        if (frame.id % 2 === 1) this.#answer(pingFrame(frame.id));
        return true;
      case 'goAway':
        // Like a kubelet, the server ends the connection when the client announces its end.
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
    // An end in the opening frame does not count as use. Otherwise a client could open and reset such streams without
    // end.
    if (isLast) this.#receiveEnd(streamId);
    return true;
  }

  /** Counts a stream that ended without use. Returns false when there were too many. */
  #countUnused(): boolean {
    this.#endedUnused += 1;
    return this.#endedUnused <= MAX_UNUSED_STREAMS;
  }

  /** Notes that one side sends something on a stream. Later uses of the stream change nothing. */
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
      // Data of a stream that has ended may still be on its way.
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
   * Changes the window of a stream, of the connection (0), or of all streams (`undefined`). With the first change, the
   * server begins to observe the windows of the client. The server gives such a client the largest windows: the server
   * slows a client by not reading from the connection, as a kubelet does.
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

  /** Returns used parts of a window to a client that observes windows. */
  #grant(streamId: number, bytes: number): void {
    const received = (this.#received.get(streamId) ?? 0) + bytes;
    const isDue = this.#windows.areUsed && received >= WINDOW_STEP_BYTES;
    this.#received.set(streamId, isDue ? 0 : received);
    if (isDue) this.#answer(windowUpdateFrame(streamId, received));
  }

  /** Sends an answer to a frame. A client that sends such frames without end and reads nothing is disconnected. */
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
