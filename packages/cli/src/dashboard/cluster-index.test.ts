import { describe, expect, it, test } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import type { KubeObject } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import type { InspectEvent, InstanceReport } from '@typekro/controller/inspect';
import { type KubernetesApi, type ResourceType, type WatchEvent, type WatchOptions, KubeError } from '@typekro/kube';
import type { NodeReport } from '@typekro/engine/runtime';
import { type ClusterIndexOptions, ClusterIndex } from './cluster-index.ts';

const SYNCED: WatchEvent = { type: 'SYNCED', resourceVersion: '1' };
const RESTARTED: WatchEvent = { type: 'RESTARTED' };
const failed = (status: number, message: string): WatchEvent => ({
  type: 'ERROR',
  error: new KubeError(message, { status, reason: 'x' }),
  retryAfterMs: 1,
});

/**
 * The watch events of each kind, keyed by kind, or by API version and kind. The first event of a kind is reported
 * immediately. Each later event waits for a call of `next`.
 */
type Watches = Readonly<Record<string, readonly WatchEvent[]>>;

/**
 * Returns an index that was not started, and a function that controls its watches. `next` lets the watch of a kind
 * report its next event.
 */
function unstartedIndex(
  watches: Watches,
  options: Partial<ClusterIndexOptions> = {},
  rest: Partial<Pick<KubernetesApi, 'raw'>> = {},
) {
  const gates = new Map<string, { open: () => void; opened: Promise<void> }[]>(
    Object.entries(watches).map(([kind, events]) => [
      kind,
      events.slice(1).map(() => {
        let open = (): void => undefined;
        const opened = new Promise<void>((resolve) => (open = resolve));
        return { open, opened };
      }),
    ]),
  );
  const clock = new TestClock();
  const api = {
    ...rest,
    async *watch({ apiVersion, kind }: ResourceType, { signal }: WatchOptions = {}) {
      const key = Object.hasOwn(watches, `${apiVersion} ${kind}`) ? `${apiVersion} ${kind}` : kind;
      for (const [index, event] of (watches[key] ?? []).entries()) {
        if (index > 0) await gates.get(key)?.[index - 1]?.opened;
        yield event;
      }
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
    },
  } as unknown as KubernetesApi;
  const index = new ClusterIndex({ api, clock, ...options });
  const done = new Map<string, number>();
  const next = async (kind = 'Pot'): Promise<void> => {
    const count = done.get(kind) ?? 0;
    gates.get(kind)?.[count]?.open();
    done.set(kind, count + 1);
    await clock.advance(0);
  };
  const types = (): string[] => index.log.after(0).events.map(({ type }) => type);
  return { index, next, types, clock };
}

const DEFINITION: readonly WatchEvent[] = [{ type: 'ADDED', object: potDefinition([]) }, SYNCED];
const NO_GRAPHS: readonly WatchEvent[] = [failed(404, 'the server has no kind "Graph"')];

describe('an API server that does not respond', () => {
  const SILENT = { text: 'the API server does not respond' };
  const watches = { ResourceGraphDefinition: [SYNCED], Graph: [SYNCED] };
  const silent = ({ signal }: { readonly signal?: AbortSignal }): Promise<never> =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));

  it('is a limit while a page follows the events, until the server responds, even with a refusal', async () => {
    const refused = () => Promise.reject(new KubeError('no', { status: 403, reason: 'Forbidden' }));
    let raw: KubernetesApi['raw'] = silent;
    const { index, types, clock } = unstartedIndex(watches, {}, { raw: (request) => raw(request) });
    await index.start();
    expect(index.limits()).toEqual([]);
    await clock.advance(60_000);
    expect(index.limits()).toEqual([]);
    const leave = index.log.subscribe(() => {});
    await clock.advance(10_000);
    const since = clock.now();
    expect([index.limits(), types()]).toEqual([[], []]);
    await clock.advance(5000);
    expect([index.limits(), types()]).toMatchObject([[{ ...SILENT, since }], ['limits-changed']]);
    await clock.advance(15_000);
    expect(index.limits()).toEqual([{ ...SILENT, since }]);
    leave();
    raw = refused;
    await clock.advance(15_000);
    expect([index.limits(), index.log.lastId]).toEqual([[], 2]);
    await index.close();
    expect(clock.timers).toBe(0);
  });

  it('does not delay the end of the index', async () => {
    const { index, clock } = unstartedIndex(watches, {}, { raw: silent });
    await index.start();
    index.log.subscribe(() => {});
    await clock.advance(10_000);
    await index.close();
    expect([index.limits(), clock.timers]).toEqual([[], 0]);
  });
});

