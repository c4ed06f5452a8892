import { expect, test } from 'vitest';
import { loadAlchemy } from './alchemy-package.ts';

const missing = (text: string) => Object.assign(new Error(text), { code: 'ERR_MODULE_NOT_FOUND' });

test.each<[string, () => Promise<object>, string, string]>([
  [
    'it is not installed',
    () => Promise.reject(missing("Cannot find package 'alchemy' imported from /a/b.js")),
    'alchemy/not-installed',
    'npm install alchemy@~0.94.0',
  ],
  [
    'one of its dependencies is missing',
    () => Promise.reject(missing("Cannot find package 'yaml' imported from /node_modules/alchemy/lib/serde.js")),
    'alchemy/not-loaded',
    "Cannot find package 'yaml'",
  ],
  ['its import throws', () => Promise.reject(new Error('no password')), 'alchemy/not-loaded', 'no password'],
  [
    'its version is not supported',
    () => Promise.resolve({ Resource: () => {} }),
    'alchemy/version',
    'does not know this version',
  ],
])('reports the package when %s', async (_, load, code, text) => {
  await expect(loadAlchemy(load)).rejects.toMatchObject({ code, message: expect.stringContaining(text) as unknown });
});
