import { expect, test } from 'vitest';
import { readingsOf } from './instance-name.ts';

const isKind = (word: string) => ['webapp', 'webapps'].includes(word.toLowerCase());

test.each([
  ['shop', [{ name: 'shop' }]],
  [
    'team-a/shop',
    [
      { namespace: 'team-a', name: 'shop' },
      { name: 'team-a', node: 'shop' },
    ],
  ],
  ['team-a/shop/ingress', [{ namespace: 'team-a', name: 'shop', node: 'ingress' }]],
  [
    'WebApp/shop',
    [
      { kind: 'WebApp', name: 'shop' },
      { namespace: 'WebApp', name: 'shop' },
      { name: 'WebApp', node: 'shop' },
    ],
  ],
  [
    'webapps/team-a/shop',
    [
      { kind: 'webapps', namespace: 'team-a', name: 'shop' },
      { kind: 'webapps', name: 'team-a', node: 'shop' },
      { namespace: 'webapps', name: 'team-a', node: 'shop' },
    ],
  ],
  ['webapp/team-a/shop/ingress', [{ kind: 'webapp', namespace: 'team-a', name: 'shop', node: 'ingress' }]],
  ['team-a/shop/inner/cm', [{ namespace: 'team-a', name: 'shop', node: 'inner/cm' }]],
  ['webapp/team-a/shop/inner/deep/cm', [{ kind: 'webapp', namespace: 'team-a', name: 'shop', node: 'inner/deep/cm' }]],
  ['a/'.repeat(64) + 'b', []],
  ['', []],
  ['/shop', []],
  ['team-a/', []],
])('readingsOf returns all possible parses of %j', (text, readings) => {
  expect(readingsOf(text, isKind)).toEqual(readings);
});
