/**
 * Publishes the package, and then `create-typekro` of the same version. Skips a version that the registry already has,
 * so that a failed publication can be repeated.
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
