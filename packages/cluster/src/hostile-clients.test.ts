import { type Socket, connect } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createManualClock } from './cluster-clock.ts';
import { sendJson } from '../test-support/send-json.ts';
import { type Cluster, createEmbeddedCluster } from './cluster.ts';
import type { Listener } from './cluster-options.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const MAP = { apiVersion: 'v1', kind: 'ConfigMap' };

interface Status {
  readonly kind: string;
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

interface Served extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly listener: Listener;
  readonly port: number;
}

async function served(): Promise<Served> {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const listener = await cluster.listen({ https: false });
  const port = Number(new URL(listener.url).port);
  return { cluster, listener, port, [Symbol.asyncDispose]: () => cluster.close() };
}

/** Sends the bytes and returns all data that the server sends before it closes the connection. */
async function raw(port: number, bytes: string | Buffer, { halfClose = false } = {}): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  socket.write(bytes);
  if (halfClose) socket.end();
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await once(socket, 'close');
  return text;
}

const statusOf = (answer: string): Status => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Status;

/** A protobuf body with a JSON Schema whose `default` is not JSON. */
function malformedDefault(): Buffer {
  const field = (number: number, value: string | Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), Buffer.from(value)]);
  const type = Buffer.concat([field(1, 'apiextensions.k8s.io/v1'), field(2, 'JSONSchemaProps')]);
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, field(8, field(1, '{"a":')))]);
}

/** A protobuf body with a JSON Schema whose `maximum` has only three of its eight bytes. */
function truncatedNumber(): Buffer {
  const field = (number: number, value: string | Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), Buffer.from(value)]);
  const type = Buffer.concat([field(1, 'apiextensions.k8s.io/v1'), field(2, 'JSONSchemaProps')]);
  const schema = Buffer.from([(9 << 3) | 1, 1, 2, 3]);
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, schema)]);
}

/** Checks that the server still serves another client. */
async function expectAlive({ listener }: Served): Promise<void> {
  expect((await fetch(`${listener.url}/readyz`)).status).toBe(200);
  expect((await fetch(`${listener.url}${MAPS}`)).status).toBe(200);
}

