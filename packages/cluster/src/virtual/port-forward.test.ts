import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { forwardHeaders, RecordedConnection, SpdyHeaders } from '../../test-support/spdy-client.ts';
import { ADMIN } from '../auth/cluster-access.ts';
import { type ManualClock, createManualClock } from '../cluster-clock.ts';
import { type ApiRequest, Query } from '../protocol/request.ts';
import { dataFrame, resetFrame } from '../streaming/frames.ts';
import { forwardReply } from './port-forward.ts';

const MEGABYTE = 1024 * 1024;
const SPDY = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' };
const TUNNEL = { upgrade: 'websocket', 'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io' };
const CHANNELS = { upgrade: 'websocket', 'sec-websocket-protocol': 'v4.channel.k8s.io' };

/**
 * A server that responds with `<input>` when its input has ended. Some inputs make the server break, end or flood the
 * connection, stop reading, or keep the connection open.
 */
let server: Server;
let port: number;
const sockets = new Set<Socket>();

beforeAll(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      text += bytes.toString();
      if (text === 'break') socket.resetAndDestroy();
      if (text === 'leave') socket.end('bye');
      if (text === 'flood') flood(socket);
      if (text.startsWith('stop')) socket.pause();
    });
    socket.on('end', () => {
      if (text !== 'stay') socket.end(`<${text}>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const connections: RecordedConnection[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.onClose();
});

/** Sends data endlessly, as fast as the other side reads. */
function flood(socket: Socket): void {
  const chunk = Buffer.alloc(64 * 1024);
  const send = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', send);
  send();
}

function request(headers: ApiRequest['headers'], query = ''): ApiRequest {
  const body = Buffer.alloc(0);
  return { method: 'GET', segments: [], path: '/', target: '/', query: new Query(query), headers, body, user: ADMIN };
}

/** A pod on which the server listens at each port above 1. No program listens at port 1. */
function target() {
  const killed = new Set<() => void>();
  const opened: Socket[] = [];
  const run = {
    connect: (_pod: unknown, number: number) =>
      new Promise<ReturnType<typeof connect>>((resolve, reject) => {
        if (number === 1) return reject(new Error('connect ECONNREFUSED'));
        const socket = connect(port, '127.0.0.1', () => resolve(socket));
        opened.push(socket);
        socket.once('error', reject);
      }),
    whenKilled: (listener: () => void) => {
      killed.add(listener);
      return () => void killed.delete(listener);
    },
  };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', uid: 'u' } };
  return { pod, run, killed, opened };
}

const ERROR = (number: number, text: string) => `error forwarding port ${number} to pod p_default, uid u: ${text}`;

describe('the protocol', () => {
  test.each<[string, ApiRequest['headers'], string, object]>([
    ['SPDY', SPDY, '', { protocol: 'portforward.k8s.io', transport: 'SPDY/3.1' }],
    ['SPDY in a WebSocket', TUNNEL, '', { protocol: 'SPDY/3.1+portforward.k8s.io' }],
    ['channels', CHANNELS, 'ports=80', { protocol: 'v4.channel.k8s.io' }],
    [
      'SPDY in a WebSocket if the client offers it, even after channels in its list',
      { ...TUNNEL, 'sec-websocket-protocol': 'v4.channel.k8s.io, SPDY/3.1+portforward.k8s.io' },
      '',
      { protocol: 'SPDY/3.1+portforward.k8s.io' },
    ],
    ['channels if the client names no subprotocol', { upgrade: 'WebSocket' }, 'ports=80', { protocol: '' }],
  ])('changes to %s', (_title, headers, query, upgrade) => {
    expect(forwardReply(createManualClock(), request(headers, query), target())).toMatchObject({
      status: 101,
      upgrade,
    });
  });

  test.each<[string, ApiRequest['headers'], string, number, string]>([
    [
      'no protocol name',
      { upgrade: 'SPDY/3.1' },
      '',
      400,
      'unable to upgrade: header X-Stream-Protocol-Version does not exist in request with 1 headers',
    ],
    [
      'an empty list of protocols',
      { ...SPDY, 'x-stream-protocol-version': ' ,' },
      '',
      400,
      'unable to upgrade: header X-Stream-Protocol-Version contains [ ,], but no valid protocols',
    ],
    [
      'another protocol in SPDY',
      { ...SPDY, 'x-stream-protocol-version': 'a, b' },
      '',
      403,
      'unable to upgrade: unable to negotiate protocol: client supports [a b], server accepts [portforward.k8s.io]',
    ],
    [
      'another transport',
      { ...SPDY, upgrade: 'h2c' },
      '',
      400,
      'unable to upgrade: missing upgrade headers in request',
    ],
    ['channels without ports', CHANNELS, '', 400, 'query parameter "port" is required'],
    [
      'unsupported subprotocols of a WebSocket',
      { ...CHANNELS, 'sec-websocket-protocol': 'v1.x, v2.x' },
      'ports=80',
      403,
      'requested protocol(s) are not supported: [v1.x v2.x]; supports [SPDY/3.1+portforward.k8s.io v4.channel.k8s.io]',
    ],
  ])('is refused: %s', (_title, headers, query, status, text) => {
    const reply = forwardReply(createManualClock(), request(headers, query), target());
    expect([reply.status, String(reply.body)]).toEqual([status, expect.stringContaining(text)]);
  });
});

function openSpdy(clock: ManualClock = createManualClock()) {
  const pod = target();
  const connection = new RecordedConnection();
  connections.push(connection);
  forwardReply(clock, request(SPDY), pod).upgrade?.open(connection);
  const headers = new SpdyHeaders();
  const receive = (...frames: readonly Buffer[]) => connection.onMessage(Buffer.concat(frames));
  const frames: string[] = [];
  /** Waits until exactly these frames have been sent since the start, in this order. */
  const sent = (...expected: readonly string[]) =>
    vi.waitFor(() => {
      frames.push(...connection.frames());
      expect(frames).toEqual(expected);
    });
  return { connection, clock, headers, receive, sent, ...pod };
}

describe('SPDY', () => {
  test('each forwarded connection has two streams, which may be opened in any order', async () => {
    const { headers, receive, sent, connection } = openSpdy();
    receive(
      headers.open(1, forwardHeaders('error', 80, 0)),
      headers.open(3, forwardHeaders('error', 81, 1)),
      headers.open(5, forwardHeaders('data', 81, 1)),
      headers.open(7, forwardHeaders('data', 80, 0)),
    );
    await sent('reply 1', 'reply 3', 'reply 5', 'reply 7');
    receive(dataFrame(7, Buffer.from('a'), false), dataFrame(7, Buffer.from('b'), true));
    await sent('reply 1', 'reply 3', 'reply 5', 'reply 7', 'data 7 <ab>', 'data 7  last', 'data 1  last');
    receive(dataFrame(5, Buffer.from('c'), true));
    await vi.waitFor(() => expect(connection.frames()).toEqual(['data 5 <c>', 'data 5  last', 'data 3  last']));
  });

  test('the last bytes of a program that has closed its connection are kept until the client reads', async () => {
    const { headers, receive, sent, connection, opened } = openSpdy();
    receive(headers.open(1, forwardHeaders('error', 80)), headers.open(3, forwardHeaders('data', 80)));
    await sent('reply 1', 'reply 3');
    connection.reads = false;
    connection.backlog = 2 * MEGABYTE;
    receive(dataFrame(3, Buffer.from('a'), true));
    await vi.waitFor(() => expect(opened[0]?.closed).toBe(true));
    expect(connection.frames()).toEqual([]);
    connection.readAll();
    await sent('reply 1', 'reply 3', 'data 3 <a>', 'data 3  last', 'data 1  last');
  });

  test('the pod may end its direction of a connection before the client ends the other direction', async () => {
    const { headers, receive, sent } = openSpdy();
    receive(headers.open(1, forwardHeaders('error', 80)), headers.open(3, forwardHeaders('data', 80)));
    receive(dataFrame(3, Buffer.from('leave'), false));
    await sent('reply 1', 'reply 3', 'data 3 bye', 'data 3  last', 'data 1  last');
    receive(dataFrame(3, Buffer.from('late'), true), dataFrame(1, Buffer.alloc(0), true));
    await sent('reply 1', 'reply 3', 'data 3 bye', 'data 3  last', 'data 1  last');
  });

  test.each([
    ['nothing listens', 1, '', ERROR(1, 'connect ECONNREFUSED')],
    ['the program breaks the connection', 80, 'break', ERROR(80, 'read ECONNRESET')],
  ])('when %s, the error message is sent before the resets', async (_title, number, text, message) => {
    const { headers, receive, sent } = openSpdy();
    receive(headers.open(1, forwardHeaders('error', number)), headers.open(3, forwardHeaders('data', number)));
    receive(dataFrame(3, Buffer.from(text), false));
    await sent('reply 1', 'reply 3', `data 1 ${message}`, 'reset 3 5', 'reset 1 5');
  });

  test('the connection to a program is closed when the client resets the stream or disconnects', async () => {
    const { headers, receive, connection, opened } = openSpdy();
    const closed = () => opened.filter(({ destroyed }) => destroyed).length;
    for (const id of [1, 5]) {
      receive(headers.open(id, forwardHeaders('error', 80)), headers.open(id + 2, forwardHeaders('data', 80)));
    }
    // A program may keep its direction open after the other direction has ended.
    receive(dataFrame(3, Buffer.from('stay'), false), dataFrame(7, Buffer.from('stay'), true));
    await vi.waitFor(() => expect([...sockets].some(({ readableEnded }) => readableEnded)).toBe(true));
    expect([opened.length, closed()]).toEqual([2, 0]);
    receive(resetFrame(3, 5));
    expect(closed()).toBe(1);
    connection.onClose();
    expect(closed()).toBe(2);
  });

  test('a stream whose partner stream is missing is refused after 30 seconds', async () => {
    const { headers, receive, clock, sent } = openSpdy();
    receive(headers.open(1, forwardHeaders('error', 80, 7)), headers.open(3, forwardHeaders('data', 80, 8)));
    clock.advance(29_999);
    await sent('reply 1', 'reply 3');
    clock.advance(1);
    const message = '(request=7) timed out waiting for streams';
    await sent('reply 1', 'reply 3', `data 1 ${message}`, 'reset 3 5', 'reset 1 5');
    expect(clock.pending).toBe(0);
  });

  test('a second stream of the same type for one connection is refused', async () => {
    const { headers, receive, clock, connection } = openSpdy();
    receive(headers.open(1, forwardHeaders('error', 80, 7)));
    connection.sent.splice(0);
    receive(headers.open(3, forwardHeaders('error', 80, 7)));
    const message = 'error processing stream for request 7: error stream already assigned';
    expect(connection.frames()).toEqual(['reply 3', `data 1 ${message}`, 'reset 3 5']);
    receive(resetFrame(1, 5));
    expect(clock.pending).toBe(0);
  });

  test('a program must wait while the client does not read, and can continue when the client reads', async () => {
    const { headers, receive, connection } = openSpdy();
    connection.reads = false;
    for (const id of [1, 5, 9]) {
      receive(headers.open(id, forwardHeaders('error', 80)), headers.open(id + 2, forwardHeaders('data', 80)));
      receive(dataFrame(id + 2, Buffer.from('flood'), false));
    }
    for (let round = 0; round < 3; round += 1) {
      await vi.waitFor(() => expect(connection.backlog).toBeGreaterThan(MEGABYTE));
      // If the program could still send, its data would arrive within these turns of the event loop.
      for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(connection.backlog).toBeLessThan(1.2 * MEGABYTE);
      connection.sent.splice(0);
      connection.readAll();
    }
  });

  test('a client is paused while the program does not read', async () => {
    const { headers, receive, connection } = openSpdy();
    receive(headers.open(1, forwardHeaders('error', 80)), headers.open(3, forwardHeaders('data', 80)));
    receive(dataFrame(3, Buffer.from('stop'), false));
    const frame = dataFrame(3, Buffer.alloc(MEGABYTE), false);
    let sent = 0;
    while (connection.calls.length === 0 && sent < 100) {
      receive(frame);
      sent += 1;
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(connection.calls).toEqual(['pause']);
    expect(sent).toBeLessThan(50);
    receive(resetFrame(3, 5));
    expect(connection.calls).toEqual(['pause', 'resume']);
  });

  test('streams with an unknown type or an invalid port are reset', async () => {
    const { headers, receive, sent } = openSpdy();
    receive(headers.open(1, { streamtype: 'stdin' }), headers.open(3, forwardHeaders('data', 0)));
    await sent('reset 1 5', 'reset 3 5');
  });

  test('the last bytes of a killed pod reach the client, and no new stream is accepted', async () => {
    const { headers, receive, killed, sent, connection, clock, opened } = openSpdy();
    receive(headers.open(1, forwardHeaders('error', 80)), headers.open(3, forwardHeaders('data', 80)));
    receive(dataFrame(3, Buffer.from('a'), false));
    await vi.waitFor(() => expect(opened[0]?.bytesWritten).toBe(1));
    for (const kill of killed) kill();
    receive(headers.open(5, forwardHeaders('error', 80)), dataFrame(3, Buffer.from('b'), true));
    await sent('reply 1', 'reply 3', 'reset 5 5', 'data 3 <ab>', 'data 3  last', 'data 1  last', 'go away');
    expect([connection.calls, killed.size, clock.pending]).toEqual([['close'], 0, 0]);
  });

  test('if the client does not read, the connection ends ten seconds after the pod is killed', async () => {
    const { headers, receive, killed, connection, clock, opened } = openSpdy();
    receive(headers.open(1, forwardHeaders('error', 80)), headers.open(3, forwardHeaders('data', 80)));
    connection.backlog = 2 * MEGABYTE;
    connection.reads = false;
    receive(dataFrame(3, Buffer.from('a'), true));
    await vi.waitFor(() => expect(opened[0]?.closed).toBe(true));
    for (const kill of killed) kill();
    clock.advance(9999);
    expect(connection.calls).toEqual([]);
    clock.advance(1);
    expect([connection.calls, killed.size, clock.pending]).toEqual([['close'], 0, 0]);
  });

  test('if no forwarded connection has both streams, the client connection ends with the pod and leaves no timer', () => {
    const { headers, receive, killed, connection, clock } = openSpdy();
    receive(headers.open(1, forwardHeaders('error', 80, 7)));
    for (const kill of killed) kill();
    expect([connection.calls, killed.size, clock.pending]).toEqual([['close'], 0, 0]);
  });
});

describe('channels', () => {
  function openChannels(ports: string) {
    const pod = target();
    const connection = new RecordedConnection();
    connections.push(connection);
    const clock = createManualClock();
    forwardReply(clock, request(CHANNELS, `ports=${ports}`), pod).upgrade?.open(connection);
    const messages = () => connection.sent.map((message) => `${message[0]} ${message.subarray(1).toString('latin1')}`);
    const receive = (channel: number, text: string) =>
      connection.onMessage(Buffer.concat([Buffer.from([channel]), Buffer.from(text)]));
    return { ...pod, connection, clock, messages, receive };
  }

  test('each channel begins with the little-endian number of its port', () => {
    const { messages } = openChannels('80,513');
    expect(messages()).toEqual(['0 P\0', '1 P\0', '2 \u0001\u0002', '3 \u0001\u0002']);
  });

  test('the client connection ends when the connections to all ports have ended', async () => {
    const { connection, receive, messages } = openChannels('80,81');
    receive(0, 'leave');
    await vi.waitFor(() => expect(messages()).toContain('0 bye'));
    expect(connection.calls).toEqual([]);
    receive(1, 'ignored');
    receive(9, 'ignored');
    connection.onMessage(Buffer.alloc(0));
    receive(2, 'leave');
    await vi.waitFor(() => expect(connection.calls).toEqual(['close']));
    expect(messages()).toContain('2 bye');
  });

  test('the client connection ends after the last bytes are sent, even if the client reads late', async () => {
    const { connection, receive, messages, opened } = openChannels('80');
    await vi.waitFor(() => expect(opened[0]?.readyState).toBe('open'));
    connection.reads = false;
    connection.backlog = 2 * MEGABYTE;
    const ended = new Promise((resolve) => opened[0]?.on('end', resolve));
    receive(0, 'leave');
    await ended;
    expect([messages(), connection.calls]).toEqual([['0 P\0', '1 P\0'], []]);
    connection.readAll();
    await vi.waitFor(() => expect(connection.calls).toEqual(['close']));
    expect(messages()).toEqual(['0 P\0', '1 P\0', '0 bye']);
  });

  test('an error message is sent on the error channel of its port', async () => {
    const { connection, messages, killed } = openChannels('1');
    await vi.waitFor(() => expect(connection.calls).toEqual(['close']));
    expect(messages()).toEqual(['0 \u0001\0', '1 \u0001\0', `1 ${ERROR(1, 'connect ECONNREFUSED')}`]);
    connection.onClose();
    expect(killed.size).toBe(0);
  });

  test('the client connection of a killed pod ends after its last bytes', async () => {
    const { connection, receive, killed, messages } = openChannels('80');
    for (const kill of killed) kill();
    receive(0, 'leave');
    await vi.waitFor(() => expect(connection.calls).toEqual(['close']));
    expect(messages().at(-1)).toBe('0 bye');
    connection.onClose();
  });

  test('the client connection of a killed pod ends after ten seconds if its forwarded connections stay open', () => {
    const { connection, killed, clock } = openChannels('80');
    for (const kill of killed) kill();
    clock.advance(10_000);
    expect(connection.calls).toEqual(['close']);
    connection.onClose();
    expect([killed.size, clock.pending]).toEqual([0, 0]);
  });
});
