import type { Connection, HoverParams } from 'vscode-languageserver';
import { expect, test, vi } from 'vitest';
import { registerAnswers } from './register-answers.ts';
import { LanguageServer } from './language-server.ts';

type Handler = (params: HoverParams) => unknown;

/** A connection that records its handler of hovers and its error messages. All other handlers are ignored. */
function recordingConnection() {
  const errors: string[] = [];
  let hover: Handler | undefined;
  const connection = {
    ...Object.fromEntries(
      [
        'onCompletion',
        'onDefinition',
        'onReferences',
        'onPrepareRename',
        'onRenameRequest',
        'onDocumentSymbol',
        'onSignatureHelp',
        'onWorkspaceSymbol',
        'onFoldingRanges',
        'onDocumentFormatting',
        'onCodeAction',
        'onCodeLens',
        'onExecuteCommand',
      ].map((name) => [name, () => {}]),
    ),
    onHover: (handler: Handler) => void (hover = handler),
    languages: { inlayHint: { on: () => {} }, semanticTokens: { on: () => {} } },
    console: { error: (text: string) => void errors.push(text) },
  } as unknown as Connection;
  return { connection, errors, hover: (params: HoverParams) => hover?.(params) };
}

test.each([
  ['a composition', 'file:///work/app.ts', 'typescript'],
  ['a manifest', 'file:///work/app.yaml', 'yaml'],
])('an internal error of a hover in %s is reported, and the client gets no hover', async (_text, uri) => {
  const { connection, errors, hover } = recordingConnection();
  const library = await import('./protocol-library.ts');
  const context = {
    cwd: '/work',
    env: {},
    print: () => {},
    printError: () => {},
    readInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
  };
  const server = new LanguageServer(connection, library, context);
  registerAnswers(connection, server, library);
  server.workspace.open(uri, 'app', 1, 'kind: Gear');
  const fail = () => {
    throw new RangeError('by the test');
  };
  vi.spyOn(server, 'traceOf').mockImplementation(fail);
  vi.spyOn(server.workspace, 'source', 'get').mockImplementation(fail);
  expect(await hover({ textDocument: { uri }, position: { line: 0, character: 0 } })).toBeNull();
  expect(errors).toEqual([expect.stringContaining('RangeError: by the test')]);
});
