/**
 * Bundles the page of the dashboard: the script, the worker that computes layouts, the style sheet and the playground.
 * The output is two JSON objects that map the path of a file to its text: `dashboard/page.json`, and
 * `dashboard/playground.json.br`, compressed, for files that a page requests only on demand. `packages/dashboard/src/pages.ts` serves both.
 */
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { licenseOf } from './license-of.mjs';
import { unbundledLibrary } from './unbundled-library.mjs';
import { workspaceDoors } from './workspace.mjs';

/** The entry points of the page. `mangleProps` matches the members that only the classes of a library use. */
const SCRIPTS = {
  app: { entry: 'main.tsx' },
  'layout-worker': { entry: 'graph/layout-worker.ts', mangleProps: /^_[a-zA-Z]+$/ },
};

/** The files with the licences of the libraries. */
const LICENSES = '/licenses.txt';
const PLAYGROUND_LICENSES = '/playground-licenses.txt';

/** The files that a page requests only on demand: the playground, the form of an instance, and the licences. */
const ON_DEMAND = /^\/(?:playground-|schema-form-|licenses)/;

/**
 * Writes `dashboard/page.json` and `dashboard/playground.json.br` below the folder `made`. The first file also contains
 * the paths in the second file, each with `null` instead of the text.
 */
export async function bundlePage(root, made) {
  const client = join(root, 'packages/dashboard/src/client');
  const bundles = [];
  for (const [name, { entry, mangleProps }] of Object.entries(SCRIPTS)) {
    const options = mangleProps === undefined ? {} : { mangleProps };
    bundles.push(await bundled({ [name]: join(client, entry) }, options));
  }
  bundles.push(await bundled({ style: join(client, 'styles/style.css') }), await bundledWorker(root));
  const files = {
    '/': readFileSync(join(client, 'index.html'), 'utf8'),
    ...withLicenses(root, bundles, (path) => (path.startsWith('/playground-') ? PLAYGROUND_LICENSES : LICENSES)),
  };
  const parts = Object.entries(files);
  mkdirSync(join(made, 'dashboard'), { recursive: true });
  const write = (name, content) => writeFileSync(join(made, 'dashboard', name), content);
  const listed = parts.map(([path, text]) => [path, ON_DEMAND.test(path) ? null : text]);
  write('page.json', `${JSON.stringify(Object.fromEntries(listed))}\n`);
  const onDemand = JSON.stringify(Object.fromEntries(parts.filter(([path]) => ON_DEMAND.test(path))));
  write('playground.json.br', brotliCompressSync(onDemand));
}

/**
 * The static files of the playground, keyed by path: `index.html`, its scripts, style sheet and licences. They need no
 * server of this package. All addresses in the files are relative.
 */
export async function playgroundFiles(root) {
  const client = join(root, 'packages/dashboard/src/client');
  const script = {
    playground: join(client, 'playground/standalone.tsx'),
    'layout-worker': join(client, SCRIPTS['layout-worker'].entry),
  };
  const bundles = [
    await bundled(script),
    await bundled({ playground: join(client, 'playground/standalone.css') }),
    await bundledWorker(root),
  ];
  return {
    '/index.html': readFileSync(join(client, 'playground/standalone.html'), 'utf8'),
    ...withLicenses(root, bundles, () => PLAYGROUND_LICENSES),
  };
}

/**
 * The files of the bundles, keyed by path, and files with the licences of all libraries that the bundles contain.
 *
 * @param placeOf returns the path of the licence file for a bundle
 */
function withLicenses(root, bundles, placeOf) {
  const files = {};
  const libraries = new Map();
  for (const { path, text, contained } of bundles.flat()) {
    files[path] = text;
    if (contained.length === 0) continue;
    const place = placeOf(path);
    files[path] = `/*! Licenses: ${place.slice(1)} */\n${text}`;
    for (const library of contained) libraries.set(place, (libraries.get(place) ?? new Set()).add(library));
  }
  for (const [place, names] of libraries) {
    files[place] = [...names]
      .sort((a, b) => (a < b ? -1 : 1))
      .map((name) => licenseOf(root, name))
      .join('\n');
  }
  return files;
}

/**
 * Returns the library to which an esbuild input belongs. The input is a file in `node_modules`, or a source from the
 * source map of a library.
 */
