import { describe, expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import { RuleCosts } from './rule-costs.ts';
import { ruleChecker, ruleEvaluator } from './validation-rules.ts';

test.each([
  ["random.seededString(5, 'a') == self", "undeclared reference to 'random'"],
  ["hash.fnv64a(self) == b''", "undeclared reference to 'hash'"],
  ["json.marshal({'a': self}) == ''", "undeclared reference to 'json'"],
])('a rule with a function that only kro declares is refused: %s', (rule, message) => {
  const check = ruleChecker(new RuleCosts());
  const errors = check({ type: 'string', maxLength: 5 }, [{ rule }], 'rules', undefined, 1);
  expect(errors.map((error) => error.field)).toEqual(['rules[0].rule']);
  expect(errors[0]?.message).toContain(message);
});

test('a rule may use the functions of an API server', () => {
  const check = ruleChecker(new RuleCosts());
  const rule = "sets.contains(['a', 'b'], [self]) && quantity('1Ki').isInteger() && self.lowerAscii() == self";
  expect(check({ type: 'string', maxLength: 5 }, [{ rule }], 'rules', undefined, 1)).toEqual([]);
});

test('an expensive message expression is refused', () => {
  const check = ruleChecker(new RuleCosts());
  const schema = { type: 'array', items: { type: 'string' } } as const;
  const [error] = check(schema, [{ rule: 'true', messageExpression: "self.join(',')" }], 'rules', undefined, 1);
  expect(error?.message).toMatch(
    /^Forbidden: estimated messageExpression cost exceeds budget by factor of more than 100x/,
  );
});

describe('a rule stops only when it exceeds the cost limit of an API server', () => {
  const numbers = { type: 'array', items: { type: 'integer' } } as const;
  const texts = { type: 'array', items: { type: 'string' } } as const;
  const list = (length: number) => Array.from({ length }, (_, index) => index);
  const evaluate = (schema: Schema, value: JsonValue, ...rules: readonly { rule: string; message?: string }[]) =>
    ruleEvaluator(schema)()({ schema, rules, value, old: undefined, field: 'spec', path: ['spec'] });
  const pairs = 'self.all(x, self.all(y, x >= y || y >= x))';

  test.each([
    ['few elements in nested loops', numbers, list(300), pairs, true],
    ['many elements in nested loops', numbers, list(600), pairs, false],
    ['many elements in one loop', numbers, list(100_000), 'self.all(x, x >= 0)', true],
    ['too many elements of one loop', numbers, list(400_000), 'self.all(x, x >= 0)', false],
    ['a loop that ends early', numbers, list(400_000), 'self.exists(x, x == 5)', true],
    ['a loop over loops that end early', numbers, list(2000), 'self.all(x, self.exists(y, y == 1))', true],
    [
      'elements whose expensive condition is not evaluated',
      texts,
      list(60_000).map(() => 'a'),
      `self.all(x, x == 'a' || ${Array.from({ length: 20 }, () => "x.matches('a+')").join(' && ')})`,
      true,
    ],
    ['long strings without a loop', texts, ['x'.repeat(500_000)], "self[0] + 'y' != ''", true],
  ])('%s', (_, schema, value, rule, passes) => {
    const errors = evaluate(schema, value, { rule });
    if (passes) expect(errors).toEqual([]);
    else
      expect(errors).toEqual([
        {
          reason: 'FieldValueInvalid',
          field: 'spec',
          message: `Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${rule}`,
        },
      ]);
  });

  test('a rule that exceeds the limit stops the rules of all other values of the object', () => {
    const evaluateSite = ruleEvaluator(numbers)();
    const site = { schema: numbers, old: undefined, path: [] };
    expect(evaluateSite({ ...site, rules: [{ rule: pairs }], value: list(600), field: 'a' })).toHaveLength(1);
    expect(evaluateSite({ ...site, rules: [{ rule: 'false' }], value: [1], field: 'b' })).toEqual([]);
    // Another object has its own budget.
    const other = ruleEvaluator(numbers)();
    expect(other({ ...site, rules: [{ rule: 'false' }], value: [1], field: 'b' })).toHaveLength(1);
  });

  test('the searches of all rules of an object have a common limit', () => {
    const text = { type: 'string' } as const;
    let seed = 1;
    const letter = () => ((seed = (seed * 48_271) % 2_147_483_647) % 2 === 0 ? 'a' : 'b');
    const value = Array.from({ length: 100_000 }, letter).join('');
    const timeOf = (count: number): number => {
      const rules = Array.from({ length: count }, (_, i) => ({ rule: `!self.matches('(a|b)*a(a|b){30}c${i}')` }));
      const began = process.cpuUsage();
      const [first, ...others] = evaluate(text, value, ...rules).map(({ message }) => message);
      expect(first).toMatch(/call cost exceeds limit for rule/);
      expect(others).toEqual([]);
      return process.cpuUsage(began).user;
    };
    const few = timeOf(3);
    expect(timeOf(30)).toBeLessThan(3 * few);
  });

  test('the total cost of all rules of an object is also limited', () => {
    const evaluateSite = ruleEvaluator(numbers)();
    const value = list(200_000);
    const site = { schema: numbers, rules: [{ rule: 'self.all(x, x >= 0)' }], value, old: undefined, path: [] };
    const counts = Array.from({ length: 30 }, (_, index) => evaluateSite({ ...site, field: `f[${index}]` }));
    const found = counts.flat();
    expect(found.map(({ message }) => message)).toEqual([
      'Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run',
    ]);
    expect(counts.findIndex((errors) => errors.length > 0)).toBeGreaterThanOrEqual(10);
  });

  test('a rule whose own message equals the limit error does not stop the later rules', () => {
    const message = "'operation cancelled: actual cost limit exceeded'";
    expect(evaluate(numbers, [1], { rule: 'false', message }, { rule: 'false' })).toHaveLength(2);
  });

  test.each([
    ["'own'", 'own'],
    ["'  own\t'", 'own'],
    ["' '", 'short'],
    ["'a\\nb'", 'short'],
    ["'x'.replace('x', self[0])", 'short'],
  ])('the message expression %s gives the message %s', (messageExpression, expected) => {
    const rule = { rule: 'false', message: 'short', messageExpression };
    const [error] = evaluate(texts, ['x'.repeat(5121)], rule);
    expect(error?.message).toBe(`Invalid value: ${expected}`);
  });

  test('an expensive message expression stops the rules', () => {
    const rules = [{ rule: 'false', messageExpression: `${pairs} ? 'a' : 'b'` }, { rule: 'false' }];
    expect(evaluate(numbers, list(600), ...rules).map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^Invalid value: "array": no further validation rules will be run due to call cost/,
      ) as string,
    ]);
  });

  test('a rule that exceeds the limit stops the later rules of the value', () => {
    const errors = evaluate(
      numbers,
      list(600),
      { rule: 'false' },
      { rule: pairs, message: ' pairs ' },
      { rule: 'false' },
    );
    expect(errors.map(({ message }) => message)).toEqual([
      'Invalid value: failed rule: false',
      expect.stringMatching(/call cost exceeds limit for rule: pairs$/) as string,
    ]);
  });
});
