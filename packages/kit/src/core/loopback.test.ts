import { expect, test } from 'vitest';
import { isLoopbackHost } from './http-server.ts';

test.each([
  ['localhost', true],
  ['LOCALHOST', true],
  ['127.0.0.1', true],
  ['127.255.10.9', true],
  ['::1', true],
  ['[::1]', true],
  ['', false],
  ['[]', false],
  ['localhost.', false],
  ['localhost.example', false],
  ['127.0.0.1.example', false],
  ['127.0.0.256', false],
  ['127.0.0.01', false],
  ['127.1', false],
  ['1127.0.0.1', false],
  ['128.0.0.1', false],
  ['0.0.0.0', false],
  ['::', false],
  ['::2', false],
  ['127.0.0.1:80', false],
  [' 127.0.0.1', false],
  ['127.0.0.1\n', false],
])('only this machine can reach the host %j: %s', (host, isLoopback) => {
  expect(isLoopbackHost(host)).toBe(isLoopback);
});
