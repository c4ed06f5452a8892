import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { EventLog } from './event-log.ts';
import { COLLECT_MS, EventStream, parseEventId } from './event-stream.ts';

/** The response to a client that reads bytes only while `stalled` is false. */
class Client extends EventEmitter {
  readonly messages: string[] = [];
  stalled = false;
  ended = false;
  destroyed = false;

  get writableNeedDrain(): boolean {
    return this.stalled;
  }
  writeHead(): this {
    return this;
  }
  write(text: string): boolean {
    this.messages.push(text);
    return !this.stalled;
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

let clock: TestClock;
let log: EventLog;
let client: Client;
let isValid: boolean;
let reviewFailure: Error | undefined;
const failures: unknown[] = [];
const hidden = new Set<string>();

beforeEach(() => {
  clock = new TestClock();
  log = new EventLog();
  client = new Client();
  isValid = true;
  reviewFailure = undefined;
  failures.length = 0;
  hidden.clear();
});

const start = (lastEventId?: string): void =>
  new EventStream({
    log,
    clock,
    lastEventId,
    epoch: 'e',
    response: client as unknown as ServerResponse,
    maySee: ({ subject }) => Promise.resolve(!hidden.has(subject)),
    isValid: () => (reviewFailure === undefined ? Promise.resolve(isValid) : Promise.reject(reviewFailure)),
    onFailure: (error) => failures.push(error),
  }).start();

const add = (subject: string, message = ''): void => log.add({ at: 0, type: 'instance-changed', subject, message });

/**
 * The changes in the messages `changes`, with one list for each message. A change is its subject, followed by its text.
 */
const batches = (): string[][] =>
  client.messages
    .filter((message) => message.includes('event: changes'))
    .map((message) => {
      const data = JSON.parse(message.split('data: ')[1] ?? '') as { changes: { subject: string; message: string }[] };
      return data.changes.map(({ subject, message: text }) => subject + text);
    });

describe('EventStream', () => {
  it('sends a thousand changes of ten subjects within a second in at most eleven messages of at most ten changes', async () => {
    start();
    for (let count = 0; count < 1000; count += 1) {
      add(`s${count % 10}`);
      await clock.advance(1);
    }
    await clock.advance(COLLECT_MS);
    expect(batches().length).toBeLessThanOrEqual(11);
    expect(Math.max(...batches().map((batch) => batch.length))).toBe(10);
  });

  it('collects changes while a client does not read, and sends the newest state when the client reads again', async () => {
    start();
    client.stalled = true;
    for (let count = 0; count < 500; count += 1) {
      add('a', String(count));
      await clock.advance(COLLECT_MS);
    }
    expect(client.messages).toHaveLength(1);
    client.stalled = false;
    client.emit('drain');
    await clock.advance(COLLECT_MS);
    expect(batches()).toEqual([['a499']]);
  });

  it('replaces too many collected changes by a reset, with the newest id', async () => {
    start();
    for (let count = 0; count < 1500; count += 1) add(`s${count}`);
    await clock.advance(COLLECT_MS);
    expect(client.messages.at(-1)).toMatch(/^id: e\.1500\nevent: reset\n/);
    add('later');
    await clock.advance(COLLECT_MS);
    expect(batches()).toEqual([['later']]);
  });

  it('leaves out what the caller may not see', async () => {
    hidden.add('secret');
    start();
    add('secret');
    await clock.advance(COLLECT_MS);
    expect(batches()).toEqual([]);
    add('open');
    add('secret');
    await clock.advance(COLLECT_MS);
    expect(batches()).toEqual([['open']]);
  });

  it('sends missed events first', async () => {
    add('before');
    add('missed');
    start('e.1');
    await clock.advance(COLLECT_MS);
    expect(client.messages[0]).toMatch(/^id: e\.1\nevent: hello\ndata: \{"epoch":"e","missed":false\}/);
    expect(batches()).toEqual([['missed']]);
  });

  it('keeps an idle connection open, and ends it when the token is no longer valid', async () => {
    start();
    await clock.advance(15_000);
    expect(client.messages.at(-1)).toBe(':\n\n');
    isValid = false;
    await clock.advance(15_000);
    expect(client.ended).toBe(true);
  });

  it('reports the failure that ends it', async () => {
    start();
    reviewFailure = new Error('no review');
    await clock.advance(15_000);
    expect([client.destroyed, failures]).toEqual([true, [reviewFailure]]);
  });

  it('ends its timers when the client disconnects', async () => {
    start();
    add('a');
    client.emit('close');
    await clock.advance(60_000);
    expect(client.messages).toHaveLength(1);
  });
});

it.each([
  ['e.5', 5],
  ['f.5', undefined],
  ['e.', undefined],
  ['e.5.6', undefined],
  ['e.-1', undefined],
  ['', undefined],
])('in epoch e, the event id `%s` is read as %s', (text, id) => {
  expect(parseEventId(text, 'e')).toBe(id);
});

it.each([
  ['a recent change', 9_999, true],
  ['an older change', 10_001, false],
])(
  'the first message to a new client says that the client may have missed %s (%i ms before the stream opened): %s',
  async (_what, age, missed) => {
    add('a');
    await clock.advance(age - clock.now());
    start();
    expect(client.messages[0]).toContain(`"missed":${missed}`);
  },
);
