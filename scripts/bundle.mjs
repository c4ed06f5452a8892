/**
 * Bundles the sources into one file per entry point plus the parts that entry points share. A process that
 * imports `typekro` opens a dozen files instead of several hundred, which is most of the time to start.
 */
import { build } from 'esbuild';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** Files that a host loads by path: the command line and its process for modules, the loader thread and the webpack loader; and the late parts. */
const BY_PATH = [
  'src/cli/main.ts',
  'src/cli/dev/module-child.ts',
  'src/transform/hooks.ts',
  'src/transform/webpack-loader.ts',
  'src/core/late-parts.ts',
];

/** Every entry point of the package, and the door of every room (benchmarks and scripts use a room alone). */
function entryPoints(root) {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const published = Object.values(exports).flatMap((target) => target.default ?? []);
  const doors = readdirSync(join(root, 'src')).map((room) => `src/${room}/index.ts`);
  return [
    ...new Set([
      ...published.map((file) => file.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts')),
      ...doors.filter((door) => existsSync(join(root, door))),
      ...BY_PATH,
    ]),
  ];
}

/**
 * Code that a room loads later imports, in the bundle, all that the room begins with. It is there by then anyway; but
 * the bundler, which does not know that, would put what the two share into a file of its own, and what two such parts
 * share into another: a dozen files to open at the start instead of one.
 */
const laterParts = (room) => ({
  name: 'later-parts',
  setup(build) {
    build.onResolve({ filter: /^\.\// }, ({ kind, path, importer, resolveDir }) =>
      kind === 'dynamic-import' && importer.startsWith(room)
        ? { path: relative(room, resolve(resolveDir, path)), namespace: 'later' }
        : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'later' }, ({ path }) => ({
      contents: `import * as start from './index.ts'; export * from './${path}';`,
      resolveDir: room,
    }));
  },
});

/** Leaves the late parts to the host that loads the package: see `src/core/late-parts.ts`. */
const lateParts = {
  name: 'late-parts',
  setup(build) {
    build.onResolve({ filter: /^\.\/late-parts\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: '#late-parts', external: true, sideEffects: false },
    );
  },
};

/**
 * Writes the bundles to `outdir`. Shared parts go to `chunk/`, as deep as the entry points of the rooms, so
 * that paths from `import.meta.url` to the package's own files hold in the sources and here.
 */
export async function bundle(root, outdir) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints(root),
    outdir,
    outbase: 'src',
    chunkNames: 'chunk/[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    plugins: [lateParts, laterParts(join(root, 'src/cluster/'))],
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    minifyWhitespace: true,
    // Node prints the line from which an uncaught error was thrown.
    lineLimit: 160,
    minifySyntax: true,
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  for (const file of Object.keys(metafile.outputs)) {
    if (file.endsWith('.js')) checkOneByte(file, readFileSync(join(root, file), 'utf8'));
  }
}

/**
 * V8 holds the text of a module for as long as the module lives, in one byte a character; with a single character
 * beyond Latin-1 in it, in two. The bundler writes texts with escapes, but leaves regular expressions as they are.
 */
export function checkOneByte(file, text) {
  const wide = /.{0,40}[^\0-\xff].{0,40}/u.exec(text);
  if (wide !== null) throw new Error(`${file} has a character beyond Latin-1, write it with \\u: ${wide[0]}`);
}
