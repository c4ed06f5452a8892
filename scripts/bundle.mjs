/**
 * Bundles the sources into one file per entry point, and into files for the code that entry points share. A process
 * that imports `typekro` then opens a dozen files. Opening several hundred files would take most of its start time.
 */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { startParts } from './start-parts.mjs';
import { builtPathOf, publishedEntries, ROOMS, sourceOf, workspaceDoors } from './workspace.mjs';

/**
 * Files that a program loads by their path: the command line, the process in which it loads the user's modules, the
 * programs for envtest and named clusters, the loader thread, the webpack loader, and the late parts.
 */
const BY_PATH = [
  'packages/cli/src/main.ts',
  'packages/cli/src/dev/module-child.ts',
  'packages/cli/src/envtest/apiserver-main.ts',
  'packages/cli/src/envtest/etcd-main.ts',
  'packages/cli/src/clusters/server-main.ts',
  'packages/sdk/src/transform/hooks.ts',
  'packages/sdk/src/transform/webpack-loader.ts',
  'packages/kit/src/core/late-parts.ts',
];

/** The rooms which benchmarks and tests import from `dist/`, although the package does not publish them. */
const BY_BENCHMARKS = ['core', 'schema', 'graph', 'kube', 'cluster', 'controller'];

function entryPoints() {
  const published = publishedEntries().map(([, target]) => target.default);
  const rooms = BY_BENCHMARKS.map((room) => `${ROOMS[room]}/index.ts`);
  const sources = new Set([...published.map(sourceOf), ...rooms, ...BY_PATH]);
  return Object.fromEntries([...sources].map((source) => [builtPathOf(source), source]));
}

/**
 * Makes each dynamically imported module of a room import the room's entry point. The entry point is always loaded
 * before such a module, but the bundler does not know this. Without the import, the bundler would put shared code into
 * more files, and an import of the room would open a dozen files instead of one.
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

/** Marks the late parts as external. The host loads them: see `packages/kit/src/core/late-parts.ts`. */
const lateParts = {
  name: 'late-parts',
  setup(build) {
    build.onResolve({ filter: /^\.\/late-parts\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: '#late-parts', external: true, sideEffects: false },
    );
  },
};

/**
 * Libraries that the package contains as one file each. As dependencies, those of others would add further packages to
 * every installation. The files have a tenth of their size, and only what needs a library loads its file.
 * The library of the protocol is CommonJS and requires modules of Node, so its file has a `require` that calls Node's.
 */
const LIBRARIES = {
  'cli/lsp/protocol-library': {
    names: 'vscode-languageserver, vscode-jsonrpc',
    license: 'vscode-languageserver/License.txt',
    start: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
  },
  'conversion/generator-library': { names: 'fast-check, pure-rand', license: 'fast-check/LICENSE', start: '' },
  'oci/key-library': {
    names: '@noble/ciphers, @noble/curves, @noble/hashes',
    license: '@noble/curves/LICENSE',
    start: '',
  },
  'controller/certificate-library': { start: '' },
};

/**
 * Marks the libraries as external. One relative path to each is enough, because all outputs that import it are as deep
 * as `chunk/`.
 */
const ownLibraries = {
  name: 'own-libraries',
  setup(build) {
    for (const path of Object.keys(LIBRARIES)) {
      const file = new RegExp(`/${path.split('/').at(-1)}\\.ts$`);
      build.onResolve({ filter: file }, () => ({ path: `../${path}.js`, external: true }));
    }
  },
};

/** Bundles a library into a file. */
async function bundleLibrary(root, outdir, [path, { names, license, start }]) {
  const legal = license === undefined ? '' : readFileSync(join(root, 'node_modules', license), 'utf8').trim();
  await build({
    absWorkingDir: root,
    entryPoints: [sourceOf(`${path}.js`)],
    outfile: join(outdir, `${path}.js`),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [workspaceDoors(), lateParts],
    banner: { js: `${legal === '' ? '' : `/*! ${names}\n${legal}\n*/\n`}${start}` },
  });
}

/**
 * Writes the bundles to `outdir`. Shared parts go to `chunk/`, which is as deep as the entry points of the rooms. Paths
 * from `import.meta.url` to the package's own files are then the same in the sources and in the bundles.
 */
export async function bundle(root, outdir) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints(),
    outdir,
    chunkNames: 'chunk/[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    plugins: [
      workspaceDoors(),
      lateParts,
      ownLibraries,
      laterParts(join(root, 'packages/cluster/src/')),
      await startParts(root, 'packages/sdk/src/index.ts', [workspaceDoors(), lateParts, ownLibraries]),
    ],
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    minifyWhitespace: true,
    // Limits the length of lines, because Node prints the whole line that threw an uncaught error.
    lineLimit: 200,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  for (const library of Object.entries(LIBRARIES)) await bundleLibrary(root, outdir, library);
  for (const file of Object.keys(metafile.outputs)) {
    if (file.endsWith('.js')) checkOneByte(file, readFileSync(join(root, file), 'utf8'));
  }
}

/**
 * V8 keeps the source of a module in memory, with one byte per character, or with two if any character is beyond
 * Latin-1. This function refuses such a character, because the bundler escapes it only in strings, not in regular
 * expressions.
 */
export function checkOneByte(file, text) {
  const wide = /.{0,40}[^\0-\xff].{0,40}/u.exec(text);
  if (wide !== null) throw new Error(`${file} has a character beyond Latin-1, write it with \\u: ${wide[0]}`);
}
