import { once } from 'node:events';
import http, { createServer, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpServer, keepAllHeaders, repeatedHeader } from './http-server.ts';
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

test.each([
  ['half of its headers', { headersTimeout: 100 }, 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ['no byte', { headersTimeout: 100 }, ''],
  ['half of its body', { requestTimeout: 100 }, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na'],
])('a request that sends %s is closed soon after its time', async (_, limits, bytes) => {
  const slow = createHttpServer(http, limits, (request, response) => {
    request.resume().once('end', () => response.end());
  });
  await once(slow.listen(0, '127.0.0.1'), 'listening');
  const socket = connect(portOf(slow), '127.0.0.1');
  socket.write(bytes);
  // By default, Node looks every 30 s, so that this test would end at its own limit.
  await once(socket.resume(), 'close');
  expect(await new Promise((resolve) => slow.close(resolve))).toBeUndefined();
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