function libraryOf(input) {
  const [folder] = [...input.matchAll(/(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//g)].slice(-1);
  return folder?.[1] ?? /^sources of ([^:]+):/.exec(input)?.[1];
}

/** The worker of the playground: the engine and the package's data, with browser code instead of Node's modules. */
async function bundledWorker(root) {
  const entry = join(root, 'packages/dashboard/src/client/playground/worker.ts');
  return bundled(
    { 'playground-worker': entry },
    {
      external: [],
      splitting: false,
      plugins: [workspaceDoors(), browserModules(root)],
      inject: [join(root, 'packages/dashboard/src/client/playground/host/globals.ts')],
    },
  );
}

/**
 * The data files that the engine reads in a browser. All other data files are for commands or clusters, which do not
 * exist in a browser.
 */
const PLAYGROUND_DATA = {
  kubernetesDiscoveryText: 'data/kubernetes-1.36/discovery.json',
  kubernetesTypesText: 'data/kubernetes-1.36/types.json',
  kubernetesFurtherTypesText: 'data/kubernetes-1.36/further-types.json',
};

/**
 * Replaces modules that do not work in browsers. Data in the bundle replaces `late-parts.ts`, which reads files and
 * loads libraries on first use. The few functions that the engine calls replace the modules of Node. Each dynamic
 * import (of the deploy engine, of proxies) is replaced by code that throws an error.
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
  const source = readFileSync(join(root, 'packages/kit/src/core/assets.ts'), 'utf8');
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
    ...lines,
  ].join('\n');
}

/**
 * One module in place of all modules of Node. It is a CommonJS module, from which other modules can import names that
 * it does not export. Unused code has such imports.
 */
const NODE_MODULES = `
exports.constants = {};
exports.inspect = { custom: Symbol.for('nodejs.util.inspect.custom') };
exports.fileURLToPath = (url) => String(url);
Object.assign(exports, require('./packages/dashboard/src/client/playground/host/net.ts'));
`;

const ABSENT = "throw new Error('this part of the package is not in the page');";

/**
 * Keeps esbuild from following dynamic imports of modules that the page does not use. Otherwise esbuild would share
 * code between the page and these modules, and the shared code needs Node.
 */
const LATER_IMPORTS = {
  name: 'later-imports',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\./ }, ({ kind, importer, path }) =>
      kind === 'dynamic-import' && !importer.includes('/packages/dashboard/src/client/')
        ? { path, external: true }
        : undefined,
    );
  },
};

/** Functions without an effect, by their names. */
const emptied = (...names) => Object.fromEntries(names.map((name) => [name, `function ${name}() {}`]));

