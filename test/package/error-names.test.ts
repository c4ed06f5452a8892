import { expect, test } from 'vitest';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('an error of the built package has its exported name', async () => {
  const { TypeKroError } = (await import(pathToFileURL(join(root, 'dist/core/index.js')).href)) as {
    TypeKroError: new (message: string, details: { code: string }) => Error;
  };
  expect(new TypeKroError('x', { code: 'a/b' }).name).toBe('TypeKroError');
});
