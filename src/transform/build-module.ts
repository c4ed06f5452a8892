import { pathToFileURL } from 'node:url';
import { attachSources } from './attach.ts';
import type { Transformed } from './attach.ts';
import type { InputMap } from '../javascript/index.ts';
import { isAuthorsFile } from './load.ts';
import { canStripTypes, isTypeScript, stripTypes } from './strip-types.ts';

/** Options of the build transform. */
export interface TransformOptions {
  /**
   * Packages whose functions take compositions or parts of them, as the functions of `typekro` do; for example a
   * platform package that wraps `kubernetesComposition`.
   */
  readonly packages?: readonly string[];
  /**
   * Chooses the author's files that are transformed. Default: all. A composition may call any module-level function.
   * Therefore the transform adds the text of each such function to the bundle. Choose fewer files where the size of the
   * bundle counts.
   */
  readonly include?: (file: string) => boolean;
}

/** Is this a code file of the author? `file` is the name that a bundler gives. */
export function isBuildInput(file: string, { include }: TransformOptions): boolean {
  if (file.startsWith('\0') || !/\.[cm]?[jt]sx?$/.test(file) || !isAuthorsFile(pathToFileURL(file).href)) return false;
  return include === undefined || include(file);
}

/**
 * Transforms a module for a bundler. A TypeScript module without `earlierMap` is the author's text, and Node blanks its
 * types. With `earlierMap`, `code` is the output of another tool, and the map leads back to the author's text. On a
 * Node that cannot blank types, another tool must remove them first. The resulting map leads to `code` where the
 * bundler joins maps (`mapsAreChained`), else to the author's text. Returns `undefined` when nothing changes.
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
