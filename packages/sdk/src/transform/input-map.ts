import type { InputMap } from '@typekro/kit/javascript';
import { readInputMap } from '@typekro/kit/javascript';

/**
 * The source map that the last `sourceMappingURL` comment of a module names; `undefined` if there is no such comment or
 * the map cannot be read.
 */
export function inputMapOf(code: string, file: string): InputMap | undefined {
  const url = [...code.matchAll(/^\/\/[#@] ?sourceMappingURL=(\S+)[ \t]*$/gm)].at(-1)?.[1];
  return url === undefined ? undefined : readInputMap(url, file);
}
