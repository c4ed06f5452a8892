import { describe, expect, test } from 'vitest';
import { RecordedConnection, SpdyHeaders, synStream } from '../../test-support/spdy-client.ts';
import type { ClientStream } from './client-stream.ts';
import {
  CONTROL,
  controlFrame,
  dataFrame,
  FLAGS,
  goAwayFrame,
  INITIAL_WINDOW_SETTING,
  pingFrame,
  resetFrame,
  settingFrame,
  synReplyFrame,
  windowUpdateFrame,
} from './frames.ts';
import { SpdySession } from './spdy-session.ts';

const MEGABYTE = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/** A session whose client opens streams. The server refuses streams with the header `refuse`. */
function opened() {
  const connection = new RecordedConnection();
  const streams: ClientStream[] = [];
  const events: string[] = [];
  const session = new SpdySession(connection, {
    accepts: (_id, fields) => !fields.has('refuse'),
    open: (stream, fields) => {
      streams.push(stream);
      stream.onLost = () => events.push(`lost ${stream.id}`);
      events.push(`open ${stream.id} ${[...fields].join()}`);
    },
    onClose: () => events.push('close'),
  });
  const headers = new SpdyHeaders();
  const receive = (...frames: readonly Buffer[]) => connection.onMessage(Buffer.concat(frames));
  return { connection, session, streams, events, headers, receive };
}

/** A session with the open streams 1 and 3. */
function withStreams() {
  const story = opened();
  const { connection, headers, events, receive, streams } = story;
  receive(headers.open(1, {}), headers.open(3, {}));
  connection.sent.splice(0);
  events.splice(0);
  const [first, second] = streams;
  if (first === undefined || second === undefined) throw new Error('no stream is open');
  return { ...story, first, second };
}

const textOf = async (stream: ClientStream) => (await stream.read())?.toString();

