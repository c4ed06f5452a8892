import { describe, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type InspectLimit, CLUSTER_TOKEN, inspectPaths } from '@typekro/controller/inspect';
import { type Route, HOME, formatRoute, parseRoute, readRoute, tokenOfHash } from './routes.ts';

const ref = 'acme.dev/v1/WebApp/shop/web';
const routes: readonly (readonly [string, Route])[] = [
  ['#/instances', { view: 'instances' }],
  ['#/instances?filter=shop+web&state=ERROR', { view: 'instances', filter: 'shop web', state: 'ERROR' }],
  ['#/instances?namespace=team-a&sort=age', { view: 'instances', namespace: 'team-a', sort: 'age' }],
  [`#/instances/${ref}`, { view: 'instance', ref }],
  [`#/instances/${ref}?node=db&tab=values&why=1`, { view: 'instance', ref, node: 'db', tab: 'values', why: true }],
  [
    `#/instances/${ref}?node=db&object=v1%2FSecret%2Fshop%2Fa`,
    { view: 'instance', ref, node: 'db', object: 'v1/Secret/shop/a' },
  ],
  ['#/instances/a/b/C/-/%3Cb%3E', { view: 'instance', ref: 'a/b/C/-/<b>' }],
  ['#/definitions', { view: 'definitions' }],
  ['#/definitions/web.acme.dev?tab=source', { view: 'definition', name: 'web.acme.dev', tab: 'source' }],
  [
    '#/definitions/web?tab=instances&filter=a&namespace=n&state=ERROR&revision=2&sort=-age',
    {
      view: 'definition',
      name: 'web',
      tab: 'instances',
      filter: 'a',
      namespace: 'n',
      state: 'ERROR',
      revision: '2',
      sort: '-age',
    },
  ],
  ['#/plan', { view: 'plan' }],
];

test.each(routes)(
  'the address %s is parsed as its route, and the route is formatted as this address',
  (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
    expect(formatRoute(route)).toBe(hash);
  },
);

test.each(['', '#', '#/', '#/nothing/here', '#token=abc', '#%%%'])('%j is the first page', (hash) => {
  expect(parseRoute(hash)).toEqual(HOME);
});

test.each(['', '#', '#/', ...routes.map(([hash]) => hash)])('the page reports no problem in the address %j', (hash) => {
  expect(readRoute(hash).problems).toEqual([]);
});

