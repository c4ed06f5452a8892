import { readFile } from 'node:fs/promises';
import { attachSources } from './attach.ts';
import { isBuildInput } from './build-module.ts';
import type { TransformOptions } from './build-module.ts';
import { inputMap } from './input-map.ts';
import { inlineMap } from './load.ts';
import { isTypeScript, stripTypes } from './strip-types.ts';
import type { Stripped } from './strip-types.ts';

/** As much of esbuild's plugin interface as is used. */
export interface EsbuildPlugin {
  readonly name: string;
  setup(build: EsbuildBuild): void;
}

/** What esbuild passes to a plugin. */
export interface EsbuildBuild {
  readonly initialOptions: { readonly tsconfigRaw?: unknown };
  readonly esbuild: {
    transform(code: string, options: object): Promise<{ readonly code: string; readonly map: string }>;
  };
  onLoad(
    options: { readonly filter: RegExp; readonly namespace: string },
    callback: (file: { readonly path: string }) => Promise<{ contents: string; loader: 'js' } | undefined>,
  ): void;
}

/**
 * The plugin for esbuild. Put it before other plugins that load JavaScript or TypeScript. Types are blanked
 * by Node, or taken out by esbuild on a Node that cannot (before 22.13).
 */
export function typekroEsbuild(options: TransformOptions = {}): EsbuildPlugin {
  return {
    name: 'typekro',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]s$/, namespace: 'file' }, async ({ path }) => {
        if (!isBuildInput(path, options)) return undefined;
        const text = await readFile(path, 'utf8');
        const module = isTypeScript(path)
          ? (stripTypes(text, path, true) ?? (await stripByEsbuild(build, text, path)))
          : { code: text, inputMap: undefined };
        const result = attachSources({ ...module, file: path, packages: options.packages });
        return result && { contents: `${result.code}${inlineMap(result.map)}`, loader: 'js' };
      });
    },
  };
}

async function stripByEsbuild(build: EsbuildBuild, text: string, file: string): Promise<Stripped> {
  const { code, map } = await build.esbuild.transform(text, {
    loader: 'ts',
    sourcefile: file,
    sourcemap: 'external',
    target: 'esnext',
    tsconfigRaw: build.initialOptions.tsconfigRaw,
  });
  return { code, inputMap: inputMap(JSON.parse(map) as object, file) };
}
