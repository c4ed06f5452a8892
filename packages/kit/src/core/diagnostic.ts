import { definedMembers } from './members.ts';
import type { TypeKroError } from './error.ts';
import { type SourcePosition, LineIndex } from './line-index.ts';

/**
 * The meaning of a diagnostic code. The documentation has a section for each diagnostic code, generated from the lists
 * in the packages.
 */
export interface CodeInfo {
  /** `area/kebab-name`, as in `Diagnostic.code`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong, in one sentence. */
  readonly summary: string;
  /** An input for which the check reports this diagnostic. A test verifies it. */
  readonly example: string;
  /**
   * The kind of the example: a file with definitions (`yaml`, the default), a JSON Schema (`json`), an
   * expression whose value is used as a schema (`typescript`), or the function of a composition.
   */
  readonly language?: 'yaml' | 'json' | 'typescript' | 'composition';
  /** What to do about it. */
  readonly remedy: string;
}

/** An `error` stops the work; a `warning` does not. */
export type Severity = 'error' | 'warning';

/**
 * A problem of user input, found by a check. Checks return such values and throw no exception for them. A check returns
 * all problems that it finds.
 */
export interface Diagnostic {
  /**
   * A stable name such as `cel/unknown-field`: the part of the project, a slash, and a name in kebab case. Programs
   * match on the code, not on the message.
   */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Field path in the object checked, e.g. `spec.resources[0].template.spec.replicas`. */
  readonly path?: string;
  readonly source?: SourcePosition;
  /** Is the place that of a value of a Secret? No excerpt of the source is then shown. */
  readonly isSecret?: true;
  /** kro's own message for the same problem; clients of kro match on this message. */
  readonly kroMessage?: string;
}

/** Returns an error as a diagnostic. The remedy of the error is the hint. */
export function errorDiagnostic({ code, message, remedy }: TypeKroError, source?: SourcePosition): Diagnostic {
  return { code, severity: 'error', message, ...definedMembers({ hint: remedy, source }) };
}

/** Does the list contain an error? False for a list of warnings only. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}

/**
 * The text of a diagnostic for people: position, severity, message, the source line with a caret under the column, path
 * and hint. `sourceText` is the whole text of the file; without it, and for a place of a Secret, there is no excerpt.
 * `columns` is the width of the terminal, to which the source line is cut. Longer texts are cut, too.
 */
export function formatDiagnostic(diagnostic: Diagnostic, sourceText?: string, columns?: number): string {
  const { source } = diagnostic;
  const where = source === undefined ? '' : `${source.file ?? '<input>'}:${source.line}:${source.column}: `;
  const lines = [`${where}${diagnostic.severity}: ${shortText(diagnostic.message)} [${diagnostic.code}]`];
  if (source !== undefined && sourceText !== undefined && diagnostic.isSecret !== true)
    lines.push(...excerpt(sourceText, source, columns));
  const caller = source?.calledFrom;
  if (caller !== undefined) lines.push(`  called from ${caller.file ?? '<input>'}:${caller.line}:${caller.column}`);
  if (diagnostic.path !== undefined) lines.push(`  at ${shortText(diagnostic.path)}`);
  if (diagnostic.hint !== undefined) lines.push(`  hint: ${shortText(diagnostic.hint)}`);
  return lines.join('\n');
}

/** The maximum length of a message, a path or a hint. They can quote values of the input, which have any length. */
const MAX_TEXT_LENGTH = 8000;

/** A text without the middle of a longer one: its end often has the reason. */
const shortText = (text: string): string =>
  text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH / 2)} … ${text.slice(-MAX_TEXT_LENGTH / 2)}`;

/** The maximum length of an excerpt, and of its part before the column, in code points. */
const MAX_EXCERPT_LENGTH = 200;
const MAX_LENGTH_BEFORE_COLUMN = 120;

/** The minimum number of code points that an excerpt shows, in a terminal of any width. */
const MIN_EXCERPT_LENGTH = 20;

/** The width, in columns, of the marks that show that a line was cut. */
const CUT_MARKS_WIDTH = 4;

/** The source line and a caret line under it; empty when the position lies outside the text. */
function excerpt(text: string, { line: number, column }: SourcePosition, columns?: number): string[] {
  if (latest?.text !== text) latest = { text, lines: new LineIndex(text) };
  const { lines } = latest;
  const line = lines.lineText(number);
  if (line === undefined) return [];
  const gutter = `${number} | `;
  const room = columns === undefined ? MAX_EXCERPT_LENGTH : columns - gutter.length - 2;
  const { shown, before } = shownPart(
    line,
    lines.offsetInLine({ line: number, column }),
    Math.min(MAX_EXCERPT_LENGTH, room),
  );
  const pad = before.map((character) => (character === '\t' ? '\t' : ' ')).join('');
  return [`  ${gutter}${shown}`, `  ${' '.repeat(gutter.length - 2)}| ${pad}^`];
}

/** The shown part of a line, and the code points in it before the offset. Only a long line is shortened. */
function shownPart(
  line: string,
  end: number,
  room: number,
): { readonly shown: string; readonly before: readonly string[] } {
  if (line.length <= room) return { shown: line, before: Array.from(line.slice(0, end)) };
  // In a terminal of known width, the marks take the place of characters of the line. In a terminal of unknown width,
  // they are added to the line.
  const width = Math.max(MIN_EXCERPT_LENGTH, room === MAX_EXCERPT_LENGTH ? room : room - CUT_MARKS_WIDTH);
  const limits = { shown: width, before: Math.floor((width * MAX_LENGTH_BEFORE_COLUMN) / MAX_EXCERPT_LENGTH) };
  const head = Array.from(line.slice(Math.max(0, end - 2 * MAX_LENGTH_BEFORE_COLUMN), end)).slice(-limits.before);
  const tail = Array.from(line.slice(end, end + 2 * MAX_EXCERPT_LENGTH)).slice(0, limits.shown - head.length);
  const start = end - head.join('').length;
  const prefix = start > 0 ? '… ' : '';
  const suffix = end + tail.join('').length < line.length ? ' …' : '';
  return { shown: prefix + head.join('') + tail.join('') + suffix, before: Array.from(prefix).concat(head) };
}

/** The lines of the latest text: many diagnostics are about one file. */
let latest: { readonly text: string; readonly lines: LineIndex } | undefined;
