import { expect, test } from 'vitest';
import { RuleCosts } from './rule-costs.ts';
import { ruleChecker } from './rules.ts';

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
