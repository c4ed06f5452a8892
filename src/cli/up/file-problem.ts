import type { Diagnostic } from '../../core/index.ts';
import { errorDiagnostic, TypeKroError } from '../../core/index.ts';

/** The codes of files that are not read at all. */
const FILE_PROBLEMS: ReadonlySet<string> = new Set(['input/not-found', 'input/unreadable', 'input/unknown-type']);

/** Is this the problem of a file that is not read at all? Such a file has no text for an excerpt. */
export function isFileProblem({ code }: { readonly code: string }): boolean {
  return FILE_PROBLEMS.has(code);
}

/**
 * Returns an error about a file as a problem of the file. The place is the beginning of the file, unless the error
 * names another place.
 *
 * @param file the name of the file, for an error that does not begin with it
 */
export function fileProblem(error: TypeKroError, file: string): Diagnostic {
  const found = error.code === 'input/unreadable' ? UNREADABLE.exec(error.message)?.groups : undefined;
  const { name = file, line = 1, column = 1, reason } = found ?? {};
  const problem = errorDiagnostic(error, { file: name, line: Number(line), column: Number(column) });
  return reason === undefined ? problem : { ...problem, message: `the file cannot be read: ${reason}` };
}

/**
 * Reads one of several files. A file that is not read at all becomes a diagnostic, so that it hides no problem of the
 * other files.
 *
 * @param isOnly true when the command names no other file; an error of the file is then thrown
 * @throws the error of the only file, and any error that is not the problem of a file
 */
export async function readOneOf<T>(
  file: string,
  isOnly: boolean,
  diagnostics: Diagnostic[],
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isOnly || !(error instanceof TypeKroError) || !isFileProblem(error)) throw error;
    diagnostics.push(fileProblem(error, file));
    return undefined;
  }
}

/** A message of `readTextFile`, which begins with the place. */
const UNREADABLE = /^(?<name>.+?)(?::(?<line>\d+):(?<column>\d+))? cannot be read: (?<reason>.*)$/s;
