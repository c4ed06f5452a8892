/**
 * Tests compositions on every host of `test/hosts`: Bun, Deno, bundlers, test runners, and the versions of Node that do
 * not build the package. The script installs them first, because they are not dependencies of the package. With
 * `--installed` the script installs nothing, and skips the hosts that are not installed. Run:
 * `npm run long -- hosts [--installed]`.
 */
import { fileURLToPath } from 'node:url';
import { installFixture } from './install.mjs';
import { main, runNode } from './run.mjs';

const folder = fileURLToPath(new URL('../test/hosts', import.meta.url));

await main(async () => {
  if (!process.argv.includes('--installed')) await installFixture(folder);
  await runNode(['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/hosts/vitest.config.ts']);
});
