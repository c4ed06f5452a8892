import { describe, expect, it } from 'vitest';
import { KubeError } from './kube-error.ts';
import { type WatchAction, type WatchInput, type WatchState, initialWatchState, watchStep } from './watch-step.ts';

const pod = (name: string, resourceVersion: string, annotations?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
});
const line = (type: string, object: unknown): WatchInput => ({ type: 'line', text: JSON.stringify({ type, object }) });
const failure = (status: number, reason = 'X'): WatchInput => ({
  type: 'failed',
  error: new KubeError('no', { status, reason }),
  random: 1,
});

const notFilled: WatchInput = {
  type: 'failed',
  error: new KubeError('storage is (re)initializing', { status: 429, reason: 'TooManyRequests' }),
  random: 1,
};

/** Runs the step for each input. Returns a short log of the outputs, and the last state. */
function run(state: WatchState, inputs: readonly WatchInput[]): { log: string[]; state: WatchState } {
  const log: string[] = [];
  for (const input of inputs) {
    const [actions, next] = watchStep(state, input);
    log.push(...actions.map(short));
    state = next;
  }
  return { log, state };
}

function short(action: WatchAction): string {
  if (action.type === 'list' || action.type === 'compare') return action.type;
  if (action.type === 'open') return `open ${action.resourceVersion ?? 'stream'}`;
  if (action.type === 'wait') return `wait ${action.milliseconds}`;
  const { event } = action;
  if ('object' in event) return `${event.type} ${event.object.metadata.name ?? ''}`;
  if ('resourceVersion' in event)
    return `${event.type} ${event.resourceVersion}${'wentBack' in event ? ' (went back)' : ''}`;
  return event.type;
}

const listing = initialWatchState({ streamsLists: false });
const streaming = initialWatchState({ streamsLists: true });
const begin: WatchInput = { type: 'begin' };
const listedAt = (resourceVersion: string): WatchInput => ({
  type: 'listed',
  list: { items: [pod('a', '3')], resourceVersion },
});
const listed = listedAt('5');
const versionIs = (resourceVersion: string): WatchInput => ({ type: 'compared', resourceVersion });
const tooLarge: WatchInput = {
  type: 'failed',
  error: new KubeError('Too large resource version: 7, current: 3', { status: 504, reason: 'Timeout' }),
  random: 1,
};

