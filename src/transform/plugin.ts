import { attachSources } from './attach.ts';

/** A plugin for Vite and Rollup; webpack and esbuild take `attachSources` in a loader of their own. */
export interface TransformPlugin {
  readonly name: string;
  readonly enforce: 'post';
  transform(code: string, id: string): { readonly code: string; readonly map: null } | undefined;
}

/**
 * Leaves the sources of functions beside them at build time, so that compositions also work from a bundle
 * and on hosts without an inspector. Runs after the types were removed.
 */
export function typekro(): TransformPlugin {
  return {
    name: 'typekro',
    enforce: 'post',
    transform(code, id) {
      const file = id.split('?')[0] as string;
      if (file.includes('/node_modules/') || !/\.[cm]?[jt]sx?$/.test(file)) return undefined;
      const result = attachSources({ code, file });
      return result === undefined ? undefined : { code: result, map: null };
    },
  };
}
