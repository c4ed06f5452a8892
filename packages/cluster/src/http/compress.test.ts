import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createEmbeddedCluster } from '../index.ts';
import { compressReply } from './compress.ts';

const large = Buffer.alloc(200_000, 'a');

describe('a response', () => {
  test.each<[string, string | undefined, number, Buffer | Buffer[], boolean]>([
    ['that is large is compressed', 'gzip', 200, large, true],
    ['in several chunks is compressed', 'deflate, gzip', 200, [large, large], true],
    ['for a request that accepts any encoding is not compressed', '*', 200, large, false],
    ['for a request that names gzip with a weight is not compressed', 'gzip;q=0.5', 200, large, false],
    ['for a request without an Accept-Encoding header is not compressed', undefined, 200, large, false],
    ['for a client that refuses gzip is not compressed', 'gzip;q=0, *', 200, large, false],
    ['that is small is not compressed', 'gzip', 200, Buffer.from('a'), false],
    ['with an error is compressed', 'gzip', 422, large, true],
  ])('%s', async (_title, header, status, body, isCompressed) => {
    const reply = await compressReply(header, { status, headers: { vary: 'Accept' }, body });
    const whole = Buffer.isBuffer(body) ? body : Buffer.concat(body);
    if (!isCompressed) {
      expect(reply.body).toBe(body);
      return;
    }
    expect(reply.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept, Accept-Encoding' });
    expect(gunzipSync(reply.body as Buffer)).toEqual(whole);
  });
});

test('the OpenAPI v2 document is compressed, and is not sent again to a client that has it', async () => {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const get = async (headers: Record<string, string>) => {
    const answer = await cluster.transport().request({ method: 'GET', path: '/openapi/v2', headers });
    const parts: Buffer[] = [];
    for await (const part of answer.body) parts.push(Buffer.from(part));
    return { status: answer.status, headers: answer.headers, body: Buffer.concat(parts) };
  };
  const first = await get({ 'accept-encoding': 'gzip' });
  expect(first.headers['content-encoding']).toBe('gzip');
  expect(JSON.parse(gunzipSync(first.body).toString())).toMatchObject({ swagger: '2.0' });
  const etag = String(first.headers['etag']);
  expect(etag).toMatch(/^"[0-9A-F]{64}"$/);
  const again = await get({ 'if-none-match': etag });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  await cluster.close();
});
