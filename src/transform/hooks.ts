import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { isOwnFile, transformLoaded } from './load.ts';
import type { Loaded, StripTypes } from './load.ts';

/** Node's own type stripping, where this Node has it. */
export const stripTypes: StripTypes = (() => {
  const strip: unknown = Reflect.get(nodeModule, 'stripTypeScriptTypes');
  return typeof strip === 'function' ? (code: string) => (strip as (code: string) => string)(code) : undefined;
})();

type NextLoad = (url: string, context: object) => Promise<Loaded>;

/** The asynchronous loader hook, for hosts without `registerHooks`. */
export async function load(url: string, context: object, next: NextLoad): Promise<Loaded> {
  return transform(url, await next(url, context));
}

/** The module of a file, transformed when it is the author's own. */
export function transform<L extends Loaded>(url: string, loaded: L): L {
  return isOwnFile(url) ? transformLoaded(url, loaded, fileURLToPath(url), stripTypes) : loaded;
}