test('at rest, the index sends no request while no page is open, and one probe every ten seconds while a page is open', async () => {
  let probes = 0;
  const raw: KubernetesApi['raw'] = () => {
    probes += 1;
    return Promise.resolve({ status: 200, headers: {}, text: '{}' });
  };
  const { index, clock } = unstartedIndex({ ResourceGraphDefinition: [SYNCED], Graph: [SYNCED] }, {}, { raw });
  await index.start();
  for (let minute = 0; minute < 10; minute += 1) await clock.advance(60_000);
  expect([probes, index.log.lastId]).toEqual([0, 0]);
  const leave = index.log.subscribe(() => {});
  for (let second = 0; second < 60; second += 10) await clock.advance(10_000);
  expect([probes, index.log.lastId]).toEqual([6, 0]);
  leave();
  await index.close();
});

test('the kinds of the index are those that can be listed, without the kind Graph if the cluster does not serve it', async () => {
  const { index, next } = await indexOf(SYNCED, failed(403, 'no'), { type: 'BOOKMARK', resourceVersion: '2' });
  const pots = [{ apiVersion: pot('a').apiVersion, kind: 'Pot' }];
  expect([index.kinds(), index.kinds('pots'), index.kinds('others')]).toEqual([pots, pots, []]);
  await next();
  expect(index.kinds()).toEqual([]);
  await next();
  expect(index.kinds()).toEqual(pots);
});

/**
 * Returns a started index. Its watch of pots reports `first` at once, and one event of `later` at each call of the
 * returned `next`.
 */
async function indexOf(first: WatchEvent, ...later: readonly WatchEvent[]) {
  const watches = { ResourceGraphDefinition: DEFINITION, Graph: NO_GRAPHS, Pot: [first, ...later] };
  const made = unstartedIndex(watches);
  const started = made.index.start();
  await made.next('ResourceGraphDefinition');
  await started;
  return made;
}

test.each<[string, WatchEvent]>([
  ['a change', { type: 'MODIFIED', object: pot('a') }],
  ['a bookmark', { type: 'BOOKMARK', resourceVersion: '2' }],
])('the note about a lost connection is removed by %s', async (_title, event) => {
  const { index, next, clock } = await indexOf(SYNCED, failed(0, 'no connection'), event);
  expect(index.limits()).toEqual([]);
  await next();
  expect(index.limits()).toEqual([{ text: 'the API server does not respond: no connection', since: clock.now() }]);
  await next();
  expect(index.limits()).toEqual([]);
  await index.close();
});

test.each([
  [false, { text: 'definition pots cannot be served: node a: undefined field', definition: 'pots' }],
  [true, { text: 'instances of Pot cannot be listed: the server has no kind "Pot"' }],
])(
  'a kind that the cluster does not serve is a limit that names its definition; with hidden reasons (%s) it does not',
  async (hidesReasons, limit) => {
    const message = 'node a: undefined field\n | x';
    const conditions = [{ type: 'ResourceGraphAccepted', status: 'False', reason: 'Invalid', message }];
    const broken = { ...potDefinition([]), status: { state: 'Inactive', conditions } };
    const { index, next } = unstartedIndex(
      {
        ResourceGraphDefinition: [{ type: 'ADDED', object: broken }, SYNCED],
        Graph: NO_GRAPHS,
        Pot: [failed(404, 'the server has no kind "Pot"')],
      },
      { hidesReasons },
    );
    const started = index.start();
    await next('ResourceGraphDefinition');
    await started;
    expect(index.limits()).toEqual([limit]);
    await index.close();
  },
);

