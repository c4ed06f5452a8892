import { afterEach, expect, test, vi } from 'vitest';
import { DocumentCache, userCacheDirectory } from './document-cache.ts';

vi.mock('node:os', async (original) => {
  const refuse = () => {
    throw Object.assign(new Error('the user has no entry'), { code: 'ERR_SYSTEM_ERROR' });
  };
  return { ...(await original<object>()), homedir: refuse, userInfo: refuse };
});

afterEach(() => vi.unstubAllEnvs());

test('the cache of a user without a home directory is empty', async () => {
  vi.stubEnv('HOME', '');
  vi.stubEnv('XDG_CACHE_HOME', '');
  const cache = new DocumentCache({ server: 'https://a' });
  await cache.put('/openapi?hash=AB', 'text');
  expect(await cache.get('/openapi?hash=AB')).toBeUndefined();
});

test('the cache of a user without a home directory is in the folder of XDG_CACHE_HOME', () => {
  expect(userCacheDirectory({ XDG_CACHE_HOME: '/cache' }, 'linux')).toBe('/cache');
});