describe('bodies', () => {
  const envelope = Buffer.from('k8s\0');
  test.each([
    ['truncated JSON', 'application/json', '{"apiVersion":"v1","kind":"ConfigMap"', 400],
    ['a body that is not JSON', 'application/json', 'apiVersion: v1', 400],
    ['an empty body', 'application/json', '', 400],
    ['a number', 'application/json', '1', 400],
    ['another kind', 'application/json', '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}', 400],
    [
      'a field of the wrong type',
      'application/json',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":5}}',
      400,
    ],
    ['YAML with broken indentation', 'application/yaml', 'a:\n  - b\n c: d', 400],
    ['YAML with an unknown anchor', 'application/yaml', 'a: *b', 400],
    ['YAML with a value that JSON does not have', 'application/yaml', 'a: .inf', 400],
    ['YAML that merges a value that is not a map', 'application/yaml', '<<: 1', 400],
    ['YAML with exponential aliases', 'application/yaml', bomb(), 400],
    ['YAML with very deep nesting', 'application/yaml', '['.repeat(100_000), 400],
    ['protobuf without the magic bytes', 'application/vnd.kubernetes.protobuf', 'xxxx', 400],
    [
      'truncated protobuf',
      'application/vnd.kubernetes.protobuf',
      Buffer.concat([envelope, Buffer.from([10, 200])]),
      400,
    ],
    ['protobuf with a truncated number', 'application/vnd.kubernetes.protobuf', truncatedNumber(), 400],
    [
      'protobuf with an embedded value that is not JSON',
      'application/vnd.kubernetes.protobuf',
      malformedDefault(),
      400,
    ],
    ['random protobuf', 'application/vnd.kubernetes.protobuf', Buffer.concat([envelope, noise(300)]), 400],
    ['an unknown media type', 'text/plain', '{}', 415],
    ['JSON with a byte order mark', 'application/json', `\ufeff${JSON.stringify(MAP)}`, 400],
    ['CBOR', 'application/cbor', '{}', 415],
  ])('the response to %s has the expected status', async (_name, type, body, code) => {
    await using server = await served();
    const init = {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    };
    const reply = await fetch(`${server.listener.url}${MAPS}`, init);
    const status = (await reply.json()) as Status;
    expect([reply.status, status.kind, status.code]).toEqual([code, 'Status', code]);
    expect(status.reason).toBe(code === 400 ? 'BadRequest' : 'UnsupportedMediaType');
    await expectAlive(server);
  });

  test('a patch of an unknown media type gets the status 415', async () => {
    await using server = await served();
    const init = { method: 'PATCH', headers: { 'content-type': 'application/xml' }, body: '<a/>' };
    const reply = await fetch(`${server.listener.url}${MAPS}/a`, init);
    expect(await reply.json()).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
  });

  test('a protobuf body of random bytes is refused', async () => {
    await using server = await served();
    const transport = server.cluster.transport();
    for (let seed = 1; seed <= 300; seed++) {
      const body = Buffer.concat([envelope, noise(seed % 90, seed)]);
      const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' };
      const { status } = await transport.request({ method: 'POST', path: MAPS, headers, body });
      expect([400, 422]).toContain(status);
    }
  });

  test.each([
    ['with a content-length', { 'content-length': String(10 * 1024 * 1024) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('an object of 10 MB %s gets the status 413, and 20 such requests use under 80 MiB', async (_name, headers) => {
    await using server = await served();
    const { port } = server;
    const before = process.memoryUsage().arrayBuffers;
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const answers = Array.from({ length: 20 }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => socket.destroy());
      await once(socket, 'connect');
      socket.write(
        `POST ${MAPS} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n${head.join('')}\r\n`,
      );
      const chunk = Buffer.alloc(256 * 1024, 97);
      const framed =
        'transfer-encoding' in headers ? Buffer.concat([Buffer.from('40000\r\n'), chunk, Buffer.from('\r\n')]) : chunk;
      const answer: Buffer[] = [];
      socket.on('data', (data: Buffer) => answer.push(data));
      const writable = () =>
        new Promise((resolve) => {
          socket.once('drain', resolve);
          socket.once('close', resolve);
        });
      for (let sent = 0; sent < 40 && !socket.destroyed && answer.length === 0; sent++) {
        if (!socket.write(framed)) await writable();
      }
      if ('transfer-encoding' in headers) socket.write('0\r\n\r\n');
      if (!socket.closed) await once(socket, 'close');
      return Buffer.concat(answer).toString();
    });
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('"reason":"RequestEntityTooLarge"');
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 4 * 1024 * 1024);
    await expectAlive(server);
  });
});

describe('names and paths', () => {
  test.each(['A', 'a_b', '-a', 'a..b', '.', '..', 'ä', 'a'.repeat(254), 'a b', 'a/b', ''])(
    'an object with the name %j gets the status 422',
    async (name) => {
      await using server = await served();
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...MAP, metadata: { name } }),
      };
      const status = (await (await fetch(`${server.listener.url}${MAPS}`, init)).json()) as Status;
      expect([status.kind, status.code, status.reason]).toEqual(['Status', 422, 'Invalid']);
    },
  );

  test.each([
    ['/api/v1/namespaces/default/configmaps/../../../../etc/passwd', [400]],
    ['/../../../etc/passwd', [404]],
    ['/api/v1/namespaces/default/configmaps/..%2f..%2fsecrets', [400, 404]],
    ['/api/v1/namespaces/%2e%2e/%2e%2e/secrets', [404]],
    ['//api//v1', [200, 404]],
    ['/apis/none.example.com/v1/things', [404]],
    ['/api/v2/pods', [404]],
    ['/apis/apps/v9/deployments', [404]],
    ['/%', [400]],
    ['/api/v1/namespaces/default/configmaps/%00', [400, 404]],
  ])('the path %s returns no file', async (path, codes) => {
    await using server = await served();
    const answer = await raw(server.port, `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    expect(codes).toContain(Number(answer.slice(9, 12)));
    expect(answer).not.toContain('root:');
  });
});

describe('connections', () => {
  test('very large headers get the status 431', async () => {
    await using server = await served();
    const flood = Array.from({ length: 2000 }, (_, index) => `x-${index}: ${'y'.repeat(50)}\r\n`).join('');
    const answer = await raw(server.port, `GET /readyz HTTP/1.1\r\nhost: localhost\r\n${flood}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(statusOf(answer)).toMatchObject({ kind: 'Status', code: 431 });
    await expectAlive(server);
  });

  test('a request that is not HTTP gets the status 400', async () => {
    await using server = await served();
    const answer = await raw(server.port, 'hello there\r\n\r\n');
    expect(statusOf(answer)).toMatchObject({ kind: 'Status', code: 400, reason: 'BadRequest' });
    await expectAlive(server);
  });

  test('a client that half-closes its connection gets its response', async () => {
    await using server = await served();
    const request = 'GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
    expect(await raw(server.port, request, { halfClose: true })).toMatch(/^HTTP\/1\.1 200 [^]*ok$/);
  });

  test('clients that disconnect during a body or a watch leave no open watches', async () => {
    await using server = await served();
    const sockets: Socket[] = [];
    for (let index = 0; index < 100; index++) {
      const socket = connect(server.port, '127.0.0.1');
      sockets.push(socket);
      const head = 'HTTP/1.1\r\nhost: localhost\r\n';
      if (index % 2 === 0) socket.write(`POST ${MAPS} ${head}content-length: 1000\r\n\r\n{"a"`);
      else {
        socket.write(`GET ${MAPS}?watch=true ${head}\r\n`);
        await once(socket, 'data');
      }
    }
    expect(await watches(server)).toBe(50);
    await Promise.all(
      sockets.map((socket) => {
        socket.destroy();
        return once(socket, 'close');
      }),
    );
    while ((await watches(server)) > 0) await turn();
    await expectAlive(server);
  });

  test('an idle connection does not prevent the cluster from closing', async () => {
    const cluster = await createEmbeddedCluster({ controllers: false });
    const { url } = await cluster.listen();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => socket.destroy());
    await once(socket, 'connect');
    await turn();
    await cluster.close();
    if (!socket.closed) await once(socket, 'close');
  });
});

