import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBodyText } from './response-body.ts';
import { type Connections, openSockets } from './sockets.ts';

/** A server that sends raw responses in latin1. */
let server: Server;
let connections: Connections;
let accepted: Socket[] = [];
/** Called after each piece of a request, with all bytes received so far. The server sends the result. */
let answer: (text: string, socket: Socket) => string | undefined = () => undefined;

beforeEach(async () => {
  accepted = [];
  server = createServer((socket) => {
    accepted.push(socket);
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      text += bytes.toString('utf8');
      const reply = answer(text, socket);
      if (reply === undefined) return;
      text = '';
      socket.write(reply, 'latin1');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  connections = openSockets(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { rejectUnauthorized: true });
});

afterEach(async () => {
  vi.useRealTimers();
  await connections.close();
  for (const socket of accepted) socket.destroy();
  server.close();
});

const ok = (body: string, ...headers: string[]) =>
  ['HTTP/1.1 200 OK', `content-length: ${body.length}`, ...headers, '', body].join('\r\n');
const get = (path: string, signal?: AbortSignal) =>
  connections.send({ method: 'GET', path, ...(signal === undefined ? {} : { signal }) });
const textOf = async (path: string) => readBodyText((await get(path)).body);
const pathOf = (text: string) => text.split(' ')[1] ?? '';

describe('requests', () => {
  it('contain the host, their headers, and the size of their body in bytes', async () => {
    let seen = '';
    answer = (text) => {
      seen = text;
      return /(?:\}|length: 0\r\n\r\n)$/.test(text) ? ok('') : undefined;
    };
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await connections.send({ method: 'PATCH', path: '/a?b=c', headers: { 'x-a': '1' }, body: '{"a":"b"}' });
    expect(seen).toBe(`PATCH /a?b=c HTTP/1.1\r\nhost: ${host}\r\nx-a: 1\r\ncontent-length: 9\r\n\r\n{"a":"b"}`);
    await connections.send({ method: 'PUT', path: '/', body: '{"a":"ü€😀"}' });
    expect(seen).toBe(`PUT / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 17\r\n\r\n{"a":"ü€😀"}`);
    await connections.send({ method: 'PUT', path: '/', body: Buffer.from('{"é"}') });
    expect(seen).toBe(`PUT / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 6\r\n\r\n{"é"}`);
    await connections.send({ method: 'POST', path: '/', body: '' });
    expect(seen).toBe(`POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 0\r\n\r\n`);
  });

  it.each([
    ['on a connection that is being opened', 1, 0],
    ['on a used connection', 0, 1],
  ])('are not sent if `mayBeSent` returns false directly before the write: %s', async (_name, opening, used) => {
    const seen: string[] = [];
    answer = (text) => {
      seen.push(pathOf(text));
      return ok('');
    };
    if (used === 1) await get('/first');
    // The first call is before the connection is opened, the second one when the socket can be written.
    let allowed = opening;
    const mayBeSent = () => (allowed -= 1) >= 0;
    await expect(connections.send({ method: 'PUT', path: '/late', body: '{}', mayBeSent })).rejects.toThrow('aborted');
    await connections.send({ method: 'PUT', path: '/held', mayBeSent: () => true });
    expect(seen).toEqual([...(used === 1 ? ['/first'] : []), '/held']);
  });

  it.each([
    ['a path', { path: '/a b' }],
    ['a path', { path: '/a\r\nx-b: c' }],
    ['a header', { path: '/', headers: { 'x-a': 'b\r\nx-c: d' } }],
    ['the name of a header', { path: '/', headers: { 'x-a: b\r\nx-c': 'd' } }],
    ['a method', { path: '/', method: 'GET / HTTP/1.1\r\n\r\nGET' }],
  ])('are refused if %s has invalid characters', async (_name, request) => {
    await expect(connections.send({ method: 'GET', ...request })).rejects.toThrow(
      /not a valid request line|invalid characters/,
    );
    expect(accepted).toHaveLength(0);
  });
});

describe('connections', () => {
  it('are used again after a response, and by one request at a time', async () => {
    answer = (text) => ok(pathOf(text));
    expect(await textOf('/a')).toBe('/a');
    expect(await textOf('/b')).toBe('/b');
    expect(accepted).toHaveLength(1);
    expect(await Promise.all(['/c', '/d', '/e'].map(textOf))).toEqual(['/c', '/d', '/e']);
    expect(accepted).toHaveLength(3);
  });

  it.each([
    ['that ends the connection', (path: string) => ok(path, 'connection: close')],
    ['with further bytes', (path: string) => `${ok(path)}HTTP/1.1 200 OK\r\n\r\n`],
  ])('are not used again after a response %s', async (_name, reply) => {
    answer = (text) => reply(pathOf(text));
    expect(await textOf('/a')).toBe('/a');
    expect(await textOf('/b')).toBe('/b');
    expect(accepted).toHaveLength(2);
  });

  it('that the server closes while they are unused are dropped', async () => {
    answer = (text, socket) => {
      socket.end(ok(pathOf(text)), 'latin1');
      return undefined;
    };
    expect(await textOf('/a')).toBe('/a');
    await new Promise((resolve) => {
      accepted[0]?.on('close', resolve);
    });
    expect(await textOf('/b')).toBe('/b');
    expect(accepted).toHaveLength(2);
  });

  it('that were unused for too long are not used again, even if no timer has closed them', async () => {
    vi.useFakeTimers({ toFake: ['hrtime'] });
    answer = (text) => ok(pathOf(text));
    expect(await textOf('/a')).toBe('/a');
    vi.advanceTimersByTime(31_000);
    expect(await textOf('/b')).toBe('/b');
    expect(accepted).toHaveLength(2);
  });

  it('that break during a request fail this request only', async () => {
    answer = (text, socket) => {
      if (pathOf(text) === '/b') socket.resetAndDestroy();
      return ok('x');
    };
    await textOf('/a');
    await expect(get('/b')).rejects.toThrow(/ECONNRESET|closed the connection/);
    expect(await textOf('/c')).toBe('x');
  });

  it.each([
    ['before the head', '', 'before it responded'],
    ['within the head', 'HTTP/1.1 200 OK\r\nx', 'before its response was complete'],
    ['within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel', 'before its response was complete'],
    [
      'within the chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel',
      'before its response was complete',
    ],
  ])('that end %s fail the request', async (_name, part, when) => {
    answer = (_text, socket) => {
      socket.end(part, 'latin1');
      return undefined;
    };
    await expect(get('/')).rejects.toThrow(`the server closed the connection ${when}`);
  });

  it('that end after a first response fail with an error that does not suggest that the server speaks TLS', async () => {
    answer = (text, socket) => {
      if (pathOf(text) === '/a') return ok('x');
      socket.end();
      return undefined;
    };
    await textOf('/a');
    const failure: unknown = await get('/b').catch((thrown: unknown) => thrown);
    expect(accepted).toHaveLength(1);
    expect(failure).toMatchObject({ message: 'the server closed the connection before its response was complete' });
  });

  it('to a port without a listener fail with the reason', async () => {
    const nowhere = openSockets('http://127.0.0.1:1', { rejectUnauthorized: true });
    await expect(nowhere.send({ method: 'GET', path: '/' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await nowhere.close();
  });

  it('end running requests with an error when `close` is called, and accept no further requests', async () => {
    const requestArrived = new Promise<void>((resolve) => {
      answer = () => {
        resolve();
        return undefined;
      };
    });
    const pending = Array.from({ length: 12 }, () => get('/'));
    const outcomes = Promise.allSettled(pending);
    await requestArrived;
    await connections.close();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { message: /were closed/ } });
    await expect(get('/')).rejects.toThrow('were closed');
  });
});

describe('a request', () => {
  it('that is aborted before its start is not sent', async () => {
    await expect(get('/', AbortSignal.abort())).rejects.toThrow('aborted');
    expect(accepted).toHaveLength(0);
  });

  it('that is aborted before its start fails at once, even when all sockets are in use', async () => {
    const pending = Promise.allSettled(Array.from({ length: 8 }, () => get('/')));
    const refused = get('/', AbortSignal.abort()).catch((error: unknown) => String(error));
    const later = new Promise((resolve) => setImmediate(resolve, 'it waits for a socket'));
    expect(await Promise.race([refused, later])).toMatch(/aborted/);
    await connections.close();
    await pending;
  });

  it('that is aborted while it waits for its response ends its connection', async () => {
    const giveUp = new AbortController();
    let gone: Promise<unknown> = Promise.resolve();
    answer = (_text, socket) => {
      gone = new Promise((resolve) => socket.on('close', resolve));
      giveUp.abort();
      return undefined;
    };
    await expect(get('/', giveUp.signal)).rejects.toThrow('aborted');
    await gone;
  });

  it('is not affected by an abort after its response', async () => {
    const giveUp = new AbortController();
    answer = (text) => ok(pathOf(text));
    await get('/a', giveUp.signal);
    giveUp.abort();
    expect(await textOf('/b')).toBe('/b');
    expect(accepted).toHaveLength(1);
  });
});

describe('time', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'hrtime'] });
  });

  it('at most eight requests run at a time, and slow requests do not count toward this limit', async () => {
    const seen: string[] = [];
    let notify: () => void = () => undefined;
    const count = async (wanted: number) => {
      while (seen.length < wanted) await new Promise<void>((resolve) => (notify = resolve));
    };
    answer = (text) => {
      seen.push(pathOf(text));
      notify();
      return pathOf(text) === '/last' ? ok('x') : undefined;
    };
    const hanging = Promise.allSettled(Array.from({ length: 8 }, (_, index) => get(`/${index}`)));
    await count(8);
    const last = textOf('/last');
    vi.advanceTimersByTime(900);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toHaveLength(8);
    vi.advanceTimersByTime(1000);
    expect(await last).toBe('x');
    // The time limit ends the hanging requests.
    vi.advanceTimersByTime(300_000);
    for (const outcome of await hanging) expect(outcome).toMatchObject({ reason: { message: /not respond in time/ } });
  });

  it('a request that is aborted while it waits for its turn ends at once, and is never sent', async () => {
    const giveUp = new AbortController();
    const seen: string[] = [];
    let isOpen = false;
    answer = (text) => {
      seen.push(pathOf(text));
      return isOpen ? ok(pathOf(text)) : undefined;
    };
    const hanging = Promise.allSettled(Array.from({ length: 8 }, () => get('/first')));
    const waiting = get('/given-up', giveUp.signal);
    const last = textOf('/last');
    giveUp.abort();
    await expect(waiting).rejects.toThrow('aborted');
    isOpen = true;
    while (accepted.length < 8) await new Promise((resolve) => server.once('connection', resolve));
    for (const socket of accepted) socket.destroy();
    await hanging;
    expect(await last).toBe('/last');
    expect(seen).not.toContain('/given-up');
  });

  it.each([
    ['half a minute', 31_000, 29_000, []],
    ['the time limit of the server', 5000, 3000, ['keep-alive: timeout=5']],
  ])('a connection that is unused for longer than %s is closed', async (_name, over, below, headers) => {
    answer = (text) => ok(pathOf(text), ...headers);
    await textOf('/a');
    vi.advanceTimersByTime(below);
    await textOf('/b');
    expect(accepted).toHaveLength(1);
    vi.advanceTimersByTime(over);
    await textOf('/c');
    expect(accepted).toHaveLength(2);
  });

  it('a stream may be silent for any time after its head, but not before', async () => {
    answer = (text) => (pathOf(text).startsWith('/a') ? 'HTTP/1.1 200 OK\r\n\r\n' : undefined);
    const stream = await get('/a?watch=true');
    const reading = readBodyText(stream.body);
    const silent = get('/b?watch=true');
    const outcome = expect(silent).rejects.toThrow('not respond in time');
    vi.advanceTimersByTime(400_000);
    await outcome;
    accepted[0]?.end('x');
    expect(await reading).toBe('x');
  });

  it('an error response instead of a stream has a time limit', async () => {
    answer = () => 'HTTP/1.1 500 Oops\r\ncontent-length: 5\r\n\r\nhel';
    const { body } = await get('/?watch=true');
    const outcome = expect(readBodyText(body)).rejects.toThrow('not respond in time');
    vi.advanceTimersByTime(400_000);
    await outcome;
  });
});

