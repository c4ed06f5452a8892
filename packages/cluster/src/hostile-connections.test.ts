import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClusterClock } from './cluster-clock.ts';
import { createEmbeddedCluster } from './cluster.ts';
import type { Listener } from './cluster-options.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const MEGABYTE = 1024 * 1024;

/** The number of chunks after which the client stops sending its endless body. */
const MAX_SENT = 200;

afterEach(() => vi.restoreAllMocks());

interface Served extends AsyncDisposable {
  readonly listener: Listener;
  readonly port: number;
  /** Sends a request and returns the status code of its response. A server that still works responds with 200. */
  code(): Promise<number>;
}

async function served(https: boolean): Promise<Served> {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const listener = await cluster.listen({ https });
  const port = Number(new URL(listener.url).port);
  const request = `GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
  return {
    listener,
    port,
    async code() {
      const socket = https ? connectTls(port, '127.0.0.1', { ca: listener.caData ?? '' }) : connect(port, '127.0.0.1');
      const [, code] = /^HTTP\/1\.1 (\d+)/.exec(await answerTo(socket, request)) ?? [];
      return Number(code);
    },
    [Symbol.asyncDispose]: () => cluster.close(),
  };
}

/**
 * Sends the bytes, and returns all received data until the connection is closed. With `endsAtHead`, stops after the
 * headers of the response.
 */
async function answerTo(socket: Socket, bytes: string, endsAtHead = false): Promise<string> {
  let text = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (endsAtHead && text.includes('\r\n\r\n')) socket.destroy();
  });
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

// Before Node 20.20.2, a read of `headersDistinct` throws when a header is named `__proto__` (CVE-2026-21710).
describe('a header that is named like an inherited JavaScript property', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'];

  test.each([
    ['a plain request', []],
    ['an impersonated request', ['Impersonate-User: ada', 'impersonate-group: a', 'Impersonate-Group: b']],
    ['a refused upgrade', ['Connection: Upgrade', 'Upgrade: websocket', 'Impersonate-User: ada']],
  ])('is ignored in %s', async (_, headers) => {
    await using server = await served(false);
    const request = [
      'GET /api HTTP/1.1',
      'Host: 127.0.0.1',
      ...names.flatMap((name) => [`${name}: a`, `${name}: b`]),
      ...headers,
      ...(headers.some((header) => header.startsWith('Connection')) ? [] : ['Connection: close']),
      '\r\n',
    ];
    const socket = connect(server.port, '127.0.0.1');
    const text = await answerTo(socket, request.join('\r\n'), true);
    expect(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]).toBe('200');
    expect(await server.code()).toBe(200);
  });

  test('does not affect repeated impersonation headers, of which each value counts', async () => {
    await using server = await served(false);
    const body = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}';
    const request = [
      'POST /apis/authentication.k8s.io/v1/selfsubjectreviews HTTP/1.1',
      'Host: 127.0.0.1',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: close',
      'Impersonate-User: ada',
      'impersonate-group: a, b',
      'Impersonate-Group: c',
      '__proto__: x',
      `\r\n${body}`,
    ];
    const text = await answerTo(connect(server.port, '127.0.0.1'), request.join('\r\n'));
    expect(text).toContain('"groups":["a, b","c","system:authenticated"]');
  });
});

test('a request whose response fails ends its connection, and not the process', async () => {
  let isBroken = false;
  const clock = {
    ...systemClusterClock,
    now() {
      if (isBroken) throw new Error('no time');
      return systemClusterClock.now();
    },
  };
  const reported = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  await using cluster = await createEmbeddedCluster({ controllers: false, clock });
  const { url } = await cluster.listen({ https: false });
  isBroken = true;
  await expect(fetch(`${url}/version`)).rejects.toThrow('fetch failed');
  expect(reported).toHaveBeenCalledWith(expect.objectContaining({ message: 'no time' }));
  isBroken = false;
  expect((await fetch(`${url}/version`)).status).toBe(200);
});

describe('a request for an upgrade that the path does not support gets the response of a plain request', () => {
  test.each([
    ['GET', MAPS, 'websocket', 200],
    ['GET', '/version', 'h2c', 200],
    ['GET', '/none', 'websocket', 404],
    ['POST', MAPS, 'SPDY/3.1', 400],
    ['GET', `${MAPS}?watch=1&timeoutSeconds=1`, 'nonsense', 200],
  ])('%s %s to %s', async (method, path, protocol, code) => {
    await using server = await served(false);
    const bytes = [
      `${method} ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      `Upgrade: ${protocol}`,
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    const socket = connect(server.port, '127.0.0.1');
    socket.write(bytes);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString('latin1')).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `));
    socket.destroy();
    expect(await server.code()).toBe(200);
  });
});

test.each([
  ['without a token', '', 403],
  ['with a wrong token', 'Authorization: Bearer wrong\r\n', 401],
])('a write %s is refused before its body has arrived', async (_, credentials, code) => {
  await using server = await served(true);
  const socket = connectTls(server.port, '127.0.0.1', { ca: server.listener.caData ?? '' });
  const head = `POST ${MAPS} HTTP/1.1\r\nHost: 127.0.0.1\r\n${credentials}Content-Length: 3000000\r\n\r\n`;
  const text = await answerTo(socket, `${head}${'x'.repeat(1000)}`, true);
  expect(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]).toBe(String(code));
});

test('the connection of a chunked body that never ends is closed', async () => {
  await using server = await served(false);
  const socket = connect(server.port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  socket.on('error', () => socket.destroy());
  socket.write(`POST ${MAPS} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = `${MEGABYTE.toString(16)}\r\n${'x'.repeat(MEGABYTE)}\r\n`;
  let sent = 0;
  const send = () => {
    let hasRoom = true;
    while (hasRoom && !socket.destroyed && sent < MAX_SENT) {
      sent++;
      hasRoom = socket.write(chunk);
    }
  };
  socket.on('drain', send);
  send();
  await closed;
  // The server reads 64 megabytes, and the socket buffers hold a few more megabytes.
  expect(sent).toBeGreaterThan(60);
  expect(sent).toBeLessThan(MAX_SENT);
  expect(await server.code()).toBe(200);
});

describe('a socket with TLS', () => {
  test.each([
    ['plain HTTP', `GET ${MAPS} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`],
    ['bytes of no protocol', '\u0001\u0002\u0003'.repeat(1000)],
    ['an empty TLS record', '\u0016\u0003\u0001\u0000\u0005hello'],
  ])('%s ends the connection at once', async (_, bytes) => {
    await using server = await served(true);
    const answer = await answerTo(connect(server.port, '127.0.0.1'), bytes);
    expect(answer).not.toContain('HTTP/1.1 200');
    expect(await server.code()).toBe(200);
  });

  test('a client that renegotiates TLS repeatedly is disconnected', async () => {
    await using server = await served(true);
    const { caData = '' } = server.listener;
    const socket = connectTls(server.port, '127.0.0.1', { ca: caData, maxVersion: 'TLSv1.2' });
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    socket.on('error', () => socket.destroy());
    await once(socket, 'secureConnect');
    let rounds = 0;
    const again = () => {
      socket.renegotiate({ rejectUnauthorized: true }, (error) => {
        rounds++;
        if (error === null || error === undefined) again();
      });
    };
    again();
    await closed;
    expect(rounds).toBeLessThan(10);
    expect(await server.code()).toBe(200);
  });
});
