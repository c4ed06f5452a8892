/**
 * The frames of SPDY/3.1 ("SPDY Protocol, Draft 3.1", section 2.2 "Framing"). A control frame begins with a 1 bit, the
 * version of the protocol and the type of the frame. A data frame begins with a 0 bit and the stream ID. In both
 * frames, the flags and the length follow.
 */

/** The types of control frames. */
export const CONTROL = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** The reasons in RST_STREAM frames. */
export const RESET = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  flowControlError: 7,
  streamAlreadyClosed: 9,
} as const;

/** The reasons in GOAWAY frames. */
export const GO_AWAY = { ok: 0, protocolError: 1 } as const;

/** The flags of frames. */
export const FLAGS = { last: 1, unidirectional: 2 } as const;

/** The ID of the setting for the initial flow-control window of each stream, in bytes. */
export const INITIAL_WINDOW_SETTING = 7;

/** The initial flow-control window of a stream and of the connection, in bytes. */
export const FIRST_WINDOW_BYTES = 64 * 1024;

/** The maximum size of a flow-control window, in bytes. */
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;

/** The only version of control frames. */
export const VERSION = 3;

/** The length of a frame's header, in bytes. */
export const FRAME_HEADER_BYTES = 8;

/** A frame from a client. `block` contains compressed headers. The data of one frame may arrive in several parts. */
export type SpdyFrame =
  | { readonly type: 'data'; readonly streamId: number; readonly bytes: Buffer; readonly isLast: boolean }
  | {
      readonly type: 'synStream';
      readonly streamId: number;
      readonly block: Buffer;
      readonly isLast: boolean;
      readonly isUnidirectional: boolean;
    }
  | { readonly type: 'headers'; readonly streamId: number; readonly block: Buffer; readonly isLast: boolean }
  | { readonly type: 'rstStream'; readonly streamId: number; readonly status: number }
  | { readonly type: 'settings'; readonly values: readonly (readonly [id: number, value: number])[] }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway' }
  | { readonly type: 'windowUpdate'; readonly streamId: number; readonly bytes: number };

function frame(firstWord: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32BE(firstWord >>> 0);
  header.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([header, payload]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
}

/** Encodes a control frame. */
export const controlFrame = (type: number, payload: Buffer, flags = 0): Buffer =>
  frame(((0x8000 | VERSION) << 16) | type, flags, payload);

/** Encodes a data frame, whose data must be smaller than 16 MiB. */
export const dataFrame = (streamId: number, bytes: Buffer, isLast: boolean): Buffer =>
  frame(streamId, isLast ? FLAGS.last : 0, bytes);

/** Accepts a stream of the client, with a compressed block of headers. */
export const synReplyFrame = (streamId: number, block: Buffer): Buffer =>
  controlFrame(CONTROL.synReply, Buffer.concat([words(streamId), block]));

/** Ends a stream in both directions. */
export const resetFrame = (streamId: number, status: number): Buffer =>
  controlFrame(CONTROL.rstStream, words(streamId, status));

/** A ping, or the reply to the client's ping with this ID. */
export const pingFrame = (id: number): Buffer => controlFrame(CONTROL.ping, words(id));

/** Announces the end of the connection. */
export const goAwayFrame = (lastStreamId: number, status: number): Buffer =>
  controlFrame(CONTROL.goAway, words(lastStreamId, status));

/** Permits the client to send more bytes on a stream or, with the ID 0, on the connection. */
export const windowUpdateFrame = (streamId: number, bytes: number): Buffer =>
  controlFrame(CONTROL.windowUpdate, words(streamId, bytes));

/** A SETTINGS frame with one value. */
export const settingFrame = (id: number, value: number): Buffer => controlFrame(CONTROL.settings, words(1, id, value));
