import { isAbsolute } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { homeDirectory } from './home-directory.ts';

afterEach(() => vi.unstubAllEnvs());

test('an absolute path in the environment is the home directory', () => {
  expect(homeDirectory({ HOME: '/home/me' }, 'linux')).toBe('/home/me');
});

test.each(['', 'relative', './here', undefined])(
  'with HOME=%j, the result is the home directory of the system',
  (home) => {
    vi.stubEnv('HOME', home);
    expect(isAbsolute(homeDirectory({ HOME: home }, 'linux'))).toBe(true);
  },
);
