import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEnvironment, DYN, INT, kroEnvironment, RULE_LIBRARIES, STRING, typeToString } from './index.ts';

const variables = { self: STRING, n: INT, d: DYN };
const rules = createEnvironment({ libraries: RULE_LIBRARIES, variables });

function verdict(rule: string): string {
  const checked = rules.check(rule);
  return checked.ok ? typeToString(checked.type) : (checked.text.split('\n')[0] ?? '');
}

function evaluated(rule: string, self: string): unknown {
  const compiled = rules.compile(rule);
  if (!compiled.ok) return compiled.text.split('\n')[0];
  const result = compiled.program.evaluate({ self });
  return result.ok ? result.value : result.error.message;
}

describe('semantic versions', () => {
  test.each<[string, string, unknown]>([
    ['1.2.3', 'semver(self, true) == semver("1.2.3")', true],
    ['v1.2.3', 'semver(self, true) == semver("1.2.3")', true],
    ['v1.2.3', 'semver(self, false).major() == 1', 'Invalid character(s) found in major number "v1"'],
    ['v1', 'semver(self, true) == semver("1.0.0")', true],
    ['01.002.0003', 'semver(self, true) == semver("1.2.3")', true],
    ['1.2.03-rc.1+b', 'semver(self, true) == semver("1.2.3-rc.1")', true],
    ['1.0.0-0', 'semver(self, true).patch() == 0', true],
    ['1.00-rc', 'isSemver(self, true)', false],
    ['1.0-rc', 'semver(self, true).minor() == 0', 'short version cannot contain PreRelease/Build meta data'],
    ['vv1.0.0', 'isSemver(self, true)', false],
    ['', 'isSemver(self, true)', false],
    [' 1.0.0', 'isSemver(self, true)', false],
    ['v1.0', 'isSemver(self, true)', true],
    ['v1.0', 'isSemver(self)', false],
    ['v1.0', 'isSemver(self, false)', false],
  ])('in a validation rule, if self is %j, %s is %s', (self, rule, expected) => {
    expect(evaluated(rule, self)).toBe(expected);
  });

  test('are not normalised in expressions of kro', () => {
    expect(kroEnvironment({ variables }).check('semver(self, true)').ok).toBe(false);
  });
});

describe('the libraries of validation rules', () => {
  test.each([
    ['the functions of kro', 'hash.sha256(self) == b""', "undeclared reference to 'hash'"],
    ['the bindings extension', 'cel.bind(x, self, x == "a")', "undeclared reference to 'cel'"],
    ['the encoders extension', 'base64.encode(bytes(self)) == ""', "undeclared reference to 'base64'"],
    ['the third version of the strings extension', 'self.reverse() == ""', "applied to 'string.()'"],
  ])('do not contain %s', (_library, rule, problem) => {
    expect(verdict(rule)).toContain(problem);
  });

  test('contain the lists extension', () => {
    expect(verdict('[3, 1].sort().reverse() == [3, 1] && lists.range(2).distinct().size() == 2')).toBe('bool');
  });
});

describe('literals', () => {
  test.each([
    ['duration("1h") > duration("x")', 'ERROR: <input>:1:27: invalid duration argument'],
    ['duration(self) > duration("1h")', 'bool'],
    ['timestamp("2026-01-01") > timestamp(0)', 'ERROR: <input>:1:11: invalid timestamp argument'],
    ['timestamp(999999999999) > timestamp(0)', 'ERROR: <input>:1:11: invalid timestamp argument'],
    ['self.matches("[a")', 'ERROR: <input>:1:14: invalid matches argument'],
    ['self.matches("[a]") && d.all(x, x.matches("(?P<n>a)"))', 'bool'],
    ['d.exists(x, x.matches("*"))', 'ERROR: <input>:1:23: invalid matches argument'],
    ['self in ["a", 1]', "ERROR: <input>:1:15: expected type 'string' but found 'int'"],
    ['size({"a": 1, "b": "c"}) == 2', "ERROR: <input>:1:20: expected type 'int' but found 'string'"],
    ['size({"a": 1, 2: 1}) == 2', "ERROR: <input>:1:15: expected type 'string' but found 'int'"],
    ['self in ["a", dyn(1)] && size([[], [1]]) == 2', 'bool'],
    ['size([optional.none(), optional.of(1)]) == 2', 'bool'],
  ])('in a validation rule, the verdict for %s is: %s', (rule, expected) => {
    expect(verdict(rule)).toBe(expected);
  });

  test('are not restricted in expressions of kro', () => {
    expect(kroEnvironment({ variables }).check('["a", 1, duration("x")].size() == 3 || self.matches("[")').ok).toBe(
      true,
    );
  });

  test('are restricted in an environment that adds variables to the environment of validation rules', () => {
    expect(rules.extend({ more: STRING }).check('more in ["a", 1]').ok).toBe(false);
  });
});

test('isSorted is true exactly for the lists that sorting does not change, also with equal neighbours', () => {
  // Few different values, so that most lists have equal neighbours.
  const few = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 4 });
  const literals = fc.constantFrom<(value: number) => string>(
    String,
    (value) => `'${value}'`,
    (value) => `${value}.5`,
  );
  fc.assert(
    fc.property(few, literals, (list, literal) => {
      const isSorted = list.join() === list.toSorted((a, b) => a - b).join();
      expect(evaluated(`[${list.map(literal).join()}].isSorted()`, '')).toBe(isSorted);
    }),
    { examples: [[[1, 1], String]] },
  );
});
