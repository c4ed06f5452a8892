import { type FrameProblem, FrameReader } from '../src/streaming/frame-reader.ts';
import { type SpdyFrame, CONTROL, controlFrame, FLAGS } from '../src/streaming/frames.ts';
import { HeaderDeflater, writeHeaderBlock } from '../src/streaming/header-block.ts';
import type { MessageConnection } from '../src/protocol/request.ts';

/** Builds the frames with compressed headers that a client sends over one connection. */
export class SpdyHeaders {
  readonly #deflater = new HeaderDeflater();

  /** A frame that opens a stream. */
  open(streamId: number, fields: Readonly<Record<string, string>>, flags = 0): Buffer {
    return synStream(streamId, this.#deflater.deflate(writeHeaderBlock(new Map(Object.entries(fields)))), flags);
  }

  /** A frame with additional headers. */
  more(streamId: number, fields: Readonly<Record<string, string>>, isLast = false): Buffer {
    const block = this.#deflater.deflate(writeHeaderBlock(new Map(Object.entries(fields))));
    return controlFrame(CONTROL.headers, Buffer.concat([number(streamId), block]), isLast ? FLAGS.last : 0);
  }
}

/** A frame that opens a stream, with a compressed header block. */
export const synStream = (streamId: number, block: Buffer, flags = 0): Buffer =>
  controlFrame(CONTROL.synStream, Buffer.concat([number(streamId), Buffer.alloc(6), block]), flags);

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The headers of one of the two streams of a forwarded connection. */
export const forwardHeaders = (type: string, port: number | string, requestId?: number): Record<string, string> => ({
  streamtype: type,
  port: String(port),
  ...(requestId === undefined ? {} : { requestid: String(requestId) }),
});

/** Parses the frames in bytes that the server has sent. */
export const framesIn = (...bytes: readonly Buffer[]): (SpdyFrame | FrameProblem)[] => [
  ...new FrameReader().read(Buffer.concat(bytes)),
];

/** A connection without a network. Records the frames and actions of the server. */
export class RecordedConnection implements MessageConnection {
  onMessage: (message: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;
  readonly sent: Buffer[] = [];
  readonly calls: string[] = [];
  /** Does the client read? If false, the client reads nothing until `readAll`. */
  reads = true;
  backlog = 0;
  #waiting: (() => void)[] = [];

  send(message: Buffer): void {
    this.sent.push(message);
    if (!this.reads) this.backlog += message.length;
  }

  close(): void {
    this.calls.push('close');
  }

  abort(): void {
    this.calls.push('abort');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  drained(callback: () => void): void {
    this.#waiting.push(callback);
  }

  /** Makes the client read all bytes that were sent. */
  readAll(): void {
    this.backlog = 0;
    for (const callback of this.#waiting.splice(0)) callback();
  }

  /** Returns the frames that were sent since the last call, as short strings. */
  frames(): string[] {
    return framesIn(...this.sent.splice(0)).map(frameText);
  }
}

function frameText(frame: SpdyFrame | FrameProblem): string {
  switch (frame.type) {
    case 'problem':
      return frame.message;
    case 'data': {
      const text = frame.bytes.length > 120 ? `${frame.bytes.length} bytes` : frame.bytes.toString('latin1');
      return `data ${frame.streamId} ${text}${frame.isLast ? ' last' : ''}`;
    }
    case 'headers':
    case 'synStream':
      return `${frame.type === 'headers' ? 'reply' : 'open'} ${frame.streamId}`;
    case 'rstStream':
      return `reset ${frame.streamId} ${frame.status}`;
    case 'ping':
      return `ping ${frame.id}`;
    case 'goAway':
      return 'go away';
    case 'settings':
      return `set ${JSON.stringify(frame.values)}`;
    case 'windowUpdate':
      return `window ${frame.streamId} ${frame.bytes}`;
  }
}
