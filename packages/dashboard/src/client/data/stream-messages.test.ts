import { expect, test } from 'vitest';
import type { StreamMessage } from './stream-messages.ts';
import { streamMessages } from './stream-messages.ts';

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