describe('streams', () => {
  const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

  it('do not count toward the limit of concurrent requests, and release their connection at their end', async () => {
    answer = (text) => (pathOf(text) === '/x' ? ok('x') : head + chunk('a'));
    const streams = await Promise.all(Array.from({ length: 20 }, () => get('/?watch=true')));
    expect(await textOf('/x')).toBe('x');
    expect(accepted).toHaveLength(21);
    accepted.slice(0, 20).forEach((socket) => socket.write('0\r\n\r\n'));
    for (const { body } of streams) expect(await readBodyText(body)).toBe('a');
    await Promise.all(Array.from({ length: 8 }, () => textOf('/x')));
    expect(accepted).toHaveLength(21);
  });

  it('whose reader leaves early end their connection', async () => {
    answer = () => head + chunk('a');
    const { body } = await get('/?watch=true');
    const gone = new Promise((resolve) => {
      accepted[0]?.on('close', resolve);
    });
    for await (const _ of body) break;
    await gone;
  });

  it('with a slow reader are paused, and lose no data', async () => {
    const part = 'x'.repeat(10_000);
    answer = () => head + chunk(part).repeat(2000) + '0\r\n\r\n';
    const { body } = await get('/?follow=true');
    let size = 0;
    for await (const bytes of body) {
      size += bytes.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(size).toBe(20_000_000);
  });

  it('that break off fail after all received data', async () => {
    answer = (_text, socket) => {
      socket.end(head + chunk('a'), 'latin1');
      return undefined;
    };
    const { body } = await get('/?watch=true');
    const read: string[] = [];
    await expect(
      (async () => {
        for await (const bytes of body) read.push(Buffer.from(bytes).toString());
      })(),
    ).rejects.toThrow('closed the connection before its response was complete');
    expect(read).toEqual(['a']);
  });
});
