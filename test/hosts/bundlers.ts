import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build as esbuild } from 'esbuild';
import { typekro, typekroEsbuild } from '../../src/transform/index.ts';
import { tool } from './matrix.ts';

/** The bundlers of the matrix. */
export type Bundler = 'esbuild' | 'rollup' | 'webpack' | 'vite';

interface Job {
  readonly directory: string;
  readonly entry: string;
  /** The file to write, in the same directory. */
  readonly out: string;
  /** Leave the sources beside the functions? */
  readonly transform: boolean;
}

/** Writes a minified ES module that keeps `typekro` as an import. */
export function bundleWith(bundler: Bundler, job: Job): Promise<unknown> {
  return BUNDLERS[bundler](job);
}

const BUNDLERS: Readonly<Record<Bundler, (job: Job) => Promise<unknown>>> = {
  esbuild: ({ directory, entry, out, transform }) =>
    esbuild({
      absWorkingDir: directory,
      entryPoints: [entry],
      outfile: out,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      external: ['typekro'],
      plugins: transform ? [typekroEsbuild()] : [],
    }),

  async rollup({ directory, entry, out, transform }) {
    const { rollup } = (await load('rollup')) as RollupModule;
    const { default: terser } = (await load('@rollup/plugin-terser')) as { default: () => unknown };
    const bundle = await rollup({
      input: join(directory, entry),
      external: ['typekro'],
      plugins: transform ? [typekro()] : [],
    });
    return bundle.write({ file: join(directory, out), format: 'es', plugins: [terser()] });
  },

  async webpack({ directory, entry, out, transform }) {
    const { default: webpack } = (await load('webpack')) as { default: WebpackFunction };
    // The built one: webpack loads it by its path, without a loader for TypeScript.
    const use = fileURLToPath(new URL('../../dist/transform/webpack-loader.js', import.meta.url));
    const loader = { test: /\.[cm]?[jt]s$/, exclude: /node_modules/, enforce: 'pre', use };
    const options = {
      context: directory,
      entry: `./${entry}`,
      mode: 'production',
      target: 'node20',
      output: { path: directory, filename: out, module: true, chunkFormat: 'module' },
      experiments: { outputModule: true },
      externals: { typekro: 'module typekro' },
      module: { rules: transform ? [loader] : [] },
    };
    await new Promise<void>((resolve, reject) => {
      webpack(options, (error, stats) => {
        if (error) reject(error);
        else if (stats?.hasErrors()) reject(new Error(stats.toString()));
        else resolve();
      });
    });
  },

  async vite({ directory, entry, out, transform }) {
    const require = createRequire(createRequire(import.meta.url).resolve('vitest/package.json'));
    const { build } = (await import(pathToFileURL(require.resolve('vite')).href)) as {
      readonly build: (options: object) => Promise<unknown>;
    };
    return build({
      root: directory,
      configFile: false,
      logLevel: 'error',
      plugins: transform ? [typekro()] : [],
      ssr: { external: ['typekro'] },
      build: {
        ssr: entry,
        outDir: '.',
        emptyOutDir: false,
        minify: true,
        rolldownOptions: { output: { entryFileNames: out } },
      },
    });
  },
};

interface RollupModule {
  readonly rollup: (options: object) => Promise<{ write(options: object): Promise<unknown> }>;
}

type WebpackFunction = (
  options: object,
  done: (error: Error | null, stats?: { hasErrors(): boolean; toString(): string }) => void,
) => void;

function load(name: string): Promise<unknown> {
  const found = tool(name);
  if (found === undefined) throw new Error(`${name} is not installed`);
  return import(pathToFileURL(found.path).href);
}