test('when the first list of instances failed, their later appearance is reported as events, because clients have read a list without them', async () => {
  const { index, next, types } = await indexOf(
    failed(403, 'pots is forbidden: User "robot" cannot list'),
    RESTARTED,
    { type: 'ADDED', object: pot('a') },
    SYNCED,
  );
  expect(index.limits()).toEqual([
    { text: 'instances of Pot cannot be listed: this server may not list and watch them' },
  ]);
  for (let step = 0; step < 3; step += 1) await next();
  expect(types()).toEqual(['limits-changed', 'instance-changed']);
  expect(index.limits()).toEqual([]);
  await index.close();
});

test('a change of the limits causes one event, and a repeated failure causes none', async () => {
  const { index, next } = await indexOf(
    SYNCED,
    failed(0, 'no connection'),
    failed(0, 'no connection'),
    failed(503, 'busy'),
    { type: 'MODIFIED', object: pot('a') },
  );
  expect(index.limits()).toEqual([]);
  for (let step = 0; step < 4; step += 1) await next();
  const of = index.log.after(0).events.filter(({ type }) => type === 'limits-changed');
  // The newest event of this type replaces the earlier ones.
  expect(of).toMatchObject([{ subject: '', message: 'everything can be listed' }]);
  expect(index.log.lastId).toBe(4);
  await index.close();
});

test('the limits say that the first lists are not complete, and objects that arrive later cause events', async () => {
  const { index, next, types } = unstartedIndex({
    ResourceGraphDefinition: DEFINITION,
    Graph: NO_GRAPHS,
    Pot: [{ type: 'ADDED', object: pot('a') }, SYNCED],
  });
  const started = index.start();
  expect([index.instances(), index.limits()]).toEqual([
    [],
    [{ text: 'the first lists of the cluster are not complete yet' }],
  ]);
  await next('ResourceGraphDefinition');
  await next();
  await started;
  expect([index.instances().length, index.limits()]).toEqual([1, []]);
  expect(new Set(types())).toEqual(new Set(['definition-changed', 'instance-changed', 'limits-changed']));
  await index.close();
});

test('objects of the first lists cause no events when no client has read yet', async () => {
  const { index, next, types } = unstartedIndex({
    ResourceGraphDefinition: DEFINITION,
    Graph: NO_GRAPHS,
    Pot: [{ type: 'ADDED', object: pot('a') }, SYNCED],
  });
  const started = index.start();
  await next('ResourceGraphDefinition');
  await next();
  await started;
  expect(types()).toEqual([]);
  await index.close();
});

test('a cluster that does not respond is a limit, not an error', async () => {
  const down = [failed(0, 'no connection')];
  const { index, clock } = unstartedIndex({ ResourceGraphDefinition: down, Graph: down });
  await index.start();
  expect(index.limits()).toEqual([{ text: 'the API server does not respond: no connection', since: clock.now() }]);
  await index.close();
});

const graph = (apiVersion: string): KubeObject => ({
  apiVersion,
  kind: 'Graph',
  metadata: { name: 'g', namespace: 'default', uid: 'g' },
});
const GRAPHS = `${GraphObject.TYPE.group}/${GraphObject.TYPE.version}`;

test('Graphs appear when the kind Graph is installed later', async () => {
  const { index, next } = unstartedIndex({
    ResourceGraphDefinition: [SYNCED],
    Graph: [...NO_GRAPHS, { type: 'ADDED', object: graph(GRAPHS) }, SYNCED],
  });
  await index.start();
  expect([index.instances(), index.limits()]).toEqual([[], []]);
  for (let step = 0; step < 2; step += 1) await next('Graph');
  expect(index.instances().map(({ apiVersion, kind }) => [apiVersion, kind])).toEqual([[GRAPHS, 'Graph']]);
  await index.close();
});

