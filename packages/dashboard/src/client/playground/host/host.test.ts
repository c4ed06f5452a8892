import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import * as net from 'node:net';
import { expect, test } from 'vitest';
import { transformSync } from 'esbuild';
import { Buffer as PageBuffer } from './byte-buffer.ts';
import { BlockList, isIP, isIPv4, isIPv6 } from './net.ts';

const { code } = transformSync(readFileSync(new URL('lock-globals.ts', import.meta.url), 'utf8'), {
  loader: 'ts',
  format: 'iife',
  globalName: 'locked',
});

/** Evaluates an expression in a realm that looks like a worker, after the globals of the realm were locked. */
const afterLock = (expression: string): unknown => {
  const scope = { fetch: () => 'sent', WebSocket: class {}, indexedDB: {}, importScripts: () => 'run' };
  return runInNewContext(`${code}; const real = Function; locked.lockGlobals(globalThis); ${expression}`, scope);
};

test.each(['fetch', 'WebSocket', 'indexedDB', 'importScripts', 'eval'])('%s is gone', (name) => {
  expect(afterLock(`typeof ${name}`)).toBe('undefined');
});

test.each([
  ["Function('return 1')"],
  ["(() => {}).constructor('return 1')"],
  ["(async () => {}).constructor('return 1')"],
  ["(function* () {}).constructor('return 1')"],
  ["[].map.constructor('return 1')"],
  ["''.constructor.constructor('return 1')"],
])('%s cannot run a string as code', (call) => {
  expect(() => afterLock(call)).toThrow('this worker does not run strings as code');
});

test.each([
  ['JSON.stringify([1])', '[1]'],
  ['new Map([[1, 2]]).get(1)', 2],
  ['Function.prototype.toString.call(Math.max).includes("max")', true],
  ['(() => 1) instanceof Function', true],
])('%s still works', (expression, value) => {
  expect(afterLock(expression)).toBe(value);
});

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

const TEXTS = [
  '',
  'a',
  'Größe €😀',
  '\ud800x',
  '\ufeffBOM',
  'YWJj',
  'YWI=',
  'YQ==',
  'YQ',
  'Y',
  'Y!W\nJj',
  '-_-_',
  'YQ==YQ==',
];
const CODES = ['utf8', 'latin1', 'base64', 'base64url', 'hex'] as const;

test.each(TEXTS)('the bytes of %j are those that a Buffer of Node has', (text) => {
  // In base64, Node reads a character beyond Latin-1 as a character of base64, by its low byte.
  for (const from of /[^\0-\xff]/.test(text)
    ? (['utf8', 'latin1'] as const)
    : (['utf8', 'latin1', 'base64'] as const)) {
    const [own, node] = [PageBuffer.from(text, from), Buffer.from(text, from)];
    const read = (bytes: typeof own | typeof node) => CODES.map((to) => [bytes.toString(to), bytes.toString(to, 1, 3)]);
    expect(read(own.subarray(0) as typeof own)).toEqual(read(node));
    expect(PageBuffer.byteLength(text, from)).toBe(Buffer.byteLength(text, from));
    for (const other of TEXTS.map((each) => Buffer.from(each)))
      expect([
        own.equals(other),
        PageBuffer.compare(own, other),
        PageBuffer.concat([own, other]).toString('hex'),
      ]).toEqual([node.equals(other), Buffer.compare(node, other), Buffer.concat([node, other]).toString('hex')]);
  }
});