describe('watchStep', () => {
  const cases: readonly { title: string; from: WatchState; inputs: WatchInput[]; log: string[] }[] = [
    {
      title: 'lists, reports the existing objects, and follows from the version of the list',
      from: listing,
      inputs: [begin, listed],
      log: ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5'],
    },
    {
      title: 'reads the list as a stream up to the annotated bookmark',
      from: streaming,
      inputs: [
        begin,
        line('ADDED', pod('a', '3')),
        line('BOOKMARK', pod('', '4')),
        line('BOOKMARK', pod('', '5', { 'example.com/mark': 'true' })),
        line('BOOKMARK', pod('', '7', { 'k8s.io/initial-events-end': 'true' })),
        line('MODIFIED', pod('a', '8')),
      ],
      log: ['RESTARTED', 'open stream', 'ADDED a', 'SYNCED 7', 'MODIFIED a'],
    },
    {
      title: 'lists when the server refuses to stream lists',
      from: streaming,
      inputs: [begin, failure(422), listed],
      log: ['RESTARTED', 'open stream', 'list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5'],
    },
    {
      title: 'lists a kind while the server has not filled its cache of the kind, and streams the next list',
      from: streaming,
      inputs: [begin, notFilled, listed, failure(410)],
      log: [
        'RESTARTED',
        'open stream',
        'list',
        'RESTARTED',
        'ADDED a',
        'SYNCED 5',
        'open 5',
        'RESTARTED',
        'open stream',
      ],
    },
    {
      title: 'waits when the server refuses both the streamed list and the plain list',
      from: streaming,
      inputs: [begin, notFilled, notFilled, { type: 'waited' }, notFilled, listed],
      log: [
        ['RESTARTED', 'open stream', 'list', 'ERROR', 'wait 500'],
        ['RESTARTED', 'open stream', 'list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5'],
      ].flat(),
    },
    {
      title: 'waits when the server is busy, and does not request a list',
      from: streaming,
      inputs: [begin, failure(429), { type: 'waited' }],
      log: ['RESTARTED', 'open stream', 'ERROR', 'wait 500', 'RESTARTED', 'open stream'],
    },
    {
      title: 'continues after the last version, which may be that of a bookmark, when the stream ends',
      from: listing,
      inputs: [begin, listed, line('MODIFIED', pod('a', '6')), line('BOOKMARK', pod('', '9')), { type: 'ended' }],
      log: ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'MODIFIED a', 'BOOKMARK 9', 'open 9'],
    },
    {
      title: 'opens a silent stream again',
      from: listing,
      inputs: [begin, listed, { type: 'idle' }],
      log: ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'open 5'],
    },
    {
      title: 'lists again at once when its version is too old',
      from: listing,
      inputs: [begin, listed, line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' })],
      log: ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'list'],
    },
    {
      title: 'pauses while the version of every list is too old, until an event follows a list',
      from: listing,
      inputs: [
        [begin, listed, failure(410), listed, failure(410)],
        [{ type: 'waited' } as const, listed, failure(410)],
        [{ type: 'waited' } as const, listed, line('MODIFIED', pod('a', '6')), failure(410)],
      ].flat(),
      log: [
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5'],
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'ERROR', 'wait 1000'],
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'ERROR', 'wait 2000'],
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'MODIFIED a', 'list'],
      ].flat(),
    },
    {
      title: 'recognises an expired version by the reason of the error if the error has no code',
      from: listing,
      inputs: [begin, listed, line('ERROR', { kind: 'Status', reason: 'Expired', message: 'too old' })],
      log: ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'list'],
    },
    {
      title: 'lists when the stream of a list ends before the annotated bookmark, as on servers without streamed lists',
      from: streaming,
      inputs: [begin, line('ADDED', pod('a', '3')), { type: 'ended' }, listed, failure(410)],
      log: [
        ['RESTARTED', 'open stream', 'ADDED a', 'list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5'],
        ['RESTARTED', 'open stream'],
      ].flat(),
    },
    {
      title: 'waits longer after each error, and continues at the last version',
      from: listing,
      inputs: [begin, listed, failure(500), { type: 'waited' }, failure(500), { type: 'waited' }],
      log: [
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5'],
        ['ERROR', 'wait 500', 'open 5', 'ERROR', 'wait 1000', 'open 5'],
      ].flat(),
    },
    {
      title: 'reports a malformed line, and opens the stream again instead of skipping the line',
      from: listing,
      inputs: [begin, listed, { type: 'line', text: '{"type":"ADD' }, { type: 'waited' }],
      log: ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'ERROR', 'wait 500', 'open 5'],
    },
    ...[{ kind: 'Pod' }, 'text', null].map((object) => ({
      title: `reports an event of ${JSON.stringify(object)}, which is not a Kubernetes object, and opens the stream again`,
      from: listing,
      inputs: [begin, listed, line('ADDED', object), { type: 'waited' } as const],
      log: ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'ERROR', 'wait 500', 'open 5'],
    })),
    ...[403, 404].map((status) => ({
      title: `lists again after ${status}, because another kind with the same name may replace the kind`,
      from: listing,
      inputs: [begin, listed, failure(status), { type: 'waited' } as const, listed],
      log: [
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'ERROR', 'wait 500'],
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5'],
      ].flat(),
    })),
    {
      title: 'slows down when streams keep ending without a line',
      from: listing,
      inputs: [begin, listed, { type: 'ended' }, { type: 'ended' }, { type: 'ended' }, { type: 'waited' }],
      log: ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'open 5', 'open 5', 'wait 500', 'open 5'],
    },
    {
      title: 'does not list when a version is given',
      from: initialWatchState({ resourceVersion: '42', streamsLists: true }),
      inputs: [begin, line('DELETED', pod('a', '43'))],
      log: ['open 42', 'DELETED a'],
    },
    {
      title:
        'compares its version with that of the server after the server was unreachable, and continues at its version',
      from: listing,
      inputs: [begin, listed, failure(0), { type: 'waited' }, versionIs('5'), line('MODIFIED', pod('a', '6'))],
      log: [
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'ERROR', 'wait 500'],
        ['compare', 'open 5', 'MODIFIED a'],
      ].flat(),
    },
    {
      title: 'lists when the server was restored to an earlier state, and reports this',
      from: listing,
      inputs: [
        [begin, listed, failure(0), { type: 'waited' } as const, failure(503), { type: 'waited' } as const],
        [versionIs('3'), listedAt('3'), failure(410), listedAt('4')],
      ].flat(),
      log: [
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'ERROR', 'wait 500'],
        ['compare', 'ERROR', 'wait 500', 'compare', 'list', 'RESTARTED', 'ADDED a', 'SYNCED 3 (went back)', 'open 3'],
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 4', 'open 4'],
      ].flat(),
    },
    {
      title: 'compares versions when the server does not have the version of the watch yet',
      from: streaming,
      inputs: [
        [begin, line('BOOKMARK', pod('', '7', { 'k8s.io/initial-events-end': 'true' })), tooLarge],
        [{ type: 'waited' } as const, versionIs('3')],
        [line('BOOKMARK', pod('', '3', { 'k8s.io/initial-events-end': 'true' }))],
      ].flat(),
      log: [
        ['RESTARTED', 'open stream', 'SYNCED 7', 'ERROR', 'wait 500', 'compare'],
        ['RESTARTED', 'open stream', 'SYNCED 3 (went back)'],
      ].flat(),
    },
    {
      title: 'lists after a bookmark of an earlier state',
      from: listing,
      inputs: [begin, listed, line('BOOKMARK', pod('', '4')), listedAt('4')],
      log: [
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'list', 'RESTARTED', 'ADDED a', 'SYNCED 4 (went back)'],
        ['open 4'],
      ].flat(),
    },
    {
      title: 'remembers its version when the kind is missing for a while',
      from: listing,
      inputs: [begin, listed, failure(404), { type: 'waited' }, listedAt('3')],
      log: [
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 5', 'open 5', 'ERROR', 'wait 500'],
        ['list', 'RESTARTED', 'ADDED a', 'SYNCED 3 (went back)', 'open 3'],
      ].flat(),
    },
    {
      title: 'does not compare versions that are not numbers',
      from: listing,
      inputs: [begin, listedAt('b5'), failure(0), { type: 'waited' }, versionIs('a9')],
      log: ['list', 'RESTARTED', 'ADDED a', 'SYNCED b5', 'open b5', 'ERROR', 'wait 500', 'compare', 'open b5'],
    },
  ];
  it.each(cases)('$title', ({ from, inputs, log }) => {
    expect(run(from, inputs).log).toEqual(log);
  });

  it('resets the number of failures when an event arrives', () => {
    const { state } = run(listing, [begin, listed, failure(500), { type: 'waited' }, line('MODIFIED', pod('a', '6'))]);
    expect(state).toMatchObject({ failures: 0, resourceVersion: '6' });
  });

  it('waits as long as Retry-After says', () => {
    const error = new KubeError('busy', { status: 429, reason: 'TooManyRequests', retryAfterMs: 7000 });
    const { log } = run(listing, [begin, { type: 'failed', error, random: 0 }]);
    expect(log).toEqual(['list', 'ERROR', 'wait 7000']);
  });
});

describe('pauses grow', () => {
  it.each([
    ['up to half a minute while the server refuses requests', 503, 30_000],
    ['to a shorter maximum while the server is unreachable, so that its return is noticed soon', 0, 5000],
  ])('%s', (_name, status, most) => {
    const failures = Array.from({ length: 10 }, () => [failure(status), { type: 'waited' } as const]).flat();
    const waits = run(listing, failures).log.filter((entry) => entry.startsWith('wait'));
    expect(waits.slice(0, 2)).toEqual(['wait 500', 'wait 1000']);
    expect(waits.at(-1)).toBe(`wait ${most}`);
  });

  it('from half a second again when a server that was unreachable refuses a request', () => {
    const away = Array.from({ length: 8 }, () => [failure(0), { type: 'waited' } as const]).flat();
    const starting = Array.from({ length: 3 }, () => [failure(403), { type: 'waited' } as const]).flat();
    const waits = run(listing, [...away, ...starting]).log.filter((entry) => entry.startsWith('wait'));
    expect(waits.slice(-4)).toEqual(['wait 5000', 'wait 500', 'wait 1000', 'wait 2000']);
  });
});
