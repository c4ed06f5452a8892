import { readRegularFile } from '@typekro/kit/core';
import { attachSources } from './attach.ts';
import { type TransformOptions, isBuildInput } from './build-module.ts';
import { inputMap } from '../javascript/index.ts';
import { inlineMap } from './load.ts';
import { type Stripped, isTypeScript, stripTypes } from './strip-types.ts';

/** The members of esbuild's plugin interface that this file uses. */
export interface EsbuildPlugin {
  readonly name: string;
  setup(build: EsbuildBuild): void;
}

/** The argument that esbuild passes to a plugin. */
export interface EsbuildBuild {
  readonly initialOptions: { readonly tsconfigRaw?: unknown };
  readonly esbuild: {
    transform(code: string, options: object): Promise<{ readonly code: string; readonly map: string }>;
  };
  onLoad(
    options: { readonly filter: RegExp; readonly namespace: string },
    callback: (file: { readonly path: string }) => Promise<{ contents: string; loader: 'js' | 'ts' } | undefined>,
  ): void;
}

/**
 * The plugin for esbuild. It must precede other plugins that load JavaScript or TypeScript. Node replaces types with
 * blanks. If Node cannot do this (before 22.13), esbuild removes the types.
 */
export function typekroEsbuild(options: TransformOptions = {}): EsbuildPlugin {
  return {
    name: 'typekro',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]s$/, namespace: 'file' }, async ({ path }) => {
        if (!isBuildInput(path, options)) return undefined;
        const text = readRegularFile(path).toString();
        const blanked = isTypeScript(path) ? stripTypes(text, path, true) : { code: text, inputMap: undefined };
        const module = blanked ?? (await stripByEsbuild(build, text, path));
        const result = attachSources({ ...module, file: path, packages: options.packages });
        // The loader stays `ts` after blanking: only for TypeScript, esbuild drops unused type imports and applies the
        // tsconfig setting for class fields.
        const loader = isTypeScript(path) && blanked !== undefined ? 'ts' : 'js';
        return result && { contents: `${result.code}${inlineMap(result.map)}`, loader };
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