describe('a stream', () => {
  test('is accepted with a reply, or refused with a reset', () => {
    const { connection, receive, headers, events } = opened();
    receive(headers.open(1, { a: 'b' }), headers.open(3, { refuse: '' }), headers.open(5, {}, FLAGS.unidirectional));
    expect(connection.frames()).toEqual(['reply 1', 'reset 3 5', 'reset 5 3']);
    expect(events).toEqual(['open 1 a,b']);
  });

  test('transfers data in both directions, which end separately', async () => {
    const { connection, receive, first, events } = withStreams();
    receive(dataFrame(1, Buffer.from('in'), true));
    expect([await textOf(first), await textOf(first)]).toEqual(['in', undefined]);
    await first.write(Buffer.from('out'));
    first.end();
    await first.write(Buffer.from('late'));
    first.end();
    expect(connection.frames()).toEqual(['data 1 out', 'data 1  last']);
    expect([first.isClosed, events]).toEqual([true, []]);
  });

  test('passes data to a waiting reader, and keeps other data for the next read', async () => {
    const { receive, first } = withStreams();
    const read = first.read();
    receive(dataFrame(1, Buffer.from('a'), false));
    receive(dataFrame(1, Buffer.from('b'), false));
    expect([(await read)?.toString(), await textOf(first)]).toEqual(['a', 'b']);
  });

  describe('sends its end only after its waiting data when', () => {
    /** The data of the stream 1 waits behind the data of the stream 3, which the client does not read. */
    function waiting() {
      const story = withStreams();
      const { connection, first, second } = story;
      connection.reads = false;
      void second.write(Buffer.alloc(2 * MEGABYTE));
      void first.write(Buffer.from('late'));
      first.end();
      const sent = first.sent();
      return { ...story, sent };
    }

    test.each([
      ['the client has already ended its data', true],
      ['the client continues to send', false],
    ])('%s', async (_title, hasEnded) => {
      const { connection, receive, first, events, sent } = waiting();
      receive(dataFrame(1, Buffer.from('in'), hasEnded));
      expect([connection.frames(), first.hasSentEnd, first.isClosed]).toEqual([['data 3 2097152 bytes'], false, false]);
      connection.readAll();
      expect([connection.frames(), first.hasSentEnd, first.isClosed]).toEqual([
        ['data 1 late', 'data 1  last'],
        true,
        hasEnded,
      ]);
      await sent;
      expect([await textOf(first), events]).toEqual(['in', []]);
    });

    test('the client has not reset it: a reset drops the data and the end', async () => {
      const { connection, receive, first, events, sent } = waiting();
      receive(dataFrame(1, NOTHING, true), resetFrame(1, 5));
      await sent;
      connection.readAll();
      expect([connection.frames(), first.isClosed, events]).toEqual([['data 3 2097152 bytes'], true, ['lost 1']]);
    });

    test('its window is used up: the end itself needs no window', async () => {
      const { connection, receive, first } = withStreams();
      receive(settingFrame(INITIAL_WINDOW_SETTING, 4));
      connection.sent.splice(0);
      void first.write(Buffer.from('eight by'));
      first.end();
      expect(connection.frames()).toEqual(['data 1 eigh']);
      receive(windowUpdateFrame(1, 4));
      expect(connection.frames()).toEqual(['data 1 t by', 'data 1  last']);
    });
  });

  test('may end with its first headers, or with additional headers', async () => {
    const { receive, headers, streams } = opened();
    receive(headers.open(1, {}, FLAGS.last), headers.open(3, {}), headers.more(3, { more: '' }, true));
    expect(await Promise.all(streams.map(textOf))).toEqual([undefined, undefined]);
  });

  test.each<[string, (story: ReturnType<typeof withStreams>) => void, string[]]>([
    ['the client resets it', ({ receive }) => receive(resetFrame(1, 5)), []],
    ['the server resets it', ({ first }) => first.reset(), ['reset 1 5']],
  ])('is lost when %s', async (_title, lose, frames) => {
    const story = withStreams();
    const { receive, connection, first, events } = story;
    receive(dataFrame(1, Buffer.from('unread'), false));
    lose(story);
    receive(resetFrame(1, 5), dataFrame(1, Buffer.from('on its way'), false));
    expect([await textOf(first), events, connection.frames()]).toEqual([undefined, ['lost 1'], frames]);
  });

  test('is lost with its connection', async () => {
    const { connection, first, second, receive, events } = withStreams();
    const [read] = [first.read()];
    receive(dataFrame(3, NOTHING, true));
    second.end();
    connection.onClose();
    connection.onClose();
    expect([await read, events]).toEqual([undefined, ['lost 1', 'close']]);
  });

  test('is reset when it gets data after its end', () => {
    const { connection, receive, events } = withStreams();
    receive(dataFrame(1, NOTHING, true), dataFrame(1, Buffer.from('x'), false));
    expect([connection.frames(), events]).toEqual([['reset 1 9'], ['lost 1']]);
  });
});

test('data for a stream ID that was never open is answered with one reset', () => {
  const { connection, receive } = withStreams();
  receive(dataFrame(5, Buffer.from('x'), false));
  expect(connection.frames()).toEqual(['reset 5 2']);
});

test('the server replies to a ping of the client, but not to a ping reply', () => {
  const { connection, receive } = opened();
  receive(pingFrame(1), pingFrame(2));
  expect(connection.frames()).toEqual(['ping 1']);
});

test.each<[string, Buffer]>([
  ['a stream with an even ID', new SpdyHeaders().open(2, {})],
  ['a stream with an ID that is not higher than all earlier IDs', new SpdyHeaders().open(1, {})],
  ['a stream with uncompressed headers', synStream(5, Buffer.from('x'))],
  ['a reply with uncompressed headers', synReplyFrame(5, Buffer.from('x'))],
  ['a malformed frame', controlFrame(CONTROL.ping, NOTHING)],
  ['a window of the connection that is too large', windowUpdateFrame(0, 2 ** 31 - 1)],
  ['an initial window that is too large', settingFrame(INITIAL_WINDOW_SETTING, 2 ** 31)],
])('%s ends the connection', (_title, bytes) => {
  const { connection, receive, events } = withStreams();
  receive(bytes, pingFrame(1));
  expect(connection.frames().at(-1)).toBe('go away');
  expect([connection.calls, events]).toEqual([['close'], ['lost 1', 'lost 3', 'close']]);
});

