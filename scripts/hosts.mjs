/**
 * Tries compositions on every host of `test/hosts`: other Nodes, Bun, Deno, bundlers, test runners. Installs
 * them first (they are not dependencies of the package), unless `--installed` says to take what is there; a
 * host that is missing is a skip. `npm run hosts [-- --installed]`
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main, run, runNode } from './run.mjs';

const folder = fileURLToPath(new URL('../test/hosts', import.meta.url));

/** Installs from the lock file when that changed; scripts of packages are not run. */
async function install() {
  const stamp = `${folder}/node_modules/.typekro-installed`;
  const lock = createHash('sha256')
    .update(readFileSync(`${folder}/package-lock.json`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  const args = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  await (npm === undefined ? run('npm', args) : runNode([npm, ...args]));
  writeFileSync(stamp, lock);
}

await main(async () => {
  if (!process.argv.includes('--installed')) await install();
  await runNode(['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/hosts/vitest.config.ts']);
});