test('the instances of a kind Graph in another group are removed with their definition', async () => {
  const own = { ...potDefinition([]), spec: { schema: { group: 'acme.test', apiVersion: 'v1', kind: 'Graph' } } };
  const { index, next } = unstartedIndex({
    ResourceGraphDefinition: [{ type: 'ADDED', object: own }, SYNCED, { type: 'DELETED', object: own }],
    'acme.test/v1 Graph': [{ type: 'ADDED', object: graph('acme.test/v1') }, SYNCED],
    [`${GRAPHS} Graph`]: [{ type: 'ADDED', object: graph(GRAPHS) }, SYNCED],
  });
  const started = index.start();
  for (const kind of ['ResourceGraphDefinition', 'acme.test/v1 Graph', `${GRAPHS} Graph`]) await next(kind);
  await started;
  const versions = (): string[] => index.instances().map(({ apiVersion }) => apiVersion);
  expect(versions().sort()).toEqual(['acme.test/v1', GRAPHS].sort());
  await next('ResourceGraphDefinition');
  expect(versions()).toEqual([GRAPHS]);
  await index.close();
});

describe('with the reports of a controller', () => {
  const REASON = 'db: waits for ConfigMap v1 other/hidden, which another client must create';
  const nodes: readonly NodeReport[] = [
    {
      id: 'db',
      state: 'waiting',
      because: {
        kind: 'external-missing',
        object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'other', name: 'hidden' },
      },
      objects: [],
    },
  ];
  const waiting = {
    ...pot('a'),
    status: { state: 'IN_PROGRESS', conditions: [{ type: 'Ready', status: 'False', message: 'not ready' }] },
  };
  it.each([
    [
      'rows and events have the reasons and messages of the controller',
      false,
      REASON,
      ['db: updated, drift', 'no right on hidden'],
    ],
    [
      'for callers without the rights of the controller, rows have the message of the status, and events have general messages',
      true,
      'not ready',
      ['the controller wrote an object', 'a pass of the controller failed'],
    ],
  ])('%s', async (_title, hidesReasons, waitingFor, messages) => {
    let report = (_event: InspectEvent): void => undefined;
    const reports = {
      subscribe: (listener: typeof report) => {
        report = listener;
        return () => undefined;
      },
      instances: () => [],
      report: () => ({ conditions: [], nodes }) as unknown as InstanceReport,
    };
    const watches = { ResourceGraphDefinition: DEFINITION, Graph: NO_GRAPHS };
    const { index, next } = unstartedIndex(
      { ...watches, Pot: [{ type: 'ADDED', object: waiting }, SYNCED] },
      { reports, hidesReasons },
    );
    const started = index.start();
    await next('ResourceGraphDefinition');
    await next();
    await started;
    const [row] = index.instances();
    expect(row?.waitingFor).toBe(waitingFor);
    const subject = row?.ref ?? '';
    report({ id: 1, at: 0, type: 'wrote', subject, message: 'db: updated, drift' });
    report({ id: 2, at: 0, type: 'failed', subject, message: 'no right on hidden' });
    expect(index.log.after(0).events.map(({ message }) => message)).toEqual(messages);
    await index.close();
  });

  it.each([
    ['ERROR', 'map: ConfigMap "a" is invalid'],
    ['IN_PROGRESS', 'map: creates its object'],
  ])('an instance in the state %s with a pending write has the reason: %s', async (state, waitingFor) => {
    const message = 'apply "map": ConfigMap "a" is invalid';
    const object = { ...pot('a'), status: { state, conditions: [{ type: 'Ready', status: 'False', message }] } };
    const due = { id: 'map', state: 'applying', because: { kind: 'write', action: 'create', count: 1 }, objects: [] };
    const reports = {
      subscribe: () => () => undefined,
      instances: () => [],
      report: () => ({ conditions: [], nodes: [due] }) as unknown as InstanceReport,
    };
    const watches = { ResourceGraphDefinition: DEFINITION, Graph: NO_GRAPHS, Pot: [{ type: 'ADDED', object }, SYNCED] };
    const { index, next } = unstartedIndex(watches as Watches, { reports });
    const started = index.start();
    await next('ResourceGraphDefinition');
    await next();
    await started;
    expect(index.instances().map((row) => row.waitingFor)).toEqual([waitingFor]);
    await index.close();
  });
});
