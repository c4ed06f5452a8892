import { describe, expect, test } from 'vitest';
import { synStream } from '../../test-support/spdy-client.ts';
import { FrameReader } from './frame-reader.ts';
import type { SpdyFrame } from './frames.ts';
import {
  CONTROL,
  controlFrame,
  dataFrame,
  FLAGS,
  goAwayFrame,
  pingFrame,
  resetFrame,
  settingFrame,
  synReplyFrame,
  windowUpdateFrame,
} from './frames.ts';

const X = Buffer.from('x');
const EMPTY = Buffer.alloc(0);

const FRAMES: readonly (readonly [string, Buffer, SpdyFrame | undefined])[] = [
  ['data', dataFrame(5, X, false), { type: 'data', streamId: 5, bytes: X, isLast: false }],
  ['the last data', dataFrame(5, X, true), { type: 'data', streamId: 5, bytes: X, isLast: true }],
  ['an end without data', dataFrame(5, EMPTY, true), { type: 'data', streamId: 5, bytes: EMPTY, isLast: true }],
  [
    'a new stream',
    synStream(3, X, FLAGS.last),
    { type: 'synStream', streamId: 3, block: X, isLast: true, isUnidirectional: false },
  ],
  [
    'a new unidirectional stream',
    synStream(3, X, FLAGS.unidirectional),
    { type: 'synStream', streamId: 3, block: X, isLast: false, isUnidirectional: true },
  ],
  ['a reply', synReplyFrame(7, X), { type: 'headers', streamId: 7, block: X, isLast: false }],
  ['a reset', resetFrame(9, 5), { type: 'rstStream', streamId: 9, status: 5 }],
  ['settings', settingFrame(7, 100), { type: 'settings', values: [[7, 100]] }],
  [
    'a setting with flags',
    controlFrame(CONTROL.settings, Buffer.from([0, 0, 0, 1, 1, 0, 0, 7, 0, 0, 0, 9])),
    { type: 'settings', values: [[7, 9]] },
  ],
  ['a ping', pingFrame(0xff_ff_ff_ff), { type: 'ping', id: 0xff_ff_ff_ff }],
  ['a GOAWAY frame', goAwayFrame(1, 0), { type: 'goAway' }],
  ['a window update', windowUpdateFrame(0, 2 ** 31 - 1), { type: 'windowUpdate', streamId: 0, bytes: 2 ** 31 - 1 }],
  ['an unknown frame', controlFrame(10, Buffer.alloc(20_000)), undefined],
  ['an unknown frame without payload', controlFrame(5, EMPTY), undefined],
];

test.each(FRAMES)('%s and the next frame are read from a single chunk', (_title, bytes, frame) => {
  const after = dataFrame(1, X, false);
  const found = [...new FrameReader().read(Buffer.concat([bytes, after]))];
  expect(found).toEqual([
    ...(frame === undefined ? [] : [frame]),
    { type: 'data', streamId: 1, bytes: X, isLast: false },
  ]);
});

test('all frames are parsed when every byte arrives separately', () => {
  const reader = new FrameReader();
  const found: unknown[] = [];
  for (const byte of Buffer.concat(FRAMES.map(([, bytes]) => bytes))) found.push(...reader.read(Buffer.from([byte])));
  expect(found).toEqual(FRAMES.flatMap(([, , frame]) => frame ?? []));
});

test('the data of a frame is returned as it arrives, and only its last part has isLast', () => {
  const reader = new FrameReader();
  const bytes = dataFrame(1, Buffer.from('abc'), true);
  const parts = [bytes.subarray(0, 9), bytes.subarray(9, 10), bytes.subarray(10)];
  const found = parts.map((part) =>
    [...reader.read(part)].map((frame) => (frame.type === 'data' ? [frame.bytes.toString(), frame.isLast] : frame)),
  );
  expect(found).toEqual([[['a', false]], [['b', false]], [['c', true]]]);
});

describe('a malformed frame is a problem, after which nothing is read', () => {
  const control = (firstWord: number, payload = EMPTY) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(firstWord);
    bytes.writeUInt32BE(payload.length, 4);
    return Buffer.concat([bytes, payload]);
  };
  test.each<[string, Buffer, string]>([
    ['data without a stream', dataFrame(0, X, false), 'a data frame has the stream id 0'],
    ['a control frame of version 2', control(0x80_02_00_06, Buffer.alloc(4)), 'a control frame has the version 2'],
    [
      'a payload that is too long',
      controlFrame(CONTROL.synStream, Buffer.alloc(16 * 1024 + 1)).subarray(0, 8),
      'a control frame has 16385 bytes; the limit is 16384',
    ],
    ['a new stream without an ID', synStream(0, X), 'a control frame of type 1 is malformed'],
    ['a new stream that is too short', controlFrame(CONTROL.synStream, Buffer.alloc(9)), 'type 1 is malformed'],
    ['a reset that is too long', controlFrame(CONTROL.rstStream, Buffer.alloc(9)), 'type 3 is malformed'],
    ['an empty ping', controlFrame(CONTROL.ping, EMPTY), 'type 6 is malformed'],
    ['a window update that is too short', controlFrame(CONTROL.windowUpdate, Buffer.alloc(4)), 'type 9 is malformed'],
    [
      'fewer settings than announced',
      controlFrame(CONTROL.settings, Buffer.from([255, 255, 255, 255])),
      'type 4 is malformed',
    ],
  ])('%s', (_title, bytes, message) => {
    const reader = new FrameReader();
    const found = [...reader.read(Buffer.concat([pingFrame(1), bytes, pingFrame(3)]))];
    expect(found).toEqual([
      { type: 'ping', id: 1 },
      { type: 'problem', message: expect.stringContaining(message) },
    ]);
    expect([...reader.read(pingFrame(5))]).toEqual([]);
  });
});
