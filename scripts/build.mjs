/**
 * Builds `dist/`: declarations by the TypeScript compiler, JavaScript by the bundler. `node scripts/build.mjs` always
 * builds. `isBuilt()` reports whether the sources are unchanged since the last build.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, runNode } from './run.mjs';
import { doors, packageFolders, publishedEntries, relativeDoor, sourceOf } from './workspace.mjs';

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
 * Copies the declarations that the entry points of the package reach into the folders of `dist/`, and writes the
 * imports of doors as relative paths.
 */
function joinDeclarations(to) {
  const files = doors();
  const from = join(root, 'node_modules/.cache/types');
  const paths = new Set(publishedEntries().map(([, target]) => target.types.replace('./dist/', '')));
  // The loop also visits the paths that it adds.
  for (const path of paths) {
    const source = sourceOf(path.replace(/\.d\.ts$/, '.js')).replace(/\.ts$/, '.d.ts');
    const text = readFileSync(join(from, relative('packages', source)), 'utf8');
    const joined = text.replaceAll(
      /(["'])(@typekro\/[^"']+)\1/g,
      (_, quote, door) => quote + relativeDoor(door, path, files) + quote,
    );
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), joined);
    for (const [, imported] of joined.matchAll(/(?:\bfrom |\bimport[ (])["'](\.\.?\/[^"']+)["']/g))
      paths.add(posix.join(posix.dirname(path), imported).replace(/\.(?:js|tsx?)$/, '.d.ts'));
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
