import { statSync } from 'node:fs';
import { extname, resolve } from 'node:path';

/** A file, and the path of a field in it; the path is empty for the file as a whole. */
export interface FileSubject {
  readonly file: string;
  readonly path: string;
}

/**
 * Divides `app.yaml.spec.replicas` into the file and the path; `path`, a second word of the command line, continues the
 * path. Returns undefined when no part of the subject is a file: the subject is then a kind or a code.
 *
 * @param cwd the folder in which names of files are resolved
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

/** A folder is often named after a kind (`service`). It counts only when its name cannot be that of a kind. */
function namesFile(name: string, cwd: string): boolean {
  if (name === '-' || FILE_TYPES.has(extname(name).toLowerCase())) return true;
  const found = statSync(resolve(cwd, name), { throwIfNoEntry: false });
  return found !== undefined && (!found.isDirectory() || /[/\\]|^\.+$/.test(name));
}
