import { expect, test } from 'vitest';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('in the built package, the name of an error is the name under which its class is exported', async () => {
  const { TypeKroError } = (await import(pathToFileURL(join(root, 'dist/core/index.js')).href)) as {
    TypeKroError: new (message: string, details: { code: string }) => Error;
  };
  expect(new TypeKroError('x', { code: 'a/b' }).name).toBe('TypeKroError');
});
