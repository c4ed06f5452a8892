import { type Diagnostic, errorDiagnostic, TypeKroError } from '@typekro/kit/core';

/** The codes of errors for files that could not be read. */
const FILE_PROBLEMS: ReadonlySet<string> = new Set(['input/not-found', 'input/unreadable', 'input/unknown-type']);

/** Is it the problem of a file that could not be read? Such a problem has no excerpt. */
export function isFileProblem({ code }: { readonly code: string }): boolean {
  return FILE_PROBLEMS.has(code);
}

/**
 * Converts an error about a file to a diagnostic. Its position is the beginning of the file, unless the error names
 * another position.
 *
 * @param file the name of the file, for an error whose message does not begin with the name
 */
export function fileProblem(error: TypeKroError, file: string): Diagnostic {
  const found = error.code === 'input/unreadable' ? UNREADABLE.exec(error.message)?.groups : undefined;
  const { name = file, line = 1, column = 1, reason } = found ?? {};
  const problem = errorDiagnostic(error, { file: name, line: Number(line), column: Number(column) });
  return reason === undefined ? problem : { ...problem, message: `the file cannot be read: ${reason}` };
}

/**
 * Reads one of several files. An unreadable file becomes a diagnostic, so that the problems of the other files are
 * still reported.
 *
 * @param isOnly true when the command names no other file. An error of the file is then thrown
 * @throws the error of the only file, and any error that is not about a file
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

/** Matches a message of `readTextFile`: the name of the file, an optional position, and the reason. */
const UNREADABLE = /^(?<name>.+?)(?::(?<line>\d+):(?<column>\d+))? cannot be read: (?<reason>.*)$/s;
