import type { Readable, Writable } from 'node:stream';
import type { McpSdk, McpTransport } from './sdk.ts';

/** The maximum length of a message, in bytes. */
const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;

/** The number of characters at each end of a longer message that are kept, to find its id. */
const END_LENGTH = 256;

/** Matches the id of a message at its beginning or its end, before or after other short members of the message. */
const ID_AT_END =
  /^\s*\{\s*(?:"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,\s*)*"id"\s*:\s*(-?\d+|"[^"\\]*")|"id"\s*:\s*(-?\d+|"[^"\\]*")\s*(?:,\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*)*\}\s*$/;

/** The error codes of JSON-RPC 2.0 for a line that does not parse, and for a value that is not a message. */
const [PARSE_ERROR, INVALID_REQUEST] = [-32700, -32600];

/**
 * The transport of the Model Context Protocol over the standard input and output: one message in each line. The
 * transport of the protocol's package drops a line that is not a message without a reply, and ends the session at a long
 * line. This transport replies with the error of JSON-RPC, and reads the next line. It ignores blank lines.
 */
export function stdioTransport(sdk: McpSdk, input: Readable, output: Writable): McpTransport {
  let [line, length] = ['', 0];
  const transport: McpTransport = {
    start: () => Promise.resolve(void input.on('data', read)),
    send: (message) => new Promise((sent) => output.write(`${JSON.stringify(message)}\n`, () => sent())),
    close() {
      input.off('data', read).pause();
      return Promise.resolve(transport.onclose?.());
    },
  };
  const refuse = (code: number, message: string, id: string | number | null = null): void =>
    void transport.send({ jsonrpc: '2.0', id, error: { code, message } });

  /** Reads bytes as characters of Latin-1, because a chunk may end inside a character. */
  function read(chunk: Buffer): void {
    for (const [index, piece] of chunk.toString('latin1').split('\n').entries()) {
      if (index > 0) receive(Buffer.from(line, 'latin1').toString(), length);
      length = index > 0 ? piece.length : length + piece.length;
      line = index > 0 ? piece : line + piece;
      if (length > MAX_MESSAGE_BYTES) line = line.slice(0, END_LENGTH) + line.slice(-END_LENGTH);
    }
  }

  function receive(text: string, bytes: number): void {
    if (bytes > MAX_MESSAGE_BYTES) {
      const [, first, last = first] = ID_AT_END.exec(text) ?? [];
      const problem = `the message has ${bytes} bytes, more than the ${MAX_MESSAGE_BYTES} allowed; send less, such as names of files in place of their text`;
      return refuse(INVALID_REQUEST, problem, last === undefined ? null : (JSON.parse(last) as string | number));
    }
    if (text.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return refuse(PARSE_ERROR, 'the line is not JSON; write each message as JSON in one line');
    }
    const checked = sdk.JSONRPCMessageSchema.safeParse(value);
    if (checked.success) return transport.onmessage?.(checked.data);
    const id = (value as { readonly id?: unknown } | null)?.id;
    const what = Array.isArray(value) ? 'MCP has no batches of messages' : 'the value is not a message of JSON-RPC 2.0';
    return refuse(INVALID_REQUEST, what, typeof id === 'string' || typeof id === 'number' ? id : null);
  }
  return transport;
}
