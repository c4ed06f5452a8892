import { type ChildProcess, spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import type {
  Diagnostic,
  InitializeResult,
  Position,
  ProtocolConnection,
  PublishDiagnosticsParams,
} from 'vscode-languageserver/node';
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { CLI } from './command.ts';

/** The options of a client. */
export interface LanguageClientOptions {
  /** The folder of the workspace. If it is absent, the client has no folder. */
  readonly folder?: string;
  readonly settings?: object;
  readonly env?: NodeJS.ProcessEnv;
}

/** A client of a separate `typekro lsp` process. It uses the standard input and output of the process. */
export class LanguageClient {
  readonly process: ChildProcess;
  readonly connection: ProtocolConnection;
  readonly ended: Promise<number | null>;
  /** The messages that the server logs. They are internal errors. */
  readonly log: string[] = [];
  readonly #diagnostics = new Map<string, PublishDiagnosticsParams>();
  readonly #watchers = new Set<() => void>();
  readonly #versions = new Map<string, number>();
  readonly #options: LanguageClientOptions;

  constructor(options: LanguageClientOptions = {}) {
    this.#options = options;
    this.process = spawn(process.execPath, [CLI, 'lsp', '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
      env: { ...process.env, ...options.env },
    });
    const { stdin, stdout } = this.process;
    if (stdin === null || stdout === null) throw new Error('the process has no pipes');
    this.connection = createProtocolConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
    this.ended = new Promise((resolve) => void this.process.on('exit', resolve));
    this.connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.#diagnostics.set(params.uri, params);
      for (const watcher of this.#watchers) watcher();
    });
    this.connection.onNotification('window/logMessage', ({ message }: { readonly message: string }) => {
      this.log.push(message);
    });
    this.connection.onRequest('client/registerCapability', () => null);
    this.connection.listen();
  }

  async initialize(): Promise<InitializeResult> {
    const { folder, settings = {} } = this.#options;
    const result: InitializeResult = await this.connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: { workspace: { didChangeWatchedFiles: { dynamicRegistration: true } } },
      workspaceFolders: folder === undefined ? null : [{ uri: pathToFileURL(folder).href, name: 'work' }],
      initializationOptions: settings,
    });
    await this.connection.sendNotification('initialized', {});
    return result;
  }

  async open(uri: string, text: string, languageId = 'yaml'): Promise<void> {
    this.#versions.set(uri, 1);
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId, version: 1, text },
    });
  }

  /** Replaces the text of a document, or inserts text at a position. */
  async change(uri: string, text: string, at?: Position): Promise<void> {
    const version = (this.#versions.get(uri) ?? 0) + 1;
    this.#versions.set(uri, version);
    const contentChanges = [at === undefined ? { text } : { range: { start: at, end: at }, text }];
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges,
    });
  }

  async save(uri: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didSave', { textDocument: { uri } });
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  request<Result>(method: string, params: object): Promise<Result> {
    return this.connection.sendRequest<Result>(`textDocument/${method}`, params);
  }

  /** The diagnostics of the current version of a document, or of a later version. */
  async diagnostics(uri: string): Promise<readonly Diagnostic[]> {
    const wanted = this.#versions.get(uri) ?? 0;
    return this.until(uri, ({ version }) => version === undefined || version >= wanted);
  }

  /** Resolves with the diagnostics of a document as soon as `holds` returns true for them. */
  until(uri: string, holds: (params: PublishDiagnosticsParams) => boolean): Promise<readonly Diagnostic[]> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = this.#diagnostics.get(uri);
        if (found === undefined || !holds(found)) return;
        this.#watchers.delete(check);
        resolve(found.diagnostics);
      };
      this.#watchers.add(check);
      void this.ended.then((code) => reject(new Error(`the server ended with ${code}`)));
      check();
    });
  }

  /** Sends the requests for a clean shutdown, and returns the exit code of the server. */
  async shutdown(): Promise<number | null> {
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    return this.ended;
  }

  /** Ends the process regardless of its state. */
  async dispose(): Promise<void> {
    this.connection.dispose();
    this.process.kill('SIGKILL');
    await this.ended;
  }
}
