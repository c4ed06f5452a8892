import { expect, test } from 'vitest';
import { fakeTransport } from '../../test-support/fake-transport.ts';
import { requestText } from './request.ts';

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
