import { expect, test } from 'vitest';
import type { InspectEvent } from '@typekro/controller/inspect';
import { isOfKind, ofDefinitions, ofInstance, ofInstances, ofLimits, ofReports } from './concerns.ts';
import { MAX_RETRY_MS, nextReadAt } from './reload-schedule.ts';
import { type StreamMessage, streamMessages } from './stream-messages.ts';

const selections = {
  ofInstance: ofInstance('mine'),
  ofReports: ofReports('mine'),
  ofDefinitions,
  ofInstances,
  ofLimits,
};

test.each<[InspectEvent['type'], string, readonly (keyof typeof selections)[]]>([
  ['instance-changed', 'mine', ['ofInstance', 'ofReports', 'ofDefinitions', 'ofInstances']],
  ['instance-changed', 'other', ['ofDefinitions', 'ofInstances']],
  ['object-changed', 'mine', ['ofInstance']],
  ['object-changed', 'other', []],
  ['wrote', 'mine', ['ofInstance', 'ofReports']],
  ['definition-changed', 'pots', ['ofDefinitions']],
  ['definition-removed', 'pots', ['ofDefinitions', 'ofInstances']],
  ['instance-removed', 'other', ['ofDefinitions', 'ofInstances']],
  ['failed', 'other', []],
  ['limits-changed', '', ['ofDefinitions', 'ofInstances', 'ofLimits']],
])('the event %s about %s is selected by %j', (type, subject, expected) => {
  const event: InspectEvent = { id: 1, at: 0, type, subject, message: '' };
  const found = Object.entries(selections).flatMap(([name, concerns]) => (concerns(event) ? [name] : []));
  expect(found).toEqual(expected);
});

test.each<[InspectEvent['type'], string, boolean]>([
  ['instance-changed', 'acme.dev/v1/Shop/b/web', true],
  ['instance-removed', 'acme.dev/v2/Shop/-/web', true],
  ['instance-changed', 'acme.dev/v1/Fleet/b/web', false],
  ['instance-changed', 'other.dev/v1/Shop/b/web', false],
  ['definition-changed', 'fleets', true],
  ['limits-changed', '', true],
])('the event %s about %s can concern the instances of Shop: %j', (type, subject, expected) => {
  const event: InspectEvent = { id: 1, at: 0, type, subject, message: '' };
  expect(isOfKind(event, { apiVersion: 'acme.dev/v1', kind: 'Shop' })).toBe(expected);
  expect(isOfKind(event, undefined)).toBe(true);
});

test.each([
  ['the first read is at once', { tookMs: 0, failures: 0 }, 100, 100],
  ['a change long after the last read is read at once', { startedAt: 0, tookMs: 10, failures: 0 }, 1000, 1000],
  ['a change soon after a read waits', { startedAt: 900, tookMs: 10, failures: 0 }, 1000, 1150],
  ['a slow read is repeated less often', { startedAt: 900, tookMs: 500, failures: 0 }, 1000, 2900],
  ['a failed read is tried again after a pause', { startedAt: 0, tookMs: 0, failures: 1 }, 1000, 1500],
  ['the pause has a limit', { startedAt: 0, tookMs: 0, failures: 40 }, 1000, 1000 + MAX_RETRY_MS],
])('%s', (_title, state, now, expected) => {
  expect(nextReadAt(state, now)).toBe(expected);
});

test('a thousand changes a second cause four reads a second', () => {
  let startedAt = 0;
  let reads = 0;
  let due: number | undefined;
  for (let now = 1; now <= 1000; now += 1) {
    due ??= nextReadAt({ startedAt, tookMs: 20, failures: 0 }, now);
    if (due > now) continue;
    startedAt = now;
    reads += 1;
    due = undefined;
  }
  expect(reads).toBe(4);
});

async function messagesOf(parts: readonly string[]): Promise<StreamMessage[]> {
  const left = parts.values();
  const read = () => Promise.resolve(left.next() as ReadableStreamReadResult<string>);
  const found: StreamMessage[] = [];
  for await (const message of streamMessages(read)) found.push(message);
  return found;
}

const HELLO = { event: 'hello', data: '{}' };

test.each<[string, string, readonly StreamMessage[]]>([
  ['a message with an id', 'id: e.1\nevent: hello\ndata: {}\n\n', [HELLO]],
  ['two messages', 'event: hello\ndata: {}\n\nevent: reset\ndata: 1\n\n', [HELLO, { event: 'reset', data: '1' }]],
  ['lines that end with CR and LF', 'event: hello\r\ndata: {}\r\n\r\n', [HELLO]],
  ['no blank after the colon', 'event:hello\ndata:{}\n\n', [HELLO]],
  [
    'one blank after the colon, and additional ones in the value',
    'data:  x: y\n\n',
    [{ event: 'message', data: ' x: y' }],
  ],
  ['several lines of data', 'data: a\ndata\ndata: b\n\n', [{ event: 'message', data: 'a\n\nb' }]],
  ['a comment between messages', ':\n\nevent: hello\ndata: {}\n\n:\n\n', [HELLO]],
  ['a pause for the next connection', 'retry: 200\nevent: hello\ndata: {}\n\n', [HELLO]],
  ['a type without data', 'event: hello\n\n', []],
  ['a message without its end', 'event: hello\ndata: {}\n', []],
  ['nothing', '', []],
])(
  'a stream with %s yields the same messages in one part and in parts of one character',
  async (_what, text, expected) => {
    expect(await messagesOf([text])).toEqual(expected);
    expect(await messagesOf(text.split(''))).toEqual(expected);
  },
);

test('a stream that breaks off ends the messages with its error', async () => {
  const broken = () => Promise.reject(new TypeError('network error'));
  await expect(streamMessages(broken).next()).rejects.toThrow('network error');
});
