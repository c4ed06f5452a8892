/**
 * Prepares a fresh clone. Installs the dependencies from the lock file when they are missing or the lock file changed,
 * and builds when a source file changed. The script uses only Node's own modules, and takes a tenth of a second when
 * there is nothing to do. It runs before the other commands of the repository.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { install, isInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { main } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`typekro needs Node 20.19 or newer; this is ${process.version}. Install a newer Node and try again.`);
  process.exit(1);
}

await main(async () => {
  if (isInstalled(root) && isBuilt()) return;
  // The folder is not in node_modules, because an installation deletes node_modules.
  mkdirSync(`${root}/.typekro`, { recursive: true });
  await withLock(`${root}/.typekro/setup.lock`, async () => {
    // The previous holder of the lock may have installed the packages.
    if (!isInstalled(root)) {
      console.log('Installing dependencies from package-lock.json, and then building: about two minutes …');
      await install(root);
    }
    if (!isBuilt()) await build();
  });
});
