/**
 * Bundles the page of the dashboard: the script, the worker that computes layouts, and the style sheet. All files of the
 * page become one JSON object of texts by their paths (`dashboard/page.json`), which `src/dashboard/pages.ts` serves.
 */
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { licenseOf } from './license-of.mjs';
import { unbundledLibrary } from './unbundled-library.mjs';

/**
 * The entry points of the page, each with the libraries that it contains. `mangleProps` matches the members that only the
 * classes of the library itself use.
 */
const SCRIPTS = {
  app: { entry: 'main.tsx', libraries: ['preact', '@preact/signals'] },
  'layout-worker': {
    entry: 'graph/layout-worker.ts',
    libraries: ['@dagrejs/dagre', '@dagrejs/graphlib'],
    mangleProps: /^_[a-zA-Z]+$/,
  },
};

/** The file with the licences of the libraries. */
const LICENSES = '/licenses.txt';
const PLAYGROUND_LICENSES = '/playground-licenses.txt';

/** The scripts of the playground. The worker has the engine, which runs in browsers unchanged. */
const PLAYGROUND_LIBRARIES = [
  '@codemirror/state',
  '@codemirror/view',
  '@lezer/common',
  '@noble/hashes',
  '@sveltejs/acorn-typescript',
  'acorn',
  'buffer',
  'preact',
  're2js',
  'yaml',
];

/** The files that a page requests only on demand: the playground and the licences. They are in a file of their own. */
const ON_DEMAND = /^\/(?:playground-|licenses)/;

/** Writes `dashboard/page.json` and `dashboard/playground.json` below the folder `made`. */
export async function bundlePage(root, made) {
  const client = join(root, 'src/dashboard/client');
  const files = { '/': readFileSync(join(client, 'index.html'), 'utf8') };
  files[LICENSES] = licensesOf(
    root,
    Object.values(SCRIPTS).flatMap(({ libraries }) => libraries),
  );
  for (const [name, { entry, libraries, mangleProps }] of Object.entries(SCRIPTS)) {
    const banner = { js: bannerOf(libraries, LICENSES) };
    const options = { banner, ...(mangleProps === undefined ? {} : { mangleProps }) };
    Object.assign(files, await bundled({ [name]: join(client, entry) }, options));
  }
  Object.assign(files, await bundled({ style: join(client, 'styles/style.css') }));
  Object.assign(files, await bundledWorker(root));
  files[PLAYGROUND_LICENSES] = licensesOf(root, PLAYGROUND_LIBRARIES);
  const parts = Object.entries(files);
  mkdirSync(join(made, 'dashboard'), { recursive: true });
  const write = (name, entries) =>
    writeFileSync(join(made, 'dashboard', name), `${JSON.stringify(Object.fromEntries(entries))}\n`);
  write(
    'page.json',
    parts.filter(([path]) => !ON_DEMAND.test(path)),
  );
  write(
    'playground.json',
    parts.filter(([path]) => ON_DEMAND.test(path)),
  );
}

/**
 * Writes the playground as static files, which need no server of this package: `index.html`, its scripts, style sheet and
 * licences. All addresses in them are relative.
 */
export async function bundlePlayground(root, folder) {
  const client = join(root, 'src/dashboard/client');
  const script = {
    playground: join(client, 'playground/standalone.tsx'),
    'layout-worker': join(client, SCRIPTS['layout-worker'].entry),
  };
  const files = {
    '/index.html': readFileSync(join(client, 'playground/standalone.html'), 'utf8'),
    ...(await bundled(script, { banner: { js: bannerOf(PLAYGROUND_LIBRARIES, PLAYGROUND_LICENSES) } })),
    ...(await bundled({ playground: join(client, 'styles/style.css') })),
    ...(await bundledWorker(root)),
    [PLAYGROUND_LICENSES]: licensesOf(root, [...PLAYGROUND_LIBRARIES, '@preact/signals', '@dagrejs/dagre']),
  };
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
}

const licensesOf = (root, libraries) => libraries.map((library) => licenseOf(root, library)).join('\n');

const bannerOf = (libraries, place) => `/*! Contains ${libraries.join(', ')}: see ${place.slice(1)} */`;

/** The worker of the playground: the engine, with the package's data, and with browser code in place of Node's. */
async function bundledWorker(root) {
  const entry = join(root, 'src/dashboard/client/playground/worker.ts');
  return bundled(
    { 'playground-worker': entry },
    {
      external: [],
      splitting: false,
      plugins: [browserModules(root)],
      inject: [join(root, 'src/dashboard/client/playground/host/globals.ts')],
      banner: { js: bannerOf(PLAYGROUND_LIBRARIES, PLAYGROUND_LICENSES) },
    },
  );
}

/** The data files that the engine reads in a browser. Each other file of the package is for a command or a cluster. */
const PLAYGROUND_DATA = {
  kubernetesDiscoveryText: 'data/kubernetes-1.36/discovery.json',
  kubernetesTypesText: 'data/kubernetes-1.36/types.json',
  kubernetesFurtherTypesText: 'data/kubernetes-1.36/further-types.json',
};

/**
 * Replaces what browsers lack: the late parts by the data files in the bundle, modules of Node by the few functions that
 * the engine calls, and dynamic imports (of the deploy engine, of proxies) by a refusal.
 */
