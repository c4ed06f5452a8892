/**
 * Tries compositions on every host of `test/hosts`: other Nodes, Bun, Deno, bundlers, test runners. Installs
 * them first (they are not dependencies of the package), unless `--installed` says to take what is there; a
 * host that is missing is a skip. `npm run long -- hosts [--installed]`
 */
import { fileURLToPath } from 'node:url';
import { installFixture } from './install.mjs';
import { main, runNode } from './run.mjs';

const folder = fileURLToPath(new URL('../test/hosts', import.meta.url));

await main(async () => {
  if (!process.argv.includes('--installed')) await installFixture(folder);
  await runNode(['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/hosts/vitest.config.ts']);
});
