import { describe, expect, test } from 'vitest';
import { Failure } from './strconv.ts';
import {
  containsAddress,
  containsPrefix,
  formatAddress,
  formatPrefix,
  isGlobalUnicast,
  isLinkLocalMulticast,
  maskedPrefix,
  parseAddress,
  parsePrefix,
  type IpAddress,
  type IpPrefix,
} from './netip.ts';

const ok = <T>(value: T | Failure): T => {
  if (value instanceof Failure) throw new Error(value.message);
  return value;
};
const address = (text: string): IpAddress => ok(parseAddress(text));
const prefix = (text: string): IpPrefix => ok(parsePrefix(text));

describe('addresses', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['0:1:0:1:0:1:0:1', '0:1:0:1:0:1:0:1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ])('%s is formatted as %s', (text, canonical) => {
    expect(formatAddress(address(text))).toBe(canonical);
  });

  test.each([
    ['', 'ParseAddr(""): unable to parse IP'],
    ['1.2.3', 'ParseAddr("1.2.3"): IPv4 address too short'],
    ['1.2.3.4.5', 'ParseAddr("1.2.3.4.5"): IPv4 address too long'],
    ['1..2.3', 'ParseAddr("1..2.3"): IPv4 field must have at least one digit (at ".2.3")'],
    ['01.2.3.4', 'ParseAddr("01.2.3.4"): IPv4 field has octet with leading zero'],
    ['1.2.3.x', 'ParseAddr("1.2.3.x"): unexpected character (at "x")'],
    ['256.1.1.1', 'ParseAddr("256.1.1.1"): IPv4 field has value >255'],
    ['1:2', 'ParseAddr("1:2"): address string too short'],
    ['1::2::3', 'ParseAddr("1::2::3"): multiple :: in address (at ":3")'],
    ['12345::', 'ParseAddr("12345::"): each group must have 4 or less digits (at "12345::")'],
    ['::1%', 'ParseAddr("::1%"): zone must be a non-empty string'],
    ['%eth0', 'ParseAddr("%eth0"): missing IPv6 address'],
    ['1:2:3:4:5:6:7:8:9', 'ParseAddr("1:2:3:4:5:6:7:8:9"): trailing garbage after address (at "9")'],
  ])('%j is refused', (text, message) => {
    expect(parseAddress(text)).toEqual(new Failure(message));
  });

  test('private addresses count as global unicast; broadcast and link-local addresses do not', () => {
    expect(
      ['10.0.0.1', '255.255.255.255', '169.254.1.1', 'fe80::1', '8.8.8.8'].map((text) =>
        isGlobalUnicast(address(text)),
      ),
    ).toEqual([true, false, false, false, true]);
    expect(isLinkLocalMulticast(address('ff12::1'))).toBe(true);
  });
});

describe('prefixes', () => {
  test('keep the bits below the mask until `maskedPrefix` clears them', () => {
    expect(formatPrefix(prefix('192.168.1.7/24'))).toBe('192.168.1.7/24');
    expect(formatPrefix(maskedPrefix(prefix('192.168.1.7/23')))).toBe('192.168.0.0/23');
    expect(formatPrefix(maskedPrefix(prefix('2001:db8::ffff/113')))).toBe('2001:db8::8000/113');
  });

  test.each([
    ['10.0.0.0', 'netip.ParsePrefix("10.0.0.0"): no \'/\''],
    ['10.0.0.0/33', 'netip.ParsePrefix("10.0.0.0/33"): prefix length out of range'],
    ['10.0.0.0/08', 'netip.ParsePrefix("10.0.0.0/08"): bad bits after slash: "08"'],
    ['::1%a/64', 'netip.ParsePrefix("::1%a/64"): IPv6 zones cannot be present in a prefix'],
  ])('%s is refused', (text, message) => {
    expect(parsePrefix(text)).toEqual(new Failure(message));
  });

  test('contain only addresses and prefixes of their own family and within their range', () => {
    expect(containsAddress(prefix('0.0.0.0/0'), address('::1'))).toBe(false);
    expect(containsAddress(prefix('10.1.0.0/12'), address('10.15.255.255'))).toBe(true);
    expect(containsPrefix(prefix('10.0.0.0/8'), prefix('10.9.0.0/16'))).toBe(true);
    expect(containsPrefix(prefix('10.9.0.0/16'), prefix('10.0.0.0/8'))).toBe(false);
  });
});
