import { expect, test } from 'vitest';
import { StreamBody } from './body.ts';

test('a connection that was paused for a slow reader is resumed at the end of the body', async () => {
  const calls: string[] = [];
  const source = { pause: () => calls.push('pause'), resume: () => calls.push('resume') };
  const body = new StreamBody(source, () => calls.push('abandon'));
  const reader = body[Symbol.asyncIterator]();
  body.push(Buffer.from('first'));
  await reader.next();
  body.push(Buffer.alloc(257 * 1024));
  body.end();
  await reader.return();
  expect(calls).toEqual(['pause', 'resume']);
});
