/**
 * `node scripts/image.mjs FOLDER` takes a complete build and writes the files that the image contains in addition to
 * Node:
 *
 * - `dist/controller/controller.js`, the files that it imports, and the parts that a flag or a definition loads
 * - the data files that this code reads, and `package.json`
 *
 * Libraries are in the bundles. The image has neither npm nor `node_modules`. The code has one file per room, because
 * V8 does not release the memory that it takes to parse a file. After the start, a single file of 1.6 MB would take 7
 * MB more memory than these files.
 */
import { build } from 'esbuild';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkOneByte } from './bundle.mjs';
import { licenseOf } from './license-of.mjs';
import { ROOMS } from './workspace.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = 'packages/cli/src/image/main.ts';
/**
 * The folder of the program. It has the same depth as the folders of rooms, because `packages/kit/src/core/assets.ts` finds the
 * package's files relative to `import.meta.url`.
 */
const PLACE = 'dist/controller';

const OPTIONS = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  minifyWhitespace: true,
  minifySyntax: true,
  // For an uncaught error, Node prints the source line that threw it. Short lines keep this output readable.
  lineLimit: 160,
  legalComments: 'none',
  logLevel: 'warning',
};

/** Defines `require` in a bundle, because its CommonJS libraries call `require` for Node's modules. */
const REQUIRE = 'const require=(name)=>process.getBuiltinModule(name);';

/**
 * Libraries that a controller loads on demand. They are bundled as CommonJS, because their callers are synchronous, and
 * `require` loads a module synchronously.
 */
const LIBRARIES = { re2Library: 're2js', yamlLibrary: 'yaml' };

/**
 * Replaces `late-libraries.ts` by a module that loads the libraries from their bundles instead of from `node_modules`.
 */
const bundledLibraries = {
  name: 'bundled-libraries',
  setup({ onLoad }) {
    onLoad({ filter: /\/late-libraries\.ts$/ }, () => ({
      contents: [
        "import { createRequire } from 'node:module';",
        'const load = createRequire(import.meta.url);',
        ...Object.entries(LIBRARIES).map(([name, library]) => `export const ${name} = () => load('./${library}.cjs');`),
      ].join('\n'),
    }));
  },
};

/** Keeps the import of `controller-heap.ts`, although `package.json` declares that modules have no side effects. */
const heapFirst = {
  name: 'heap-first',
  setup({ onResolve }) {
    onResolve({ filter: /\/controller-heap\.ts$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path),
      sideEffects: true,
    }));
  },
};

/** The rooms whose code is in the program. Their entry points make the bundler write one file per room. */
const PARTS = ['core', 'cel', 'schema', 'conversion', 'graph', 'runtime', 'kube', 'execute', 'inspect', 'controller'];
const rooms = () => Object.fromEntries(PARTS.map((room) => [`room-${room}`, `${ROOMS[room]}/index.ts`]));

/** Bundles the program and its parts. Maps the name of each file to its text. */
async function bundledProgram() {
  const { outputFiles } = await build({
    ...OPTIONS,
    entryPoints: { controller: ENTRY, ...rooms() },
    outdir: join(root, PLACE),
    chunkNames: 'part-[hash]',
    splitting: true,
    format: 'esm',
    external: ['@opentelemetry/api'],
    banner: { js: REQUIRE },
    plugins: [bundledLibraries, heapFirst],
    write: false,
  });
  const files = outputFiles.map(({ path, text }) => [basename(path), text]);
  // Nothing imports the entry points of the rooms: they only divide the code.
  return new Map(files.filter(([name]) => !name.startsWith('room-')));
}

async function bundleLibrary(library, outfile) {
  await build({
    ...OPTIONS,
    stdin: { contents: `module.exports = require('${library}');`, resolveDir: root },
    outfile,
    format: 'cjs',
    minify: true,
    banner: { js: licenseOf(root, library) },
  });
}

/** The package's data files whose paths occur as strings in the code: `data/…`, and `dashboard/….json` of the build. */
function dataFilesOf(texts) {
  // The bundler breaks long strings into several lines with a backslash at the end of each line. The backslashes are
  // removed before the search.
  const named = texts.flatMap((text) => [
    ...text.replaceAll('\\\n', '').matchAll(/"(data\/[^"*]+|dashboard\/[^"*]+\.json)"/g),
  ]);
  return [...new Set(named.map(([, path]) => (path.startsWith('data/') ? path : `dist/${path}`)))];
}

/** Writes the files of the image into a folder. Deletes the earlier content of the folder. */
export async function writeImage(folder) {
  rmSync(folder, { recursive: true, force: true });
  const place = join(folder, PLACE);
  mkdirSync(place, { recursive: true });
  const files = await bundledProgram();
  for (const [name, text] of files) {
    checkOneByte(name, text);
    writeFileSync(join(place, name), text);
  }
  for (const library of Object.values(LIBRARIES)) await bundleLibrary(library, join(place, `${library}.cjs`));
  for (const path of dataFilesOf([...files.values()])) {
    if (!existsSync(join(root, path))) throw new Error(`${path} does not exist: run scripts/build.mjs first`);
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  const { name, version, license, type } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ name, version, license, type })}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: scripts/image.mjs FOLDER');
  await writeImage(resolve(folder));
}
