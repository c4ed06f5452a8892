import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../../packages', import.meta.url));

/**
 * Matches expressions that depend on the module's own path. In a bundle these expressions have another value, or none.
 */
const FROM_THE_PLACE = /\bimport\.meta\b|\b__dirname\b|\b__filename\b|\brequire\.resolve\b|new Worker\(/;

/** Modules that no bundle contains. A bundle has replacements for some, and a host loads the others by path. */
const NEVER_BUNDLED = [
  'kit/src/core/assets.ts',
  'kit/src/core/late-libraries.ts',
  'sdk/src/transform/load.ts',
  'sdk/src/transform/register.ts',
];

test('only modules that no bundle contains use their own path', () => {
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('dashboard/src/client'))
    .filter((file) => !file.includes('/test-support/'))
    .filter((file) =>
      FROM_THE_PLACE.test(readFileSync(join(root, file), 'utf8').replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '')),
    );
  // Code that reads a file of the package belongs in `core/assets.ts`. Code that loads a library late belongs in
  // `core/late-libraries.ts`.
  expect(found.map((file) => file.replaceAll('\\', '/')).toSorted()).toEqual(NEVER_BUNDLED);
});
