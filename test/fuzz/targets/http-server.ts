import { once } from 'node:events';
import { connect } from 'node:net';
import { createEmbeddedCluster } from '@typekro/cluster';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const BODY = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;

const SEEDS = [
  lines(`GET ${MAPS} HTTP/1.1`, 'Host: localhost', 'Connection: close', 'Accept-Encoding: gzip'),
  lines(
    `POST ${MAPS}?dryRun=All HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${BODY.length}`,
  ) + BODY,
  `${lines('PUT /api HTTP/1.1', 'Host: localhost', 'Transfer-Encoding: chunked')}3;x=y\r\nabc\r\n0\r\n\r\n`,
  lines(
    'GET /api/v1/namespaces/default/pods/a/exec?command=x&stdin=true HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: v5.channel.k8s.io',
  ),
  lines('GET /version HTTP/1.1', 'Host: localhost', 'Expect: 100-continue', 'Authorization: Bearer x') +
    lines('GET /healthz HTTP/1.0'),
  lines(
    'OPTIONS * HTTP/1.1',
    'Host: evil.example.com',
    'Origin: http://evil.example.com',
    'Sec-Fetch-Site: cross-site',
  ),
].map((text) => Buffer.from(text, 'latin1'));

let port: Promise<number> | undefined;

async function listen(): Promise<number> {
  // An upgraded connection can start a process in a pod. This cluster has no pods, so an input cannot start a process.
  const cluster = await createEmbeddedCluster({ controllers: false });
  const listener = await cluster.listen({ https: false });
  return Number(new URL(listener.url).port);
}

/**
 * The maximum duration of one connection, in milliseconds. The server does not respond to an incomplete request, so the
 * client ends the connection.
 */
const MAX_WAIT_MS = 40;

/** Sends bytes to the socket of the embedded API server: request heads, bodies, and protocol upgrades. */
export const target: FuzzTarget = {
  name: 'http-server',
  dictionary: [
    'GET ',
    'HEAD ',
    'CONNECT ',
    ' HTTP/1.1\r\n',
    ' HTTP/1.0\r\n',
    '\r\n',
    '\r\n\r\n',
    'Host: localhost\r\n',
    'Content-Length: ',
    ': ',
    'Transfer-Encoding: chunked\r\n',
    'Connection: Upgrade\r\n',
    'Upgrade: h2c\r\n',
    'Expect: 100-continue\r\n',
    '0\r\n\r\n',
    'ffffffff\r\n',
    '%00',
    '%2e%2e/',
    '?watch=true',
    '__proto__: x\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\u0016\u0003\u0001',
  ],
  seeds: () => SEEDS,
  generators: [],
  isMutable: true,
  isStateful: true,
  async run(input) {
    port ??= listen();
    const socket = connect(await port, '127.0.0.1');
    const received: Buffer[] = [];
    const closed = once(socket, 'close');
    socket.on('error', () => socket.destroy());
    // After the client has ended its side, the server completes the response and closes the connection.
    socket.on('data', (data: Buffer) => {
      received.push(data);
      socket.end();
    });
    const timer = setTimeout(() => socket.destroy(), MAX_WAIT_MS);
    socket.write(input);
    await closed;
    clearTimeout(timer);
    const answer = Buffer.concat(received).toString('latin1');
    if (answer !== '' && !/^HTTP\/1\.1 [1-5]\d\d /.test(answer))
      throw new FuzzFinding(`answered ${answer.slice(0, 100)}`);
    if (answer.includes('Internal error occurred"')) throw new FuzzFinding(answer);
    return answer.slice(0, 12);
  },
};
