import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
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
  /** The folder of the workspace; absent for a client without a folder. */
  readonly folder?: string;
  readonly settings?: object;
  readonly env?: NodeJS.ProcessEnv;
}

/** A client of `typekro lsp` in a process of its own, over the standard input and output. */
export class LanguageClient {
  readonly process: ChildProcess;
  readonly connection: ProtocolConnection;
  readonly ended: Promise<number | null>;
  /** What the server logs: internal errors. */
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

  /** Replaces the text of a document, or inserts a text at a position. */
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

  /** The diagnostics of the current version of a document, or of a later one. */
  async diagnostics(uri: string): Promise<readonly Diagnostic[]> {
    const wanted = this.#versions.get(uri) ?? 0;
    return this.until(uri, ({ version }) => version === undefined || version >= wanted);
  }

  /** Resolves with the diagnostics of a document as soon as they fulfil a condition. */
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

  /** Ends the server in the orderly way, and returns its exit code. */
  async shutdown(): Promise<number | null> {
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    return this.ended;
  }

  /** Ends the process, whatever its state. */
  async dispose(): Promise<void> {
    this.connection.dispose();
    this.process.kill('SIGKILL');
    await this.ended;
  }
}
