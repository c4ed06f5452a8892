import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import type { InspectDetails, Viewer } from './details.ts';
import { indexOfReports } from './inspect-index.ts';
import { inspectPaths } from './paths.ts';
import { serveInspect, tokenOf } from './server.ts';

const token = 'the-token-of-this-test';
const own = { authorization: `Bearer ${token}` };
const viewer: Viewer = { api: undefined as never, mayList: () => Promise.resolve(true) };
const index = indexOfReports({
  definitions: () => [],
  instances: () => [],
  report: () => undefined,
  eventsAfter: () => [],
  subscribe: () => () => undefined,
});
afterAll(() => index.close());

/** Makes work that does not end until `end` is called. */
function heldWork() {
  let begun = (): void => undefined;
  let end = (): void => undefined;
  const started = new Promise<void>((resolve) => (begun = resolve));
  const ended = new Promise<void>((resolve) => (end = resolve));
  const work = async (): Promise<object> => {
    begun();
    await ended;
    return { summary: 'of the work' };
  };
  return { started, end: () => end(), work };
}

describe('a response that takes long', () => {
  const plan = (url: string): Promise<Response> =>
    fetch(url + inspectPaths.plan(), {
      method: 'POST',
      headers: { ...own, 'content-type': 'application/json' },
      body: JSON.stringify({ files: [{ name: 'a', text: 'b' }] }),
    });

  it('is not ended as an idle connection', async () => {
    const sockets: Socket[] = [];
    const collect = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
    subscribe('http.server.request.start', collect);
    const { started, end, work } = heldWork();
    const details = { plan: work } as unknown as InspectDetails;
    const slow = await serveInspect({ index, details, authenticate: tokenOf(token, viewer), idleTimeoutMs: 50_000 });
    try {
      const answer = plan(slow.url);
      await started;
      const port = Number(new URL(slow.url).port);
      // A connection with the timeout 0 is never closed as idle.
      expect(sockets.filter(({ localPort }) => localPort === port).map(({ timeout }) => timeout)).toEqual([0]);
      end();
      expect(await (await answer).json()).toEqual({ summary: 'of the work' });
    } finally {
      unsubscribe('http.server.request.start', collect);
      await slow.close();
    }
  });

  it.each<[string, 'meta' | 'plan' | 'authenticate', number]>([
    ['a read', 'meta', 15],
    ['a plan', 'plan', 60],
    ['the review of a token', 'authenticate', 5],
  ])('fails when the API server does not respond within the deadline of %s', async (_title, waiting, seconds) => {
    const { started, work } = heldWork();
    const clock = new TestClock();
    const silent = await serveInspect({
      index,
      clock,
      details: { [waiting]: work } as unknown as InspectDetails,
      authenticate: waiting === 'authenticate' ? async () => (await work(), undefined) : () => Promise.resolve(viewer),
    });
    try {
      const answer = waiting === 'plan' ? plan(silent.url) : fetch(silent.url + inspectPaths.meta(), { headers: own });
      await started;
      await clock.advance(seconds * 1000);
      const response = await answer;
      expect([response.status, await response.json()]).toEqual([
        504,
        {
          code: 'inspect/no-answer',
          message: `the API server has not responded for ${seconds} s`,
          remedy: expect.stringContaining('/readyz'),
        },
      ]);
      expect(clock.timers).toBe(0);
    } finally {
      await silent.close();
    }
  });
});
