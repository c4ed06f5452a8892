/**
 * Builds `dist/`: declarations by the TypeScript compiler, JavaScript by the bundler. `node scripts/build.mjs` always
 * builds. `isBuilt()` reports whether the sources are unchanged since the last build.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, runNode } from './run.mjs';
import { builtPathOf, doors, packageFolders, relativeDoor } from './workspace.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const stamp = join(dist, '.built');

/**
 * Returns the state of the sources, with the generated ones: the time of the newest change in milliseconds, and the
 * number of files.
 */
function sourceState() {
  let newest = 0;
  let files = 0;
  for (const file of ['package.json', 'tsconfig.base.json', 'tsconfig.package.json']) {
    newest = Math.max(newest, statSync(join(root, file)).mtimeMs);
  }
  for (const folder of ['packages', 'data']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (/\.test\.tsx?$/.test(entry.name)) continue;
      newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
      files += 1;
    }
  }
  return `${newest} ${files}`;
}

export function isBuilt() {
  try {
    return readFileSync(stamp, 'utf8') === sourceState();
  } catch {
    return false; // There is no stamp, so no build has succeeded.
  }
}

/**
 * Builds in a folder next to `dist/`, and then replaces `dist/`. A failed build does not change `dist/`. Programs that
 * run from `dist/`, and simultaneous builds, are not disturbed.
 */
export async function build() {
  console.log('Building …');
  await runNode(['--import', 'tsx', 'scripts/generate-sources.ts']);
  const source = sourceState();
  // The folder is as deep in the repository as dist/, so that the paths in source maps stay right.
  const made = join(root, `.build-${process.pid}`);
  const tsc = 'node_modules/@typescript/native/bin/tsc';
  try {
    await runNode([tsc, '-b', ...packageFolders()]);
    joinDeclarations(made);
    // The import is dynamic, because this script also runs before the dependencies are installed.
    const { bundle } = await import('./bundle.mjs');
    await bundle(root, made);
    const { bundlePage } = await import('./page.mjs');
    await bundlePage(root, made);
    const { embed } = await import('./embed.mjs');
    await embed(root, made);
    writeFileSync(join(made, '.built'), source);
    replace(dist, made);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/**
 * Copies the declarations of all packages into the folders of `dist/`, and writes the imports of doors as relative
 * paths. The compiler keeps declarations of deleted sources; they are left out.
 */
function joinDeclarations(to) {
  const files = doors();
  const from = join(root, 'node_modules/.cache/types');
  for (const name of readdirSync(from, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const source = `packages/${name.replaceAll('\\', '/').replace(/\.d\.ts$/, '')}`;
    if (!existsSync(join(root, `${source}.ts`)) && !existsSync(join(root, `${source}.tsx`))) continue;
    const path = `${builtPathOf(source)}.d.ts`;
    const text = readFileSync(join(from, name), 'utf8');
    mkdirSync(dirname(join(to, path)), { recursive: true });
    const joined = text.replaceAll(
      /(["'])(@typekro\/[^"']+)\1/g,
      (_, quote, door) => quote + relativeDoor(door, path, files) + quote,
    );
    writeFileSync(join(to, path), joined);
  }
}

/** Replaces one directory by another. */
function replace(old, made) {
  const aside = `${made}-old`;
  if (existsSync(old)) renameSync(old, aside);
  renameSync(made, old);
  rmSync(aside, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(build);
