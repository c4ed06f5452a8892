import type { Diagnostic } from '../../core/index.ts';
import { TypeKroError } from '../../core/index.ts';

/** The codes of files that are not read at all. */
const FILE_PROBLEMS: ReadonlySet<string> = new Set(['input/not-found', 'input/unreadable', 'input/unknown-type']);

/** Is this the problem of a file that is not read at all? Such a file has no text for an excerpt. */
export function isFileProblem({ code }: { readonly code: string }): boolean {
  return FILE_PROBLEMS.has(code);
}

/**
 * Returns an error about a file as a problem of the file, at its beginning when the error names no other place.
 *
 * @param file the name of the file, for an error that does not begin with it
 */
export function fileProblem({ code, message, remedy }: TypeKroError, file: string): Diagnostic {
  const found = code === 'input/unreadable' ? UNREADABLE.exec(message)?.groups : undefined;
  const { name = file, line = 1, column = 1, reason } = found ?? {};
  return {
    code,
    severity: 'error',
    message: reason === undefined ? message : `the file cannot be read: ${reason}`,
    ...(remedy === undefined ? {} : { hint: remedy }),
    source: { file: name, line: Number(line), column: Number(column) },
  };
}

/**
 * Reads one of several files. A file that is not read at all becomes a diagnostic, so that it hides no problem of the
 * other files.
 *
 * @param isOnly the command names no other file: its error is thrown
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
