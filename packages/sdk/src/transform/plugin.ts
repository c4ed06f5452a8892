/**
 * Build plugins that attach the source to each function that a composition may call. Compositions then also work from a
 * bundle and on hosts without an inspector. `typekro()` is for Vite, Vitest, Rollup and Rolldown, `typekroEsbuild()`
 * for esbuild (and Bun), and `typekroWebpackLoader` for webpack.
 */
import { fileURLToPath } from 'node:url';
import { moduleUrl } from '@typekro/kit/core';
import { type TransformOptions, isBuildInput, transformForBuild } from './build-module.ts';
import type { SourceMapData } from './edited-text.ts';
import { inputMap } from '../javascript/index.ts';
import { canStripTypes, isTypeScript } from './strip-types.ts';

export type { TransformOptions } from './build-module.ts';
export type { SourceMapData } from './edited-text.ts';
export { type EsbuildBuild, type EsbuildPlugin, typekroEsbuild } from './esbuild-plugin.ts';

/** A plugin for Vite, Vitest, Rollup and Rolldown. */
export interface TransformPlugin {
  readonly name: string;
  readonly enforce?: 'pre';
  transform(
    this: { getCombinedSourcemap?: () => object } | void,
    code: string,
    id: string,
  ): { readonly code: string; readonly map: SourceMapData } | undefined;
}

/**
 * The plugin for Vite, Vitest, Rollup and Rolldown.
 *
 * The plugin runs before other plugins, on the author's text, so that attached sources contain neither changes by other
 * plugins nor counters of a coverage tool. Node replaces types with spaces. If Node cannot do this (before 22.13), the
 * bundler removes the types, and the plugin runs afterwards and finds the author's positions with the source map.
 * Modules below `node_modules` and code with JSX are not transformed.
 */
export function typekro(options: TransformOptions = {}): TransformPlugin {
  return {
    name: 'typekro',
    ...(canStripTypes ? { enforce: 'pre' as const } : {}),
    transform(code, id) {
      const file = id.split('?')[0] as string;
      if (!isBuildInput(file, options)) return undefined;
      const earlier = !canStripTypes && isTypeScript(file) ? this?.getCombinedSourcemap?.() : undefined;
      return transformForBuild(code, file, options, earlier && inputMap(earlier, file));
    },
  };
}

const loader = moduleUrl('transform', 'webpack-loader');

/**
 * The webpack loader, for `use`:
 * `{ test: /\.[cm]?[jt]s$/, exclude: /node_modules/, enforce: 'pre', use: typekroWebpackLoader }`. The value is the
 * path of the loader's file or, in a bundle, its name `typekro/webpack-loader`. The loader expects the author's text.
 * If Node cannot strip types (before 22.13), put the loader in the `use` list before the loader that removes types,
 * without `enforce`.
 */
export const typekroWebpackLoader: string = loader === undefined ? 'typekro/webpack-loader' : fileURLToPath(loader);
