import { runInNewContext } from 'node:vm';
import { describe, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dashboardFilesText } from '@typekro/kit/core';
import { connection } from '../data/connection-state.ts';
import { browserHost } from '../playground/playground-runner.ts';
import type { Layout, LayoutAnswer, LayoutInput, LayoutRequest } from './layout.ts';
import { computeLayout } from './compute-layout.ts';

describe('request layout', () => {
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
});

/** The worker script of the page. It lacks the parts of the layout library that the page does not use. */
const script = (JSON.parse(dashboardFilesText()) as Record<string, string>)['/layout-worker.js'] ?? '';

/** The layout of an input by the script of the page. */
function layoutOfPage(input: LayoutInput): LayoutAnswer['layout'] {
  let listener: ((event: { readonly data: LayoutRequest }) => void) | undefined;
  const answers: LayoutAnswer[] = [];
  runInNewContext(script, {
    addEventListener: (_: string, added: typeof listener) => (listener = added),
    postMessage: (answer: LayoutAnswer) => answers.push(answer),
  });
  listener?.({ data: { id: 1, input } });
  const [answer] = answers;
  if (answer === undefined) throw new Error('the script of the page gives no layout');
  return answer.layout;
}

/** A graph with lines to each box from up to three of the boxes before it. The same seed produces the same graph. */
function graphOf(seed: number, count: number, direction: LayoutInput['direction']): LayoutInput {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
  const boxes = Array.from({ length: count }, (_, index) => ({
    id: `n${index}`,
    width: 216,
    height: 56 + random(3) * 20,
  }));
  const lines = boxes.flatMap(({ id }, index) => {
    const targets = index === 0 ? [] : Array.from({ length: random(4) }, () => `n${random(index)}`);
    return [...new Set(targets)].map((from) => ({ from, to: id }));
  });
  // Pictures with groups may have cycles.
  return {
    boxes,
    lines: seed % 3 === 0 ? [...lines, { from: `n${count - 1}`, to: 'n0' }] : lines,
    direction,
    columns: 4,
  };
}

test.each(Array.from({ length: 12 }, (_, seed) => [seed + 1, 5 + seed * 4]))(
  'the script of the page and the whole library compute the same layout for graph %i with %i boxes',
  (seed, count) => {
    const input = graphOf(seed, count, seed % 2 === 0 ? 'TB' : 'LR');
    const plain = ({ boxes, lines, ...size }: LayoutAnswer['layout']) => ({
      ...size,
      boxes: Object.fromEntries(boxes),
      lines: Object.fromEntries(lines),
    });
    expect(JSON.stringify(plain(layoutOfPage(input)))).toBe(JSON.stringify(plain(computeLayout(input))));
  },
);
