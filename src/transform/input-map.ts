import type { InputMap } from '../javascript/index.ts';
import { readInputMap } from '../javascript/index.ts';

/**
 * The map that the last `sourceMappingURL` comment of a module names; `undefined` when there is no such comment, or its
 * map cannot be read.
 */
export function inputMapOf(code: string, file: string): InputMap | undefined {
  const url = [...code.matchAll(/^\/\/[#@] ?sourceMappingURL=(\S+)[ \t]*$/gm)].at(-1)?.[1];
  return url === undefined ? undefined : readInputMap(url, file);
}
