import { describe, expect, it, test } from 'vitest';
import { Failure } from '../golang/index.ts';
import { labelMapMatcher, labelSelectorMatcher, requirementText } from './label-selector.ts';
import { labelMatcher, parseSelector } from './parse-selector.ts';

const labels = { app: 'web', tier: 'front', 'acme.test/team': 'a', size: '5' };

describe('labelMatcher', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier = front', true],
    ['app=db', false],
    ['app!=db', true],
    ['missing!=x', true],
    ['app', true],
    ['!app', false],
    ['! missing', true],
    ['tier in (front,back)', true],
    ['tier in (back),app', false],
    ['tier notin (back)', true],
    ['missing notin (x)', true],
    ['missing in (x)', false],
    ['acme.test/team=a', true],
    ['constructor', false],
    ['size>5', false],
    ['size>4', true],
    ['size<5', false],
    ['size<6', true],
    ['app>1', false],
    ['a b c', false],
    ['tier in ()', false],
    ['tier in (,front)', true],
    ['tier in (front,,)', true],
    ['\u00a0', false],
    ['\u00a0app', false],
    ['app=web;', false],
    ['-app', false],
  ])('the selector "%s" matches the labels: %s', (selector, expected) => {
    expect(labelMatcher(selector)(labels)).toBe(expected);
  });

  it('compares selectors with an object without labels', () => {
    expect(labelMatcher('!a')(undefined)).toBe(true);
    expect(labelMatcher('a')(undefined)).toBe(false);
  });
});

describe('a selector with many requirements', () => {
  const many = <T>(make: (index: number) => T): T[] => Array.from({ length: 1000 }, (_, index) => make(index));
  const keyed = (operator: string, values: string[] = []) => many((index) => ({ key: `k${index}`, operator, values }));
  const equal = (value: string) => Object.fromEntries(many((index) => [`k${index}`, value]));
  const webs = (operator: string) => many((index) => ({ key: 'app', operator, values: ['web', `v${index}`] }));
  const expressions = (matchExpressions: { key: string; operator: string; values: string[] }[]) =>
    labelSelectorMatcher({ matchExpressions });
  it.each([
    ['of other labels', labelMapMatcher(equal('v')), false],
    ['that forbid other labels', expressions(keyed('DoesNotExist')), true],
    ['that forbid values of other labels', expressions(keyed('NotIn', ['a'])), true],
    ['that require other labels', expressions(keyed('Exists')), false],
    ['of one label', expressions(webs('In')), true],
    ['that forbid values of one label', expressions(webs('NotIn')), false],
    ['in a string', labelMatcher(many((index) => `!k${index}`).join(',')), true],
  ])('%s looks at each label of an object once', (_, matches, expected) => {
    let reads = 0;
    const counted = new Proxy(labels, {
      getOwnPropertyDescriptor: (target, key) => {
        reads += 1;
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
    });
    expect(matches(counted)).toBe(expected);
    // The names of the labels are read once per object, and then each label.
    expect(reads).toBeLessThanOrEqual(2 * Object.keys(labels).length);
  });

  it('looks at its own keys only for an object with many labels', () => {
    const reads = new Set<string | symbol>();
    const counted = new Proxy(equal('v'), { get: (target, key) => (reads.add(key), Reflect.get(target, key)) });
    expect(labelMatcher('k1,k2!=a,!b')(counted)).toBe(true);
    expect([...reads]).toEqual(['k1', 'k2']);
  });

  it.each([labelSelectorMatcher, labelMapMatcher])('is compiled once per object', (compile) => {
    const selector = {};
    expect(compile(selector)).toBe(compile(selector));
  });
});

test.each([
  [['In', ['a', 'b']], ['In', ['b', 'c']], 'b'],
  [['In', ['a', 'b']], ['NotIn', ['a']], 'b'],
  [['Exists', []], ['NotIn', ['a']], 'b c d 7'],
  [['In', ['a']], ['In', ['b']], ''],
  [['DoesNotExist', []], ['NotIn', ['a']], 'none'],
  [['DoesNotExist', []], ['Exists', []], ''],
  [['NotIn', ['a', 'b']], ['NotIn', ['c']], 'd 7 none'],
  [['Gt', ['3']], ['Gt', ['6']], '7'],
  [['Gt', ['6']], ['Lt', ['7']], ''],
  [['Gt', ['x']], ['Exists', []], ''],
  [['Unknown', []], ['NotIn', ['a']], ''],
] as const)('%j and %j of the same key select the values %s', (first, second, expected) => {
  const matchExpressions = [first, second].map(([operator, values]) => ({ key: 'k', operator, values: [...values] }));
  const matches = labelSelectorMatcher({ matchExpressions });
  const selected = ['a', 'b', 'c', 'd', '7'].filter((k) => matches({ k }));
  expect([...selected, ...(matches({}) ? ['none'] : [])].join(' ')).toBe(expected);
});

const KEY_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

describe('parseSelector refuses invalid selectors with the error messages of apimachinery', () => {
  it.each([
    ['a,', "found '', expected: identifier after ','"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['!a in (b)', "found 'in', expected: ',' or 'end of string'"],
    ['a in (=', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ['a in (b,', "unable to parse requirement: found '', expected: ',', or identifier"],
    ['a in (b,=', "unable to parse requirement: found '=', expected: ',', or identifier"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['! =', "unable to parse requirement: found '=', expected: identifier"],
    ['-a', `unable to parse requirement: <nil>: Invalid value: "-a": name part ${KEY_RULE}`],
    [
      `a=${'b'.repeat(64)}`,
      `unable to parse requirement: values[0][a]: Invalid value: "${'b'.repeat(64)}": must be no more than 63 bytes`,
    ],
    [
      'a>1.5',
      `unable to parse requirement: values[0]: Invalid value: "1.5": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ])('%s', (text, message) => {
    expect(parseSelector(text)).toEqual(new Failure(message));
  });

  it('names each wrong value of a set by its index in sorted order', () => {
    const problem = parseSelector('a in (z-,c,b-)');
    expect(problem).toBeInstanceOf(Failure);
    expect((problem as Failure).message).toMatch(
      /^unable to parse requirement: \[values\[0\]\[a\]: .*"b-".*, values\[2\]\[a\]: .*"z-".*\]$/,
    );
  });
});

it('requirementText sorts the values', () => {
  expect(requirementText('a', 'NotIn', ['c', 'b'])).toBe('a notin (b,c)');
  expect(requirementText('a', 'DoesNotExist', [])).toBe('!a');
});
