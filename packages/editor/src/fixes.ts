import type { CodeAction, Diagnostic as ProtocolDiagnostic, TextEdit } from 'vscode-languageserver';
import { type DiagnosticData, DIAGNOSTIC_SOURCE } from './protocol-diagnostics.ts';
import { EditorDocument } from './editor-document.ts';
import type { EditorText } from './editor-text.ts';

/** A change that a hint describes. */
interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

/** The parts of a diagnostic from which a fix is made. */
interface Problem {
  readonly diagnostic: ProtocolDiagnostic;
  readonly hint: string;
  readonly document: EditorDocument;
  readonly text: EditorText;
}

/** The rules that derive a change from a hint. The first matching rule is used. */
const RULES: readonly ((problem: Problem) => Fix | undefined)[] = [
  insteadOf,
  didYouMean,
  callOfExpression,
  quoteText,
  wholeValue,
  separateObjects,
  removeCode,
];

/** The quick fixes for diagnostics, derived from their hints. A hint that leaves a choice to the user yields no fix. */
export function fixesFor(document: EditorDocument, diagnostics: readonly ProtocolDiagnostic[]): readonly CodeAction[] {
  return diagnostics.flatMap((diagnostic): CodeAction[] => {
    const { hint } = (diagnostic.data ?? {}) as DiagnosticData;
    if (diagnostic.source !== DIAGNOSTIC_SOURCE || hint === undefined) return [];
    for (const rule of RULES) {
      const fix = rule({ diagnostic, hint, document, text: document.text });
      if (fix === undefined) continue;
      const edit = { changes: { [document.uri]: [...fix.edits] } };
      return [{ title: fix.title, kind: 'quickfix', diagnostics: [diagnostic], isPreferred: true, edit }];
    }
    return [];
  });
}

const replaced = ({ diagnostic, text }: Problem, from: string, to: string): Fix | undefined => {
  const span = text.spanOf(diagnostic.range);
  const line = text.text.slice(span.from, text.lineEnd(diagnostic.range.start.line));
  const at = line.indexOf(from);
  if (at < 0 || at > span.to - span.from) return undefined;
  const range = text.rangeOf({ from: span.from + at, to: span.from + at + from.length });
  return { title: `Write ${to}`, edits: [{ range, newText: to }] };
};

/** `did you mean "metadata" instead of "metdata"?`: replaces the second name by the first. */
function insteadOf(problem: Problem): Fix | undefined {
  const [, to, from] = /^did you mean "([^"]+)" instead of "([^"]+)"\?/.exec(problem.hint) ?? [];
  return to === undefined || from === undefined ? undefined : replaced(problem, from, to);
}

/** `did you mean "replicas"?`, `did you mean string?`: replaces the word at the position of the diagnostic. */
function didYouMean(problem: Problem): Fix | undefined {
  const [, quoted, single, bare] = /^did you mean (?:"([^"]+)"|'([^']+)'|([^\s"'?]+))\?/.exec(problem.hint) ?? [];
  const to = quoted ?? single ?? bare;
  if (to === undefined) return undefined;
  const { diagnostic, text } = problem;
  const span = text.spanOf(diagnostic.range);
  const written = text.text.slice(span.from, span.to);
  const quote = /^["']/.exec(written)?.[0] ?? '';
  const range = text.rangeOf({ from: span.from + quote.length, to: span.to - quote.length });
  return { title: `Write ${to}`, edits: [{ range, newText: to }] };
}

/**
 * `append .orValue(false)`, `write int(…) around the expression`: changes the expression at the position of the
 * diagnostic.
 */
function callOfExpression({ diagnostic, hint, document, text }: Problem): Fix | undefined {
  const appended = /^append (\.\w+\([^)]*\))$/.exec(hint)?.[1];
  const around = /^write (\w+\()\u2026\) around the expression$/.exec(hint)?.[1];
  const placed = document.partAt(text.offsetAt(diagnostic.range.start));
  if (placed === undefined || (appended ?? around) === undefined) return undefined;
  const inPart = text.offsetAt(diagnostic.range.start) - placed.from;
  // The range of a problem may begin at the opening `${`.
  const found = placed.part.expressions.find(({ from, to }) => from - '${'.length <= inPart && inPart <= to);
  if (found === undefined) return undefined;
  const { from, to } = EditorDocument.inFile(placed, found);
  const insert = (offset: number, newText: string): TextEdit => {
    const at = text.positionAt(offset);
    return { range: { start: at, end: at }, newText };
  };
  if (appended !== undefined) return { title: `Append ${appended}`, edits: [insert(to, appended)] };
  return { title: `Write ${around}…) around the expression`, edits: [insert(to, ')'), insert(from, around ?? '')] };
}

/**
 * `quote it to make it a string: "yes"`, `put it in quotes: "3"`, `write "yes" for the string, …`: puts the scalar in
 * quotes.
 */
function quoteText({ diagnostic, hint, text }: Problem): Fix | undefined {
  const [, quoted] =
    /(?:quote it to make it a string|put it in quotes|write it in quotes): ("[^"]*")/.exec(hint) ??
    /^write ("[^"]*") for the string/.exec(hint) ??
    [];
  if (quoted === undefined) return undefined;
  const span = text.spanOf(diagnostic.range);
  const bare = quoted.slice(1, -1);
  if (text.text.slice(span.from, span.from + bare.length) !== bare) return undefined;
  const range = text.rangeOf({ from: span.from, to: span.from + bare.length });
  return { title: `Write ${quoted}`, edits: [{ range, newText: quoted }] };
}

/** `put the whole value into quotes: "…"`: replaces the value up to the end of the line. */
function wholeValue({ diagnostic, hint, text }: Problem): Fix | undefined {
  const value = /^put the whole value into (?:single )?quotes: (.+)$/.exec(hint)?.[1];
  if (value === undefined) return undefined;
  const { line } = diagnostic.range.start;
  const head = /^\s*(?:- +)*(?:[^\s:"']+|"[^"]*"|'[^']*'):\s+|^\s*(?:- +)+/.exec(text.lineText(line))?.[0];
  if (head === undefined) return undefined;
  const range = text.rangeOf({ from: text.lineStart(line) + head.length, to: text.lineEnd(line) });
  return { title: 'Put the value into quotes', edits: [{ range, newText: value }] };
}

/** `put a line "---" between the two objects`: inserts this line. */
function separateObjects({ diagnostic, hint }: Problem): Fix | undefined {
  if (hint !== 'put a line "---" between the two objects') return undefined;
  const at = { line: diagnostic.range.start.line, character: 0 };
  return { title: 'Put a line --- between the objects', edits: [{ range: { start: at, end: at }, newText: '---\n' }] };
}

/** `remove the comma; …`, `remove the tag`, `remove it, and join …`, `remove it; …`: removes the marked text. */
function removeCode({ diagnostic, hint, text }: Problem): Fix | undefined {
  if (!/^remove (?:the (?:comma|tag|"\.")|it, and join|it;)/.test(hint)) return undefined;
  const span = text.spanOf(diagnostic.range);
  const marked = text.text.slice(span.from, span.to);
  return marked === '' ? undefined : { title: `Remove ${marked}`, edits: [{ range: diagnostic.range, newText: '' }] };
}
