import { expect, test } from 'vitest';
import type { Route } from './routes.ts';
import { formatRoute, HOME, parseRoute, tokenOfHash } from './routes.ts';

const ref = 'acme.dev/v1/WebApp/shop/web';
const routes: readonly (readonly [string, Route])[] = [
  ['#/instances', { view: 'instances' }],
  ['#/instances?filter=shop+web&state=ERROR', { view: 'instances', filter: 'shop web', state: 'ERROR' }],
  [`#/instances/${ref}`, { view: 'instance', ref }],
  [`#/instances/${ref}?node=db&tab=values&why=1`, { view: 'instance', ref, node: 'db', tab: 'values', why: true }],
  [
    `#/instances/${ref}?node=db&object=v1%2FSecret%2Fshop%2Fa`,
    { view: 'instance', ref, node: 'db', object: 'v1/Secret/shop/a' },
  ],
  ['#/instances/a/b/C/-/%3Cb%3E', { view: 'instance', ref: 'a/b/C/-/<b>' }],
  ['#/definitions', { view: 'definitions' }],
  ['#/definitions/web.acme.dev?tab=schema', { view: 'definition', name: 'web.acme.dev', tab: 'schema' }],
  ['#/plan', { view: 'plan' }],
];

test.each(routes)('%s is a place of the page, and the place has this address', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
  expect(formatRoute(route)).toBe(hash);
});

test.each(['', '#', '#/', '#/nothing/here', '#token=abc', '#%%%'])('%j is the first page', (hash) => {
  expect(parseRoute(hash)).toEqual(HOME);
});

test('an address with a broken escape keeps its text', () => {
  expect(parseRoute('#/definitions/%zz')).toEqual({ view: 'definition', name: '%zz' });
});

test('the token is read from the address that the command printed', () => {
  expect(tokenOfHash('#token=a-b_c')).toBe('a-b_c');
  expect(tokenOfHash('#/instances?filter=token')).toBeUndefined();
});
