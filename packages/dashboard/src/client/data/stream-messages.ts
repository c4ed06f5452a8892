/** A message of a stream of server-sent events. */
export interface StreamMessage {
  /** The type of the message. */
  readonly event: string;
  readonly data: string;
}

/**
 * Reads the messages of a stream of server-sent events until it ends. A message is returned when the blank line after
 * it has arrived.
 *
 * @param read returns the next part of the stream. If `read` throws, the generator throws the same error.
 */
export async function* streamMessages(
  read: () => Promise<ReadableStreamReadResult<string>>,
): AsyncGenerator<StreamMessage, void, undefined> {
  let rest = '';
  for (;;) {
    const { value, done } = await read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const message = readMessage(block);
      if (message !== undefined) yield message;
    }
  }
}

/** The message of the lines between two blank lines; `undefined` for lines without data, such as comments. */
function readMessage(block: string): StreamMessage | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}
