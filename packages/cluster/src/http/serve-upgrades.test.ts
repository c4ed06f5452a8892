import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Cluster, type Listener, createEmbeddedCluster } from '../index.ts';
import type { ApiReply, StreamSink } from '../protocol/request.ts';
import { sendBody } from './send-body.ts';
import { serveUpgrades } from './serve-upgrades.ts';
import { serveUpgradesLate } from './late-upgrades.ts';

describe('serve upgrades', () => {
  let cluster: Cluster;
  let listener: Listener;

  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ runProcesses: true });
    listener = await cluster.listen({ https: false });
  });
  afterAll(() => cluster.close());

  /** Sends raw requests on one connection, and returns the received text up to the match of `until`. */
  function exchange(requests: string, until: RegExp, url = listener.url): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
        if (until.test(text)) socket.destroy();
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
      socket.write(requests);
    });
  }

  const request = (line: string, headers: readonly string[], body = ''): string =>
    [`${line} HTTP/1.1`, 'Host: 127.0.0.1', `Content-Length: ${body.length}`, ...headers, '', body].join('\r\n');

  const H2C = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
  const SOCKET = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const PODS = '/api/v1/namespaces/default/pods';

  test('a request that has a body and offers another protocol gets a response, and the connection stays open', async () => {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'sent' } });
    const create = request(
      'POST /api/v1/namespaces/default/configmaps',
      ['Content-Type: application/json', ...H2C],
      body,
    );
    const text = await exchange(create + request('GET /version', []), /gitVersion/);
    expect(text).toMatch(/^HTTP\/1\.1 201 Created[^]*"name":"sent"[^]*HTTP\/1\.1 200 OK/);
  });

  test.each([
    ['to an unknown pod', `GET ${PODS}/absent/exec?command=ls`, SOCKET, '404 Not Found'],
    ['to an unknown pod, with the method POST', `POST ${PODS}/absent/attach`, SOCKET, '404 Not Found'],
    ['with a malformed path', `GET ${PODS}/%zz/exec?command=ls`, SOCKET, '400 Bad Request'],
  ])('an upgrade request %s is refused, and its connection is closed', async (_title, line, headers, status) => {
    const text = await exchange(request(line, headers), /never/);
    expect(text).toContain(`HTTP/1.1 ${status}\r\n`);
    expect(text).toContain('"kind":"Status"');
  });

  test.each([
    ['without a key', ['Sec-WebSocket-Version: 13'], 'the header Sec-WebSocket-Key of a WebSocket is missing'],
    ['without a version', ['Sec-WebSocket-Key: a'], 'missing or bad WebSocket Version'],
    ['of another version', ['Sec-WebSocket-Key: a', 'Sec-WebSocket-Version: 8'], 'missing or bad WebSocket Version'],
  ])('a WebSocket %s to a pod is refused', async (_title, lines, message) => {
    const server = createServer();
    const open = () => undefined;
    serveUpgrades(server, false, {
      answer: () => Promise.resolve({ status: 101, headers: {}, upgrade: { protocol: 'p', open } }),
      send: (reply, _request, response) =>
        void response.writeHead(reply.status, reply.headers).end(reply.body as Buffer),
      report: (thrown) => expect.fail(String(thrown)),
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const headers = ['Connection: Upgrade', 'Upgrade: websocket', ...lines];
    const text = await exchange(request(`GET ${PODS}/p/exec?command=ls`, headers), /never/, url);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain(message);
    server.close();
  });

  test('a large response to an upgrade request arrives whole', async () => {
    const server = createServer();
    serveUpgrades(server, false, {
      answer: () => Promise.resolve({ status: 404, headers: {}, body: Buffer.alloc(3_000_000, 'x') }),
      send: (reply, _request, response) => sendBody(reply, reply.body as Buffer, response),
      report: (thrown) => expect.fail(String(thrown)),
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const text = await exchange(request(`GET ${PODS}/p/exec?command=ls`, SOCKET), /never/, url);
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toHaveLength(3_000_000);
    server.close();
  });

  test('an error after the protocol switch is reported and ends only its connection', async () => {
    const server = createServer();
    const open = () => {
      throw new Error('not opened');
    };
    let report = (_thrown: unknown): void => undefined;
    const reported = new Promise((resolve) => (report = resolve));
    serveUpgrades(server, false, {
      answer: () => Promise.resolve({ status: 101, headers: {}, upgrade: { protocol: 'p', open } }),
      send: () => undefined,
      report,
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const lines = [...SOCKET, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    await exchange(request(`GET ${PODS}/p/exec?command=ls`, lines), /never/, url);
    expect(await reported).toEqual(new Error('not opened'));
    await new Promise((resolve) => server.close(resolve));
  });

  test.each([
    ['a local process', `GET /api/v1/namespaces/default/services/web/proxy/x?watch=1`],
    ['a followed log', `GET ${PODS}/p/log?follow=1&watch=1`],
  ])('a WebSocket request with watch=1 to %s is no watch, and gets the response unchanged', async (_title, line) => {
    const server = createServer();
    const stream = { start: (sink: StreamSink) => sink.end(), stop: () => undefined };
    serveUpgrades(server, false, {
      answer: () => Promise.resolve({ status: 200, headers: {}, stream }),
      send: (_reply, _request, response) => void response.writeHead(200).end('no line'),
      report: () => undefined,
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const lines = [...SOCKET, 'Origin: http://a', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    expect(await exchange(request(line, lines), /never/, url)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*no line/);
    await new Promise((resolve) => server.close(resolve));
  });

  describe('the connection of an upgrade request that is refused', () => {
    afterEach(() => void vi.useRealTimers());

    /**
     * Sends a request and waits for the complete response. Returns the server's socket, and the client's socket, whose
     * sending side is still open.
     */
    async function answered(reply: ApiReply, line: string) {
      const server = createServer();
      serveUpgrades(server, false, {
        answer: () => Promise.resolve(reply),
        send: (_reply, _request, response) => void response.writeHead(403).end('refused'),
        report: () => undefined,
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const accepted = once(server, 'connection') as Promise<[Socket]>;
      const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
      client.write(request(line, SOCKET));
      const [socket] = await accepted;
      const closed = once(socket, 'close');
      client.resume();
      await once(client, 'end');
      const close = async () => {
        client.destroy();
        await new Promise((resolve) => server.close(resolve));
      };
      return { client, socket, closed, close };
    }

    const stopped = { start: () => undefined, stop: () => undefined };
    const cases: [string, ApiReply, string][] = [
      ['by the API', { status: 403, headers: {} }, 'GET /api/v1/pods?watch=1'],
      [
        'by the handshake of a watch',
        { status: 200, headers: {}, stream: stopped, isWatch: true },
        'GET /api/v1/pods?watch=1',
      ],
      ['by the API for a pod subresource', { status: 404, headers: {} }, `GET ${PODS}/p/exec?command=ls`],
    ];

    test.each(cases)('%s ends when the client closes its side', async (_title, reply, line) => {
      const { client, closed, close } = await answered(reply, line);
      client.end();
      await closed;
      await close();
    });

    test.each(cases)('%s ends after ten seconds when the client leaves its side open', async (_title, reply, line) => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      const { socket, closed, close } = await answered(reply, line);
      vi.advanceTimersByTime(9999);
      expect(socket.destroyed).toBe(false);
      vi.advanceTimersByTime(1);
      await closed;
      await close();
    });
  });
});

const REQUEST = ['GET /api/v1/pods?watch=1 HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', '', ''];

interface UpgradeCode {
  readonly serveUpgrades: typeof serveUpgrades;
}

/** A server whose upgrade code `load` provides, and a client that has sent an upgrade request. */
async function served(load: () => Promise<UpgradeCode>) {
  const server: Server = createServer();
  const reported: unknown[] = [];
  let answers = 0;
  const answer = () => {
    answers += 1;
    return Promise.resolve({ status: 200, headers: {}, fate: 'break' as const });
  };
  const send = (_reply: unknown, _request: unknown, response: { destroy(): unknown }) => void response.destroy();
  serveUpgradesLate(server, false, { answer, send, report: (thrown) => reported.push(thrown) }, load);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const upgraded = once(server, 'upgrade');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => client.destroy());
  client.write(REQUEST.join('\r\n'));
  const [socket] = await accepted;
  await upgraded;
  const close = async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { client, socket, reported, close, answers: () => answers };
}

test('a client that breaks its connection while the upgrade code is loaded ends only this connection', async () => {
  let resolve = (_code: UpgradeCode): void => undefined;
  const loaded = new Promise<UpgradeCode>((done) => (resolve = done));
  const { client, socket, answers, close } = await served(() => loaded);
  const closed = new Promise((done) => socket.once('close', done));
  client.resetAndDestroy();
  await closed;
  resolve({ serveUpgrades });
  await loaded;
  expect(answers()).toBe(0);
  await close();
});

test('a request that has waited for the upgrade code gets its response, and its socket has a single error listener', async () => {
  const { client, socket, answers, close } = await served(() => Promise.resolve({ serveUpgrades }));
  await once(client, 'close');
  expect([answers(), socket.listenerCount('error')]).toEqual([1, 1]);
  await close();
});

test('an error while the upgrade code is loaded is reported, and ends the connection', async () => {
  const error = new Error('no code');
  const { client, reported, close } = await served(() => Promise.reject(error));
  await once(client, 'close');
  expect(reported).toEqual([error]);
  await close();
});
