/**
 * The exports of the protocol library that the server uses. The published package contains this file as a separate
 * bundle. The library is CommonJS, so its bundle defines the function `require`, which no other file of the package
 * has. Only `typekro lsp` loads the bundle.
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
