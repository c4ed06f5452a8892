/**
 * Build plugins that leave the sources of functions beside them, so that compositions also work from a bundle
 * and on hosts without an inspector: `typekro()` for Vite, Vitest, Rollup and Rolldown, `typekroEsbuild()` for
 * esbuild (and Bun), `typekroWebpackLoader` for webpack.
 */
import { fileURLToPath } from 'node:url';
import { moduleUrl } from '../core/index.ts';
import { isBuildInput, transformForBuild } from './build-module.ts';
import type { TransformOptions } from './build-module.ts';
import type { SourceMapData } from './edited-text.ts';
import { inputMap } from './input-map.ts';
import { canStripTypes, isTypeScript } from './strip-types.ts';

export type { TransformOptions } from './build-module.ts';
export type { SourceMapData } from './edited-text.ts';
export type { EsbuildBuild, EsbuildPlugin } from './esbuild-plugin.ts';
export { typekroEsbuild } from './esbuild-plugin.ts';

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
 * It runs before other plugins, on the text that the author wrote, so that neither rewriting nor the counters
 * of a coverage tool get into compositions: Node blanks the types. A Node that cannot do that (before 22.13)
 * leaves them to the bundler; the plugin then runs after it and finds the author's positions through the
 * source map. Modules with JSX, and modules below `node_modules`, stay as they are.
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

const loader = moduleUrl('transform/webpack-loader');

/**
 * The webpack loader, for `use`: `{ test: /\.[cm]?[jt]s$/, exclude: /node_modules/, enforce: 'pre', use:
 * typekroWebpackLoader }`. It is the path of a file, or in a bundle its name, `typekro/webpack-loader`. It takes the
 * author's text; on a Node that cannot blank types (before 22.13) put it before the loader that takes types out in the
 * `use` list, without `enforce`.
 */
export const typekroWebpackLoader: string = loader === undefined ? 'typekro/webpack-loader' : fileURLToPath(loader);
