import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type ForwardedStream, forwardPort } from './forward-port.ts';

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', uid: 'u' } };

/** A forwarded connection whose client reads nothing until `read`. */
function forwarded() {
  const socket = new Socket();
  const calls: string[] = [];
  let read: () => void = () => undefined;
  const reading = new Promise<void>((resolve) => (read = resolve));
  const stream: ForwardedStream = {
    isClosed: false,
    onLost: () => undefined,
    read: () => new Promise(() => undefined),
    async write(bytes) {
      await reading;
      calls.push(`data ${bytes.toString()}`);
    },
    end: () => void calls.push('end'),
    sent: () => reading,
    reset: () => void calls.push('reset'),
  };
  const run = { connect: () => Promise.resolve(socket), whenKilled: () => () => undefined };
  const result = forwardPort({ pod: POD, run }, 80, stream).then((text) => calls.push(`result ${text}`));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { socket, calls, result, read, turn };
}

test('the end of the input is passed to the stream while the last bytes still wait, and the result waits for these bytes', async () => {
  const { socket, calls, result, read, turn } = forwarded();
  await turn();
  socket.push('last');
  await turn();
  // These two calls report the end of the input, as a real socket does even while it is paused.
  socket.push(null);
  socket.read(0);
  await turn();
  expect([socket.readableEnded, calls]).toEqual([true, ['end']]);
  read();
  await result;
  expect(calls).toEqual(['end', 'data last', 'result undefined']);
});

test.each([
  [
    'an error',
    new Error('read ECONNRESET'),
    ['result error forwarding port 80 to pod p_default, uid u: read ECONNRESET'],
  ],
  ['a closed connection', undefined, ['result undefined', 'reset']],
])('the result of %s follows the bytes that the program has sent before', async (_title, error, last) => {
  const { socket, calls, result, read, turn } = forwarded();
  await turn();
  socket.push('last');
  await turn();
  socket.destroy(error);
  await turn();
  expect(calls).toEqual([]);
  read();
  await result;
  await turn();
  expect(calls.toSorted()).toEqual(['data last', ...last].toSorted());
  expect(calls[0]).toBe('data last');
});
