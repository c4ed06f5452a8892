import { expect, test } from 'vitest';
import { createEnvironment, DYN, estimateCost, INT, listType, RULE_LIBRARIES, STRING } from '../index.ts';

const rules = createEnvironment({
  libraries: RULE_LIBRARIES,
  variables: { self: STRING, n: INT, ints: listType(INT), texts: listType(STRING), d: DYN },
});

/**
 * Returns the estimated cost of a rule on data whose strings have at most 100 characters and whose lists have at most
 * 10 elements.
 */
function costOf(rule: string): readonly [number, number] {
  const checked = rules.check(rule);
  if (!checked.ok) throw new Error(checked.text);
  const { min, max } = estimateCost(checked.checked, (path) =>
    path.length > 1 || path[0] === 'self' ? { min: 0, max: 100 } : { min: 0, max: 10 },
  );
  return [min, max];
}

// The expected numbers follow from the costs in `library/cost.go` of k8s.io/apiserver and `ext/lists.go` of cel-go.
test.each<[string, readonly [number, number]]>([
  ['quantity(self) == quantity("1Gi")', [4, 4]],
  ['semver(self) == semver("1.0.0")', [4, 4]],
  ['ip(self) == ip("10.0.0.1")', [4, 4]],
  ['cidr(self) == cidr("10.0.0.0/8")', [4, 4]],
  ['url(self) == url("https://a")', [3, 13]],
  ['format.dns1123Label() == format.uuid()', [3, 9]],
  ['self == self', [3, 12]],
  ['format.dns1123Label().validate(self).hasValue()', [3, 323]],
  ['ints.slice(2, 5).size() == 3', [17, 17]],
  ['ints.slice(2, n).size() == 3', [23, 23]],
  ['ints.reverse().size() == 3', [14, 24]],
  ['ints.distinct().size() == 3', [14, 214]],
  ['ints.sort().size() == 3', [14, 214]],
  ['texts.sort().size() == 3', [14, 224]],
  ['texts.sortBy(t, t).size() == 3', [37, 377]],
  ['[ints].flatten().size() == 3', [25, 25]],
  ['[ints].flatten(3).size() == 3', [27, 27]],
  ['lists.range(7).size() == 3', [20, 20]],
])('%s costs %j', (rule, expected) => {
  expect(costOf(rule)).toEqual(expected);
});
