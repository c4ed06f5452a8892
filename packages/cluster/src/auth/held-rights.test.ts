import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { covers } from './authorizer.ts';
import { rightsOf } from './escalation.ts';
import { HeldRights } from './held-rights.ts';

const many = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const rule = (verbs: string[], resources: string[], apiGroups: string[] = [''], names?: string[]): JsonObject => ({
  verbs,
  resources,
  apiGroups,
  ...(names === undefined ? {} : { resourceNames: names }),
});
const urls = (verbs: string[], ...nonResourceURLs: string[]): JsonObject => ({ verbs, nonResourceURLs });

/** Rules that the index holds, rules with too many rights for it, and rules without effect. */
const RULES: readonly JsonObject[] = [
  rule(['get'], ['pods']),
  rule(['*'], ['pods']),
  rule(['get'], ['*']),
  rule(['get'], ['*/status']),
  rule(['get'], ['pods/status', 'pods/log']),
  rule(['get'], ['pods'], ['*']),
  rule(['get'], ['pods'], ['apps']),
  rule(['get'], ['pods'], [''], ['a', 'b']),
  rule(['get'], ['pods'], [''], ['']),
  rule(['get'], ['pods'], [''], []),
  rule(['get', 'list'], [...many(40, 'r'), 'pods']),
  rule(['get'], ['pods'], [''], [...many(40, 'n'), 'a']),
  rule([], ['pods']),
  rule(['get'], []),
  urls(['get'], '/a'),
  urls(['*'], '*'),
  urls(['get'], '/a/*'),
  urls(['get'], ...many(40, '/p'), '/a'),
];
const RIGHTS = [
  ...RULES,
  rule(['list'], ['pods', 'secrets', 'secrets/status'], ['', 'apps', '*'], ['a', 'c']),
  urls(['get', 'put'], '/a/b', '/b', '/a*'),
].flatMap((each) => [...rightsOf(each)].map(({ attributes }) => attributes));

test.each(RULES.map((held, index) => [index, held] as const))('rule %i is found like without an index', (_, held) => {
  const rights = new HeldRights([held]);
  for (const right of RIGHTS) expect([right, rights.covers(right)]).toEqual([right, covers(held, right)]);
});

test('a rule is read once, however many rights are looked up', () => {
  let reads = 0;
  const counted = (each: JsonObject) => new Proxy(each, { get: (target, key) => ((reads += 1), target[String(key)]) });
  const rights = new HeldRights(many(1000, 'r').map((name) => counted(rule(['get'], [name], [''], ['n']))));
  for (const name of many(1000, 'r')) {
    expect(rights.covers({ verb: 'get', group: '', resource: name, subresource: '', namespace: '', name: 'n' })).toBe(
      true,
    );
  }
  expect(reads).toBeLessThanOrEqual(5000);
});

test('look-ups among rules with many rights end after a limited number of steps', () => {
  const rights = new HeldRights(many(1000, 'g').map((group) => rule(many(10, 'v'), many(10, 'r'), [group])));
  let lookups = 0;
  const right = { verb: 'v1', group: 'none', resource: 'r1', subresource: '', namespace: '', name: '' };
  while (!rights.isExhausted && lookups < 10_000) {
    rights.covers(right);
    lookups += 1;
  }
  expect(lookups).toBeLessThan(1000);
});
