/**
 * Makes a fresh clone ready: installs the dependencies from the lock file when they are missing or the
 * lock file changed, and builds when a source file changed. Uses nothing but Node itself, and costs a
 * tenth of a second when there is nothing to do. Runs before `npm start` and `npm test`.
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
  // Not in node_modules, which an installation deletes.
  mkdirSync(`${root}/.typekro`, { recursive: true });
  await withLock(`${root}/.typekro/setup.lock`, async () => {
    // The process that had the lock before may have done it.
    if (!isInstalled(root)) {
      console.log('Installing dependencies from package-lock.json …');
      await install(root);
    }
    if (!isBuilt()) await build();
  });
});
