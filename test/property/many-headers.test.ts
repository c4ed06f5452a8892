/** Each server of the project counts every header of a request, or responds 431. */
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveControl } from '../../packages/cli/src/clusters/control-server.ts';
import { type Cluster, type Listener, createEmbeddedCluster } from '@typekro/cluster';
import { serveProbes } from '../../packages/controller/src/controller/probes.ts';
import { indexOfReports } from '../../packages/controller/src/inspect/inspect-index.ts';
import { serveInspect, tokenOf } from '../../packages/controller/src/inspect/server.ts';

interface Target {
  readonly open: () => Socket;
  readonly line: string;
  /** The last headers of the request. The server responds with `accepted` only if all of them count. */
  readonly last: readonly string[];
  readonly body?: string;
  readonly accepted: RegExp;
}

const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const BODY = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}';

let cluster: Cluster;
const closing: (() => unknown)[] = [];
const targets: Record<string, Target> = {};

function reviewOf({ url, token, caData: ca }: Listener, upgrade: readonly string[] = []): Target {
  const port = Number(new URL(url).port);
  return {
    open: () => (ca === undefined ? connect(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', ca })),
    line: `POST ${REVIEW}`,
    last: [
      ...upgrade,
      'Content-Type: application/json',
      `Content-Length: ${BODY.length}`,
      `Authorization: Bearer ${token}`,
      'Host: 127.0.0.1',
      'Impersonate-User: ada',
    ],
    body: BODY,
    accepted: /^HTTP\/1\.1 201 [^]*"username":"ada"/,
  };
}

beforeAll(async () => {
  const unused = () => {
    throw new Error('the test does not call this');
  };
  cluster = await createEmbeddedCluster({ controllers: false });
  closing.push(() => cluster.close());
  const plain = await cluster.listen({ https: false });
  targets['API server, HTTP'] = reviewOf(plain);
  targets['API server, HTTP, upgrade'] = reviewOf(plain, ['Connection: Upgrade', 'Upgrade: h2c']);
  targets['API server, HTTPS'] = reviewOf(await cluster.listen());
  const control = await serveControl({
    objects: () => 7,
    problem: () => undefined,
    snapshot: unused,
    restore: unused,
    reset: unused,
    stop: unused,
    faults: unused as never,
    clock: unused as never,
    idle: unused,
    restart: unused,
  });
  const probes = await serveProbes('127.0.0.1:0', { ready: true, metricsText: () => '' });
  const index = indexOfReports({
    definitions: () => [],
    instances: () => [],
    report: () => undefined,
    eventsAfter: () => [],
    subscribe: () => () => undefined,
  });
  const inspect = await serveInspect({
    index,
    authenticate: tokenOf('t', { api: undefined as never, mayList: () => Promise.resolve(true) }),
  });
  closing.push(
    () => control.close(),
    () => probes.close(),
    () => index.close(),
    () => inspect.close(),
  );
  const at = (port: number) => () => connect(port, '127.0.0.1');
  const ownPort = (url: string) => Number(new URL(url).port);
  targets['control server'] = {
    open: at(control.port),
    line: 'GET /status',
    last: [`Host: 127.0.0.1:${control.port}`, `Authorization: Bearer ${control.token}`],
    accepted: /^HTTP\/1\.1 200 [^]*"objects":7/,
  };
  targets['probes'] = {
    open: at(ownPort(probes.url)),
    line: 'GET /readyz',
    last: ['Host: 127.0.0.1'],
    accepted: /^HTTP\/1\.1 200 /,
  };
  targets['inspect'] = {
    open: at(ownPort(inspect.url)),
    line: 'GET /api/v1/instances',
    last: ['Host: 127.0.0.1', 'Authorization: Bearer t'],
    accepted: /^HTTP\/1\.1 200 /,
  };
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

/** Sends a request with `count` headers before the last ones, and returns the first bytes of the response. */
async function ask({ open, line, last, body = '' }: Target, count: number, nameLength: number): Promise<string> {
  const socket = open();
  const others = Array.from({ length: count }, (_, index) => `${'a'.repeat(nameLength)}${index}:1`);
  socket.write([`${line} HTTP/1.1`, ...others, ...last, '', body].join('\r\n'));
  let text = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    text += chunk.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (end >= 0 && text.length >= end + 4 + length) break;
  }
  socket.destroy();
  if (!socket.closed) await once(socket, 'close');
  return text;
}

const NAMES = [
  'API server, HTTP',
  'API server, HTTP, upgrade',
  'API server, HTTPS',
  'control server',
  'probes',
  'inspect',
];

test.each(NAMES)('%s', async (name) => {
  const target = targets[name];
  if (target === undefined) throw new Error('no server');
  for (const count of [0, 100, 1990, 1999, 2000, 2100, 3000, 5000]) {
    expect(await ask(target, count, 1), `${count} headers`).toMatch(target.accepted);
  }
  expect(await ask(target, 5000, 9)).toMatch(/^HTTP\/1\.1 431 /);
});
