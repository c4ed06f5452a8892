import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageFolder, TypeKroError } from '../../core/index.ts';

/** The part of `tsx/esm/api` that is used here. */
interface TsxApi {
  tsImport(url: string, parent: string): Promise<Record<string, unknown>>;
}

/**
 * Imports a TypeScript module of the user. Node takes types out by itself from 22.18. Below, the package `tsx` does it,
 * an optional peer dependency: the user's own comes first, then the one beside this package.
 *
 * @param path absolute path of the module
 * @throws TypeKroError `input/no-typescript-loader` where neither is there
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

/** The address of `tsx/esm/api` as the first of some modules sees it that has it. */
export function tsxModule(importers: readonly string[]): string {
  for (const importer of importers) {
    try {
      return pathToFileURL(createRequire(importer).resolve('tsx/esm/api')).href;
    } catch (error) {
      // This importer does not have it; any other failure is one of the installation, which the user has to see.
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
