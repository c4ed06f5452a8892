/**
 * Bundles the page of the dashboard: the script, the worker that computes layouts, and the style sheet. All files of the
 * page become one JSON object of texts by their paths (`dashboard/page.json`), which `src/dashboard/pages.ts` serves.
 */
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { licenseOf } from './license-of.mjs';

/**
 * The entry points of the page, each with the libraries that it contains. `mangleProps` matches the members that only the
 * classes of the library itself use.
 */
const SCRIPTS = {
  app: { entry: 'main.tsx', libraries: ['preact', '@preact/signals'] },
  'layout-worker': { entry: 'graph/layout-worker.ts', libraries: ['@dagrejs/dagre'], mangleProps: /^_[a-zA-Z]+$/ },
};

/** The file with the licences of the libraries. */
const LICENSES = '/licenses.txt';

/** Writes `dashboard/page.json` below the folder `made`. */
export async function bundlePage(root, made) {
  const client = join(root, 'src/dashboard/client');
  const files = { '/': readFileSync(join(client, 'index.html'), 'utf8') };
  files[LICENSES] = Object.values(SCRIPTS)
    .flatMap(({ libraries }) => libraries)
    .map((library) => licenseOf(root, library))
    .join('\n');
  for (const [name, { entry, libraries, mangleProps }] of Object.entries(SCRIPTS)) {
    const banner = { js: `/*! Contains ${libraries.join(', ')}: see ${LICENSES} */` };
    const options = { banner, ...(mangleProps === undefined ? {} : { mangleProps }) };
    Object.assign(files, await bundled({ [name]: join(client, entry) }, options));
  }
  Object.assign(files, await bundled({ style: join(client, 'styles/style.css') }));
  mkdirSync(join(made, 'dashboard'), { recursive: true });
  writeFileSync(join(made, 'dashboard/page.json'), `${JSON.stringify(files)}\n`);
}

/** The bundled files of entry points by the paths at which the page requests them. */
async function bundled(entryPoints, options = {}) {
  const { outputFiles, metafile } = await build({
    entryPoints,
    outdir: '/',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome120', 'firefox121', 'safari17.2'],
    // Files of `src/` are for Node; the page may only use the parts of them that need nothing of Node.
    external: ['node:*', '#late-parts', 'undici', 'acorn', 're2js', 'yaml'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'inline',
    logLevel: 'warning',
    write: false,
    metafile: true,
    ...options,
  });
  const reached = reachableFrom(Object.keys(entryPoints), metafile.outputs);
  return Object.fromEntries(
    outputFiles
      .filter(({ path }) => reached.has(basename(path)))
      .map(({ path, text }) => {
        const needs = /from\s*"(node:[^"]*|#late-parts)"|import\s*"(node:[^"]*|#late-parts)"/.exec(text);
        if (needs !== null) throw new Error(`the page would need ${needs[1] ?? needs[2]}, which browsers do not have`);
        return [`/${basename(path)}`, text];
      }),
  );
}

/**
 * The names of the outputs that entry points import, directly or through others. esbuild also writes the targets of
 * dynamic imports in modules that the page does not use.
 */
function reachableFrom(entryNames, outputs) {
  const byName = new Map(Object.entries(outputs).map(([path, output]) => [basename(path), output]));
  const reached = new Set();
  const visit = (name) => {
    if (reached.has(name)) return;
    reached.add(name);
    for (const { path } of byName.get(name)?.imports ?? []) visit(basename(path));
  };
  for (const name of byName.keys()) if (entryNames.includes(name.replace(/\.(?:js|css)$/, ''))) visit(name);
  return reached;
}
