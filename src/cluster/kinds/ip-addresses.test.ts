import { expect, test } from 'vitest';
import { cidrProblem, isProperPart, rangeContains, strictAddressProblem, strictCidrProblem } from './ip-addresses.ts';

test.each([
  ['::ffff:102:304', 'must not be an IPv4-mapped IPv6 address'],
  ['::FFFF:1.2.3.4', 'must not be an IPv4-mapped IPv6 address'],
  ['FD00::1', 'must be in canonical form ("fd00::1")'],
])('the address %s is not strict', (text, problem) => {
  expect(strictAddressProblem(text)).toBe(problem);
});

const NOT_A_RANGE = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

test.each([
  ['10.0.0.0/8', undefined],
  ['10.0.0.0/08', undefined],
  ['10.0.0.0/8/', NOT_A_RANGE],
  ['10.0.0.0/8/8', NOT_A_RANGE],
  ['10.0.0.0/', NOT_A_RANGE],
  ['10.0.0.0/33', NOT_A_RANGE],
  ['fd00::/129', NOT_A_RANGE],
])('the range %s is checked', (text, problem) => {
  expect(cidrProblem(text)).toBe(problem);
});

test('a strict range has a length without leading zeros', () => {
  expect(strictCidrProblem('10.0.0.0/08')).toBe('must be in canonical form ("10.0.0.0/8")');
});

test.each([
  ['10.1.0.0/16', '10.0.0.0/8', true],
  ['10.0.0.0/8', '10.0.0.0/8', false],
  ['10.0.0.0/8', '10.1.0.0/16', false],
  ['11.1.0.0/16', '10.0.0.0/8', false],
  ['fd00::/64', 'fd00::/8', true],
  ['fd00::/64', '10.0.0.0/8', false],
])('the range %s is a proper part of %s: %s', (inner, outer, expected) => {
  expect(isProperPart(inner, outer)).toBe(expected);
});

test('a range contains the addresses with its first bits', () => {
  expect(rangeContains('10.0.0.0/08', '10.1.2.3')).toBe(true);
  expect(rangeContains('10.0.0.0/8', '::ffff:10.1.2.3')).toBe(false);
});
