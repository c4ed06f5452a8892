import { inspect } from 'node:util';
import { expect, test } from 'vitest';

test('Node prints an error of the package with the name of its class, and without undefined properties', async () => {
  const { TypeKroError } = (await import(new URL('../../dist/index.js', import.meta.url).href)) as {
    readonly TypeKroError: new (message: string, details: object) => Error;
  };
  const printed = inspect(new TypeKroError('it failed', { code: 'a/b', remedy: 'do this' }));
  expect(printed).toMatch(/^TypeKroError: it failed\n/);
  expect(printed).toContain("remedy: 'do this'");
  expect(printed).not.toContain('undefined');
});
