import { describe, expect, it } from 'vitest';
import { Failure } from '../golang/index.ts';
import { requirementText } from './label-selector.ts';
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
