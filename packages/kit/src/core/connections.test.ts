import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { equalSecrets, isLoopbackHost } from './http-basics.ts';
import { readLimitedBody } from './limited-body.ts';

test.each([
  ['a', 'a', true],
  ['a', 'b', false],
  ['', 'a', false],
  ['aa', 'a', false],
  ['', '', true],
])('the secrets %j and %j are equal: %s', (given, expected, isEqual) => {
  expect(equalSecrets(given, expected)).toBe(isEqual);
});

test.each<[string, string[], Buffer | 'too-large']>([
  ['no chunk', [], Buffer.from('')],
  ['one chunk of the maximum size', ['abcd'], Buffer.from('abcd')],
  ['several chunks', ['ab', 'c'], Buffer.from('abc')],
  ['one byte more than the maximum size', ['abcd', 'e'], 'too-large'],
])('a body of %s is read, or reported as too large', async (_name, chunks, expected) => {
  const request = new PassThrough();
  const reading = readLimitedBody(request, 4);
  for (const chunk of chunks) request.write(chunk);
  request.end();
  expect(await reading).toEqual(expected);
});

test('a body that is too large is read to its end', async () => {
  const request = new PassThrough();
  const outcome: unknown[] = [];
  const reading = readLimitedBody(request, 1).then((body) => outcome.push(body));
  request.write('abc');
  await new Promise((resolve) => request.write('d', resolve));
  expect([outcome, request.destroyed]).toEqual([[], false]);
  request.end();
  await reading;
  expect(outcome).toEqual(['too-large']);
});

test.each<[string, (request: PassThrough) => void]>([
  ['ends without the body', (request) => request.destroy()],
  ['fails', (request) => request.destroy(new Error('reset'))],
  [
    'sends more than the server discards of a body that is too large',
    (request) => request.write(Buffer.alloc(65 * 1024 * 1024)),
  ],
])('the body is reported as broken when the connection %s', async (_name, end) => {
  const request = new PassThrough();
  const reading = readLimitedBody(request, 1);
  request.write('a');
  end(request);
  expect(await reading).toBe('broken');
});

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
