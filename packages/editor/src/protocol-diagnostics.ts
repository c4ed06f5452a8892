import type { Diagnostic as ProtocolDiagnostic } from 'vscode-languageserver';
import type { Diagnostic } from '@typekro/kit/core';
import type { EditorText, Span } from './editor-text.ts';

/** The name of the server in diagnostics. */
export const DIAGNOSTIC_SOURCE = 'typekro';

/** The data of a diagnostic that a quick fix needs. The client sends the data back with the request for fixes. */
export interface DiagnosticData {
  readonly hint?: string;
}

/** Converts the diagnostics of one file to those of the protocol. The hint becomes the second line of the message. */
export function toProtocol(text: EditorText, diagnostics: readonly Diagnostic[]): ProtocolDiagnostic[] {
  return diagnostics.map(({ code, severity, message, hint, source }) => {
    const data: DiagnosticData = hint === undefined ? {} : { hint };
    return {
      range: text.rangeOf(spanOf(text, source === undefined ? 0 : text.offsetOf(source))),
      severity: severity === 'error' ? 1 : 2,
      code,
      source: DIAGNOSTIC_SOURCE,
      message: hint === undefined ? message : `${message}\nhint: ${hint}`,
      data,
    };
  });
}

/** Matches a name, a number, a quoted string, `${`, or any other character. */
const WORD = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w$][\w./-]*|\$\{|[^\s])/;

/** The span of the word at an offset. A diagnostic has only its start, and this word is what the editor underlines. */
function spanOf({ text }: EditorText, offset: number): Span {
  const lineEnd = text.slice(offset).search(/[\r\n]|$/) + offset;
  const line = text.slice(offset, lineEnd);
  const inExpression = isInExpression(text, offset);
  const word = (inExpression ? /^\w+/ : WORD).exec(line)?.[0] ?? WORD.exec(line)?.[0];
  if (word === undefined) return { from: Math.max(offset - 1, 0), to: offset };
  return { from: offset, to: offset + word.length };
}

/**
 * Is the offset inside an expression? The result is true if its line has a `${` before the offset, and no `}` between
 * the two.
 */
function isInExpression(text: string, offset: number): boolean {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  const open = before.lastIndexOf('${');
  return open >= 0 && !before.slice(open).includes('}');
}
