import { type SpdyFrame, CONTROL, FLAGS, FRAME_HEADER_BYTES, VERSION } from './frames.ts';

/** The maximum payload of a control frame, in bytes. The protocol requires at least 8 KiB for frames with headers. */
const MAX_CONTROL_BYTES = 16 * 1024;

/** An error after which the remaining bytes of the connection cannot be parsed. */
export interface FrameProblem {
  readonly type: 'problem';
  readonly message: string;
}

const STREAM_MASK = 0x7f_ff_ff_ff;
const LENGTH_MASK = 0xff_ff_ff;

const problem = (message: string): FrameProblem => ({ type: 'problem', message });

/**
 * Parses frames from chunks of any size. Buffers at most one control frame, and returns data as it arrives. After a
 * problem, the reader ignores all bytes.
 */
export class FrameReader {
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerLength = 0;
  /** The payload of an incomplete control frame. */
  #payload: Buffer | undefined;
  #payloadLength = 0;
  /** An incomplete data frame. The stream ID 0 means an unknown control frame, whose payload is skipped. */
  #passing: { readonly streamId: number; readonly isLast: boolean; rest: number } | undefined;
  #hasFailed = false;

  *read(chunk: Buffer): Generator<SpdyFrame | FrameProblem> {
    let rest = chunk;
    while (rest.length > 0 && !this.#hasFailed) {
      const take = Math.min(rest.length, this.#wanted());
      const found = this.#take(rest.subarray(0, take));
      rest = rest.subarray(take);
      if (found === undefined) continue;
      this.#hasFailed = found.type === 'problem';
      yield found;
    }
  }

  /** The number of bytes that are missing in the current header or payload. It is never 0. */
  #wanted(): number {
    if (this.#passing !== undefined) return this.#passing.rest;
    if (this.#payload !== undefined) return this.#payload.length - this.#payloadLength;
    return FRAME_HEADER_BYTES - this.#headerLength;
  }

  #take(bytes: Buffer): SpdyFrame | FrameProblem | undefined {
    if (this.#passing !== undefined) return this.#pass(bytes);
    if (this.#payload !== undefined) {
      bytes.copy(this.#payload, this.#payloadLength);
      this.#payloadLength += bytes.length;
      return this.#payloadLength === this.#payload.length ? this.#control(this.#payload) : undefined;
    }
    bytes.copy(this.#header, this.#headerLength);
    this.#headerLength += bytes.length;
    return this.#headerLength === FRAME_HEADER_BYTES ? this.#begin() : undefined;
  }

  #pass(bytes: Buffer): SpdyFrame | undefined {
    const passing = this.#passing;
    if (passing === undefined) return undefined;
    passing.rest -= bytes.length;
    const isEnd = passing.rest === 0;
    if (isEnd) this.#passing = undefined;
    const { streamId, isLast } = passing;
    return streamId === 0 ? undefined : { type: 'data', streamId, bytes, isLast: isLast && isEnd };
  }

  /** Processes a complete header: prepares for its payload, or returns a frame without payload. */
  #begin(): SpdyFrame | FrameProblem | undefined {
    this.#headerLength = 0;
    const first = this.#header.readUInt32BE(0);
    const length = this.#header.readUInt32BE(4) & LENGTH_MASK;
    const isLast = (this.#flags & FLAGS.last) !== 0;
    if (first <= STREAM_MASK) {
      if (first === 0) return problem('a data frame has the stream id 0');
      if (length > 0) this.#passing = { streamId: first, isLast, rest: length };
      return length > 0 ? undefined : { type: 'data', streamId: first, bytes: Buffer.alloc(0), isLast };
    }
    const version = (first >>> 16) & 0x7f_ff;
    if (version !== VERSION) return problem(`a control frame has the version ${version}`);
    const isKnown = Object.values<number>(CONTROL).includes(this.#type);
    if (isKnown && length > MAX_CONTROL_BYTES) {
      return problem(`a control frame has ${length} bytes; the limit is ${MAX_CONTROL_BYTES}`);
    }
    if (!isKnown) {
      // The protocol requires that unknown frames are ignored.
      if (length > 0) this.#passing = { streamId: 0, isLast: false, rest: length };
      return undefined;
    }
    if (length === 0) return this.#control(Buffer.alloc(0));
    this.#payload = Buffer.alloc(length);
    this.#payloadLength = 0;
    return undefined;
  }

  get #type(): number {
    return this.#header.readUInt16BE(2);
  }

  get #flags(): number {
    return this.#header.readUInt8(4);
  }

  #control(payload: Buffer): SpdyFrame | FrameProblem | undefined {
    this.#payload = undefined;
    return (
      readControl(this.#type, this.#flags, payload) ?? problem(`a control frame of type ${this.#type} is malformed`)
    );
  }
}

/**
 * Maps a type of control frame to the length of its payload. For types with a variable payload, this is the minimum
 * length.
 */
const LENGTHS: Readonly<Record<number, { readonly bytes: number; readonly isMinimum?: true }>> = {
  [CONTROL.synStream]: { bytes: 10, isMinimum: true },
  [CONTROL.synReply]: { bytes: 4, isMinimum: true },
  [CONTROL.rstStream]: { bytes: 8 },
  [CONTROL.settings]: { bytes: 4, isMinimum: true },
  [CONTROL.ping]: { bytes: 4 },
  [CONTROL.goAway]: { bytes: 8 },
  [CONTROL.headers]: { bytes: 4, isMinimum: true },
  [CONTROL.windowUpdate]: { bytes: 8 },
};

/** Parses a control frame from its payload; `undefined` when the payload is malformed. */
function readControl(type: number, flags: number, payload: Buffer): SpdyFrame | undefined {
  const length = LENGTHS[type];
  if (length === undefined || payload.length < length.bytes) return undefined;
  if (length.isMinimum === undefined && payload.length !== length.bytes) return undefined;
  const first = payload.readUInt32BE(0);
  const streamId = first & STREAM_MASK;
  const isLast = (flags & FLAGS.last) !== 0;
  switch (type) {
    case CONTROL.settings:
      return readSettings(first, payload);
    case CONTROL.ping:
      return { type: 'ping', id: first };
    case CONTROL.goAway:
      return { type: 'goAway' };
    case CONTROL.windowUpdate:
      return { type: 'windowUpdate', streamId, bytes: payload.readUInt32BE(4) & STREAM_MASK };
    default:
  }
  if (streamId === 0) return undefined;
  switch (type) {
    case CONTROL.synStream: {
      const isUnidirectional = (flags & FLAGS.unidirectional) !== 0;
      return { type: 'synStream', streamId, block: payload.subarray(10), isLast, isUnidirectional };
    }
    case CONTROL.rstStream:
      return { type: 'rstStream', streamId, status: payload.readUInt32BE(4) };
    default:
      // SYN_REPLY and HEADERS frames have the same format. They need not be distinguished, because the server opens no
      // stream to which a client could reply.
      return { type: 'headers', streamId, block: payload.subarray(4), isLast };
  }
}

function readSettings(count: number, payload: Buffer): SpdyFrame | undefined {
  if (payload.length !== 4 + count * 8) return undefined;
  const values = Array.from({ length: count }, (_, index) => {
    const offset = 4 + index * 8;
    return [payload.readUInt32BE(offset) & LENGTH_MASK, payload.readUInt32BE(offset + 4)] as const;
  });
  return { type: 'settings', values };
}
