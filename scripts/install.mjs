import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { run, runNode } from './run.mjs';

const stampOf = (folder) => `${folder}/node_modules/.typekro-installed`;

/** A digest of the content of the folder's lock file, in the layout that npm writes. */
function lockOf(folder) {
  const lock = JSON.parse(readFileSync(`${folder}/package-lock.json`, 'utf8'));
  return createHash('sha256')
    .update(`${JSON.stringify(lock, null, 2)}\n`)
    .digest('hex');
}

/** Are the installed packages those of the folder's lock file? */
export function isInstalled(folder) {
  const stamp = stampOf(folder);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockOf(folder);
}

/** Installs a folder's packages from its lock file. */
export async function install(folder, flags = []) {
  const lock = lockOf(folder);
  const args = ['ci', '--prefix', folder, ...flags, '--no-audit', '--no-fund', '--loglevel=error'];
  // npm passes its path to scripts. A script that runs without npm finds npm on the PATH.
  const npm = process.env.npm_execpath;
  await (npm === undefined ? run('npm', args) : runNode([npm, ...args]));
  mkdirSync(`${folder}/node_modules`, { recursive: true });
  writeFileSync(stampOf(folder), lock);
}

/** Installs the packages of a test folder when its lock file changed. The packages' own scripts do not run. */
export async function installFixture(folder) {
  if (!isInstalled(folder)) await install(folder, ['--ignore-scripts']);
}
