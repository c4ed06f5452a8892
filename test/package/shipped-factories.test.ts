import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { shippedFactories } from '../../scripts/shipped-factories.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.each([...shippedFactories()])('%s is what `npm run docs -- factories` writes', (folder, files) => {
  expect(readdirSync(join(root, folder)).sort()).toEqual([...files.keys()].sort());
  for (const [name, text] of files) {
    // Compares to a boolean, because a diff of thousands of lines would hide the name of the file.
    expect([name, readFileSync(join(root, folder, name), 'utf8') === text]).toEqual([name, true]);
  }
});
