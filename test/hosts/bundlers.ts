import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as esbuild } from 'esbuild';
import { typekro, typekroEsbuild } from '../../packages/sdk/src/transform/index.ts';
import { tool } from './matrix.ts';

const BUILT_PLUGIN = new URL('../../dist/transform/plugin.js', import.meta.url).href;

/** The bundlers with which the tests make bundles. */
export type Bundler = 'esbuild' | 'rollup' | 'webpack' | 'vite';

interface Job {
  readonly directory: string;
  readonly entry: string;
  /** The name of the output file, in the directory of the sources. */
  readonly out: string;
  /** Does the bundler run the plugin, which keeps the sources of the composition functions in the bundle? */
  readonly transform: boolean;
  /**
   * Does the bundle include the package and its dependencies? Default: false, so that the bundle imports the package.
   */
  readonly whole?: boolean;
  /** The module format. Default: `es`. */
  readonly format?: 'es' | 'cjs';
  /** Is the bundle minified? Default: true. */
  readonly minify?: boolean;
}

/** Writes one file. By default, this is a minified ES module that imports `typekro`. */
export function bundleWith(bundler: Bundler, job: Job): Promise<unknown> {
  return BUNDLERS[bundler](job);
}

const BUNDLERS: Readonly<Record<Bundler, (job: Job) => Promise<unknown>>> = {
  esbuild: ({ directory, entry, out, transform, whole = false, format = 'es', minify = true }) =>
    esbuild({
      absWorkingDir: directory,
      entryPoints: [entry],
      outfile: out,
      bundle: true,
      minify,
      platform: 'node',
      format: format === 'es' ? 'esm' : 'cjs',
      external: whole ? [] : ['typekro'],
      plugins: transform ? [typekroEsbuild()] : [],
    }),

  async rollup({ directory, entry, out, transform, whole = false, format = 'es', minify = true }) {
    const { rollup } = (await load('rollup')) as RollupModule;
    const { default: terser } = (await load('@rollup/plugin-terser')) as { default: () => unknown };
    const { nodeResolve } = (await load('@rollup/plugin-node-resolve')) as { nodeResolve: () => unknown };
    const bundle = await rollup({
      input: join(directory, entry),
      external: whole ? [/^node:/] : ['typekro'],
      plugins: [...(transform ? [typekro()] : []), ...(whole ? [nodeResolve()] : [])],
      // Some modules of the package import each other. This is harmless, because they use only functions of each other.
      onwarn(warning: { readonly code?: string }, warn: (warning: object) => void) {
        if (warning.code !== 'CIRCULAR_DEPENDENCY') warn(warning);
      },
    });
    const plugins = minify ? [terser()] : [];
    return bundle.write({ file: join(directory, out), format, plugins, inlineDynamicImports: true });
  },

  async webpack({ directory, entry, out, transform, whole = false, format = 'es', minify = true }) {
    const { default: webpack } = (await load('webpack')) as { default: WebpackFunction };
    // The plugin from the build, because webpack loads it by its path and has no loader for TypeScript.
    const { typekroWebpackLoader: use } = (await import(BUILT_PLUGIN)) as { readonly typekroWebpackLoader: string };
    const loader = { test: /\.[cm]?[jt]s$/, exclude: /node_modules/, enforce: 'pre', use };
    const options = {
      context: directory,
      entry: `./${entry}`,
      mode: 'production',
      target: 'node20',
      optimization: { minimize: minify },
      plugins: [new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 })],
      output: {
        path: directory,
        filename: out,
        ...(format === 'es' ? { module: true, chunkFormat: 'module' } : { library: { type: 'commonjs2' } }),
      },
      experiments: { outputModule: format === 'es' },
      externals: whole ? {} : { typekro: 'module typekro' },
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

  async vite({ directory, entry, out, transform, whole = false, format = 'es', minify = true }) {
    const require = createRequire(createRequire(import.meta.url).resolve('vitest/package.json'));
    const { build } = (await import(pathToFileURL(require.resolve('vite')).href)) as {
      readonly build: (options: object) => Promise<unknown>;
    };
    return build({
      root: directory,
      configFile: false,
      logLevel: 'error',
      plugins: transform ? [typekro()] : [],
      ssr: whole ? { noExternal: true } : { external: ['typekro'] },
      build: {
        ssr: entry,
        outDir: '.',
        emptyOutDir: false,
        minify,
        rolldownOptions: { output: { entryFileNames: out, format, codeSplitting: false } },
      },
    });
  },
};

interface RollupModule {
  readonly rollup: (options: object) => Promise<{ write(options: object): Promise<unknown> }>;
}

interface WebpackFunction {
  (options: object, done: (error: Error | null, stats?: { hasErrors(): boolean; toString(): string }) => void): void;
  readonly optimize: { readonly LimitChunkCountPlugin: new (options: { readonly maxChunks: number }) => object };
}

function load(name: string): Promise<unknown> {
  const found = tool(name);
  if (found === undefined) throw new Error(`${name} is not installed`);
  return import(pathToFileURL(found.path).href);
}
