/**
 * The parts of the protocol's library that the server uses. The package has this file as a bundle of its own, because
 * the library is CommonJS. Only `typekro lsp` loads the bundle.
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
