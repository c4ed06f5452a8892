import type {
  Connection,
  Diagnostic as ProtocolDiagnostic,
  InitializeParams,
  InitializeResult,
} from 'vscode-languageserver';
import { monotonicMs, pathOfFileUrl, TypeKroError } from '@typekro/kit/core';
import type { CompiledOutline, EditorDocument } from '@typekro/editor';
import { EditorText, LENS_COMMANDS, outlinesOf, TOKENS_LEGEND, toProtocol, Workspace } from '@typekro/editor';
import type { CommandContext } from '../command.ts';
import { packageVersion } from '../package-version.ts';
import { shippedCrds } from '../checks/known-crds.ts';
import { textOf } from '../inputs/source-text.ts';
import { checkDocument } from './check-document.ts';
import { type TracedModule, importsPackage, SCRIPT, traceModule } from './compositions.ts';
import type * as Library from './protocol-library.ts';
import { type LspSettings, DEFAULT_SETTINGS, readEditorSettings } from './editor-settings.ts';
import { findManifests, MANIFEST, readManifestFile, shownFile } from './workspace-files.ts';

/**
 * The minimum delay between the last change and its check, in milliseconds. During the delay, the server can answer a
 * completion request. A document whose check takes longer is checked after a pause as long as its check, so that a
 * series of changes is checked once.
 */
const CHECK_DELAY_MS = 10;

/** The state of one connection, and the work that its notifications start. */
export class LanguageServer {
  readonly workspace = new Workspace(shippedCrds);
  readonly #connection: Connection;
  readonly #context: CommandContext;
  readonly #library: typeof Library;
  readonly #end = new AbortController();
  readonly #graphs = new Map<string, readonly CompiledOutline[]>();
  readonly #waiting = new Set<string>();
  readonly #traces = new Map<string, AbortController>();
  readonly #modules = new Map<string, { readonly text: string; readonly traced: TracedModule }>();
  #settings: LspSettings = DEFAULT_SETTINGS;
  #folders: readonly string[] = [];
  #canWatch = false;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();
  /** The duration of the last check, in milliseconds. */
  #checkMs = 0;

  constructor(connection: Connection, library: typeof Library, context: CommandContext) {
    this.#connection = connection;
    this.#library = library;
    this.#context = context;
  }

  get settings(): LspSettings {
    return this.#settings;
  }

  get context(): CommandContext {
    return this.#context;
  }

  /** Returns the outlines of the definitions and Graphs that were compiled by the last check of the document. */
  graphsOf(uri: string): readonly CompiledOutline[] {
    return this.#graphs.get(uri) ?? [];
  }

  /** Returns the last trace of a module, or undefined when its text has changed since. */
  traceOf(uri: string): TracedModule | undefined {
    const known = this.#modules.get(uri);
    return known !== undefined && this.workspace.document(uri)?.text.text === known.text ? known.traced : undefined;
  }

