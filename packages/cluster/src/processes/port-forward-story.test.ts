import { type Socket, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { masked } from '../../test-support/masked-frame.ts';
import { eventually, nodeProgram, processPod } from '../../test-support/process-pod.ts';
import { forwardHeaders, framesIn, SpdyHeaders, synStream } from '../../test-support/spdy-client.ts';
import { type ClusterStory, startClusterStory } from '../../test-support/cluster-story.ts';
import { controlFrame, dataFrame, pingFrame } from '../streaming/frames.ts';

const PODS = '/api/v1/namespaces/default/pods';
const SPDY = ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: portforward.k8s.io'];
const SOCKET = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

/** Two echo servers: one at port 8080 of the pod's address, and one at port 8081 of 127.0.0.1. */
const SERVERS = `const { createServer } = require('node:net');
const answer = (socket) => socket.on('data', (bytes) => socket.write('<' + bytes + '>'));
createServer({ allowHalfOpen: true }, (socket) => answer(socket).on('end', () => socket.end('end')))
  .listen(8080, process.env.TYPEKRO_POD_IP, () => createServer(answer).listen(8081, '127.0.0.1', () => console.log('up')));`;

let story: ClusterStory;
let port: number;

beforeAll(async () => {
  story = await startClusterStory({ runProcesses: true });
  const { url } = await story.cluster.listen({ https: false });
  port = Number(new URL(url).port);
  const ports = [{ containerPort: 8080 }, { containerPort: 8081 }];
  const readinessProbe = { tcpSocket: { port: 8081 }, periodSeconds: 1 };
  await story.create(processPod({ containers: [nodeProgram(SERVERS, { ports, readinessProbe })] }));
  await eventually(async () => {
    await story.advance(1);
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ containerStatuses: [{ ready: true }] });
  });
}, 60_000);
afterAll(() => story[Symbol.asyncDispose]());

/** A raw client connection that has sent an upgrade request. */
class RawClient {
  readonly #socket: Socket;
  readonly closed: Promise<void>;
  #bytes = Buffer.alloc(0);
  #changed: () => void = () => undefined;

