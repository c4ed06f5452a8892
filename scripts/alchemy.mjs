/**
 * Tries `typekro/alchemy` with the real package, which it installs into `test/alchemy` first: it is no dependency
 * of the package. `npm run long -- alchemy`
 */
import { fileURLToPath } from 'node:url';
import { installFixture } from './install.mjs';
import { main, runNode } from './run.mjs';

const folder = fileURLToPath(new URL('../test/alchemy', import.meta.url));

await main(async () => {
  await installFixture(folder);
  await runNode(['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/alchemy/vitest.config.ts']);
});
