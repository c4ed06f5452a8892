/**
 * The parts of the protocol's library that the server uses. The package has this file as a bundle of its own, which is
 * loaded when `typekro lsp` starts: the library is CommonJS, and no other command needs it.
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
