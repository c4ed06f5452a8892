import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { run, runNode } from './run.mjs';

/** Installs a folder of tests from its lock file when that changed; scripts of packages are not run. */
export async function installFixture(folder) {
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