/** The number of watches that the server has open. */
async function watches({ listener }: Served): Promise<number> {
  const text = await (await fetch(`${listener.url}/metrics`)).text();
  return Number(/^apiserver_longrunning_requests\{verb="WATCH"\} (\d+)$/m.exec(text)?.[1]);
}

describe('watches', () => {
  test('a watch client that does not read takes no memory for the events, and other clients get all events', async () => {
    await using server = await served();
    const slow = connect(server.port, '127.0.0.1');
    slow.on('error', () => slow.destroy());
    slow.write(`GET ${MAPS}?watch=true HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await once(slow, 'data');
    slow.pause();
    const transport = server.cluster.transport();
    const quick = await transport.request({ method: 'GET', path: `${MAPS}?watch=true` });
    let seen = 0;
    const reading = (async () => {
      for await (const chunk of quick.body) {
        seen += Buffer.from(chunk).toString().split('\n').length - 1;
        if (seen === 60) return;
      }
    })();
    const text = 'x'.repeat(900_000);
    const before = process.memoryUsage().arrayBuffers;
    for (let index = 0; index < 60; index++) {
      const body = JSON.stringify({ ...MAP, metadata: { name: 'a' }, data: { text, index: String(index) } });
      const [method, path] = index === 0 ? ['POST', MAPS] : ['PUT', `${MAPS}/a`];
      const { status } = await transport.request({
        method,
        path,
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(status).toBeLessThan(300);
      await turn();
    }
    await reading;
    expect(seen).toBe(60);
    // The limit covers the objects, and the serialized events that the server keeps for later watches.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 1024 * 1024);
    slow.destroy();
    await expectAlive(server);
  });

  test('four hundred watches whose clients do not read share the bytes of events of 900 kB', async () => {
    await using server = await served();
    const transport = server.cluster.transport();
    const before = process.memoryUsage().arrayBuffers;
    for (let index = 0; index < 400; index += 1) await transport.request({ method: 'GET', path: `${MAPS}?watch=true` });
    for (let index = 0; index < 4; index += 1) {
      const body = JSON.stringify({ ...MAP, metadata: { name: `m${index}` }, data: { text: 'x'.repeat(900_000) } });
      await transport.request({ method: 'POST', path: MAPS, headers: { 'content-type': 'application/json' }, body });
    }
    expect(await watches(server)).toBe(400);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * 1024 * 1024);
    await expectAlive(server);
  });

  test.each(['the server no longer keeps the later events', 'its time is over'])(
    'a watch that waits for a slow client ends after a whole event when %s',
    async (cause) => {
      const clock = createManualClock(0);
      await using cluster = await createEmbeddedCluster({ controllers: false, eventWindow: 16, clock });
      const type = 'application/apply-patch+yaml';
      const put = (name: string, value: string) => {
        const body = { ...MAP, metadata: { name }, data: { value } };
        return sendJson(cluster, 'PATCH', `${MAPS}/${name}?fieldManager=m`, { type, body });
      };
      for (const name of ['a', 'b', 'c']) await put(name, 'x'.repeat(900_000));
      const path = `${MAPS}?watch=true&timeoutSeconds=10`;
      const watch = await cluster.transport().request({ method: 'GET', path });
      for (let index = 0; index < 20; index += 1) await turn();
      if (cause === 'its time is over') clock.advance(10_000);
      else for (let index = 0; index < 20; index += 1) await put('d', String(index));
      const events = (await text(watch.body)).trimEnd().split('\n');
      expect(events.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['ADDED']);
    },
  );

  test('five thousand watches each get an event, and end', async () => {
    await using server = await served();
    const transport = server.cluster.transport();
    const counts = { seen: 0 };
    const bodies = await Promise.all(
      Array.from(
        { length: 5000 },
        async () => (await transport.request({ method: 'GET', path: `${MAPS}?watch=true` })).body,
      ),
    );
    expect(await watches(server)).toBe(5000);
    const readers = bodies.map(async (body) => {
      for await (const chunk of body) {
        if (Buffer.from(chunk).includes('"ADDED"')) counts.seen += 1;
        return;
      }
    });
    const body = JSON.stringify({ ...MAP, metadata: { name: 'a' } });
    await transport.request({ method: 'POST', path: MAPS, headers: { 'content-type': 'application/json' }, body });
    await Promise.all(readers);
    expect(counts.seen).toBe(5000);
    expect(await watches(server)).toBe(0);
  });
});

describe('access', () => {
  test('on a public address, requests without credentials are anonymous', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const { url, token } = await cluster.listen({ host: '0.0.0.0', https: false });
    const at = `http://127.0.0.1:${new URL(url).port}${MAPS}`;
    expect(await (await fetch(at)).json()).toMatchObject({ code: 403, reason: 'Forbidden' });
    const headers = { authorization: 'Bearer wrong' };
    expect(await (await fetch(at, { headers })).json()).toMatchObject({ code: 401, reason: 'Unauthorized' });
    expect((await fetch(at, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  });

  test('on a public address, an anonymous identity with permissions is refused', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const anonymous = { name: 'me', groups: ['system:masters'] };
    await expect(cluster.listen({ host: '0.0.0.0', anonymous })).rejects.toThrow('even without credentials');
  });

  test.each([
    ['of a remote web page', { origin: 'http://evil.example.com' }],
    ['of a local web page', { origin: 'http://localhost:3000' }],
    ['that a browser marks as cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['with a foreign host name', { host: 'evil.example.com' }],
  ])('a request %s has no permissions, even from this machine', async (_name, headers) => {
    await using server = await served();
    const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = await raw(server.port, `GET ${MAPS} HTTP/1.1\r\n${lines.join('')}connection: close\r\n\r\n`);
    expect(statusOf(answer)).toMatchObject({ code: 403 });
    await expectAlive(server);
  });
});

/** YAML whose aliases expand to a billion values. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++) lines.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(10)}]`);
  return lines.join('\n');
}

/** Pseudorandom bytes that depend only on the seed. */
function noise(length: number, seed = 7): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length }, () => ((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >>> 16) & 0xff),
  );
}
