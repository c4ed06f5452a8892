import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connection } from '../data/connection-state.ts';
import { browserHost } from '../playground/playground-runner.ts';
import type { Layout } from './layout.ts';

/**
 * `started` lists, in order, the script of each worker that the page starts, and the word `terminated` for each worker
 * that the page ends. `sent` has the messages that the page sent to the workers.
 */
let started: string[];
let sent: { readonly id: number }[];
let answer: (event: { readonly data: { readonly id: number; readonly layout: string } }) => void;
/**
 * Reports a failure of the newest worker, as a browser does. The report has no message when the script of the worker
 * cannot be loaded.
 */
let fail: (event: { readonly message?: string; preventDefault(): void }) => void;

beforeEach(() => {
  started = [];
  sent = [];
  vi.resetModules();
  vi.stubGlobal(
    'Worker',
    class {
      constructor(url: URL) {
        started.push(url.pathname.split('/').at(-1) ?? '');
      }
      addEventListener(type: string, listener: typeof answer & typeof fail): void {
        if (type === 'message') answer = listener;
        else fail = listener;
      }
      postMessage(message: { readonly id: number }): void {
        sent.push(message);
      }
      terminate(): void {
        started.push('terminated');
      }
    },
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
  connection.value = { is: 'connecting' };
});

test('no layout worker is started while another program may listen on the port of the server, and the requests of this time are sent later', async () => {
  // Each test needs its own worker, and therefore its own copy of the module.
  const { requestLayout } = await import('./request-layout.ts');
  const { connection: own } = await import('../data/connection-state.ts');
  const done: Layout[] = [];
  const request = () =>
    requestLayout({ nodes: [], edges: [] } as never, { done: (layout) => done.push(layout), failed: () => {} });
  own.value = { is: 'lost', since: 0 };
  request();
  request();
  own.value = { is: 'refused' };
  expect([started, sent]).toEqual([[], []]);
  own.value = { is: 'live' };
  expect(started).toEqual(['layout-worker.js']);
  expect(sent.map(({ id }) => id)).toEqual([1, 2]);
  answer({ data: { id: 2, layout: 'second' } });
  expect(done).toEqual(['second']);

  own.value = { is: 'lost', since: 0 };
  request();
  expect([started.length, sent.length]).toEqual([1, 3]);
});

test.each([
  ['whose script cannot be loaded', undefined, 'its script cannot be loaded'],
  ['that fails', 'Maximum call stack size exceeded', 'Maximum call stack size exceeded'],
])(
  'a worker %s is reported to each waiting request, and the next request starts another one',
  async (_title, message, reason) => {
    const { requestLayout } = await import('./request-layout.ts');
    const results: unknown[] = [];
    const receiver = { done: (layout: Layout) => results.push(layout), failed: (why: string) => results.push(why) };
    requestLayout({} as never, receiver);
    requestLayout({} as never, receiver);
    fail({ ...(message === undefined ? {} : { message }), preventDefault: () => {} });
    expect([started, results]).toEqual([
      ['layout-worker.js', 'terminated'],
      [reason, reason],
    ]);
    requestLayout({} as never, receiver);
    answer({ data: { id: 3, layout: 'third' } });
    expect([started.at(-1), results.at(-1)]).toEqual(['layout-worker.js', 'third']);
  },
);

test.each([
  [undefined, 'The engine failed: its script cannot be loaded.'],
  ['out of memory', 'The engine failed: out of memory.'],
])('a failure of the playground worker with the message %j is reported with a reason', (message, reason) => {
  const failures: string[] = [];
  connection.value = { is: 'live' };
  browserHost<string, string>().start(
    () => {},
    (why) => failures.push(why),
  );
  fail({ ...(message === undefined ? {} : { message }), preventDefault: () => {} });
  expect(failures).toEqual([reason]);
});

test('the worker of the playground is not started while another program may listen on the port of the server', () => {
  connection.value = { is: 'lost', since: 0 };
  const host = browserHost<string, string>();
  const ignored = (): void => {};
  const first = host.start(ignored, ignored);
  const second = host.start(ignored, ignored);
  second.end();
  expect(started).toEqual([]);
  connection.value = { is: 'live' };
  expect(started).toEqual(['playground-worker.js']);
  first.send({ id: 1, input: 'a' });
  first.end();
  expect([sent, started]).toEqual([[{ id: 1, input: 'a' }], ['playground-worker.js', 'terminated']]);
});
