import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { probeOnce } from './probe.ts';

test.each([
  ['tcpSocket', { tcpSocket: { port: 80 } }],
  ['httpGet', { httpGet: { port: 80 } }],
])('a %s probe fails after its timeout when the connection never opens', async (_title, action) => {
  const context = {
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: {} },
    container: {},
    address: '127.64.0.1',
    connect: () => new Promise<Socket>(() => undefined),
    run: () => Promise.reject(new Error('no command')),
  };
  expect(await probeOnce(context, action, 10)).toEqual({ succeeded: false, output: 'no connection within 0.01 s' });
});
