import * as net from 'node:net';
import { expect, test } from 'vitest';
import { BlockList, isIP, isIPv4, isIPv6 } from './net.ts';

test.each(['10.0.0.1', '::1', 'fe80::1', '1.2.3', '01.2.3.4', '256.1.1.1', '', 'x', '::ffff:1.2.3.4', '2001:db8::/32'])(
  'the family of %j is the one that Node returns',
  (text) => {
    expect([isIP(text), isIPv4(text), isIPv6(text)]).toEqual([net.isIP(text), net.isIPv4(text), net.isIPv6(text)]);
  },
);

test.each([
  ['127.0.0.1', 'ipv4'],
  ['128.0.0.1', 'ipv4'],
  ['fe80::1', 'ipv6'],
  ['fec0::1', 'ipv6'],
] as const)('a BlockList gives the same answer for %s as that of Node', (address, family) => {
  const [own, node] = [new BlockList(), new net.BlockList()];
  for (const [start, bits, type] of [
    ['127.0.0.0', 8, 'ipv4'],
    ['fe80::', 10, 'ipv6'],
  ] as const) {
    own.addSubnet(start, bits);
    node.addSubnet(start, bits, type);
  }
  expect(own.check(address)).toBe(node.check(address, family));
});
