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

/**
 * Dynamic imports outside of the page stay as they are. The page does not use the modules with such imports, but esbuild
 * would share code between the page and their targets, and the shared code needs Node.
 */
const LATER_IMPORTS = {
  name: 'later-imports',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\./ }, ({ kind, importer, path }) =>
      kind === 'dynamic-import' && !importer.includes('/src/dashboard/client/') ? { path, external: true } : undefined,
    );
  },
};

/** The bundled files of entry points by the paths at which the page requests them. */
async function bundled(entryPoints, options = {}) {
  const { outputFiles } = await build({
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
    plugins: [LATER_IMPORTS],
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