test.each<[string, string, RegExp]>([
  ['#/nothing/here', '#/instances', /no page “#\/nothing\/here”/],
  ['#/nothing?node=a', '#/instances', /no page “#\/nothing”/],
  ['#%%%', '#/instances', /no page “#%%%”/],
  ['#/plan/more', '#/instances', /no page/],
  ['#/playground/more?state=abc', '#/instances', /no page/],
  ['#/instances?state=BROKEN', '#/instances', /state has no value “BROKEN”\. Use one of ERROR, /],
  ['#/instances?sort=size&filter=a', '#/instances?filter=a', /sort has no value “size”/],
  ['#/instances?node=web', '#/instances', /no option “node”/],
  ['#/instances?state=a&colour=red', '#/instances', /state has no value “a”.*no option “colour”/],
  [`#/instances/${ref}?tab=schema&node=db`, `#/instances/${ref}?node=db`, /tab has no value “schema”/],
  [`#/instances/${ref}?why=maybe`, `#/instances/${ref}`, /why has no value “maybe”/],
  ['#/definitions?tab=form', '#/definitions', /no option “tab”/],
  ['#/definitions/web?revision=two', '#/definitions/web', /revision must be a whole number, not “two”/],
  ['#/instances?revision=2', '#/instances', /no option “revision”/],
  ['#/definitions/web?tab=logs', '#/definitions/web', /tab has no value “logs”/],
])('for the address %s the page shows %s, and names the parts that it ignores', (hash, shown, words) => {
  const { route, problems } = readRoute(hash);
  expect(formatRoute(route)).toBe(shown);
  expect(problems.join(' ')).toMatch(words);
});

test.each([
  ['#/instances?filter=++', '#/instances'],
  ['#/instances?filter=+web+', '#/instances?filter=web'],
  ['#/instances/', '#/instances'],
  [`#/instances/${ref}?why=true`, `#/instances/${ref}?why=1`],
])('the address %s is another form of %s', (hash, shown) => {
  const { route, problems } = readRoute(hash);
  expect([formatRoute(route), problems]).toEqual([shown, []]);
});

test('a broken escape in an address is kept unchanged', () => {
  expect(parseRoute('#/definitions/%zz')).toEqual({ view: 'definition', name: '%zz' });
});

test('the token is read from the address that the command printed', () => {
  expect(tokenOfHash('#token=a-b_c')).toBe('a-b_c');
});

test.each(['', '#', '#/instances?filter=token', '#/instances?sort=name&token=x', '#token', '#mytoken=x', '#a&token=x'])(
  '%j has no token',
  (hash) => {
    expect(tokenOfHash(hash)).toBeUndefined();
  },
);

test('an option “token” of a route is unknown, and the rest of the route is kept', () => {
  const { route, problems } = readRoute('#/instances?sort=name&token=x');
  expect(formatRoute(route)).toBe('#/instances?sort=name');
  expect(problems).toEqual(['This page has no option “token”.']);
});

describe('session', () => {
  /** All requests of the page, and those of them that have its token, as paths without a query. */
  let requests: string[];
  let withToken: string[];
  /** The whole addresses of the requests. */
  let addresses: string[];
  /** Ends the stream that the page opened last. */
  let endStream: () => void;
  const META = { now: 0, proves: true, limits: [] };
  const PROOF = inspectPaths.proof('').split('?')[0];

  beforeEach(() => {
    requests = [];
    withToken = [];
    addresses = [];
    vi.resetModules();
    vi.useFakeTimers();
    vi.stubGlobal('location', { hash: '#token=kept', host: '127.0.0.1:1' });
    vi.stubGlobal('history', { replaceState: () => {} });
    vi.stubGlobal('addEventListener', () => {});
    const stored = new Map<string, string>();
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
    });
    vi.stubGlobal('fetch', (path: string, init: { readonly headers?: Record<string, string> }) => {
      const name = path.split('?')[0] ?? '';
      requests.push(name);
      if (init.headers?.['authorization'] !== undefined) withToken.push(name);
      addresses.push(path);
      if (name === inspectPaths.events()) {
        const stream = new ReadableStream({ start: (controller) => void (endStream = () => controller.close()) });
        return Promise.resolve(new Response(stream));
      }
      // The simulated server is another program on the same port: it responds to all requests for data, but cannot send a
      // proof.
      return Promise.resolve(Response.json(META, { status: name === PROOF ? 404 : 200 }));
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('after a proof that fails, no request with the token is sent', async () => {
    const { startSession, liveRead } = await import('./session.ts');
    const { connection } = await import('./connection-state.ts');
    startSession();
    const read = liveRead(inspectPaths.instances(), () => true, { repeatMs: 1000 });
    await vi.advanceTimersByTimeAsync(100);
    expect(connection.value).toEqual({ is: 'live' });
    expect(withToken).toEqual(expect.arrayContaining([inspectPaths.meta(), inspectPaths.events()]));
    // Proxies log addresses.
    expect(addresses.join(' ')).not.toContain('kept');

    endStream();
    withToken = [];
    requests = [];
    await vi.advanceTimersByTimeAsync(120_000);
    read.close();
    expect(connection.value).toEqual({ is: 'refused' });
    expect(withToken).toEqual([]);
    expect(new Set(requests)).toEqual(new Set([PROOF]));
  });

  test('a token with a character that no header can contain is not sent, so the page shows the refusal of the server', async () => {
    vi.stubGlobal('location', { hash: '#token=gar%E2%80%8Bbage', host: '127.0.0.1:1' });
    vi.stubGlobal('fetch', (_path: string, init: RequestInit) => {
      // A browser throws for such a header.
      const { authorization } = Object.fromEntries(new Headers(init.headers));
      const problem = { code: CLUSTER_TOKEN, message: 'the token is missing' };
      return Promise.resolve(Response.json(problem, { status: authorization === undefined ? 401 : 200 }));
    });
    const { startSession } = await import('./session.ts');
    const { connection } = await import('./connection-state.ts');
    startSession();
    await vi.advanceTimersByTimeAsync(100);
    expect(connection.value).toEqual({ is: 'refused', asks: true });
  });

  test.each<[string, number, readonly InspectLimit[], number | undefined]>([
    ['a read that the server cannot answer', 502, [], 0],
    ['a refused read', 403, [], undefined],
    ['a limit with the time of the last response', 200, [{ text: 'x', since: -5000 }], -5000],
    ['another limit', 200, [{ text: 'x' }], undefined],
    ['both', 502, [{ text: 'x', since: -5000 }], -5000],
  ])('%s decides since when the data is old', async (_title, status, limits, since) => {
    const { startSession, liveRead, staleSince } = await import('./session.ts');
    let current = 200;
    vi.setSystemTime(0);
    const { fetch: server } = globalThis;
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
      if (path === inspectPaths.meta()) return Promise.resolve(Response.json({ ...META, limits }));
      return path === inspectPaths.definitions()
        ? Promise.resolve(Response.json({ code: 'kube/unreachable', message: 'no' }, { status: current }))
        : server(path, init);
    });
    startSession();
    const read = liveRead(inspectPaths.definitions(), () => true);
    await vi.advanceTimersByTimeAsync(0);
    current = status;
    vi.setSystemTime(0);
    read.refresh();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(staleSince.value === undefined ? undefined : Math.round(staleSince.value / 1000)).toBe(
      since === undefined ? undefined : since / 1000,
    );
    read.close();
    expect(staleSince.value).toBe(limits[0]?.since);
  });
});
