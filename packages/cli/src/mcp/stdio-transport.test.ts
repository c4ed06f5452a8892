import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { loadMcpSdk, mcpSdkImporters } from './sdk.ts';
import { stdioTransport } from './stdio-transport.ts';

const LONG = 'x'.repeat(12e6);
const PING = { jsonrpc: '2.0', id: 7, method: 'ping' };

/** Sends lines and then a ping in chunks. Returns the received messages, and the ids and codes of the errors. */
async function replies(lines: readonly (string | object)[], chunkLength = 60_000) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const transport = stdioTransport(loadMcpSdk(mcpSdkImporters(process.cwd())), input, output);
  const received: unknown[] = [];
  const last = new Promise<void>((done) => {
    const onmessage = (message: unknown): void => {
      if (received.push(message) > 0 && (message as { id?: unknown }).id === PING.id) done();
    };
    Object.assign(transport, { onmessage });
  });
  await transport.start();
  const texts = [...lines, PING].map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  const bytes = Buffer.from(texts.join(''));
  for (let at = 0; at < bytes.length; at += chunkLength) input.write(bytes.subarray(at, at + chunkLength));
  await last;
  await transport.close();
  const sent = String((output.read() as Buffer | null) ?? '').trim();
  const ofLine = (line: string): string => /"id":(.*),"error":\{"code":(-\d+)/.exec(line)?.slice(1).join(' ') ?? line;
  return { received, errors: sent === '' ? [] : sent.split('\n').map(ofLine) };
}

const OTHER_VERSION = [
  { ...PING, jsonrpc: '1.0', id: 'a' },
  { id: 3, method: 'ping' },
];
const NO_ID = [{ id: { a: 1 } }, { id: null }].map((id) => ({ ...PING, ...id }));
const LAST_ID = { method: 'a', params: LONG, jsonrpc: '2.0', id: 'b' };
const INNER_ID = [{ method: 'a', params: { LONG, id: 5 } }, { params: [LONG, '"id":5}'] }];

test.each<[string, (string | object)[], string[]]>([
  ['text that is not JSON', ['{{{', '\u0000', '{"a":1} x'], ['null -32700', 'null -32700', 'null -32700']],
  ['values that are not objects', ['null', '5', '"x"'], ['null -32600', 'null -32600', 'null -32600']],
  ['a batch', ['[]', [PING, PING]], ['null -32600', 'null -32600']],
  ['another version', OTHER_VERSION, ['"a" -32600', '3 -32600']],
  ['an id that is no id', NO_ID, ['null -32600', 'null -32600']],
  ['a method that is not a string', [{ ...PING, method: 5, id: 0 }], ['0 -32600']],
  ['a line that is too long', [{ ...PING, id: 1, params: LONG }, LAST_ID], ['1 -32600', '"b" -32600']],
  ['a long line without an id of its own', INNER_ID, ['null -32600', 'null -32600']],
  ['blank lines', ['', '  \r'], []],
])('%s gets an error, and the session goes on', async (_, lines, errors) => {
  expect(await replies(lines)).toStrictEqual({ received: [PING], errors });
});

test('messages may be split anywhere, also in a character', async () => {
  const message = { ...PING, id: 'ü€😀', params: { name: 'ü€😀' } };
  expect((await replies([message], 1)).received).toStrictEqual([message, PING]);
});
