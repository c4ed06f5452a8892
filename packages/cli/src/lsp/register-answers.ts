import type { CompletionList, Connection, Hover, Position } from 'vscode-languageserver';
import { TypeKroError } from '@typekro/kit/core';
import {
  completionsAt,
  definitionAt,
  fixesFor,
  foldingRangesOf,
  hoverAt,
  inlayHintsOf,
  lensesOf,
  MAX_COMPLETIONS,
  referencesAt,
  renameableAt,
  renameAt,
  signatureAt,
  symbolsOf,
  tokensOf,
  workspaceSymbols,
} from '@typekro/editor';
import { expressionsAt, SCRIPT } from './compositions.ts';
import { formatEdits } from './format-edits.ts';
import { liveHover } from './live-hover.ts';
import type * as Library from './protocol-library.ts';
import { runLens } from './run-lens.ts';
import type { LanguageServer } from './language-server.ts';

/** The library of the Language Server Protocol. */
export type ProtocolLibrary = typeof Library;

/**
 * Registers the handlers of requests. No handler waits for a running check: a handler uses the current text of the
 * document, the workspace, and the results of earlier checks.
 */
export function registerAnswers(connection: Connection, server: LanguageServer, library: ProtocolLibrary): void {
  const { workspace } = server;
  /**
   * Returns the result of `make` for an open YAML or JSON document, and `otherwise` for any other document. If `make`
   * throws a `TypeKroError`, throws it as an error response. If `make` throws any other error, reports it as an
   * internal error and returns `otherwise`.
   */
  const answer = <Result>(uri: string, otherwise: Result, make: () => Result): Result =>
    SCRIPT.test(uri) || workspace.document(uri) === undefined ? otherwise : guarded(otherwise, make);
  /** Returns the result of `make`. Handles its errors as `answer` does. */
  const guarded = <Result>(otherwise: Result, make: () => Result): Result => {
    try {
      return make();
    } catch (error) {
      if (error instanceof TypeKroError) throw refusal(error, library);
      server.report(error);
      return otherwise;
    }
  };
  const documentOf = (uri: string) => {
    const document = workspace.document(uri);
    if (document === undefined) throw new Error(`${uri} is not open`);
    return document;
  };
  connection.onCompletion(({ textDocument: { uri }, position }) =>
    answer<CompletionList>(uri, { isIncomplete: false, items: [] }, () => {
      const items = completionsAt(documentOf(uri), position, workspace.source);
      return { isIncomplete: items.length >= MAX_COMPLETIONS, items: [...items] };
    }),
  );
  connection.onSignatureHelp(({ textDocument: { uri }, position }) =>
    answer(uri, null, () => signatureAt(documentOf(uri), position, workspace.source) ?? null),
  );
  connection.onWorkspaceSymbol(({ query }) => guarded([], () => [...workspaceSymbols(workspace, query)]));
  connection.onHover(({ textDocument: { uri }, position }) =>
    SCRIPT.test(uri)
      ? guarded(null, () => compositionHover(server, uri, position))
      : hover(server, uri, position, answer),
  );
  connection.onDefinition(({ textDocument: { uri }, position }) =>
    answer(uri, [], () => [...definitionAt(workspace, uri, position)]),
  );
  connection.onReferences(({ textDocument: { uri }, position, context }) =>
    answer(uri, [], () => [...referencesAt(workspace, uri, position, context.includeDeclaration)]),
  );
  connection.onPrepareRename(({ textDocument: { uri }, position }) =>
    answer(uri, null, () => renameableAt(workspace, uri, position) ?? null),
  );
  connection.onRenameRequest(({ textDocument: { uri }, position, newName }) =>
    answer(uri, null, () => renameAt(workspace, uri, position, newName) ?? null),
  );
  connection.onDocumentSymbol(({ textDocument: { uri } }) => answer(uri, [], () => [...symbolsOf(documentOf(uri))]));
  connection.onFoldingRanges(({ textDocument: { uri } }) =>
    answer(uri, [], () => [...foldingRangesOf(documentOf(uri))]),
  );
  connection.onDocumentFormatting(({ textDocument: { uri } }) => answer(uri, [], () => formatEdits(documentOf(uri))));
  connection.onCodeAction(({ textDocument: { uri }, context: { diagnostics } }) =>
    answer(uri, [], () => [...fixesFor(documentOf(uri), diagnostics)]),
  );
  connection.onCodeLens(({ textDocument: { uri } }) =>
    answer(uri, [], () => [...lensesOf(documentOf(uri), workspace)]),
  );
  connection.languages.inlayHint.on(({ textDocument: { uri }, range }) =>
    answer(uri, [], () => [...inlayHintsOf(documentOf(uri), range, server.graphsOf(uri), workspace)]),
  );
  connection.languages.semanticTokens.on(({ textDocument: { uri } }) =>
    answer(uri, { data: [] }, () => ({ data: [...tokensOf(documentOf(uri), workspace.source)] })),
  );
  connection.onExecuteCommand(async ({ command, arguments: given = [] }) => {
    try {
      return await runLens(command, given[0], server.context, given[1]);
    } catch (error) {
      if (error instanceof TypeKroError) throw refusal(error, library);
      throw error;
    }
  });
}

/** Makes the error response for a request that fails. The client shows its message. */
function refusal({ message, remedy }: TypeKroError, { ErrorCodes, ResponseError }: ProtocolLibrary): Error {
  return new ResponseError(ErrorCodes.InvalidRequest, remedy === undefined ? message : `${message}: ${remedy}`);
}

async function hover(
  server: LanguageServer,
  uri: string,
  position: Position,
  answer: <Result>(uri: string, otherwise: Result, make: () => Result) => Result,
): Promise<Hover | null> {
  const { workspace, settings } = server;
  const document = workspace.document(uri);
  const found = answer(uri, undefined, () =>
    document === undefined ? undefined : hoverAt(document, position, workspace.source),
  );
  if (!settings.liveValues || document === undefined) return found ?? null;
  const live = await liveHover(document, position, settings, server.context).catch((error: unknown) => {
    server.report(error);
    return undefined;
  });
  if (live === undefined) return found ?? null;
  const text = found === undefined ? '' : `${(found.contents as { readonly value: string }).value}\n\n`;
  return { ...found, contents: { kind: 'markdown', value: `${text}${live}` } };
}

/** Shows the CEL of the expression at a position of a composition. The CEL was traced when the file was last saved. */
function compositionHover(server: LanguageServer, uri: string, { line, character }: Position): Hover | null {
  const traced = server.traceOf(uri);
  const document = server.workspace.document(uri);
  if (traced === undefined || document === undefined) return null;
  const column = Array.from(document.text.lineText(line).slice(0, character)).length + 1;
  const found = expressionsAt(traced.expressions, line + 1, column);
  if (found.length === 0) return null;
  const lines = found.map(({ path, text }) => `${path}: ${text}`);
  return { contents: { kind: 'markdown', value: `\`\`\`yaml\n${lines.join('\n')}\n\`\`\`` } };
}
