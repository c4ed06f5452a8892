/** Where in an input file a problem stands. Line and column begin at 1; columns count code points. */
export interface SourcePosition {
  /** File name as the user gave it; absent for text that came from no file. */
  readonly file?: string;
  readonly line: number;
  readonly column: number;
}

/** How bad: an `error` stops the work, a `warning` does not. */
export type Severity = 'error' | 'warning';

/**
 * A problem of user input, found by a check. Expected problems are values of this shape, never
 * exceptions, and a check returns all that it finds.
 */
export interface Diagnostic {
  /** Stable name, `area/kebab-name` (`cel/unknown-field`); programs switch on it, never on the text. */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Field path in the object checked, e.g. `spec.resources[0].template.spec.replicas`. */
  readonly path?: string;
  readonly source?: SourcePosition;
  /** kro's own text for the same problem; clients of kro match on it. */
  readonly kroMessage?: string;
}

/** Does the list hold an error (as opposed to warnings only)? */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}

/**
 * The text of a diagnostic for people: position, severity, message, the source line with a caret under
 * the column, path and hint. `sourceText` is the whole text of the file; without it there is no excerpt.
 */
export function formatDiagnostic(diagnostic: Diagnostic, sourceText?: string): string {
  const { source } = diagnostic;
  const where = source === undefined ? '' : `${source.file ?? '<input>'}:${source.line}:${source.column}: `;
  const lines = [`${where}${diagnostic.severity}: ${diagnostic.message} [${diagnostic.code}]`];
  if (source !== undefined && sourceText !== undefined) lines.push(...excerpt(sourceText, source));
  if (diagnostic.path !== undefined) lines.push(`  at ${diagnostic.path}`);
  if (diagnostic.hint !== undefined) lines.push(`  hint: ${diagnostic.hint}`);
  return lines.join('\n');
}

/** The source line and a caret line under it; empty when the position lies outside the text. */
function excerpt(text: string, position: SourcePosition): string[] {
  const line = text.split(/\r\n|\r|\n/)[position.line - 1];
  if (line === undefined) return [];
  const gutter = `${position.line} | `;
  const before = Array.from(line).slice(0, position.column - 1);
  const pad = before.map((character) => (character === '\t' ? '\t' : ' ')).join('');
  return [`  ${gutter}${line}`, `  ${' '.repeat(gutter.length - 2)}| ${pad}^`];
}
