import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { transformSync } from 'esbuild';
import { expect, test } from 'vitest';

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