const browserModules = (root) => ({
  name: 'browser-modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/late-parts\.ts$/ }, () => ({
      path: 'late-parts',
      namespace: 'browser',
      sideEffects: false,
    }));
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'browser', sideEffects: false }));
    onResolve({ filter: /^\./ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: 'absent', namespace: 'browser' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'browser' }, ({ path }) => ({
      contents: path === 'late-parts' ? latePartsOf(root) : path === 'absent' ? ABSENT : NODE_MODULES,
      resolveDir: root,
    }));
  },
});

function latePartsOf(root) {
  const source = readFileSync(join(root, 'src/core/assets.ts'), 'utf8');
  const names = [...source.matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
  const lines = names.map((name) => {
    const file = PLAYGROUND_DATA[name];
    const text = file === undefined ? undefined : JSON.stringify(JSON.parse(readFileSync(join(root, file), 'utf8')));
    return `export const ${name} = () => ${text === undefined ? 'undefined' : JSON.stringify(text)};`;
  });
  return [
    "import * as re2 from 're2js';",
    "import * as yaml from 'yaml';",
    'export const re2Library = () => re2;',
    'export const yamlLibrary = () => yaml;',
    "export const proxyLibrary = () => { throw new Error('a page has no proxy'); };",
    ...lines,
  ].join('\n');
}

/** One module in place of all modules of Node. A CommonJS module may lack a name that only unused code imports. */
const NODE_MODULES = `
exports.inspect = { custom: Symbol.for('nodejs.util.inspect.custom') };
exports.fileURLToPath = (url) => String(url);
`;

const ABSENT = "throw new Error('this part of the package is not in the page');";

/**
 * Dynamic imports outside of the page stay as they are. The page does not use the modules with these imports. esbuild
 * would nevertheless share code between the page and the imported modules, and the shared code needs Node.
 */
const LATER_IMPORTS = {
  name: 'later-imports',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\./ }, ({ kind, importer, path }) =>
      kind === 'dynamic-import' && !importer.includes('/src/dashboard/client/') ? { path, external: true } : undefined,
    );
  },
};

/** The layout library without the third of its code that the page does not use. */
const DAGRE = unbundledLibrary({
  library: '@dagrejs/dagre',
  bundle: fileURLToPath(new URL('../node_modules/@dagrejs/dagre/dist/dagre.esm.js', import.meta.url)),
  entry: '../entry.ts',
  internal: { '@dagrejs/graphlib': '../graphlib.ts' },
  added: {
    // The parts of the library that the page imports.
    '../entry.ts': "export { Graph } from './lib/graph-lib'; export { layout } from './lib/layout';",
    // These files serve only nested graphs and an option that the page does not set. A test compares the layouts.
    '../lib/greedy-fas.ts': 'export default () => [];',
    '../lib/parent-dummy-chains.ts': 'export default () => {};',
    '../lib/add-border-segments.ts': 'export default () => {};',
    '../lib/order/add-subgraph-constraints.ts': 'export default () => {};',
    '../graphlib.ts': `
      export { Graph } from './node_modules/@dagrejs/graphlib/lib/graph.ts';
      import { preorder } from './node_modules/@dagrejs/graphlib/lib/alg/preorder.ts';
      import { postorder } from './node_modules/@dagrejs/graphlib/lib/alg/postorder.ts';
      export const alg = { preorder, postorder };`,
  },
  replaced: {
    // Without nested graphs, one call of the layout is enough.
    '../lib/layout.ts': {
      recursiveClusterLayout: `function recursiveClusterLayout(graph, time, options) {
        const copy = buildLayoutGraph(graph);
        runLayout(copy, time, options);
        updateInputGraph(graph, copy);
      }`,
    },
  },
});

/** The bundled files of entry points by the paths at which the page requests them. */
async function bundled(entryPoints, options = {}) {
  const { outputFiles } = await build({
    entryPoints,
    outdir: '/',
    bundle: true,
    splitting: true,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    platform: 'browser',
    target: ['chrome120', 'firefox121', 'safari17.2'],
    // Files of `src/` are for Node; the page may only use the parts of them that need nothing of Node.
    external: ['node:*', '#late-parts', 'undici', 'acorn', 're2js', 'yaml'],
    // A style sheet that a script imports is a text; a style sheet that is an entry point stays one.
    loader: Object.values(entryPoints).some((entry) => entry.endsWith('.css')) ? {} : { '.css': 'text' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'inline',
    logLevel: 'warning',
    write: false,
    plugins: [LATER_IMPORTS, DAGRE],
    ...options,
  });
  return Object.fromEntries(
    outputFiles.map(({ path, text }) => {
      const needs = /from\s*"(node:[^"]*|#late-parts)"|import\s*"(node:[^"]*|#late-parts)"/.exec(text);
      if (needs !== null) throw new Error(`the page would need ${needs[1] ?? needs[2]}, which browsers do not have`);
      return [`/${basename(path)}`, text];
    }),
  );
}

/** `node scripts/page.mjs --playground FOLDER` writes the static playground. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [option, folder] = process.argv.slice(2);
  if (option !== '--playground' || folder === undefined) throw new Error('usage: scripts/page.mjs --playground FOLDER');
  await bundlePlayground(fileURLToPath(new URL('..', import.meta.url)), folder);
}
