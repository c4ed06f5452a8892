import { once } from 'node:events';
import http, { createServer, get } from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepAllHeaders } from './http-basics.ts';
import { noteRequestHead, createHttpServer, maxConnections, openServer, repeatedHeader } from './http-server.ts';
import { readLimitedBody, releaseBody } from './limited-body.ts';

/** Responds with the number of header lines and the value of the header `Last`. */
const server = createHttpServer(http, { headersTimeout: 5000 }, ({ rawHeaders, headers }, response) => {
  response.end(`${rawHeaders.length / 2} ${headers['last'] as string}`);
});
const plain = createServer((_request, response) => {
  for (let index = 0; index < 2500; index += 1) response.setHeader(`h${index}`, '1');
  response.setHeader('last', 'x').end();
});
const portOf = (opened: typeof server): number => (opened.address() as AddressInfo).port;

beforeAll(async () => {
  for (const opened of [server, plain]) await once(opened.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  for (const opened of [server, plain]) opened.close();
});

async function answerTo(lines: readonly string[]): Promise<string> {
  const socket = connect(portOf(server), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write(['GET / HTTP/1.1', 'Connection: close', ...lines, '\r\n'].join('\r\n'));
  await once(socket, 'close');
  return text;
}

test.each([
  ['100 headers', 100, 'a', 'HTTP/1.1 200 OK', '\r\n103 x'],
  ['1,998 headers', 1995, 'a', 'HTTP/1.1 200 OK', '\r\n1998 x'],
  ['2,003 headers', 2000, 'a', 'HTTP/1.1 200 OK', '\r\n2003 x'],
  ['5,003 headers', 5000, 'a', 'HTTP/1.1 200 OK', '\r\n5003 x'],
  ['5,003 headers of more than 32 KiB', 5000, 'aaaaa', 'HTTP/1.1 431 Request Header Fields Too Large', ''],
])('of a request with %s, each header counts, or the response is 431', async (_, count, name, status, end) => {
  const others = Array.from({ length: count }, (__, index) => `${name}${index}:1`);
  const text = await answerTo([...others, 'Last: x', 'Host: a']);
  expect(text).toContain(status);
  expect(text).toContain(end);
});

test.each([
  ['Authorization', 'Bearer a', 'Bearer b'],
  ['authorization', 'Bearer a', 'Bearer a'],
  ['Content-Type', 'application/json', 'application/yaml'],
  ['HOST', 'a', 'a'],
  ['Impersonate-User', 'ada', 'bob'],
  ['impersonate-uid', '1', '2'],
])('a second line of the header %s is refused', async (name, first, second) => {
  const host = /host/i.test(name) ? [] : ['Host: a'];
  const text = await answerTo([...host, `${name}: ${first}`, `${name.toUpperCase()}: ${second}`]);
  expect(text).toContain('HTTP/1.1 400 Bad Request');
  expect(text).toContain(`the request has the header ${name.toLowerCase()} more than once`);
});

test.each([['Impersonate-Group'], ['Accept'], ['X-Forwarded-For'], ['Cookie'], ['User-Agent'], ['__proto__']])(
  'a second line of the header %s is accepted',
  (name) => expect(repeatedHeader({ rawHeaders: [name, 'a', name, 'b'] })).toBeUndefined(),
);

test('a request keeps all headers of its response', async () => {
  const request = get({ port: portOf(plain), host: '127.0.0.1', agent: false });
  keepAllHeaders(request);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  expect(response.headers['last']).toBe('x');
});

const HALF_HELLO = '\u0016\u0003\u0001\u0002\u0000\u0001';

test.each<[string, typeof http | typeof https, http.ServerOptions, string]>([
  ['half of its headers', http, { headersTimeout: 100 }, 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ['no byte', http, { headersTimeout: 100 }, ''],
  ['no byte of TLS', https, { headersTimeout: 100 }, ''],
  ['a part of the first message of TLS', https, { headersTimeout: 100 }, HALF_HELLO],
  ['half of its body', http, { requestTimeout: 100 }, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na'],
])('a request that sends %s is closed soon after its time', async (_, library, limits, bytes) => {
  const slow = createHttpServer(library, limits, (request, response) => {
    request.resume().once('end', () => response.end());
  });
  await once(slow.listen(0, '127.0.0.1'), 'listening');
  const socket = connect(portOf(slow), '127.0.0.1');
  socket.write(bytes, 'latin1');
  // By default, Node looks every 30 s, so that this test would end at its own limit.
  await once(socket.resume(), 'close');
  expect(await new Promise((resolve) => slow.close(resolve))).toBeUndefined();
});

test('beyond the limit, the oldest connection of an unknown caller is closed, and if all are known, the new one', async () => {
  const few = createHttpServer(
    http,
    {},
    ({ socket, headers }, response) => {
      if (headers.authorization !== undefined) noteRequestHead(socket, true);
      response.end('x');
    },
    undefined,
    2,
  );
  const { port, close } = await openServer(few, 0, '127.0.0.1');
  const request = async (credentials: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${credentials}\r\n`);
    await once(socket, 'data');
    return socket;
  };
  const unknown = await request('');
  const known = await request('Authorization: a\r\n');
  const closed = once(unknown, 'close');
  const second = await request('Authorization: a\r\n');
  await closed;
  await once(
    connect(port, '127.0.0.1').on('error', () => undefined),
    'close',
  );
  expect([known.destroyed, second.destroyed]).toEqual([false, false]);
  await close();
});

test.each([
  ['1048576', 25_000],
  ['20000', 19_872],
  ['64', 16],
  ['unlimited', 25_000],
])('connections leave open files to the rest of a process that may have %s', (files, expected) => {
  expect(maxConnections(`Max processes  7 7\nMax open files            ${files}              1048576  files\n`)).toBe(
    expected,
  );
  expect(maxConnections('')).toBe(25_000);
});

const MEBIBYTE = 1024 * 1024;

test.each([
  ['no chunk', [], ''],
  ['one chunk', ['abc'], 'abc'],
  ['many chunks', Array.from({ length: 1000 }, (_, index) => `${index},`), undefined],
])('a body of %s is returned as it was sent', async (_, chunks, expected = chunks.join('')) => {
  const request = new PassThrough();
  const read = readLimitedBody(request, MEBIBYTE);
  for (const chunk of chunks) request.write(chunk);
  request.end();
  expect(String(await read)).toBe(expected);
  releaseBody(request);
});

test.each([
  ['too-large', (request: PassThrough) => request.end('abcd')],
  ['broken', (request: PassThrough) => request.destroy()],
])('a body is %s', async (expected, end) => {
  const request = new PassThrough();
  const read = readLimitedBody(request, 3);
  end(request);
  expect(await read).toBe(expected);
});

test('when all bodies have more than 128 MiB, the oldest one that is not complete is refused', async () => {
  const chunk = Buffer.alloc(MEBIBYTE);
  const send = (count: number, ends: boolean) => {
    const request = new PassThrough({ highWaterMark: count * MEBIBYTE });
    const read = readLimitedBody(request, 100 * MEBIBYTE);
    for (let sent = 0; sent < count; sent++) request.write(chunk);
    if (ends) request.end();
    return { request, read };
  };
  const complete = send(60, true);
  await complete.read;
  const stalled = send(60, false);
  const next = send(60, true);
  expect(await next.read).toHaveLength(60 * MEBIBYTE);
  // No body that is not complete is left, so the last one itself is refused until another is released.
  expect(await send(60, true).read).toBe('crowded');
  releaseBody(complete.request);
  const last = send(60, true);
  expect(await last.read).toHaveLength(60 * MEBIBYTE);
  stalled.request.end();
  expect(await stalled.read).toBe('crowded');
  for (const { request } of [next, last]) releaseBody(request);
});
