import { pathToFileURL } from 'node:url';
import { type Transformed, attachSources } from './attach.ts';
import type { InputMap } from '../javascript/index.ts';
import { isAuthorsFile } from './load.ts';
import { canStripTypes, isTypeScript, stripTypes } from './strip-types.ts';

/** Options of the build transform. */
export interface TransformOptions {
  /**
   * Packages with functions that, like `typekro`'s functions, accept compositions or parts of compositions. An example
   * is a platform package that wraps `kubernetesComposition`.
   */
  readonly packages?: readonly string[];
  /**
   * Selects the author's files that are transformed. Default: all. A composition may call any module-level function, so
   * the transform adds the source of each such function to the bundle. Select fewer files to reduce the size of the
   * bundle.
   */
  readonly include?: (file: string) => boolean;
}

/** Is this a code file of the author? `file` is the bundler's name for the file. */
export function isBuildInput(file: string, { include }: TransformOptions): boolean {
  if (file.startsWith('\0') || !/\.[cm]?[jt]sx?$/.test(file) || !isAuthorsFile(pathToFileURL(file).href)) return false;
  return include === undefined || include(file);
}

/**
 * Transforms a module for a bundler. A TypeScript module without `earlierMap` is the author's text, and Node replaces
 * its types with blanks. With `earlierMap`, `code` is the output of another tool, and the map leads back to the
 * author's text. On a Node version that cannot strip types, another tool must remove them first. The resulting map
 * leads to `code` if the bundler chains source maps (`mapsAreChained`); if not, to the author's text. Returns
 * `undefined` if nothing changes.
 */
export function transformForBuild(
  code: string,
  file: string,
  { packages }: TransformOptions,
  earlierMap?: InputMap,
  mapsAreChained = true,
): Transformed | undefined {
  if (earlierMap !== undefined || !canStripTypes || !isTypeScript(file))
    return attachSources({ code, file, packages, inputMap: earlierMap, mapsAreChained });
  const stripped = stripTypes(code, file, true);
  return stripped && attachSources({ ...stripped, file, packages });
}
