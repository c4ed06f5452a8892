import { extname, resolve } from 'node:path';
import { statOf } from '../file-paths.ts';

/** A file and the path of a field. The path is empty for the whole file. */
export interface FileSubject {
  readonly file: string;
  readonly path: string;
}

/**
 * Splits `app.yaml.spec.replicas` into the file and the path of a field. `path`, a second argument of the command, is
 * appended to the path. Returns undefined when no part of the subject is a file, because the subject is then a kind or
 * a code.
 *
 * @param cwd the folder relative to which file names are resolved
 */
export function fileSubject(subject: string, path: string, cwd: string): FileSubject | undefined {
  if (namesFile(subject, cwd)) return { file: subject, path };
  for (let end = subject.lastIndexOf('.'); end > 0; end = subject.lastIndexOf('.', end - 1)) {
    const file = subject.slice(0, end);
    if (!namesFile(file, cwd)) continue;
    return { file, path: [subject.slice(end + 1), path].filter((part) => part !== '').join('.') };
  }
  return undefined;
}

const FILE_TYPES = new Set(['.yaml', '.yml', '.json', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/**
 * Is this the name of a file? A folder counts only if its name cannot be the name of a kind, because folders are often
 * named after kinds (`service`).
 */
function namesFile(name: string, cwd: string): boolean {
  if (name === '-' || FILE_TYPES.has(extname(name).toLowerCase())) return true;
  const found = statOf(resolve(cwd, name));
  return found !== undefined && (!found.isDirectory() || /[/\\]|^\.+$/.test(name));
}
