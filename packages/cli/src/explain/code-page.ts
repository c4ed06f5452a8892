import { type CodeInfo, formatDiagnostic } from '@typekro/kit/core';
import { compileDocument, parseDefinitions } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';

/**
 * Returns the lines of the documentation of a diagnostic code: its meaning, an example, the compiler's message for the
 * example, and the remedy.
 */
export function codeLines(info: CodeInfo): string[] {
  const { code, severity, summary, example, remedy } = info;
  const compilerMessage = messageFor(info);
  return [
    `${code}  ${severity}`,
    `  ${summary}`,
    '',
    'Example',
    ...indented(example),
    ...(compilerMessage === undefined ? [] : ['', 'gets', ...indented(compilerMessage)]),
    '',
    'Remedy',
    `  ${remedy}`,
  ];
}

/**
 * The compiler's message for an example in YAML. Returns `undefined` for an example in another language, and when the
 * compiler does not report the code for the example.
 */
function messageFor({ code, example, language }: CodeInfo): string | undefined {
  if (language !== undefined && language !== 'yaml') return undefined;
  const { documents, diagnostics } = parseDefinitions(example, 'example.yaml');
  const compiled = documents.flatMap((document) => compileDocument(document, { sources: builtinSource() }).diagnostics);
  const own = [...diagnostics, ...compiled].find((each) => each.code === code);
  return own === undefined ? undefined : formatDiagnostic(own, example);
}

/** The maximum number of lines that are printed in full. Some examples are very long files. */
const MAX_LINES = 60;
const MAX_COLUMNS = 160;

function indented(text: string): string[] {
  const lines = text.trimEnd().split('\n', MAX_LINES + 1);
  const shown = lines.length > MAX_LINES ? [...lines.slice(0, 5), '\u2026'] : lines;
  return shown.map((line) =>
    `  ${line.length > MAX_COLUMNS ? `${line.slice(0, MAX_COLUMNS)} \u2026` : line}`.trimEnd(),
  );
}
