import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { errorCode, isJsonObject, packageFolder, readRegularFile, tryParseJson, TypeKroError } from '@typekro/kit/core';

/** The registration of tsx for this process. Absent before it has started. */
let registered: Promise<void> | undefined;

/**
 * Imports a TypeScript module of the user. Node strips types since version 22.18. Older versions need `tsx`, an
 * optional peer dependency. The user's copy of tsx takes precedence over the copy of this package. tsx is registered for
 * the whole process, because its `tsImport` changes the URLs of all files: this package would be loaded a second time,
 * and errors of a CommonJS file would have no position.
 *
 * @param path absolute path of the module
 * @throws TypeKroError `input/no-typescript-loader` when this Node version does not strip types and `tsx` is not
 *   installed
 */
export async function importTypeScript(path: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path).href;
  if (stripsTypes()) return (await import(url)) as Record<string, unknown>;
  const besidePackage = packageFolder();
  const importers = besidePackage === undefined ? [path] : [path, fileURLToPath(besidePackage)];
  await (registered ??= register(importers));
  if (isEsModule(path)) return (await import(url)) as Record<string, unknown>;
  const exports: unknown = createRequire(path)(path);
  // A file without exports has an empty object.
  const isNamespace = isJsonObject(exports) && (exports['__esModule'] === true || Object.keys(exports).length === 0);
  return isNamespace ? exports : { ...Object(exports), default: exports };
}

/** Registers tsx for `import`, and for `require` inside imported modules. */
async function register(importers: readonly string[]): Promise<void> {
  for (const entry of ['./cjs/api', './esm/api'] as const) {
    const tsx = (await import(tsxModule(importers, entry))) as { register(): unknown };
    tsx.register();
  }
}

/**
 * Does Node treat a TypeScript file as an ES module? The file extension decides, or else the nearest `package.json`.
 */
export function isEsModule(path: string): boolean {
  if (/\.[cm]tsx?$/.test(path)) return /\.mtsx?$/.test(path);
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const manifest = tryParseJson(readText(join(folder, 'package.json')));
    if (manifest !== undefined) return isJsonObject(manifest) && manifest['type'] === 'module';
    if (folder === dirname(folder)) return false;
  }
}

/** Reads a file. Returns an empty string when it cannot be read. */
function readText(path: string): string {
  try {
    return readRegularFile(path).toString();
  } catch {
    return '';
  }
}

/** Does this Node version run TypeScript files without tsx? */
function stripsTypes(): boolean {
  return typeof Reflect.get(process.features, 'typescript') === 'string';
}

/**
 * Finds the file of a tsx entry for `import`. `require.resolve` would return the entry for `require`, which does not
 * work as an ES module, because it needs a file that tsx lacks.
 */
function entryForImport(manifest: string, name: TsxEntry): string {
  const { exports = {} } = JSON.parse(readRegularFile(manifest).toString()) as {
    readonly exports?: Readonly<Record<string, { readonly import?: { readonly default?: string } }>>;
  };
  const entry = exports[name]?.import?.default;
  if (entry !== undefined) return entry;
  throw new TypeKroError(`the package tsx in ${manifest} has no "tsx${name.slice(1)}"`, {
    code: 'input/no-typescript-loader',
    remedy: 'run npm install --save-dev tsx@4, or use Node 22.18 or later, which needs no package for it',
  });
}

type TsxEntry = './esm/api' | './cjs/api';

/**
 * Returns the URL of an entry of tsx, from the first of `importers` that can resolve tsx. Throws `TypeKroError`
 * `input/no-typescript-loader` when none can.
 */
export function tsxModule(importers: readonly string[], entry: TsxEntry = './esm/api'): string {
  for (const importer of importers) {
    try {
      const manifest = createRequire(importer).resolve('tsx/package.json');
      return new URL(entryForImport(manifest, entry), pathToFileURL(manifest)).href;
    } catch (error) {
      // This importer cannot resolve tsx. Any other error means a broken installation, which the user must see.
      if (errorCode(error) !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new TypeKroError(
    `Node ${process.versions.node} does not run TypeScript, and the package tsx is not installed`,
    {
      code: 'input/no-typescript-loader',
      remedy: 'run npm install --save-dev tsx, or use Node 22.18 or later, which needs no package for it',
    },
  );
}
