import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterAll, describe, expect, it, test } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { readPlanRequest } from './bodies.ts';
import { refuseForeign } from './request-guard.ts';
import { boundedValue } from './expression-value.ts';
import { EventLog } from './event-log.ts';
import type { InspectEvent } from './inspect-source.ts';
import type { InspectDetails, Viewer } from './details.ts';
import { indexOfReports } from './inspect-index.ts';
import { inspectPaths } from './paths.ts';
import { serveInspect, tokenOf } from './server.ts';

test('a plan request is refused if two of its files have the same name', () => {
  const body = (...names: string[]) => JSON.stringify({ files: names.map((name) => ({ name, text: '' })) });
  expect(readPlanRequest(body('a', 'b')).files).toHaveLength(2);
  expect(() => readPlanRequest(body('a', 'b', 'a'))).toThrow('each file must have its own name');
});

const LINK = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

test.each<[string, string, string, Readonly<Record<string, string>>, boolean]>([
  ['a link of another site to the page', 'GET', '/', LINK, true],
  ['a link of a sibling site to the page', 'GET', '/', { ...LINK, 'sec-fetch-site': 'same-site' }, true],
  ['a link to a script of the page', 'GET', '/app.js', LINK, false],
  ['a link to data', 'GET', '/api/v1/instances', LINK, false],
  ['a link with parameters', 'GET', '/?a=b', LINK, false],
  ['a form of another site', 'POST', '/', LINK, false],
  ['a link with a foreign origin', 'GET', '/', { ...LINK, origin: 'https://evil.test' }, false],
  ['a frame with the page', 'GET', '/', { ...LINK, 'sec-fetch-dest': 'iframe' }, false],
  [
    'a read of the page by a script of another site',
    'GET',
    '/',
    { ...LINK, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' },
    false,
  ],
  ['a link to a foreign name', 'GET', '/', { ...LINK, host: 'evil.test' }, false],
])('%s (%s %s, headers %j) is accepted: %s', (_, method, path, headers, isAllowed) => {
  const check = () => refuseForeign({ method, path, headers: { host: 'localhost:1', ...headers } }, new Set(), false);
  if (isAllowed) expect(check).not.toThrow();
  else expect(check).toThrow(/may not use this server|is not called/);
});

test.each([
  [
    'whose command has an option for names',
    true,
    'open it as 127.0.0.1, or start the controller with --dashboard-hosts',
  ],
  ['whose command has no option for names', false, 'open it as 127.0.0.1'],
])('the refusal of a foreign name by a server %s has a matching remedy', (_, takesHosts, remedy) => {
  const request = { method: 'GET', path: '/', headers: { host: 'evil.test' } };
  expect(() => refuseForeign(request, new Set(), takesHosts)).toThrow(expect.objectContaining({ remedy }));
});

test.each([
  ['a'.repeat(4094), { is: 'known', value: 'a'.repeat(4094) }],
  ['a'.repeat(5000), { is: 'large', bytes: 5002 }],
  ['ü'.repeat(5000), { is: 'large', bytes: 10_002 }],
])('a value of at most 4096 bytes stays, and a larger value is replaced by its size in bytes', (value, expected) => {
  expect(boundedValue(value)).toEqual(expected);
});

const event = (type: InspectEvent['type'], subject: string): Omit<InspectEvent, 'id'> => ({
  at: 0,
  type,
  subject,
  message: '',
});
const ids = (log: EventLog, after: number): number[] => log.after(after).events.map(({ id }) => id);

test('a full log reports whether it still has all events after an id', () => {
  const log = new EventLog();
  for (let index = 0; index < 1002; index += 1) log.add(event('instance-changed', `s${index}`));
  expect([log.after(1).complete, log.after(2).complete, log.after(1003).complete]).toEqual([false, true, false]);
  expect(ids(log, 1000)).toEqual([1001, 1002]);
  expect(ids(log, 2)).toHaveLength(1000);
});

test('all changes of the objects of an instance together use the space of one event', () => {
  const log = new EventLog();
  log.add(event('instance-changed', 'a'));
  log.add(event('object-changed', 'b'));
  for (let index = 0; index < 5000; index += 1) log.add(event('object-changed', 'a'));
  expect([log.lastId, ids(log, 0)]).toEqual([5002, [1, 2, 5002]]);
  // A client whose last id is between two of the changes gets only the event of the last change.
  expect([ids(log, 2000), log.after(2000).complete]).toEqual([[5002], true]);
});

test('only events of the type object-changed replace earlier events, and each listener gets every event', () => {
  const log = new EventLog();
  const heard: number[] = [];
  log.subscribe(({ id }) => heard.push(id));
  log.add(event('wrote', 'a'));
  log.add(event('wrote', 'a'));
  log.add(event('object-changed', 'a'));
  log.add(event('object-changed', 'a'));
  expect([ids(log, 0), heard]).toEqual([
    [1, 2, 4],
    [1, 2, 3, 4],
  ]);
});

describe('answer deadline', () => {
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
        authenticate:
          waiting === 'authenticate' ? async () => (await work(), undefined) : () => Promise.resolve(viewer),
      });
      try {
        const answer =
          waiting === 'plan' ? plan(silent.url) : fetch(silent.url + inspectPaths.meta(), { headers: own });
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
});
