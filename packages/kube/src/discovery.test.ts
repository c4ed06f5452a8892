import { describe, expect, it } from 'vitest';
import { createDiscovery, parseAggregated, parseResourceList } from './discovery.ts';
import { KubeError } from './kube-error.ts';

const boats = {
  resources: [
    { name: 'boats', singularName: 'boat', namespaced: true, kind: 'Boat', verbs: ['get', 'list'], shortNames: ['bo'] },
    { name: 'boats/status', singularName: '', namespaced: true, kind: 'Boat', verbs: ['get'] },
  ],
};

function setup(answers: Record<string, unknown>) {
  let now = 0;
  const requestedPaths: string[] = [];
  const discovery = createDiscovery(
    (path) => {
      requestedPaths.push(path);
      const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
      if (answer === undefined) return Promise.reject(new KubeError('no', { status: 404, reason: 'NotFound' }));
      return Promise.resolve(JSON.stringify(answer));
    },
    { now: () => now, setTimer: () => ({ cancel: () => undefined }) },
  );
  return { discovery, requestedPaths, answers, tick: (milliseconds: number) => (now += milliseconds) };
}
const boat = { apiVersion: 'acme.test/v1', kind: 'Boat' };

describe('createDiscovery', () => {
  it('reads a group-version only once, even for concurrent callers', async () => {
    const { discovery, requestedPaths } = setup({ '/apis/acme.test/v1': boats });
    const [one, two] = await Promise.all([discovery.resourceOf(boat), discovery.resourceOf(boat)]);
    expect(one).toBe(two);
    expect(one).toMatchObject({ plural: 'boats', namespaced: true, subresources: ['status'], shortNames: ['bo'] });
    expect(requestedPaths).toEqual(['/apis/acme.test/v1']);
  });

  it('looks a missing kind up again, at most once a second', async () => {
    const { discovery, requestedPaths, answers, tick } = setup({});
    expect(await discovery.resourceOf(boat)).toBeUndefined();
    expect(await discovery.resourceOf(boat)).toBeUndefined();
    expect(requestedPaths).toHaveLength(1);
    answers['/apis/acme.test/v1'] = boats;
    tick(1000);
    expect(await discovery.resourceOf(boat)).toBeDefined();
  });

  it('looks a missing kind up again, even after the wall clock was set back', async () => {
    let [day, passed, requestedPaths] = [5_000_000, 0, 0];
    const clock = { now: () => day, elapsed: () => passed, setTimer: () => ({ cancel: () => undefined }) };
    const discovery = createDiscovery(() => Promise.resolve(`{"requestedPaths": ${(requestedPaths += 1)}}`), clock);
    await discovery.resourceOf(boat);
    day -= 3_600_000;
    passed += 1000;
    await discovery.resourceOf(boat);
    expect(requestedPaths).toBe(2);
  });

  it('reads only the forgotten kind again', async () => {
    const { discovery, requestedPaths } = setup({ '/apis/acme.test/v1': boats });
    await discovery.resourceOf(boat);
    discovery.forget('acme.test', 'Other');
    await discovery.resourceOf(boat);
    expect(requestedPaths).toHaveLength(1);
    discovery.forget('acme.test', 'Boat');
    await discovery.resourceOf(boat);
    expect(requestedPaths).toHaveLength(2);
  });

  it('reads again after forget, although an older request is still running', async () => {
    const { discovery, requestedPaths, answers } = setup({});
    const early = discovery.resourceOf(boat);
    answers['/apis/acme.test/v1'] = boats;
    discovery.forget('acme.test', 'Boat');
    expect(await discovery.resourceOf(boat)).toMatchObject({ plural: 'boats' });
    expect(await early).toBeUndefined();
    expect(discovery.peek(boat)).toMatchObject({ plural: 'boats' });
    expect(requestedPaths).toHaveLength(2);
  });

  it('keeps nothing of a request that was running when forget was called', async () => {
    const { discovery, answers } = setup({ '/apis/acme.test/v1': boats });
    const early = discovery.resourceOf(boat);
    discovery.forget('acme.test');
    delete answers['/apis/acme.test/v1'];
    expect(await early).toBeDefined();
    expect(await discovery.resourceOf(boat)).toBeUndefined();
  });

  it('sends one request for all waiting callers, even if the first one aborts', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    let answer: (text: string) => void = () => undefined;
    const discovery = createDiscovery(
      (_path, _accept, { signal }) => {
        signals.push(signal);
        return new Promise((resolve) => (answer = resolve));
      },
      { now: () => 0, setTimer: () => ({ cancel: () => undefined }) },
    );
    const giveUp = new AbortController();
    const first = discovery.resourceOf(boat, { signal: giveUp.signal });
    const second = discovery.resourceOf(boat, { signal: new AbortController().signal });
    giveUp.abort();
    await expect(first).rejects.toMatchObject({ reason: 'Aborted' });
    answer(JSON.stringify(boats));
    expect(await second).toMatchObject({ plural: 'boats' });
    expect(signals).toEqual([undefined]);
  });

  it('sends no request for a learned kind', async () => {
    const { discovery, requestedPaths } = setup({});
    const resource = {
      group: 'acme.test',
      version: 'v1',
      kind: 'Boat',
      plural: 'boats',
      singular: 'boat',
      namespaced: true,
      shortNames: [],
      categories: [],
      verbs: [],
      subresources: [],
    };
    discovery.learn(resource);
    expect(await discovery.resourceOf(boat)).toBe(resource);
    expect(requestedPaths).toEqual([]);
  });

  it('finds a kind of unknown version, and tries the preferred version first', async () => {
    const { discovery } = setup({
      '/apis/acme.test': {
        preferredVersion: { groupVersion: 'acme.test/v2' },
        versions: [{ groupVersion: 'acme.test/v1' }, { groupVersion: 'acme.test/v2' }],
      },
      '/apis/acme.test/v1': boats,
      '/apis/acme.test/v2': { resources: [] },
    });
    expect((await discovery.inGroup('acme.test', 'Boat'))?.version).toBe('v1');
    expect(await discovery.inGroup('gone.test', 'Boat')).toBeUndefined();
  });

  it('lists all resources, from the aggregated and from the old format', async () => {
    const legacy = setup({
      '/api': { kind: 'APIVersions', versions: [] },
      '/apis': { kind: 'APIGroupList', groups: [{ name: 'acme.test', versions: [{ version: 'v1' }] }] },
      '/apis/acme.test/v1': boats,
    });
    const entry = {
      resource: 'boats',
      singularResource: 'boat',
      scope: 'Namespaced',
      responseKind: { kind: 'Boat' },
      verbs: ['get', 'list'],
      shortNames: ['bo'],
      subresources: [{ subresource: 'status' }],
    };
    const items = [{ metadata: { name: 'acme.test' }, versions: [{ version: 'v1', resources: [entry] }] }];
    const aggregated = setup({
      '/api': { kind: 'APIGroupDiscoveryList', items: [] },
      '/apis': { kind: 'APIGroupDiscoveryList', items },
    });
    const mixed = setup({
      '/api': { kind: 'APIVersions', versions: [] },
      '/apis': { kind: 'APIGroupDiscoveryList', items },
    });
    expect(await aggregated.discovery.all()).toEqual(await legacy.discovery.all());
    expect(await mixed.discovery.all()).toEqual(await legacy.discovery.all());
  });
});

describe('reading malformed responses', () => {
  it.each([[null], ['x'], [{ resources: 'x' }], [{ resources: [1, { name: 5, kind: {} }] }]])(
    '%j gives no kinds with a name',
    (value) => {
      expect(
        [...parseResourceList({ group: 'g', version: 'v1' }, value as never).keys()].filter((kind) => kind !== ''),
      ).toEqual([]);
      expect(parseAggregated(value as never)).toBeUndefined();
    },
  );
});
