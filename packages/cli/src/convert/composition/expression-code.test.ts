import { expect, test } from 'vitest';
import { renamedTo } from './expression-code.ts';

test.each([
  ['region.ready()', 'each.ready()'],
  ['cel.bind(x, region, x.ready())', 'cel.bind(x, each, x.ready())'],
  ['region.ready() && [1].all(region, region > 0)', 'each.ready() && [1].all(region, region > 0)'],
  ['region.all(region, region.ready())', 'each.all(region, region.ready())'],
  ['db.ready()', 'db.ready()'],
])('the free uses of the iterator in %s are renamed', (cel, expected) => {
  expect(renamedTo('each', cel, new Set(['region']))).toBe(expected);
});
