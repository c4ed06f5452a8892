import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { run, runNode } from './run.mjs';

const stampOf = (folder) => `${folder}/node_modules/.typekro-installed`;

/** What tells one state of a lock file from another. */
function lockOf(folder) {
  return createHash('sha256')
    .update(readFileSync(`${folder}/package-lock.json`))
    .digest('hex');
}

/** Is installed in the folder what its lock file says? */
export function isInstalled(folder) {
  const stamp = stampOf(folder);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockOf(folder);
}

/** Installs a folder from its lock file. */
export async function install(folder, flags = []) {
  const lock = lockOf(folder);
  const args = ['ci', '--prefix', folder, ...flags, '--no-audit', '--no-fund', '--loglevel=error'];
  // npm passes its own path to scripts; a script started without npm finds npm on the PATH.
  const npm = process.env.npm_execpath;
  await (npm === undefined ? run('npm', args) : runNode([npm, ...args]));
  mkdirSync(`${folder}/node_modules`, { recursive: true });
  writeFileSync(stampOf(folder), lock);
}

/** Installs a folder of tests when its lock file changed; scripts of packages are not run. */
export async function installFixture(folder) {
  if (!isInstalled(folder)) await install(folder, ['--ignore-scripts']);
}