test('the connection ends once when the client sends GOAWAY, even if the server also closes it', () => {
  const { connection, session, receive, events } = withStreams();
  receive(goAwayFrame(0, 0), dataFrame(1, Buffer.from('x'), false));
  session.close();
  connection.onClose();
  expect([connection.frames(), connection.calls, events]).toEqual([
    ['go away'],
    ['close'],
    ['lost 1', 'lost 3', 'close'],
  ]);
});

describe('flow control', () => {
  test('applies only to a client that uses it, and such a client gets the largest windows', async () => {
    const { connection, receive, first } = withStreams();
    await first.write(Buffer.alloc(65_536 + 1000));
    receive(settingFrame(4, 100));
    expect(connection.frames()).toEqual(['data 1 66536 bytes']);
    receive(windowUpdateFrame(1, 1600), windowUpdateFrame(0, 1300));
    expect(connection.frames()).toEqual(['set [[7,2147483647]]', 'window 0 2147418111']);
    const written = first.write(Buffer.alloc(450));
    expect(connection.frames()).toEqual(['data 1 300 bytes']);
    receive(windowUpdateFrame(0, 1000));
    await written;
    expect(connection.frames()).toEqual(['data 1 150 bytes']);
  });

  test('reopens the windows after each GiB of received data', async () => {
    const { connection, receive, first } = withStreams();
    receive(settingFrame(INITIAL_WINDOW_SETTING, 65_536));
    connection.sent.splice(0);
    const frame = dataFrame(1, Buffer.alloc(4 * MEGABYTE), false);
    for (let count = 0; count < 257; count += 1) {
      receive(frame);
      await first.read();
    }
    expect(connection.frames()).toEqual(['window 0 1073741824', 'window 1 1073741824']);
  });

  test('resets a stream whose window becomes too large', () => {
    const { connection, receive, events } = withStreams();
    receive(windowUpdateFrame(1, 2 ** 31 - 1));
    expect([connection.frames().at(-1), events]).toEqual(['reset 1 7', ['lost 1']]);
  });

  test('a stream that waits for its window ends with its connection', async () => {
    const { connection, receive, first } = withStreams();
    receive(settingFrame(INITIAL_WINDOW_SETTING, 0));
    const written = first.write(Buffer.from('x'));
    connection.onClose();
    await written;
    expect(first.isClosed).toBe(true);
  });
});