  constructor(line: string, headers: readonly string[]) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#changed();
    });
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', () => {
        resolve();
        this.#changed();
      });
    });
    this.send(
      Buffer.from([`${line} HTTP/1.1`, 'Host: 127.0.0.1', 'Content-Length: 0', ...headers, '', ''].join('\r\n')),
    );
  }

  send(...frames: readonly Buffer[]): boolean {
    return this.#socket.write(Buffer.concat(frames));
  }

  end(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  /** Reads the status line and the headers of the response. */
  async head(): Promise<string> {
    const end = await this.#until((bytes) => bytes.indexOf('\r\n\r\n') + 1 || undefined);
    const head = this.#bytes.toString('latin1', 0, end - 1);
    this.#bytes = this.#bytes.subarray(end + 3);
    return head;
  }

  /** Waits until the received bytes contain the text. */
  text(text: string): Promise<number> {
    return this.#until((bytes) => (bytes.includes(text, 0, 'latin1') ? bytes.length : undefined));
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  async #until(find: (bytes: Buffer) => number | undefined): Promise<number> {
    for (;;) {
      const found = find(this.#bytes);
      if (found !== undefined) return found;
      if (this.#socket.closed) throw new Error(`the connection ended after ${this.#bytes.toString('latin1')}`);
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }
}

async function openSpdy(): Promise<{ client: RawClient; headers: SpdyHeaders }> {
  const client = new RawClient(`POST ${PODS}/p/portforward`, SPDY);
  expect(await client.head()).toBe(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io',
  );
  return { client, headers: new SpdyHeaders() };
}

test('one SPDY connection forwards ports at the address of the pod and at 127.0.0.1 at the same time', async () => {
  const { client, headers } = await openSpdy();
  client.send(
    ...[8080, 8081].flatMap((number, index) => [
      headers.open(index * 4 + 1, forwardHeaders('error', number, index)),
      headers.open(index * 4 + 3, forwardHeaders('data', number, index)),
      dataFrame(index * 4 + 3, Buffer.from(String(number)), false),
    ]),
  );
  await client.text('<8080>');
  await client.text('<8081>');
  client.send(dataFrame(3, Buffer.alloc(0), true));
  await client.text('end');
  client.end();
});

test('a frame that arrives together with the upgrade request is read', async () => {
  const client = new RawClient(`POST ${PODS}/p/portforward`, SPDY);
  client.send(pingFrame(1));
  await client.head();
  await client.text(pingFrame(1).toString('latin1'));
  client.end();
});

test('a WebSocket can tunnel SPDY, even when a SPDY frame is split over several messages', async () => {
  const protocol = 'Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io';
  const client = new RawClient(`GET ${PODS}/p/portforward`, [...SOCKET, KEY, protocol]);
  expect(await client.head()).toContain(protocol);
  const headers = new SpdyHeaders();
  const bytes = Buffer.concat([
    headers.open(1, forwardHeaders('error', 8080, 0)),
    headers.open(3, forwardHeaders('data', 8080, 0)),
    dataFrame(3, Buffer.from('in pieces'), true),
  ]);
  for (let offset = 0; offset < bytes.length; offset += 5) client.send(masked(2, bytes.subarray(offset, offset + 5)));
  await client.text('<in pieces>');
  await client.text('end');
  client.end();
});

test('a WebSocket has two channels per port, even if the client names no subprotocol', async () => {
  for (const protocols of [['Sec-WebSocket-Protocol: v4.channel.k8s.io'], []]) {
    const client = new RawClient(`GET ${PODS}/p/portforward?ports=8080&ports=8081`, [...SOCKET, KEY, ...protocols]);
    expect((await client.head()).includes('Sec-WebSocket-Protocol')).toBe(protocols.length > 0);
    client.send(masked(2, Buffer.from('\u0000first')), masked(2, Buffer.from('\u0002second')));
    await client.text('\u0000<first>');
    await client.text('\u0002<second>');
    client.end();
  }
});

test.each([
  ['a WebSocket without a key', `GET ${PODS}/p/portforward?ports=80`, SOCKET, 400, 'the header Sec-WebSocket-Key'],
  [
    'a WebSocket without ports',
    `GET ${PODS}/p/portforward`,
    [...SOCKET, KEY],
    400,
    'query parameter "port" is required',
  ],
  ['SPDY without a protocol', `POST ${PODS}/p/portforward`, SPDY.slice(0, 2), 400, 'X-Stream-Protocol-Version'],
])('%s is refused, and the connection is closed', async (_title, line, headers, status, text) => {
  const client = new RawClient(line, headers);
  expect(await client.head()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  await client.text(text);
  await client.closed;
});

describe('a hostile client is disconnected', () => {
  const bomb = () =>
    synStream(
      1,
      Buffer.concat([
        Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]),
        Buffer.alloc(9000),
        Buffer.from([0, 0, 255, 255]),
      ]),
    );
  test.each<[string, () => Buffer]>([
    ['bytes of no protocol', () => Buffer.alloc(100, 0xff)],
    ['uncompressed headers', bomb],
    ['a control frame that is too long', () => controlFrame(1, Buffer.alloc(17_000))],
    ['a stream with an even ID', () => new SpdyHeaders().open(2, forwardHeaders('data', 80))],
  ])('that sends %s, and the server still serves another client', async (_title, bytes) => {
    const { client } = await openSpdy();
    client.send(bytes());
    await client.closed;
    expect(framesIn(client.bytes).at(-1)).toEqual({ type: 'goAway' });
    const { client: other } = await openSpdy();
    other.send(pingFrame(1));
    await other.text(pingFrame(1).toString('latin1'));
    other.end();
  });

  test('that sends endless pings without reading the replies', async () => {
    const { client } = await openSpdy();
    client.pause();
    const pings = Buffer.concat(Array.from({ length: 10_000 }, (_, index) => pingFrame(index * 2 + 1)));
    let sent = 0;
    // The client does not read, so it detects the end of the connection only when a write fails.
    const isEnded = client.closed.then(() => true);
    const turn = () => new Promise<boolean>((resolve) => setImmediate(() => resolve(false)));
    while (sent < 10_000 && !(await Promise.race([isEnded, turn()]))) {
      client.send(pings);
      sent += 1;
    }
    expect(sent).toBeLessThan(10_000);
  });
});
