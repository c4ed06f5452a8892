import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageFolder, TypeKroError } from '../../core/index.ts';

/** The part of `tsx/esm/api` that is used here. */
interface TsxApi {
  tsImport(url: string, parent: string): Promise<Record<string, unknown>>;
}

/**
 * Imports a TypeScript module of the user. Node strips types from 22.18. Older Nodes need `tsx`, an optional peer
 * dependency: the user's copy first, then the one beside this package.
 *
 * @param path absolute path of the module
 * @throws TypeKroError `input/no-typescript-loader` when this Node strips no types and finds no `tsx`
 */
export async function importTypeScript(path: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path).href;
  if (stripsTypes()) return (await import(url)) as Record<string, unknown>;
  const besidePackage = packageFolder();
  const importers = besidePackage === undefined ? [path] : [path, fileURLToPath(besidePackage)];
  const tsx = (await import(tsxModule(importers))) as TsxApi;
  return tsx.tsImport(url, url);
}

/** Does this Node run TypeScript files by itself? */
function stripsTypes(): boolean {
  return typeof Reflect.get(process.features, 'typescript') === 'string';
}

/**
 * The file of `tsx/esm/api` for `import`. `require.resolve` gives the entry for `require`, whose ES module loader needs
 * a file that tsx lacks.
 */
function entryForImport(manifest: string): string {
  const { exports = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly exports?: Readonly<Record<string, { readonly import?: { readonly default?: string } }>>;
  };
  const entry = exports['./esm/api']?.import?.default;
  if (entry !== undefined) return entry;
  throw new TypeKroError(`the package tsx in ${manifest} has no "tsx/esm/api"`, {
    code: 'input/no-typescript-loader',
    remedy: 'run npm install --save-dev tsx@4, or use Node 22.18 or later, which needs no package for it',
  });
}

/** The URL of `tsx/esm/api` for the first of `importers` that finds tsx. Throws `input/no-typescript-loader`. */
export function tsxModule(importers: readonly string[]): string {
  for (const importer of importers) {
    try {
      const manifest = createRequire(importer).resolve('tsx/package.json');
      return new URL(entryForImport(manifest), pathToFileURL(manifest)).href;
    } catch (error) {
      // This importer does not find tsx; any other failure is a broken installation, which the user has to see.
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
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
