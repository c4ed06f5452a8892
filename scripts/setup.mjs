/**
 * Makes a fresh clone ready: installs the dependencies from the lock file when they are missing or the
 * lock file changed, and builds when a source file changed. Uses nothing but Node itself, and costs a
 * tenth of a second when there is nothing to do. Runs before `npm start` and `npm test`.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { main, run, runNode } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}/node_modules/.typekro-installed`;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`typekro needs Node 20.19 or newer; this is ${process.version}. Install a newer Node and try again.`);
  process.exit(1);
}

await main(async () => {
  const lock = createHash('sha256')
    .update(readFileSync(`${root}/package-lock.json`))
    .digest('hex');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    console.log('Installing dependencies from package-lock.json …');
    // npm passes its own path to scripts; a script started without npm finds npm on the PATH.
    const npm = process.env.npm_execpath;
    const install = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
    await (npm === undefined ? run('npm', install) : runNode([npm, ...install]));
    mkdirSync(`${root}/node_modules`, { recursive: true });
    writeFileSync(stamp, lock);
  }
  if (!isBuilt()) await build();
});