describe('the memory for a client is limited', () => {
  test('the client is paused while too much of its data is unread, and resumed when the data is read', async () => {
    const { connection, receive, first, second } = withStreams();
    for (let count = 0; count < 6; count += 1) receive(dataFrame(1, Buffer.alloc(MEGABYTE), false));
    expect(connection.calls).toEqual(['pause']);
    for (let count = 0; count < 2; count += 1) await first.read();
    expect(connection.calls).toEqual(['pause']);
    // A part counts as unread until its reader requests the next part.
    await first.read();
    expect(connection.calls).toEqual(['pause', 'resume']);
    receive(dataFrame(3, Buffer.alloc(2 * MEGABYTE), false));
    expect(connection.calls).toEqual(['pause', 'resume', 'pause']);
    second.reset();
    first.reset();
    expect(connection.calls).toEqual(['pause', 'resume', 'pause', 'resume']);
  });

  test.each([0, 1])(
    'the data of a reset stream, of which the reader has taken %i parts, does not count as unread',
    (reads) => {
      const { connection, receive, headers, streams } = opened();
      for (let id = 1; id < 20; id += 2) {
        receive(headers.open(id, {}), dataFrame(id, Buffer.alloc(MEGABYTE), false));
        for (let count = 0; count < reads; count += 1) void streams.at(-1)?.read();
        receive(resetFrame(id, 5));
      }
      expect(connection.calls).toEqual([]);
    },
  );

  test('a client may have at most 1000 open streams', () => {
    const { connection, receive, headers, streams } = opened();
    for (let id = 1; id <= 2001; id += 2) receive(headers.open(id, {}));
    expect([streams.length, connection.frames().at(-1)]).toEqual([1000, 'reset 2001 3']);
    receive(resetFrame(1, 5), headers.open(2003, {}));
    expect([streams.length, connection.frames()]).toEqual([1001, ['reply 2003']]);
  });

  test.each<[string, (id: number) => Buffer]>([
    ['pings', (id) => pingFrame(id)],
    ['data for unknown streams', (id) => dataFrame(id, NOTHING, false)],
  ])('a client that sends %s and reads nothing is disconnected', (_title, frame) => {
    const { connection, receive, events } = opened();
    connection.reads = false;
    for (let id = 1; connection.calls.length === 0 && id < 100_000; id += 2) receive(frame(id));
    expect([connection.sent.length, connection.calls, events]).toEqual([4097, ['abort'], ['close']]);
  });

  test('the 17th HEADERS frame ends the connection, whether its stream is open or unknown', () => {
    const { connection, receive, headers } = opened();
    receive(headers.open(1, {}));
    connection.sent.splice(0);
    for (let count = 0; count < 16; count += 1) receive(headers.more(count % 2 === 0 ? 1 : 99, {}));
    expect([connection.frames(), connection.calls]).toEqual([[], []]);
    receive(headers.more(99, {}));
    expect([connection.frames(), connection.calls]).toEqual([['go away'], ['close']]);
  });

  describe('more than 1000 consecutive unused streams end the connection', () => {
    const story = () => {
      const set = opened();
      let id = -1;
      const next = (fields: Record<string, string> = {}, flags = 0) => set.headers.open((id += 2), fields, flags);
      return {
        ...set,
        next,
        refused: () => set.receive(next({ refuse: '' })),
        reset: () => set.receive(next(), resetFrame(id, 5)),
        'opened with the end flag, then reset': () => set.receive(next({}, FLAGS.last), resetFrame(id, 5)),
        received: () => set.receive(next(), dataFrame(id, Buffer.from('a'), false), resetFrame(id, 5)),
        ended: () => set.receive(next(), dataFrame(id, NOTHING, true), resetFrame(id, 5)),
        answered: () => {
          set.receive(next());
          set.streams.at(-1)?.end();
          set.receive(resetFrame(id, 5));
        },
      };
    };
    const repeat = (count: number, action: () => void) => {
      for (let index = 0; index < count; index += 1) action();
    };

    test.each(['refused', 'reset', 'opened with the end flag, then reset'] as const)('%s', (how) => {
      const { connection, answered, ...actions } = story();
      repeat(1000, actions[how]);
      // A stream that is used resets the count.
      answered();
      repeat(1000, actions[how]);
      expect(connection.calls).toEqual([]);
      actions[how]();
      expect([connection.frames().at(-1), connection.calls]).toEqual(['go away', ['close']]);
    });

    test('an open stream that is not used does not reset the count', () => {
      const { connection, receive, next, refused, reset } = story();
      repeat(500, refused);
      receive(next());
      repeat(501, reset);
      expect(connection.calls).toEqual(['close']);
    });

    test.each(['received', 'ended', 'answered'] as const)('any number of streams may be reset after use: %s', (how) => {
      const { connection, ...actions } = story();
      repeat(3000, actions[how]);
      expect(connection.calls).toEqual([]);
    });
  });

  test('a client that reads is not disconnected, however many pings it sends', () => {
    const { connection, receive } = opened();
    connection.reads = false;
    for (let id = 1; id < 40_000; id += 2) {
      receive(pingFrame(id));
      if (id % 1001 === 0) connection.readAll();
    }
    expect(connection.calls).toEqual([]);
  });
});
