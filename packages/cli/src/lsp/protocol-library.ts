/**
 * The exports of the protocol library that the server uses. The published package contains this file as a separate
 * bundle, which only `typekro lsp` loads. The library is CommonJS, so this bundle must define a function `require`. No
 * other file of the package defines one.
 */
export {
  createConnection,
  CodeActionKind,
  DidChangeWatchedFilesNotification,
  ErrorCodes,
  ResponseError,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
export { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
