import type { Position, Range } from 'vscode-languageserver';
import { checkDocument } from '../../packages/cli/src/lsp/check-document.ts';
import { formatEdits } from '../../packages/cli/src/lsp/format-edits.ts';
import { TypeKroError } from '@typekro/kit/core';
import type { EditorDocument, Workspace } from '@typekro/editor';
import * as editing from '@typekro/editor';
import { type Choices, pick } from './choices.ts';

/** Strings that users type, paste, or type only partly. */
const TYPED = [
  '${',
  '}',
  '${schema.spec.',
  '.?',
  '"',
  "'",
  ':',
  ': ',
  '- ',
  '\n',
  '\n  ',
  '\t',
  '---\n',
  '|',
  ' | default=',
  '#',
  '&a',
  '*a',
  '{',
  '[',
  '<<: ',
  '!!binary ',
  '\u0000',
  '😀',
  '\uFEFF',
  'id: web\n',
  'kind: Graph\n',
  'forEach:\n',
  '${each.',
  '.map(x, x.',
  '%YAML 1.2\n',
  '...\n',
  '? ',
  'includeWhen: [',
  '\r\n',
  '\r',
  '{{ .Values.a }}',
  '__proto__: {}\n',
  'constructor: ',
  '"[]Port"',
] as const;

/** A random change of a document: text is inserted, removed, replaced or repeated. */
export function randomEdit(
  document: EditorDocument,
  choices: Choices,
): { readonly range: Range; readonly text: string } {
  const { length } = document.text.text;
  const from = choices.below(length + 1);
  const to = Math.min(length, from + choices.below(3) * choices.below(40));
  const kind = choices.below(4);
  const copied = choices.below(length + 1);
  const text =
    kind === 0 ? '' : kind === 3 ? document.text.text.slice(copied, copied + choices.below(200)) : pick(choices, TYPED);
  const range = document.text.rangeOf({ from, to: kind === 1 ? from : to });
  return { range, text };
}

/**
 * Sends all requests about a document, as an editor does after an edit.
 *
 * @returns a description of an incorrect response (a token with an invalid number, or a range outside the document);
 *   `undefined` when all responses are correct
 * @throws any error of a request, except the refusal of a name
 */
export async function askAll(
  document: EditorDocument,
  workspace: Workspace,
  position: Position,
): Promise<string | undefined> {
  const { uri } = document;
  const { diagnostics, graphs, graphObjects } = await checkDocument(document, workspace);
  const found = editing.toProtocol(document.text, diagnostics);
  const all = { start: { line: 0, character: 0 }, end: { line: document.text.lineCount, character: 0 } };
  const ranges: readonly [string, readonly (Range | undefined)[]][] = [
    ['diagnostics', found.map(({ range }) => range)],
    ['symbols', editing.symbolsOf(document).map(({ range }) => range)],
    ['hover', [editing.hoverAt(document, position, workspace.source)?.range]],
    [
      'definition',
      editing
        .definitionAt(workspace, uri, position)
        .filter((each) => each.uri === uri)
        .map(({ range }) => range),
    ],
    [
      'references',
      editing
        .referencesAt(workspace, uri, position, true)
        .filter((each) => each.uri === uri)
        .map(({ range }) => range),
    ],
    ['rename', [editing.renameableAt(workspace, uri, position)?.range]],
    ['lenses', editing.lensesOf(document, workspace).map(({ range }) => range)],
    ['format', formatEdits(document).map(({ range }) => range)],
    [
      'hints',
      editing
        .inlayHintsOf(document, all, editing.outlinesOf([...graphs, ...graphObjects]), workspace)
        .map((hint) => ({ start: hint.position, end: hint.position })),
    ],
    [
      'fixes',
      editing.fixesFor(document, found).flatMap(({ edit }) => (edit?.changes?.[uri] ?? []).map(({ range }) => range)),
    ],
    [
      'completions',
      editing
        .completionsAt(document, position, workspace.source)
        .map(({ textEdit }) => (textEdit as { readonly range: Range }).range),
    ],
    [
      'folding',
      editing
        .foldingRangesOf(document)
        .map(({ startLine, endLine }) => ({
          start: { line: startLine, character: 0 },
          end: { line: endLine, character: 0 },
        })),
    ],
  ];
  renameOrRefusal(workspace, uri, position);
  const data = editing.tokensOf(document, workspace.source);
  if (data.some((each) => each < 0 || !Number.isInteger(each))) return `tokens: ${data.join(' ')}`;
  for (const [what, each] of ranges) {
    const wrong = each.find((range) => range !== undefined && !isInside(document, range));
    if (wrong !== undefined) return `${what}: ${JSON.stringify(wrong)}`;
  }
  return undefined;
}

function renameOrRefusal(workspace: Workspace, uri: string, position: Position): void {
  try {
    editing.renameAt(workspace, uri, position, 'other');
  } catch (error) {
    if (!(error instanceof TypeKroError)) throw error;
  }
}

function isInside({ text }: EditorDocument, { start, end }: Range): boolean {
  const isPlace = ({ line, character }: Position): boolean =>
    line >= 0 && line < text.lineCount && character >= 0 && character <= text.lineText(line).length + 1;
  return (
    isPlace(start) &&
    isPlace(end) &&
    (start.line < end.line || (start.line === end.line && start.character <= end.character))
  );
}
