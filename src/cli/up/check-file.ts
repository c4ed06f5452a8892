import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { TypeKroError } from '../../core/index.ts';
import { nearestName } from '../../schema/index.ts';

/**
 * Is a name that of a file that can be read?
 *
 * @param path the whole path
 * @param file the name as the user gave it
 * @param types the endings of files that are read, with the dot
 * @throws TypeKroError `input/not-found`, `input/unreadable`, `input/unknown-type`, each with what to name instead.
 */
export function checkFile(path: string, file: string, types: ReadonlySet<string>): void {
  const fail = (code: string, message: string, remedy: string): never => {
    throw new TypeKroError(message, { code, remedy });
  };
  if (/^https?:\/\/?/.test(file))
    fail(
      'input/unknown-type',
      `${file} is an address, and only files are read`,
      'download it first, and name the file',
    );
  if (file === '-')
    fail('input/unknown-type', 'standard input is not read', 'write it into a file first, and name the file');
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) {
    const example = namesIn(path).find((name) => types.has(extname(name).toLowerCase()));
    const name = example ?? 'app.yaml';
    const all = join(file, `*${extname(name)}`);
    const remedy = `name the files in it, such as ${join(file, name)}, or all of them: ${all}`;
    fail('input/unreadable', `${file} is a folder, and only files are read`, remedy);
  }
  if (!types.has(extname(path).toLowerCase())) {
    fail(
      'input/unknown-type',
      `${file} is neither YAML or JSON nor TypeScript or JavaScript`,
      'name .yaml, .yml, .json, .ts or .js files',
    );
  }
  if (stats === undefined) {
    const near = nearestName(basename(path), namesIn(dirname(path)));
    const looked = `it was looked for as ${path}`;
    const remedy = /[*?]/.test(file)
      ? `no file fits the pattern; ${looked}`
      : near === undefined || near === basename(path)
        ? `check the name; ${looked}`
        : `did you mean ${join(dirname(file), near)}? ${looked}`;
    fail('input/not-found', `there is no file ${file}`, remedy);
  }
  if (stats?.isFile() === false)
    fail('input/unreadable', `${file} is a device or a pipe, and only files are read`, 'write it into a file first');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Only a suggestion depends on it.
    return [];
  }
}
