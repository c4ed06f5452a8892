import { describe, expect, test } from 'vitest';
import { RecordedConnection, SpdyHeaders } from '../../test-support/spdy-client.ts';
import { ADMIN } from '../auth/cluster-access.ts';
import { createManualClock } from '../cluster-clock.ts';
import { type ApiRequest, type MessageConnection, Query } from '../protocol/request.ts';
import { dataFrame, INITIAL_WINDOW_SETTING, resetFrame, settingFrame } from '../streaming/frames.ts';
import { spdyChannelsReply } from './spdy-channels.ts';

const MEGABYTE = 1024 * 1024;
const SPDY = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io, v3.channel.k8s.io' };

function request(query: string, headers: ApiRequest['headers'] = SPDY): ApiRequest {
  const body = Buffer.alloc(0);
  return { method: 'POST', segments: [], path: '/', target: '/', query: new Query(query), headers, body, user: ADMIN };
}

function story(query: string) {
  const clock = createManualClock();
  const connection = new RecordedConnection();
  const events: string[] = [];
  let channels: MessageConnection | undefined;
  const reply = spdyChannelsReply(clock, request(query), (opened) => {
    channels = opened;
    opened.onMessage = (message) => events.push(`${message[0]} ${message.toString('latin1', 1)}`);
    opened.onClose = () => events.push('closed');
  });
  reply.upgrade?.open(connection);
  const headers = new SpdyHeaders();
  const receive = (...frames: readonly Buffer[]) => connection.onMessage(Buffer.concat(frames));
  const open = (...types: readonly string[]) =>
    receive(...types.map((type, index) => headers.open(index * 2 + 1, { streamtype: type })));
  const opened = () => {
    if (channels === undefined) throw new Error('the channels are not open');
    return channels;
  };
  return { clock, connection, events, headers, receive, open, opened, isOpen: () => channels !== undefined };
}

