import { pathToFileURL } from 'node:url';
import { attachSources } from './attach.ts';
import type { Transformed } from './attach.ts';
import type { InputMap } from './input-map.ts';
import { isAuthorsFile } from './load.ts';
import { canStripTypes, isTypeScript, stripTypes } from './strip-types.ts';

/** Options of the build transform. */
export interface TransformOptions {
  /**
   * Packages whose functions take compositions or parts of them, as those of `typekro` do: a platform
   * package that wraps `kubernetesComposition`, say.
   */
  readonly packages?: readonly string[];
  /**
   * Which of the author's files are transformed; all when it is not given. Any module-level function may be
   * called by a composition, and each costs its text once more: narrow this where the size of a bundle counts.
   */
  readonly include?: (file: string) => boolean;
}

/** Files of the author's that hold code, as bundlers name them. */
export function isBuildInput(file: string, { include }: TransformOptions): boolean {
  if (file.startsWith('\0') || !/\.[cm]?[jt]sx?$/.test(file) || !isAuthorsFile(pathToFileURL(file).href)) return false;
  return include === undefined || include(file);
}

/**
 * Transforms a module for a bundler. TypeScript is the author's text, whose types Node blanks; with
 * `earlierMap`, or on a Node that cannot do that, it is what a tool made of it, and the map leads back. The resulting map
 * leads to `code` where the bundler joins maps (`mapsAreChained`), else to the author's text. `undefined` when nothing changes.
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
