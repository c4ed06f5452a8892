/**
 * Separates the code that `import 'typekro'` loads from the rest of each room.
 *
 * The bundler joins files into one output file if the same entry points reach them. An import of an entry point reaches
 * every file from which the entry point exports. One name of a room would therefore load the whole room. The plugin
 * gives the files that `import 'typekro'` loads (the files of the start) a shorter entry point of each room, which
 * exports only from files of the start and from other such entry points.
 */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { roomOf } from './workspace.mjs';

const NAMESPACE = 'start';

/**
 * The rooms of which a start needs only a part. For every other room, the rest is too small to justify another file.
 */
const ROOMS = ['schema', 'graph', 'runtime', 'compose', 'factories'];

/** The exports of a room's entry point: `export { a, b } from './c.ts';` and `export * from './c.ts';`. */
const EXPORT_FROM = /^export (?!type\b)(?:\*(?: as \w+)?|\{[^}]*\}) from '(\.[^']+)';$/gm;

/** Returns the absolute paths of the source files that an import of `entry` needs, without dynamic imports. */
async function startFiles(root, entry, plugins) {
  let files = [entry];
  for (;;) {
    // Each file is an entry point, so that all of its exports count as used: other rooms may import any of them.
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: files,
      outdir: root,
      bundle: true,
      splitting: true,
      write: false,
      packages: 'external',
      plugins: [...plugins, withoutDynamicImports],
      format: 'esm',
      platform: 'node',
      metafile: true,
      logLevel: 'warning',
    });
    const used = new Set(files);
    for (const { inputs } of Object.values(metafile.outputs)) {
      for (const [file, { bytesInOutput }] of Object.entries(inputs)) if (bytesInOutput > 0) used.add(file);
    }
    if (used.size === files.length) return new Set(files.map((file) => join(root, file)));
    files = [...used];
  }
}

const withoutDynamicImports = {
  name: 'without-dynamic-imports',
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/** Returns the plugin. `plugins` are the other plugins of the build that decide what a path means. */
export async function startParts(root, entry, plugins) {
  const start = await startFiles(root, entry, plugins);
  const isOfRooms = (file) => ROOMS.includes(roomOf(relative(root, file).replaceAll(sep, '/')));
  const isEntryPoint = (file) => file.endsWith('/index.ts') && !start.has(file) && isOfRooms(file);
  return {
    name: 'start-parts',
    setup(build) {
      build.onResolve({ filter: /^\..*\/index\.ts$/ }, ({ kind, path, importer, resolveDir, namespace }) => {
        const file = resolve(resolveDir, path);
        const ofStart = namespace === NAMESPACE || start.has(importer);
        // The bundler hashes this path, so the same sources give the same bundles in every folder.
        return kind === 'import-statement' && ofStart && isEntryPoint(file)
          ? { path: relative(root, file).replaceAll(sep, '/'), namespace: NAMESPACE }
          : undefined;
      });
      build.onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => {
        const folder = dirname(join(root, path));
        const statements = [];
        for (const [statement, target] of readFileSync(join(root, path), 'utf8').matchAll(EXPORT_FROM)) {
          const file = resolve(folder, target);
          if (isEntryPoint(file) || start.has(file)) statements.push(statement);
        }
        return { contents: statements.join('\n'), resolveDir: folder, loader: 'ts' };
      });
    },
  };
}
