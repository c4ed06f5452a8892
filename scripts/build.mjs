/**
 * Builds `dist/` with the TypeScript compiler, one output file per source file. `node scripts/build.mjs`
 * always builds; `isBuilt()` tells whether the sources changed since the last build.
 */
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, runNode } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist', '.built');

/** Newest change below `src/` and in the files that steer the build, in milliseconds. */
function newestSource() {
  let newest = 0;
  for (const file of ['package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    newest = Math.max(newest, statSync(join(root, file)).mtimeMs);
  }
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    if (entry.name.endsWith('.test.ts')) continue;
    newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return String(newest);
}

export function isBuilt() {
  try {
    return readFileSync(stamp, 'utf8') === newestSource();
  } catch {
    return false; // no stamp: never built, or the last build failed
  }
}

export async function build() {
  console.log('Building …');
  const source = newestSource();
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const tsc = 'node_modules/@typescript/native/bin/tsc';
  await runNode([tsc, '-p', 'tsconfig.build.json']);
  await runNode([tsc, '-p', 'src/dashboard/client']);
  for (const file of ['index.html', 'style.css']) {
    copyFileSync(join(root, 'src/dashboard/client', file), join(root, 'dist/dashboard/client', file));
  }
  writeFileSync(stamp, source);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(build);
