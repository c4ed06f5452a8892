import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { errorCode, readRegularFile, TypeKroError } from '@typekro/kit/core';
import { attachSources } from './attach.ts';
import { inlineMap, isAuthorsFile } from './load.ts';
import { isTypeScript, inputMapOf } from './strip-types.ts';

/** The members of Bun's plugin interface that this file uses (bun.com/docs/bundler/plugins). */
export interface BunHost {
  plugin(plugin: { readonly name: string; setup(build: BunBuild): void }): void;
}

interface BunBuild {
  onLoad(
    options: { readonly filter: RegExp },
    load: (file: { readonly path: string }) => { readonly contents: string; readonly loader: 'js' | 'ts' },
  ): void;
}

/**
 * Matches the paths of scripts outside of packages. Bun requires a result for every file that the filter matches, and
 * treats every result as an ES module. The filter therefore does not match `.cjs` and `.cts` files, which Bun loads
 * itself.
 */
const SCRIPTS = /^(?!.*[\\/]node_modules[\\/]).*\.m?[jt]s$/;

/** Is the code CommonJS, i.e. does it set `exports` and have no import or export statement? */
const isCommonJs = (text: string): boolean =>
  /^\s*(?:module\.)?exports\b[^\n]*=/m.test(text) && !/^\s*(?:import|export)\b/m.test(text);

/** The global `Bun`; undefined on other hosts. */
export function bunHost(): BunHost | undefined {
  const bun: unknown = Reflect.get(globalThis, 'Bun');
  return typeof bun === 'object' && bun !== null && 'plugin' in bun ? (bun as BunHost) : undefined;
}

/** Hooks the transform into Bun's loader. Bun does not have Node's loader hooks. */
export function registerInBun(bun: BunHost): void {
  bun.plugin({
    name: 'typekro',
    setup(build) {
      build.onLoad({ filter: SCRIPTS }, ({ path }) => loadForBun(path, readRegularFile(path).toString()));
    },
  });
}

/** The code that Bun runs for a file. */
export function loadForBun(path: string, text: string): { readonly contents: string; readonly loader: 'js' | 'ts' } {
  const loader = isTypeScript(path) ? 'ts' : 'js';
  if (!isAuthorsFile(pathToFileURL(path).href)) return { contents: text, loader };
  if (isCommonJs(text)) {
    const remedy =
      'make it an ES module, or name it .cjs and pass the composition its scope, or build with typekro/plugin';
    throw new TypeKroError(`${path} is CommonJS, which loaders cannot read in Bun; ${remedy}`, {
      code: 'transform/commonjs-in-bun',
      remedy,
    });
  }
  const code = loader === 'ts' ? withoutTypes(text, path) : text;
  const attached =
    code === undefined ? undefined : attachSources({ code, file: path, inputMap: inputMapOf(code, path) });
  return attached === undefined
    ? { contents: text, loader }
    : { contents: `${attached.code}${inlineMap(attached.map)}`, loader: 'js' };
}

interface Esbuild {
  transformSync(code: string, options: object): { readonly code: string };
}

let esbuild: Esbuild | undefined;

/**
 * Compiles TypeScript with esbuild to JavaScript that has a source map to the author's text. Bun's own compiler
 * produces no map. esbuild is a dependency of the author's project or of its `tsx`. Returns `undefined` for a syntax
 * error, which Bun itself reports.
 */
function withoutTypes(text: string, file: string): string | undefined {
  esbuild ??= loadEsbuild(file);
  try {
    return esbuild.transformSync(text, {
      loader: 'ts',
      sourcefile: file,
      sourcemap: 'inline',
      target: 'esnext',
      logLevel: 'silent',
    }).code;
  } catch (error) {
    if (error instanceof Error && 'errors' in error) return undefined;
    throw new TypeKroError(`${file}: its types could not be removed`, {
      code: 'transform/types-not-stripped',
      remedy: 'compile to JavaScript first',
      cause: error,
    });
  }
}

function loadEsbuild(file: string): Esbuild {
  const attempts = [
    () => createRequire(file)('esbuild') as Esbuild,
    () => createRequire(createRequire(file).resolve('tsx'))('esbuild') as Esbuild,
  ];
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch (error) {
      if (errorCode(error) !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new TypeKroError(`${file}: Bun's compiler keeps no mapping to the source code, and esbuild is not installed`, {
    code: 'transform/types-not-stripped',
    remedy: 'run bun add --dev esbuild, or compile to JavaScript first',
  });
}