/** The layout library without the parts that the page does not use. */
const DAGRE = unbundledLibrary({
  library: '@dagrejs/dagre',
  bundle: fileURLToPath(new URL('../node_modules/@dagrejs/dagre/dist/dagre.esm.js', import.meta.url)),
  entry: '../entry.ts',
  internal: { '@dagrejs/graphlib': '../graphlib.ts' },
  added: {
    // The parts of the library that the page imports.
    '../entry.ts': "export { Graph } from './lib/graph-lib'; export { layout } from './lib/layout';",
    // These files are used only for nested graphs and for an option that the page does not set. A test compares the
    // layouts.
    '../lib/greedy-fas.ts': 'export default () => [];',
    '../lib/parent-dummy-chains.ts': 'export default () => {};',
    '../lib/add-border-segments.ts': 'export default () => {};',
    '../lib/order/add-subgraph-constraints.ts': 'export default () => {};',
    // The page does not require one box to be before another box on the same level, so there are no conflicts to
    // resolve.
    '../lib/order/resolve-conflicts.ts': `export default (entries) =>
      entries
        .map(({ v, ...place }, i) => ({ vs: [v], i, ...(place.barycenter === undefined ? {} : place) }))
        .reverse();`,
    '../graphlib.ts': `
      export { Graph } from './node_modules/@dagrejs/graphlib/lib/graph.ts';
      import { preorder } from './node_modules/@dagrejs/graphlib/lib/alg/preorder.ts';
      import { postorder } from './node_modules/@dagrejs/graphlib/lib/alg/postorder.ts';
      export const alg = { preorder, postorder };`,
  },
  replaced: {
    '../lib/layout.ts': {
      // Without nested graphs, one call of the layout is enough.
      recursiveClusterLayout: `function recursiveClusterLayout(graph, time, options) {
        const copy = buildLayoutGraph(graph);
        runLayout(copy, time, options);
        updateInputGraph(graph, copy);
      }`,
      // The page writes attribute names with the spelling that the layout expects, and numeric attributes as numbers,
      // so nothing is converted.
      buildLayoutGraph: `function buildLayoutGraph(from) {
        const to = new Graph({ multigraph: true, compound: true });
        to.setGraph({ ...graphDefaults, ...from.graph() });
        for (const id of from.nodes()) to.setNode(id, { ...from.node(id) });
        for (const line of from.edges()) to.setEdge(line, { ...edgeDefaults });
        return to;
      }`,
      // The page reads these results only.
      updateInputGraph: `function updateInputGraph(to, from) {
        for (const id of to.nodes()) ({ x: to.node(id).x, y: to.node(id).y } = from.node(id));
        for (const line of to.edges()) to.edge(line).points = from.edge(line).points;
        ({ width: to.graph().width, height: to.graph().height } = from.graph());
      }`,
      // Makes two layout levels for each level of boxes, as the unmodified library does. A long line bends at the
      // additional levels.
      makeSpaceForEdgeLabels: `function makeSpaceForEdgeLabels(graph) {
        graph.graph().ranksep /= 2;
        for (const line of graph.edges()) graph.edge(line).minlen *= 2;
      }`,
      // Lines from a box to itself, labels with a size, and nested graphs do not occur.
      ...emptied(
        'removeSelfEdges',
        'insertSelfEdges',
        'positionSelfEdges',
        'injectEdgeLabelProxies',
        'removeEdgeLabelProxies',
        'fixupEdgeLabelCoords',
        'removeBorderNodes',
        'assignRankMinMax',
      ),
    },
    '../lib/nesting-graph.ts': {
      // In a flat graph, one more box connects all boxes.
      run: `function run(graph) {
        const root = addDummyNode(graph, 'root', {}, '_root');
        for (const id of graph.nodes()) if (id !== root) graph.setEdge(root, id, { weight: 0, minlen: 1 });
        Object.assign(graph.graph(), { nestingRoot: root, nodeRankFactor: 1 });
      }`,
    },
    '../lib/acyclic.ts': {
      dfsFAS: `function dfsFAS(graph) {
        const lines = [];
        const [open, seen] = [new Set(), new Set()];
        const visit = (id) => {
          if (seen.has(id)) return;
          seen.add(id);
          open.add(id);
          for (const line of graph.outEdges(id)) open.has(line.w) ? lines.push(line) : visit(line.w);
          open.delete(id);
        };
        graph.sources().forEach(visit);
        graph.nodes().forEach(visit);
        return lines;
      }`,
    },
    '../lib/order/sort.ts': {
      compareWithOldOrder: `function compareWithOldOrder(graph, old, isBackwards) {
        return (a, b) => a.barycenter - b.barycenter || (isBackwards ? b.i - a.i : a.i - b.i);
      }`,
    },
    '../lib/order/sort-subgraph.ts': emptied('expandSubgraphs', 'mergeBarycenters'),
    '../lib/position/bk.ts': {
      findType2Conflicts: 'function findType2Conflicts() { return {}; }',
      ...emptied('isInCorePath'),
    },
    // The page draws from left to right, or from top to bottom.
    '../lib/coordinate-system.ts': emptied('reverseY'),
    '../lib/rank/index.ts': { rank: 'function rank(graph) { networkSimplex(graph); }' },
    // These methods have no caller.
    '../node_modules/@dagrejs/graphlib/lib/graph.ts': {
      '.isCompound': '',
      '.sinks': '',
      '.setNodes': '',
      '.isLeaf': '',
      '.filterNodes': '',
      '.edgeCount': '',
      '.setPath': '',
      '.edgeAsObj': '',
    },
    '../lib/util.ts': {
      // No box has an earlier position, and there are never more than 65,535 boxes. In a flat graph, no level is empty.
      ...emptied('removeEmptyRanks'),
      compareByOldOrder: 'function compareByOldOrder() { return 0; }',
      applyWithChunking: 'function applyWithChunking(least, values) { return least(...values); }',
    },
  },
});

/**
 * Bundles the entry points. Returns each file with the path at which the page requests it, its text, and the libraries
 * that it contains.
 */
async function bundled(entryPoints, options = {}) {
  const { outputFiles, metafile } = await build({
    entryPoints,
    outdir: '/',
    bundle: true,
    splitting: true,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    platform: 'browser',
    target: ['chrome120', 'firefox121', 'safari17.2'],
    // The bundle may import Node's modules only in code that the page does not use. The check below fails when such an
    // import remains.
    external: ['node:*', '#late-parts', 'acorn', 're2js', 'yaml'],
    // A style sheet that a script imports becomes a string. A style sheet that is an entry point stays a style sheet.
    loader: Object.values(entryPoints).some((entry) => entry.endsWith('.css')) ? {} : { '.css': 'text' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'inline',
    metafile: true,
    logLevel: 'warning',
    write: false,
    plugins: [workspaceDoors(), LATER_IMPORTS, DAGRE],
    ...options,
  });
  const inputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output.inputs]));
  return outputFiles.map(({ path, text }) => {
    const needs = /from\s*"(node:[^"]*|#late-parts)"|import\s*"(node:[^"]*|#late-parts)"/.exec(text);
    if (needs !== null) throw new Error(`the page would need ${needs[1] ?? needs[2]}, which browsers do not have`);
    const used = Object.entries(inputs.get(basename(path)) ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    const contained = [...new Set(used.map(([input]) => libraryOf(input)).filter((name) => name !== undefined))];
    return { path: `/${basename(path)}`, text, contained };
  });
}

/** `node scripts/page.mjs --playground FOLDER` writes the static playground. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [option, folder] = process.argv.slice(2);
  if (option !== '--playground' || folder === undefined) throw new Error('usage: scripts/page.mjs --playground FOLDER');
  const files = await playgroundFiles(fileURLToPath(new URL('..', import.meta.url)));
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
}