const message = (channel: number, text: string | Buffer) => Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
/** Waits until the pending promises of the streams settle. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a client without a common protocol is refused', () => {
  const headers = { ...SPDY, 'x-stream-protocol-version': 'v3.channel.k8s.io' };
  const { status, body } = spdyChannelsReply(createManualClock(), request('', headers), () => undefined);
  expect([status, String(body)]).toEqual([
    403,
    'unable to upgrade: unable to negotiate protocol: client supports [v3.channel.k8s.io], server accepts [v4.channel.k8s.io]\n',
  ]);
});

describe('a connection waits for the streams that its request requires', () => {
  test.each([
    ['stdin=true&stdout=true&stderr=true', ['error', 'stdin', 'stdout', 'stderr']],
    ['stdin=true&stdout=true&tty=true', ['stdout', 'resize', 'error', 'stdin']],
    // A terminal has one output, even for a client that requests two.
    ['stdout=true&stderr=true&tty=true', ['error', 'stdout', 'resize']],
    ['', ['error']],
  ])('%s', (query, types) => {
    const { open, isOpen, clock } = story(query);
    expect([isOpen(), clock.pending]).toEqual([false, 1]);
    open(...types);
    expect([isOpen(), clock.pending]).toEqual([true, 0]);
  });

  test('and resets unexpected streams and a second stream of the same type', () => {
    const { open, connection, isOpen } = story('stdout=true');
    open('stdin', 'error', 'error', 'close', 'toString', 'stdout');
    expect(connection.frames()).toEqual(['reset 1 5', 'reply 3', 'reset 5 5', 'reset 7 5', 'reset 9 5', 'reply 11']);
    expect(isOpen()).toBe(true);
  });

  test('for at most 30 seconds', () => {
    const { open, clock, connection, isOpen } = story('stdout=true');
    open('error');
    clock.advance(29_999);
    expect(connection.calls).toEqual([]);
    clock.advance(1);
    expect([connection.calls, isOpen(), clock.pending]).toEqual([['close'], false, 0]);
  });
});

test('messages are written to the streams of their channels, and all streams end with the connection', async () => {
  const { open, opened, connection } = story('stdout=true');
  open('error', 'stdout');
  connection.sent.splice(0);
  for (const sent of [message(1, 'out'), message(1, ''), message(2, 'dropped'), message(3, 'status')]) {
    opened().send(sent);
  }
  opened().close();
  await settle();
  expect(connection.frames()).toEqual(['data 3 out', 'data 1 status', 'data 1  last', 'data 3  last', 'go away']);
  expect(connection.calls).toEqual(['close']);
});

describe('the input', () => {
  test('and its end are forwarded as messages', async () => {
    const { open, receive, events } = story('stdin=true');
    open('error', 'stdin');
    receive(dataFrame(3, Buffer.from('in'), false), dataFrame(1, Buffer.from('no input'), false));
    await settle();
    receive(dataFrame(3, Buffer.from('put'), true));
    await settle();
    expect(events).toEqual(['0 in', '0 put', '255 \0']);
  });

  test('causes no end message when its stream is reset', async () => {
    const { open, receive, events } = story('stdin=true');
    open('error', 'stdin');
    receive(resetFrame(3, 5));
    await settle();
    expect(events).toEqual([]);
  });

  test('waits while the connection is paused', async () => {
    const { open, receive, events, opened } = story('stdin=true');
    open('error', 'stdin');
    opened().pause();
    receive(dataFrame(3, Buffer.from('first'), false));
    await settle();
    receive(dataFrame(3, Buffer.from('second'), false));
    await settle();
    // One message may be forwarded after the pause.
    expect(events).toEqual(['0 first']);
    opened().resume();
    await settle();
    expect(events).toEqual(['0 first', '0 second']);
  });
});

describe('the output of a program whose client does not read', () => {
  test('is in the backlog, and the callback of drained() runs when the client has read the output', async () => {
    const { open, opened, connection } = story('stdout=true');
    open('error', 'stdout');
    connection.reads = false;
    let isDrained = false;
    for (let count = 0; count < 3; count += 1) opened().send(message(1, Buffer.alloc(MEGABYTE)));
    expect(opened().backlog).toBeGreaterThanOrEqual(3 * MEGABYTE);
    opened().drained(() => (isDrained = true));
    for (let round = 0; round < 3; round += 1) {
      expect(isDrained).toBe(false);
      connection.readAll();
      await settle();
    }
    connection.readAll();
    expect([isDrained, opened().backlog]).toEqual([true, 0]);
  });

  test('is limited: the connection breaks when the limit is exceeded', async () => {
    const { open, opened, connection } = story('stdout=true');
    open('error', 'stdout');
    connection.reads = false;
    for (let count = 0; count < 70 && connection.calls.length === 0; count += 1) {
      opened().send(message(1, Buffer.alloc(MEGABYTE)));
      await settle();
    }
    expect(connection.calls).toEqual(['abort']);
  });
});

describe('channels that have ended', () => {
  /** Channels that have ended after three MiB of output, none of which the client has read. */
  const ended = () => {
    const opening = story('stdout=true');
    const { open, opened, connection } = opening;
    open('error', 'stdout');
    connection.reads = false;
    for (let count = 0; count < 3; count += 1) opened().send(message(1, Buffer.alloc(MEGABYTE)));
    opened().close();
    return opening;
  };

  test('break the connection when the client does not read for ten seconds', async () => {
    const { clock, connection } = ended();
    clock.advance(9999);
    connection.readAll();
    await settle();
    clock.advance(1);
    clock.advance(9999);
    expect([connection.calls, clock.pending]).toEqual([[], 1]);
    clock.advance(1);
    expect([connection.calls, clock.pending]).toEqual([['abort'], 0]);
  });

  test('break the connection when the flow-control window of the client stays 0', async () => {
    const { clock, connection, open, opened, receive } = story('stdout=true');
    open('error', 'stdout');
    receive(settingFrame(INITIAL_WINDOW_SETTING, 0));
    opened().send(message(1, 'out'));
    opened().close();
    await settle();
    clock.advance(10_000);
    expect([connection.calls, clock.pending]).toEqual([['abort'], 0]);
  });

  test('end the connection when the client has read all output', async () => {
    const { clock, connection } = ended();
    for (let round = 0; round < 3; round += 1) {
      connection.readAll();
      await settle();
    }
    expect([connection.calls, clock.pending]).toEqual([['close'], 0]);
  });

  test('leave no timer when the client disconnects', async () => {
    const { clock, connection } = ended();
    connection.onClose();
    await settle();
    expect(clock.pending).toBe(0);
  });
});

test('the channels end when the connection ends', () => {
  const { open, connection, events } = story('');
  open('error');
  connection.onClose();
  expect(events).toEqual(['closed']);
});
