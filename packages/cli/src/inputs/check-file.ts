import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { TypeKroError, nearestName, whyUnreadable } from '@typekro/kit/core';
import { shellWord } from '@typekro/app/text';

function throwInputError(code: string, message: string, remedy: string): never {
  throw new TypeKroError(message, { code, remedy });
}

/**
 * Checks that a path names a regular file of a known type.
 *
 * @param path the absolute path
 * @param file the name as the user gave it
 * @param types the accepted extensions, with the dot
 * @throws TypeKroError `input/not-found`, `input/unreadable`, `input/unknown-type`, each with a remedy that says what
 *   to name instead.
 */
export function checkFile(path: string, file: string, types: ReadonlySet<string>): void {
  if (/^https?:\/\/?/.test(file))
    throwInputError(
      'input/unknown-type',
      `${file} is an address, and only files are read`,
      'download it first, and name the file',
    );
  if (file === '-')
    throwInputError(
      'input/unknown-type',
      'standard input is not read',
      'write it into a file first, and name the file',
    );
  const stats = statsOf(path, file);
  if (stats?.isDirectory() === true) {
    const name = namesIn(path).find((each) => types.has(extname(each).toLowerCase()));
    if (name === undefined)
      throwInputError(
        'input/unreadable',
        `there is no file with one of the types ${[...types].join(', ')} in the folder ${file}`,
        'name a file; subfolders are not read',
      );
    const pattern = join(file, `*${extname(name)}`);
    // Only the folder is quoted, because the shell does not expand patterns in quotes.
    const all = dirname(pattern) === '.' ? pattern : `${shellWord(dirname(pattern))}/${basename(pattern)}`;
    const remedy = `name the files in it, such as ${shellWord(join(file, name))}, or all of them: ${all}`;
    throwInputError('input/unreadable', `${file} is a folder, and only files are read`, remedy);
  }
  if (stats === undefined && /[*?]/.test(file))
    throwInputError('input/not-found', `there is no file ${file}`, patternRemedy(path, file));
  if (!types.has(extname(path).toLowerCase())) {
    throwInputError(
      'input/unknown-type',
      `${file} is not a YAML, JSON, TypeScript or JavaScript file`,
      'name .yaml, .yml, .json, .ts or .js files',
    );
  }
  if (stats === undefined) refuseMissingFile(path, file);
  if (stats?.isFile() === false)
    throwInputError(
      'input/unreadable',
      `${file} is a device or a pipe, and only files are read`,
      'write its content into a file first, and name the file',
    );
}

/**
 * Returns the stats of a path, or `undefined` when it does not exist.
 *
 * @throws TypeKroError `input/unreadable` for a path that cannot be resolved, such as a cycle of symbolic links or an
 *   inaccessible folder.
 */
export function statsOf(path: string, file: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new TypeKroError(`${file} cannot be read: ${whyUnreadable(error)}`, {
      code: 'input/unreadable',
      remedy: 'check the name, and the links and permissions of the folders above it',
      cause: error,
    });
  }
}

/**
 * Throws `input/not-found` when the path does not exist. The remedy names the file in the same folder with the most
 * similar name, if any.
 */
export function refuseMissingFile(path: string, file: string): void {
  if (existsSync(path)) return;
  const near = nearestName(basename(path), namesIn(dirname(path)));
  const searched = `the full path is ${path}`;
  const remedy =
    near === undefined || near === basename(path)
      ? `check the name; ${searched}`
      : `did you mean ${join(dirname(file), near)}? ${searched}`;
  throwInputError('input/not-found', `there is no file ${file}`, remedy);
}

/**
 * Returns the remedy when the user gave a pattern and no file name. The shell does not expand a pattern that is in
 * quotes or matches no file. Some shells expand no patterns.
 */
function patternRemedy(path: string, file: string): string {
  const pattern = basename(path);
  const matching = namesIn(dirname(path)).filter((name) => !name.startsWith('.') && matchesGlob(name, pattern));
  if (matching.length === 0)
    return `no file in ${dirname(path)} fits ${pattern}: only the shell expands patterns in names of folders`;
  const names = matching.slice(0, 3).map((name) => shellWord(join(dirname(file), name)));
  const more = matching.length > names.length ? ' …' : '';
  return `the shell expands patterns: write the pattern without quotes, or name the files: ${names.join(' ')}${more}`;
}

/** Does a name match a pattern of `*` and `?`? Takes O(`name.length` × `pattern.length`) steps. */
function matchesGlob(name: string, pattern: string): boolean {
  let positions = new Set([0]);
  for (const wanted of pattern) {
    if (wanted === '*') {
      const first = Math.min(...positions);
      positions = new Set(Array.from({ length: name.length - first + 1 }, (_, index) => first + index));
    } else
      positions = new Set(
        [...positions].filter((at) => at < name.length && (wanted === '?' || name[at] === wanted)).map((at) => at + 1),
      );
    if (positions.size === 0) return false;
  }
  return positions.has(name.length);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The names are needed only for suggestions. If they cannot be read, the error has no suggestion.
    return [];
  }
}
