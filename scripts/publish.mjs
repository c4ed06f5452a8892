/**
 * Publishes the package, and `create-typekro` of the same version beside it. A version that the registry has is left out, so
 * that a publication that failed halfway can be started again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const json = (path) => JSON.parse(readFileSync(`${root}/${path}`, 'utf8'));

function run(command, ...words) {
  const { status, error } = spawnSync(command, words, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status;
}

if (run('npx', 'changeset', 'publish') !== 0) process.exit(1);
const { name, version } = json('create-typekro/package.json');
if (spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' }).stdout.trim() !== version) {
  const pre = existsSync(`${root}/.changeset/pre.json`) ? json('.changeset/pre.json') : {};
  const tag = pre.mode === 'pre' ? pre.tag : 'latest';
  process.exitCode = run('npm', 'publish', './create-typekro', '--tag', tag);
}
