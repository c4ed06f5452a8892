import { describe, expect, test } from 'vitest';
import { estimateCost } from '@typekro/cel';
import type { Schema } from '@typekro/engine/schema';
import { RuleCosts } from './rule-costs.ts';
import { sizeAtPath } from './rule-sizes.ts';
import { ruleEnvironment } from './validation-rules.ts';

function check(rule: string, schema: Schema) {
  const result = ruleEnvironment(schema, false, false).check(rule);
  if (!result.ok) throw new Error(result.text);
  return result.checked;
}

const costOf = (rule: string, schema: Schema) =>
  estimateCost(check(rule, schema), (path) => sizeAtPath(schema, false, path)).max;

/** Creates a schema whose size is limited to `bound`; without `bound`, the size is unlimited. */
type Bounded = (bound?: number) => Schema;

const bounded = (name: 'maxItems' | 'maxLength' | 'maxProperties', bound?: number) =>
  bound === undefined ? {} : { [name]: bound };
const plain = (type: string): Schema => {
  if (type === 'int-or-string') return { 'x-kubernetes-int-or-string': true };
  return ['date', 'date-time', 'duration'].includes(type) ? { type: 'string', format: type } : { type };
};
const list =
  (items: Schema | Bounded): Bounded =>
  (bound) => ({
    type: 'array',
    items: typeof items === 'function' ? items(bound) : items,
    ...bounded('maxItems', bound),
  });
const map =
  (values: Schema): Bounded =>
  (bound) => ({ type: 'object', additionalProperties: values, ...bounded('maxProperties', bound) });
const text: Bounded = (bound) => ({ type: 'string', ...bounded('maxLength', bound) });
const twoTexts: Bounded = (bound) => ({ type: 'object', properties: { str: text(bound), separator: text(bound) } });
const replacing: Bounded = (bound) => ({
  type: 'object',
  properties: { str: text(bound), before: text(2), after: text(4) },
});

describe('estimated costs equal the estimates of an API server', () => {
  test.each<[string, Bounded, number, number, number]>([
    ['self.all(x, true)', list(plain('number')), 4_718_591, 10, 32],
    ['self.all(x, true)', list(plain('int-or-string')), 4_718_591, 10, 32],
    ['self.all(x, true)', list(plain('duration')), 2_359_295, 5, 17],
    ['self.all(x, true)', list(plain('date')), 725_936, 15, 47],
    ['self.all(x, true)', list(plain('date-time')), 428_963, 25, 77],
    ['self.all(x, x == 0.0)', list(plain('number')), 6_291_454, 3 * 1024 * 2048, 25_165_826],
    ['self.all(x, true)', map(plain('number')), 1_348_169, 10, 32],
    ['self.all(x, true)', map(plain('string')), 1_179_647, 3, 11],
    ['self.all(x, true)', map(plain('boolean')), 943_718, 100, 302],
    ['self.all(x, true)', map(plain('int-or-string')), 1_348_169, 15, 47],
    ['self.all(x, true)', map(plain('duration')), 1_048_577, 5, 17],
    ['self.all(x, true)', map(plain('date')), 524_288, 10, 32],
    ['self.all(x, true)', map(plain('date-time')), 349_526, 25, 77],
    ['has(self.x)', map(plain('number')), 0, 100, 0],
    ["self.contains('test')", text, 314_574, 10, 5],
    ["self.startsWith('test')", text, 2, 15, 2],
    ["self.endsWith('test')", text, 2, 30, 2],
    ['size(self + "hello") > size("hello")', text, 314_578, 4, 7],
    ['self[1] == 0.0', list(plain('number')), 2, 5000, 2],
    ['self[1] == self[1]', list(plain('string')), 314_577, 8, 314_577],
    ['self.matches("x")', text, 314_574, 50, 22],
    ['"".matches("(((((((((())))))))))[0-9]")', text, 7, 10, 7],
    ['self.matches("")', text, 1, 100, 1],
    ['self["x"] == 0.0', map(plain('number')), 2, 0, 2],
    ['self == "x"', text, 2, 0, 1],
    ['self[0] == 5', list(plain('int-or-string')), 3, 10, 3],
    ['self[0] == false', list(plain('boolean')), 2, 25, 2],
    ['self[0][0] == -1.0', list(list(plain('number'))()), 3, 51, 3],
    ['self.all(x, x.y == 25.2)', list(map(plain('number'))()), 6_291_452, 12, 74],
    ['self[0].x > 2.0', list(map(plain('number'))()), 4, 3000, 4],
    ['self[0].getHours() == 2', list(plain('duration')), 4, 525, 4],
    ['self[2].getDayOfMonth() == 13', list(plain('date')), 4, 42, 4],
    ["self.find('[0-9]+') == ''", text, 629_147, 10, 11],
    ["self.join(' ') == 'aa bb'", list(text), 329_853_068_905, 10, 43],
    ['self.isSorted() == true', list(text), 329_854_432_052, 10, 52],
    ["self.str.replace(self.before, self.after) == 'does not matter'", replacing, 629_154, 4, 12],
    ['self.str.split(self.separator) == []', twoTexts, 629_160, 10, 22],
    ["self.str.split(',').all(x, true)", twoTexts, 10_066_327, 10, 131],
    ["self.str.split(',', 3).all(x, true)", twoTexts, 629_158, 10, 20],
    ["self.str.split(',', 0).all(x, true)", twoTexts, 629_149, 10, 11],
    ["self.str.split(',', -1).all(x, true)", twoTexts, 2 ** 64, 10, 2 ** 64],
    ["self.str.split(',', -1) == []", twoTexts, 629_158, 10, 20],
    ["self.str.split(',', -(1)).all(x, true)", twoTexts, 10_066_328, 10, 132],
    ["self.str.split(',', 1 - 2).all(x, true)", twoTexts, 10_066_328, 10, 132],
    ["self.lowerAscii() == 'lower!'", text, 314_575, 10, 6],
    ['oldSelf.size() == self.size()', map(plain('integer')), 5, 10, 5],
    ['self["a"] == self["b"]', map(plain('date-time')), 8, 7, 8],
    ['self["c"] == self["d"]', map(plain('duration')), 8, 42, 8],
    ["self.contains('A')", (bound) => ({ ...text(bound), enum: ['A', 'B', 'LongValue'] }), 2, 1000, 401],
  ])('%s', (rule, schema, unbounded, bound, cost) => {
    expect(costOf(rule, schema())).toBe(unbounded);
    expect(costOf(rule, schema(bound))).toBe(cost);
  });

  test.each([
    ['self.all(x, self.all(y, true))', 352],
    ['self.all(x, self.all(y, self.all(z, true)))', 3552],
  ])('the costs of nested loops are multiplied: %s', (rule, cost) => {
    expect(costOf(rule, list(plain('number'))(10))).toBe(cost);
    expect(costOf(rule, list(plain('number'))())).toBeGreaterThan(10_000_000);
  });
});

