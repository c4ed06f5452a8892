import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { TypeKroError } from '@typekro/kit/core';
import { KubeClient } from '../client.ts';
import { systemClock } from '../clock.ts';
import { fakeTransport } from '../../test-support/fake-transport.ts';
import { StreamBody } from './response-body.ts';
import { limitedTransport } from './limited-transport.ts';
import { createTransport } from './transport.ts';
import { unreachable } from './unreachable.ts';
import { requestText } from './request-text.ts';

test('a connection that was paused for a slow reader is resumed at the end of the body', async () => {
  const calls: string[] = [];
  const source = { pause: () => calls.push('pause'), resume: () => calls.push('resume') };
  const body = new StreamBody(source, () => calls.push('abandon'));
  const reader = body[Symbol.asyncIterator]();
  body.push(Buffer.from('first'));
  await reader.next();
  body.push(Buffer.alloc(257 * 1024));
  body.end();
  await reader.return();
  expect(calls).toEqual(['pause', 'resume']);
});

test('a request without a response is sent only once, and its error names the server', async () => {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    if (request.url === '/version') response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = { server: url, context: 'c', namespace: 'default', credentials: {}, insecureSkipTlsVerify: false };
  const transport = limitedTransport(await createTransport(config), url, 300, systemClock);
  const client = new KubeClient({ transport });
  try {
    await expect(client.raw({ path: '/version' })).resolves.toMatchObject({ text: '{}' });
    await expect(client.raw({ path: '/api' })).rejects.toMatchObject({
      code: 'kube/no-answer',
      message: `the API server at ${url} did not respond to GET /api within 0.3 s`,
    });
    expect(requests).toBe(2);
  } finally {
    await client.close();
    server.closeAllConnections();
    server.close();
  }
});

const CONFIG = { server: 'https://kube.example:6443', context: 'prod', source: '/home/me/.kube/config' };
const failure = (code: string, message = code) => Object.assign(new Error(message), { code });

test.each([
  ['ECONNREFUSED', '', 'nothing listens at https://kube.example:6443 (ECONNREFUSED)'],
  ['ENOTFOUND', '', 'the name kube.example is unknown (ENOTFOUND)'],
  ['ETIMEDOUT', '', 'there is no route to https://kube.example:6443 (ETIMEDOUT)'],
  ['ECONNRESET', '', 'the connection to https://kube.example:6443 was interrupted (ECONNRESET)'],
  ['CERT_HAS_EXPIRED', '', 'the certificate of https://kube.example:6443 has expired (CERT_HAS_EXPIRED)'],
  [
    'EPROTO',
    'write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/a.c:350:\n',
    'the server at https://kube.example:6443 does not speak TLS (EPROTO)',
  ],
  [
    'EPROTO',
    'write EPROTO 80:error:0A00010B:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/a.c:1:\n',
    'the TLS handshake with https://kube.example:6443 failed: tlsv13 alert certificate required (EPROTO)',
  ],
])('the error for %s %s has a description and the source of the address', (code, message, words) => {
  const error = unreachable(failure(code, message), CONFIG);
  expect(error).toMatchObject({
    code,
    message: `${words}; the address is from the context "prod" in /home/me/.kube/config`,
  });
});

test('the error of a kubeconfig that was passed as text names no file', () => {
  const error = unreachable(failure('ECONNREFUSED'), { server: 'http://a:1', context: 'c' });
  expect(error).toMatchObject({ message: 'nothing listens at http://a:1 (ECONNREFUSED)' });
});

test.each([
  ['an error without a code', new Error('the server closed the connection before it responded')],
  ['an error with a code that is unknown here', failure('ERR_OSSL_PEM_NO_START_LINE')],
  ['an error with its own remedy', new TypeKroError('no', { code: 'kube/proxy' })],
  ['a thrown text', 'a text'],
])('%s is returned unchanged', (_title, thrown) => {
  expect(unreachable(thrown, CONFIG)).toBe(thrown);
});

test('the durations of a request are correct even when the wall clock is set back during the request', async () => {
  let wallMs = Date.UTC(2026, 0, 1);
  let elapsedMs = 1000;
  const pass = (milliseconds: number) => {
    elapsedMs += milliseconds;
    wallMs -= 3_600_000;
  };
  const transport = fakeTransport(() => {
    pass(40);
    return { body: {} };
  });
  const seen: [string, number][] = [];
  const context = {
    transport: () => Promise.resolve(transport),
    clock: { now: () => wallMs, elapsed: () => elapsedMs, setTimer: () => ({ cancel: () => undefined }) },
    random: () => 0,
    retries: 0,
    backoff: { initialMs: 1, factor: 1, maxMs: 1, jitter: 0 },
    headers: {},
    observe: (_request: object, _status: number, milliseconds: number) => void seen.push(['observe', milliseconds]),
    meters: [
      {
        heldBack: (_method: string, milliseconds: number) => void seen.push(['heldBack', milliseconds]),
        answered: (_method: string, _status: number, milliseconds: number) =>
          void seen.push(['answered', milliseconds]),
      },
    ],
    admit: () => {
      pass(30);
      return Promise.resolve();
    },
  };
  await requestText(context, { method: 'GET', path: '/version', idempotent: true, what: 'the version' });
  expect(seen).toEqual([
    ['heldBack', 30],
    ['observe', 40],
    ['answered', 40],
  ]);
});

test('many requests with one signal cause no warning about listeners', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  const { signal } = new AbortController();
  const transport = fakeTransport(({ signal: own }) => {
    own?.addEventListener('abort', () => undefined);
    return { body: {} };
  });
  const context = {
    transport: () => Promise.resolve(transport),
    clock: { now: () => 0, setTimer: () => ({ cancel: () => undefined }) },
    random: () => 0,
    retries: 0,
    backoff: { initialMs: 1, factor: 1, maxMs: 1, jitter: 0 },
    headers: {},
    observe: undefined,
    admit: undefined,
    meters: [],
  };
  const request = { method: 'GET', path: '/version', idempotent: true, what: 'the version', signal } as const;
  await Promise.all(Array.from({ length: 40 }, () => requestText(context, request)));
  // Node emits warnings in the next turn of the event loop.
  await new Promise((resolve) => void setImmediate(resolve));
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
