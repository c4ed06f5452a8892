import { expect, test } from 'vitest';
import type { Route } from './routes.ts';
import { formatRoute, HOME, parseRoute, readRoute, tokenOfHash } from './routes.ts';

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