describe('the limits', () => {
  const rule = 'self.all(x, true)';
  const numbers = (maxItems: number): Schema => ({ type: 'array', items: { type: 'number' }, maxItems });

  test.each([
    // The estimated cost is three units per element plus two.
    [3_333_332, []],
    [
      3_333_333,
      [
        'Forbidden: estimated rule cost exceeds budget by factor of 1.000000x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)',
      ],
    ],
    [
      16_666_667,
      [
        'Forbidden: estimated rule cost exceeds budget by factor of 5.0x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)',
      ],
    ],
  ])('a rule over %i elements has the errors of an API server', (maxItems, messages) => {
    const schema = numbers(maxItems);
    const errors = new RuleCosts().rule(check(rule, schema), schema, false, 1, 'rule');
    expect(errors.map(({ message }) => message)).toEqual(messages);
  });

  test('the errors about the total cost name the four most expensive rules', () => {
    const costs = new RuleCosts();
    for (let index = 1; index <= 40; index++) {
      const schema = numbers(100_000 * index);
      costs.rule(check(rule, schema), schema, false, 1, `rule ${index}`);
    }
    const errors = costs.finish('schema');
    expect(errors.map(({ field }) => field)).toEqual(['rule 40', 'rule 39', 'rule 38', 'rule 37', 'schema']);
    expect(errors.at(-1)?.message).toContain('exceeds budget by factor of 2.5x');
    expect(costs.finish('the next schema')).toEqual([]);
  });

  test('the cost of a rule inside an unbounded list is multiplied by the number of values that fit into a request', () => {
    const schema: Schema = { type: 'string', maxLength: 100 };
    const checked = check("self.contains('abcdefghijklmnopqrst')", schema);
    expect(new RuleCosts().rule(checked, schema, false, 1000, 'rule')).toEqual([]);
    expect(new RuleCosts().rule(checked, schema, false, undefined, 'rule')).toHaveLength(1);
  });
});