  /** Registers the handlers of notifications, and begins to listen. */
  listen(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#initialized());
    connection.onDidOpenTextDocument(({ textDocument: { uri, version, text } }) => {
      this.workspace.open(uri, shownFile(uri, this.#folders), version, text);
      this.#schedule(uri);
      this.#trace(uri);
    });
    connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) => {
      if (this.workspace.change(uri, version, contentChanges) !== undefined) this.#schedule(uri);
    });
    connection.onDidSaveTextDocument(({ textDocument: { uri } }) => this.#trace(uri));
    connection.onDidCloseTextDocument(({ textDocument: { uri } }) => this.#close(uri));
    connection.onDidChangeWatchedFiles(({ changes }) => {
      this.#work(Promise.all(changes.map(({ uri }) => this.#fileChanged(uri))));
    });
    connection.onDidChangeConfiguration(({ settings }) => {
      const given = (settings as { readonly typekro?: unknown } | null)?.typekro ?? settings;
      this.#settings = readEditorSettings(given as never, this.#settings);
      for (const { uri } of this.workspace.openDocuments()) this.#trace(uri);
    });
    connection.onShutdown(() => this.close());
    connection.listen();
  }

  /** Stops all checks, traces and scans. */
  close(): void {
    this.#end.abort();
    clearTimeout(this.#timer);
    for (const trace of this.#traces.values()) trace.abort();
  }

  /** Reports an internal error. The server continues. */
  report(error: unknown): void {
    const text =
      error instanceof TypeKroError
        ? error.format()
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    this.#connection.console.error(text);
  }

  #initialize({ workspaceFolders, rootUri, initializationOptions, capabilities }: InitializeParams): InitializeResult {
    this.#folders =
      workspaceFolders?.map(({ uri }) => uri) ?? (rootUri === null || rootUri === undefined ? [] : [rootUri]);
    this.#settings = readEditorSettings(initializationOptions as never, this.#settings);
    this.#canWatch = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    return {
      serverInfo: { name: 'typekro', version: packageVersion() },
      capabilities: {
        textDocumentSync: { openClose: true, change: 2, save: { includeText: false } },
        completionProvider: { triggerCharacters: ['.', '{', ' ', '?', '|', ':'] },
        signatureHelpProvider: { triggerCharacters: ['(', ','] },
        hoverProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        renameProvider: { prepareProvider: true },
        documentSymbolProvider: true,
        workspaceSymbolProvider: true,
        foldingRangeProvider: true,
        documentFormattingProvider: true,
        codeActionProvider: { codeActionKinds: ['quickfix'] },
        codeLensProvider: { resolveProvider: false },
        inlayHintProvider: true,
        semanticTokensProvider: { legend: TOKENS_LEGEND, full: true },
        executeCommandProvider: { commands: Object.values(LENS_COMMANDS) },
      },
    };
  }

  #initialized(): void {
    this.#work(this.#scan());
    if (!this.#canWatch) return;
    const watchers = [{ globPattern: '**/*.{yaml,yml,json}' }];
    this.#work(this.#connection.client.register(this.#library.DidChangeWatchedFilesNotification.type, { watchers }));
  }

  /** Reads the manifests of the workspace. Yields to the event loop after each file, so that requests are answered. */
  async #scan(): Promise<void> {
    let hasChanged = false;
    for await (const { uri, text } of findManifests(this.#folders, this.#end.signal)) {
      hasChanged = this.workspace.setFile(uri, shownFile(uri, this.#folders), text) || hasChanged;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (hasChanged) this.#scheduleAll();
  }

  async #fileChanged(uri: string): Promise<void> {
    if (!MANIFEST.test(uri)) return;
    const found = await readManifestFile(uri);
    const hasChanged =
      found === undefined
        ? this.workspace.removeFile(uri)
        : this.workspace.setFile(uri, shownFile(uri, this.#folders), found.text);
    if (hasChanged) this.#scheduleAll();
  }

  #close(uri: string): void {
    this.workspace.close(uri);
    this.#waiting.delete(uri);
    this.#graphs.delete(uri);
    this.#traces.get(uri)?.abort();
    const files = this.#modules.get(uri)?.traced.problems.keys() ?? [];
    this.#modules.delete(uri);
    this.#send(uri, []);
    for (const file of files) if (file !== uri) this.#sendModuleProblems(file);
  }

  #scheduleAll(): void {
    for (const { uri } of this.workspace.openDocuments()) this.#schedule(uri);
  }

  #schedule(uri: string): void {
    if (SCRIPT.test(uri)) return;
    // The document that changed last is checked first.
    this.#waiting.delete(uri);
    this.#waiting.add(uri);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#checking = this.#checking.then(() => this.#checkWaiting());
      },
      Math.max(CHECK_DELAY_MS, this.#checkMs),
    );
  }

  async #checkWaiting(): Promise<void> {
    for (let uri = [...this.#waiting].at(-1); uri !== undefined; uri = [...this.#waiting].at(-1)) {
      if (this.#end.signal.aborted) return;
      this.#waiting.delete(uri);
      const document = this.workspace.document(uri);
      if (document === undefined || !this.workspace.isOpen(uri)) continue;
      try {
        await this.#check(document);
      } catch (error) {
        this.report(error);
      }
    }
  }

  async #check(document: EditorDocument): Promise<void> {
    const { uri, version } = document;
    const began = monotonicMs();
    const { diagnostics, graphs, graphObjects } = await checkDocument(document, this.workspace);
    this.#checkMs = monotonicMs() - began;
    if (this.workspace.document(uri)?.version !== version || !this.workspace.isOpen(uri)) return;
    this.#graphs.set(uri, outlinesOf([...graphs, ...graphObjects]));
    this.#send(uri, toProtocol(document.text, diagnostics), version);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.workspace.document(uri)?.version !== version) return;
    if (!this.workspace.noteCompiled(uri, graphs)) return;
    for (const other of this.workspace.openDocuments()) if (other.uri !== uri) this.#schedule(other.uri);
  }

  /**
   * Starts the trace of a module that imports TypeKro, if the workspace is trusted. An earlier trace of the module that
   * still runs is stopped in any case.
   */
  #trace(uri: string): void {
    const document = this.workspace.document(uri);
    this.#traces.get(uri)?.abort();
    this.#traces.delete(uri);
    if (document === undefined || !this.#settings.trusted || !SCRIPT.test(uri)) return;
    if (!importsPackage(document.text.text)) return;
    const control = new AbortController();
    this.#traces.set(uri, control);
    this.#work(this.#traceWith(document, control));
  }

  async #traceWith(document: EditorDocument, control: AbortController): Promise<void> {
    const { uri } = document;
    const crds = this.workspace.crdsOutside(uri);
    try {
      const signal = AbortSignal.any([this.#end.signal, control.signal]);
      const traced = await traceModule(uri, crds, this.#settings, signal);
      if (signal.aborted || !this.workspace.isOpen(uri)) return;
      const before = this.#modules.get(uri)?.traced.problems.keys() ?? [];
      this.#modules.set(uri, { text: document.text.text, traced });
      for (const file of new Set([...before, ...traced.problems.keys()])) this.#sendModuleProblems(file);
    } catch (error) {
      if (!control.signal.aborted && !this.#end.signal.aborted) throw error;
    } finally {
      if (this.#traces.get(uri) === control) this.#traces.delete(uri);
    }
  }

  /**
   * Sends the problems that traces of open modules found in a file, without duplicates. For a file that is not open,
   * positions are computed from the text on disk.
   */
  #sendModuleProblems(uri: string): void {
    const found = [...this.#modules.values()].flatMap(({ traced }) => traced.problems.get(uri) ?? []);
    const unique = new Map(found.map((problem) => [JSON.stringify(problem), problem]));
    const open = this.workspace.document(uri);
    const text = open?.text ?? new EditorText(textOf(pathOfFileUrl(uri) ?? ''));
    this.#send(uri, toProtocol(text, [...unique.values()]));
  }

  #send(uri: string, diagnostics: ProtocolDiagnostic[], version?: number): void {
    this.#work(this.#connection.sendDiagnostics({ uri, diagnostics, ...(version === undefined ? {} : { version }) }));
  }

  /** Reports the error of work that runs in the background. */
  #work(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#end.signal.aborted) this.report(error);
    });
  }
}
