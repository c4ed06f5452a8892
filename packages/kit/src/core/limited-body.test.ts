import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readLimitedBody, releaseBody } from './limited-body.ts';

const MEBIBYTE = 1024 * 1024;

test.each([
  ['no chunk', [], ''],
  ['one chunk', ['abc'], 'abc'],
  ['many chunks', Array.from({ length: 1000 }, (_, index) => `${index},`), undefined],
])('a body of %s is returned as it was sent', async (_, chunks, expected = chunks.join('')) => {
  const request = new PassThrough();
  const read = readLimitedBody(request, MEBIBYTE);
  for (const chunk of chunks) request.write(chunk);
  request.end();
  expect(String(await read)).toBe(expected);
  releaseBody(request);
});

test.each([
  ['too-large', (request: PassThrough) => request.end('abcd')],
  ['broken', (request: PassThrough) => request.destroy()],
])('a body is %s', async (expected, end) => {
  const request = new PassThrough();
  const read = readLimitedBody(request, 3);
  end(request);
  expect(await read).toBe(expected);
});

test('when all bodies have more than 128 MiB, the oldest one that is not complete is refused', async () => {
  const chunk = Buffer.alloc(MEBIBYTE);
  const send = (count: number, ends: boolean) => {
    const request = new PassThrough({ highWaterMark: count * MEBIBYTE });
    const read = readLimitedBody(request, 100 * MEBIBYTE);
    for (let sent = 0; sent < count; sent++) request.write(chunk);
    if (ends) request.end();
    return { request, read };
  };
  const complete = send(60, true);
  await complete.read;
  const stalled = send(60, false);
  const next = send(60, true);
  expect(await next.read).toHaveLength(60 * MEBIBYTE);
  // No body that is not complete is left, so the last one itself is refused until another is released.
  expect(await send(60, true).read).toBe('crowded');
  releaseBody(complete.request);
  const last = send(60, true);
  expect(await last.read).toHaveLength(60 * MEBIBYTE);
  stalled.request.end();
  expect(await stalled.read).toBe('crowded');
  for (const { request } of [next, last]) releaseBody(request);
});
