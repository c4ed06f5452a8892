/**
 * Tests `typekro/alchemy` with the real package `alchemy`: `npm run long -- alchemy`. The script first installs
 * `alchemy` into `test/alchemy`, because `alchemy` is not a dependency of this package.
 */
import { fileURLToPath } from 'node:url';
import { installFixture } from './install.mjs';
import { main, runNode } from './run.mjs';

const folder = fileURLToPath(new URL('../test/alchemy', import.meta.url));

await main(async () => {
  await installFixture(folder);
  await runNode(['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/alchemy/vitest.config.ts']);
});
