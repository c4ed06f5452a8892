import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';

/** The values that the reader passes to its `AnswerSink`, in one object. */
interface ReceivedAnswer {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body: string;
  /** May the connection be used again? Absent until the response is complete. */
  open?: boolean;
}

function read(pieces: readonly Buffer[], method = 'GET', closes = false): ReceivedAnswer {
  const received: ReceivedAnswer = { body: '' };
  const reader = new AnswerReader(method, {
    head: (status, headers) => Object.assign(received, { status, headers }),
    data: (bytes) => (received.body += bytes.toString('latin1')),
    end: (open) => (received.open = open),
  });
  for (const piece of pieces) {
    // The reader may use the bytes only until `read` returns.
    const lent = Buffer.from(piece);
    reader.read(lent);
    lent.fill('!');
  }
  if (closes && !reader.close()) throw new Error('cut off');
  return received;
}

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n`;
const SIZED = lines('HTTP/1.1 201 Created', 'Content-Type: text/plain', 'content-length: 5', '') + 'hello';
const CHUNKED =
  lines('HTTP/1.1 200 OK', 'Transfer-Encoding: Chunked', 'x-two: a', 'X-Two:b', '') +
  lines('3', 'hel', '2;name="v"', 'lo', '0', 'x-trailer: t', '');

interface Case {
  readonly name: string;
  readonly text: string;
  readonly method?: string;
  readonly closes?: boolean;
  readonly received: ReceivedAnswer;
}

const CASES: readonly Case[] = [
  {
    name: 'a body with a size',
    text: SIZED,
    received: {
      status: 201,
      headers: { 'content-type': 'text/plain', 'content-length': '5' },
      body: 'hello',
      open: true,
    },
  },
  {
    name: 'a body in chunks, with an extension and a trailer',
    text: CHUNKED,
    received: { status: 200, headers: { 'transfer-encoding': 'Chunked', 'x-two': 'a, b' }, body: 'hello', open: true },
  },
  {
    name: 'a body up to the end of the connection',
    text: lines('HTTP/1.1 200 OK', '') + 'hello',
    closes: true,
    received: { status: 200, headers: {}, body: 'hello', open: false },
  },
  {
    name: 'no body',
    text: lines('HTTP/1.1 200 OK', 'content-length: 0', ''),
    received: { status: 200, headers: { 'content-length': '0' }, body: '', open: true },
  },
  {
    name: 'the response to HEAD, which has the size of a body but no body',
    text: lines('HTTP/1.1 200 OK', 'content-length: 5', ''),
    method: 'HEAD',
    received: { status: 200, headers: { 'content-length': '5' }, body: '', open: true },
  },
  {
    name: '204, which never has a body',
    text: lines('HTTP/1.1 204 No Content', ''),
    received: { status: 204, headers: {}, body: '', open: true },
  },
  {
    name: '304, which never has a body',
    text: lines('HTTP/1.1 304 Not Modified', 'content-length: 5', ''),
    received: { status: 304, headers: { 'content-length': '5' }, body: '', open: true },
  },
  {
    name: 'informational responses before the final response',
    text: lines('HTTP/1.1 100 Continue', '') + lines('HTTP/1.1 103 Early Hints', 'link: x', '') + SIZED,
    received: {
      status: 201,
      headers: { 'content-type': 'text/plain', 'content-length': '5' },
      body: 'hello',
      open: true,
    },
  },
  {
    name: 'a response after which the server closes the connection',
    text: lines('HTTP/1.1 200 OK', 'Connection: Close', 'content-length: 1', '') + 'x',
    received: { status: 200, headers: { connection: 'Close', 'content-length': '1' }, body: 'x', open: false },
  },
  {
    name: 'a response of HTTP/1.0, after which the connection is not used again',
    text: lines('HTTP/1.0 200 OK', 'content-length: 1', '') + 'x',
    received: { status: 200, headers: { 'content-length': '1' }, body: 'x', open: false },
  },
  {
    name: 'a status without a reason phrase, and a header without a value',
    text: lines('HTTP/1.1 404', 'x-empty:', 'content-length: 0', ''),
    received: { status: 404, headers: { 'x-empty': '', 'content-length': '0' }, body: '', open: true },
  },
  {
    name: 'headers named like members of Object',
    text: lines('HTTP/1.1 200 OK', 'constructor: c', 'content-length: 0', ''),
    received: { status: 200, headers: { constructor: 'c', 'content-length': '0' }, body: '', open: true },
  },
];

describe.each(CASES)('$name', ({ text, method, closes, received }) => {
  const bytes = Buffer.from(text, 'latin1');

  test('in one piece', () => {
    expect(read([bytes], method, closes)).toEqual(received);
  });

  test('byte by byte', () => {
    expect(
      read(
        [...bytes].map((byte) => Buffer.from([byte])),
        method,
        closes,
      ),
    ).toEqual(received);
  });

  test('in two pieces, divided at any byte', () => {
    for (let at = 1; at < bytes.length; at += 1) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)], method, closes)).toEqual(received);
    }
  });
});

test.each([
  ['a greeting of SSH', 'SSH-2.0-OpenSSH\r\n\r\n', /no HTTP\/1 status line/],
  ['HTTP/2', lines('HTTP/2 200 OK', ''), /no HTTP\/1 status line/],
  ['an invalid status', lines('HTTP/1.1 99 X', ''), /no HTTP\/1 status line/],
  ['another protocol', lines('HTTP/1.1 101 Switching Protocols', ''), /another protocol/],
  ['a header without a name', lines('HTTP/1.1 200 OK', ': x', ''), /without a name/],
  ['a header without a colon', lines('HTTP/1.1 200 OK', 'x', 'a: b', ''), /without a name/],
  ['an invalid size', lines('HTTP/1.1 200 OK', 'content-length: 5x', ''), /content length/],
  ['two sizes', lines('HTTP/1.1 200 OK', 'content-length: 1', 'content-length: 2', ''), /content length/],
  ['an empty size', lines('HTTP/1.1 200 OK', 'content-length:', ''), /content length/],
  ['a compressed body', lines('HTTP/1.1 200 OK', 'transfer-encoding: gzip, chunked', ''), /transfer encoding/],
  ['a chunk without a size', lines('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', 'x'), /without a size/],
  [
    'a chunk that is longer than its size',
    lines('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '1', 'xy'),
    /longer than/,
  ],
  ['an endless head', lines('HTTP/1.1 200 OK', `a: ${'x'.repeat(70_000)}`), /too long/],
  ['bytes after the end', `${SIZED}x`, /after its end/],
])('refuses %s', (_name, text, message) => {
  expect(() => read([Buffer.from(text, 'latin1')])).toThrow(message);
});

test.each([
  ['nothing', ''],
  ['half a head', 'HTTP/1.1 200'],
  ['half a body', SIZED.slice(0, -1)],
  ['chunks without the last one', CHUNKED.slice(0, -20)],
])('a response is incomplete when the connection ends after %s', (_name, text) => {
  expect(() => read(text === '' ? [] : [Buffer.from(text, 'latin1')], 'GET', true)).toThrow('cut off');
});
