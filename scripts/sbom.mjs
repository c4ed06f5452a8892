/**
 * Prints the packages of an installation of TypeKro as a CycloneDX document: `node scripts/sbom.mjs`. npm writes it from
 * the lock file, and needs no network. `npm sbom --omit=dev` in the checkout would also leave out the packages that
 * both TypeKro and a development tool use. Therefore npm reads a copy of the manifest without these tools.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'typekro-sbom-'));

function npm(...words) {
  const { status, stdout, stderr, error } = spawnSync('npm', words, { cwd: folder, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`npm ${words.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

try {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const key of ['devDependencies', 'peerDependencies', 'peerDependenciesMeta']) delete manifest[key];
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  cpSync(join(root, 'package-lock.json'), join(folder, 'package-lock.json'));
  npm('install', '--package-lock-only', '--ignore-scripts', '--offline', '--no-audit', '--no-fund');
  const text = npm('sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=library');
  const listed = new Set(JSON.parse(text).components.map(({ purl }) => decodeURIComponent(purl)));
  const missing = Object.entries(manifest.dependencies)
    .map(([name, version]) => `pkg:npm/${name}@${version}`)
    .filter((purl) => !listed.has(purl));
  if (missing.length > 0) throw new Error(`npm sbom left out ${missing.join(', ')}`);
  process.stdout.write(text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
