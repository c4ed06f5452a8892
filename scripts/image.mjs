/**
 * `node scripts/image.mjs FOLDER` writes what the image contains besides Node, from a complete build:
 *
 * - `dist/controller/controller.js`, the files that it imports, and the parts that a flag or a definition loads
 * - the data files that this code reads, and `package.json`
 *
 * Libraries are in the bundles. The image has neither npm nor `node_modules`. The code is divided by rooms, because the
 * memory that V8 takes to parse a file stays in the process: one file of 1.6 MB takes 7 MB more after the start.
 */
import { build } from 'esbuild';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkOneByte } from './bundle.mjs';
import { licenseOf } from './license-of.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = 'src/cli/image/main.ts';
/**
 * The folder of the program. It is as deep as the rooms, so that `import.meta.url` leads to the same files of the
 * package (`src/core/assets.ts`).
 */
const PLACE = 'dist/controller';

const OPTIONS = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  minifyWhitespace: true,
  minifySyntax: true,
  // Node prints the line that threw an uncaught error.
  lineLimit: 160,
  legalComments: 'none',
  logLevel: 'warning',
};

/** The libraries in CommonJS that are part of a bundle require modules of Node. */
const REQUIRE = 'const require=(name)=>process.getBuiltinModule(name);';

/** Libraries that a controller loads when it needs them. They are CommonJS, because their callers do not wait. */
const LIBRARIES = { re2Library: 're2js', yamlLibrary: 'yaml', proxyLibrary: 'undici' };

/** Replaces `late-libraries.ts`: it loads the bundles of the libraries instead of packages. */
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

/** The entry points of the rooms whose code is in the program. They divide its code into files. */
const ROOMS = ['core', 'cel', 'schema', 'graph', 'runtime', 'kube', 'execute', 'inspect', 'controller'];
const rooms = () => Object.fromEntries(ROOMS.map((room) => [`room-${room}`, `src/${room}/index.ts`]));

/** The program and its parts as texts by their names. */
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

/** The files of the package whose paths are in the code: `data/…`, and `dashboard/….json` of the build. */
function dataFilesOf(texts) {
  // The bundler also breaks long strings into lines, with a backslash at the end of each line.
  const named = texts.flatMap((text) => [
    ...text.replaceAll('\\\n', '').matchAll(/"(data\/[^"*]+|dashboard\/[^"*]+\.json)"/g),
  ]);
  return [...new Set(named.map(([, path]) => (path.startsWith('data/') ? path : `dist/${path}`)))];
}

/** Writes the files of the image into an empty or missing folder. */
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
