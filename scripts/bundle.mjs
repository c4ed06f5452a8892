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

/** The library of the Language Server Protocol. The package contains it as one file: see `bundleProtocol`. */
const PROTOCOL = 'cli/lsp/protocol-library';

/**
 * Marks the library of the protocol as external. One relative path to it is enough, because all outputs that import it
 * are as deep as `chunk/`.
 */
const protocolLibrary = {
  name: 'protocol-library',
  setup(build) {
    build.onResolve({ filter: /\/protocol-library\.ts$/ }, () => ({ path: `../${PROTOCOL}.js`, external: true }));
  },
};

/**
 * Bundles the library of the protocol into a separate file. The library is CommonJS and requires modules of Node, so
 * the file has a `require` that calls Node's. As a dependency, the library would add four packages to every
 * installation. The file has a tenth of their size, and only `typekro lsp` loads it.
 */
async function bundleProtocol(root, outdir) {
  await build({
    absWorkingDir: root,
    entryPoints: [sourceOf(`${PROTOCOL}.js`)],
    outfile: join(outdir, `${PROTOCOL}.js`),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: `/*! vscode-languageserver, vscode-jsonrpc\n${readFileSync(join(root, 'node_modules/vscode-languageserver/License.txt'), 'utf8').trim()}\n*/\nimport { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);`,
    },
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
      protocolLibrary,
      laterParts(join(root, 'packages/cluster/src/')),
      await startParts(root, 'packages/sdk/src/index.ts', [workspaceDoors(), lateParts, protocolLibrary]),
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
  await bundleProtocol(root, outdir);
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
