import { expect, test } from 'vitest';
import {
  addressProblem,
  cidrProblem,
  familyOf,
  isProperPart,
  rangeContains,
  strictAddressProblem,
  strictCidrProblem,
} from './ip-addresses.ts';

const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const MAPPED = 'must not be an IPv4-mapped IPv6 address';

// `problem` is the problem in older fields, which also accept addresses that are not canonical. `strict` is the problem
// in fields with strict rules.
test.each<[text: string, problem: string | undefined, strict: string | undefined]>([
  ['10.0.0.1', undefined, undefined],
  ['0.0.0.0', undefined, undefined],
  ['fd00::1', undefined, undefined],
  ['::ffff:102:304', MAPPED, MAPPED],
  ['::FFFF:1.2.3.4', MAPPED, MAPPED],
  ['FD00::1', undefined, 'must be in canonical form ("fd00::1")'],
  ['fd00::0abc', undefined, 'must be in canonical form ("fd00::abc")'],
  ['010.0.0.1', 'must not have leading 0s', 'must not have leading 0s'],
  ['10.0.0.00', 'must not have leading 0s', 'must not have leading 0s'],
  ['10.0.0.256', NOT_AN_ADDRESS, NOT_AN_ADDRESS],
  ['10.0.0', NOT_AN_ADDRESS, NOT_AN_ADDRESS],
  ['fe80::1%eth0', NOT_AN_ADDRESS, NOT_AN_ADDRESS],
  ['', NOT_AN_ADDRESS, NOT_AN_ADDRESS],
])('the address %s has the problem %s, and in fields with strict rules the problem %s', (text, problem, strict) => {
  expect(addressProblem(text)).toBe(problem);
  expect(strictAddressProblem(text)).toBe(strict);
});

test.each<[text: string, family: 0 | 4 | 6]>([
  ['10.0.0.1', 4],
  ['010.0.0.1', 4],
  ['::ffff:1.2.3.4', 4],
  ['fd00::1', 6],
  ['10.0.0.0/8', 4],
  ['fd00::/64', 6],
  ['10.0.0.1/abc', 0],
  ['10.0.0.1/8/9', 0],
  ['fe80::1%eth0', 0],
  ['example.com', 0],
])('the family of %s is %s', (text, expected) => {
  expect(familyOf(text)).toBe(expected);
});

const NOT_A_RANGE = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
const LEADING_ZEROS = 'must not have leading 0s in IP or prefix length';

test.each<[text: string, problem: string | undefined]>([
  ['10.0.0.0/8', undefined],
  ['FD00::/64', undefined],
  ['10.0.0.0/08', LEADING_ZEROS],
  ['010.0.0.0/8', LEADING_ZEROS],
  ['::ffff:10.0.0.0/104', 'must not have an IPv4-mapped IPv6 address'],
  ['10.0.0.1/8', 'must not have bits set beyond the prefix length'],
  ['10.0.0.0/8/', NOT_A_RANGE],
  ['10.0.0.0/8/8', NOT_A_RANGE],
  ['10.0.0.0/', NOT_A_RANGE],
  ['10.0.0.0/33', NOT_A_RANGE],
  ['fd00::/129', NOT_A_RANGE],
])('the range %s has the problem %s', (text, problem) => {
  expect(cidrProblem(text)).toBe(problem);
});

test.each<[text: string, problem: string | undefined]>([
  ['10.0.0.0/8', undefined],
  ['10.0.0.0/08', LEADING_ZEROS],
  ['::ffff:10.0.0.0/104', 'must not have an IPv4-mapped IPv6 address'],
  ['FD00::/64', 'must be in canonical form ("fd00::/64")'],
])('in a field with strict rules, the range %s has the problem %s', (text, problem) => {
  expect(strictCidrProblem(text)).toBe(problem);
});

test.each([
  ['10.1.0.0/16', '10.0.0.0/8', true],
  ['10.0.0.0/8', '10.0.0.0/8', false],
  ['10.0.0.0/8', '10.1.0.0/16', false],
  ['11.1.0.0/16', '10.0.0.0/8', false],
  ['fd00::/64', 'fd00::/8', true],
  ['fd00::/64', '10.0.0.0/8', false],
])('the range %s is a proper subrange of %s: %s', (inner, outer, expected) => {
  expect(isProperPart(inner, outer)).toBe(expected);
});

test('a range contains the addresses that start with its prefix', () => {
  expect(rangeContains('10.0.0.0/08', '10.1.2.3')).toBe(true);
  expect(rangeContains('10.0.0.0/8', '::ffff:10.1.2.3')).toBe(false);
});
