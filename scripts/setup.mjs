/**
 * Makes a fresh clone ready: installs the dependencies from the lock file when they are missing or the
 * lock file changed, and builds when a source file changed. Uses nothing but Node itself, and costs a
 * tenth of a second when there is nothing to do. Runs before `npm start` and `npm test`.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { withLock } from './lock.mjs';
import { main, run, runNode } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}/node_modules/.typekro-installed`;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`typekro needs Node 20.19 or newer; this is ${process.version}. Install a newer Node and try again.`);
  process.exit(1);
}

const lock = createHash('sha256')
  .update(readFileSync(`${root}/package-lock.json`))
  .digest('hex');
const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;

async function install() {
  console.log('Installing dependencies from package-lock.json …');
  // npm passes its own path to scripts; a script started without npm finds npm on the PATH.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  await (npm === undefined ? run('npm', args) : runNode([npm, ...args]));
  mkdirSync(`${root}/node_modules`, { recursive: true });
  writeFileSync(stamp, lock);
}

await main(async () => {
  if (isInstalled() && isBuilt()) return;
  // Not in node_modules, which an installation deletes.
  mkdirSync(`${root}/.typekro`, { recursive: true });
  await withLock(`${root}/.typekro/setup.lock`, async () => {
    // Whoever had the lock before may have done it.
    if (!isInstalled()) await install();
    if (!isBuilt()) await build();
  });
});
