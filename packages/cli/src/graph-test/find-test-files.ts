import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { TypeKroError } from '@typekro/kit/core';
import { noFileOrFolder, statOf, shownName } from '../file-paths.ts';

/** The names of files with tests of definitions. */
export const TEST_FILE = /\.test\.ya?ml$/;

/** Maximum depth of folders. */
const MAX_DEPTH = 20;

/** A test file. */
export interface FoundTestFile {
  readonly path: string;
  /**
   * The file's name in messages: relative to the working directory, or absolute when the user named an absolute path
   * outside of it.
   */
  readonly file: string;
  /** True when the user named a folder around the file, and not the file itself. */
  readonly inFolder: boolean;
}

/**
 * Resolves names of files and folders to test files, in the order of the names. A folder stands for all `*.test.yaml`
 * and `*.test.yml` files in it and in its subfolders, sorted by path. `node_modules` and hidden folders are left out.
 *
 * @throws TypeKroError `input/not-found` for a missing file or folder, `input/empty` for a folder without test files.
 */
export function findTestFiles(names: readonly string[], cwd: string): FoundTestFile[] {
  const found = new Map<string, FoundTestFile>();
  for (const name of names) {
    const path = resolve(cwd, name);
    const stats = statOf(path);
    if (stats === undefined) {
      throw noFileOrFolder(name, path);
    }
    const inFolder = stats.isDirectory();
    const paths = inFolder ? testFilesUnder(path, 0) : [path];
    if (paths.length === 0) {
      throw new TypeKroError(`there is no test file in ${name}`, {
        code: 'input/empty',
        remedy: 'write app.test.yaml next to app.yaml; typekro test --help has an example',
      });
    }
    for (const each of paths) {
      if (!found.has(each)) found.set(each, { path: each, file: shownName(each, cwd, name), inFolder });
    }
  }
  return [...found.values()];
}

function testFilesUnder(folder: string, depth: number): string[] {
  if (depth > MAX_DEPTH) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory())
        return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : testFilesUnder(path, depth + 1);
      return entry.isFile() && TEST_FILE.test(entry.name) ? [path] : [];
    });
}

/** The file name extensions of definitions, in the order of the search. */
const DEFINITION_ENDINGS = ['.yaml', '.yml', '.rgd.yaml', '.rgd.yml', '.ts', '.mts', '.js', '.mjs', '.json'];

/**
 * Returns the path of a test file's definition: the file that the test names, or else the first file in the same folder
 * whose name is `testName` with one of `DEFINITION_ENDINGS`.
 *
 * @throws TypeKroError `input/not-found` when the test names no definition and the folder has no such file.
 */
export function definitionFileOf(path: string, named: string | undefined): string {
  const folder = dirname(path);
  if (named !== undefined) return resolve(folder, named);
  const stem = testName(path);
  const sibling = DEFINITION_ENDINGS.map((ending) => join(folder, `${stem}${ending}`)).find(
    (each) => each !== path && statOf(each)?.isFile() === true,
  );
  if (sibling !== undefined) return sibling;
  throw new TypeKroError(
    `${basename(path)} names no definition, and there is no ${stem}.yaml or ${stem}.ts next to it`,
    { code: 'input/not-found', remedy: 'write "definition: app.yaml" with the path of the file from the test file' },
  );
}

/** The name of a test file in results: `webapp` for `graphs/webapp.test.yaml`. */
export function testName(path: string): string {
  return basename(path)
    .replace(TEST_FILE, '')
    .replace(/\.ya?ml$/, '');
}
