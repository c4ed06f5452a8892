/**
 * A host for the extension: the part of the module `vscode` that the extension and its client use, without an editor.
 * An unknown member of a namespace registers nothing, so that the client can register its features. `state` records what
 * the extension does.
 */
const { EventEmitter } = require('node:events');

const state = { commands: new Map(), panels: [], opened: [], errors: [], external: [], context: new Map() };
const emitters = new Map();
const event = (name) => (listener) => {
  const emitter = emitters.get(name) ?? new EventEmitter();
  emitters.set(name, emitter);
  emitter.on('fire', listener);
  return { dispose: () => emitter.off('fire', listener) };
};
const fire = (name, value) => emitters.get(name)?.emit('fire', value);

class Disposable {
  constructor(dispose) {
    this.dispose = dispose ?? (() => {});
  }
  static from(...all) {
    return new Disposable(() => all.forEach((each) => each.dispose()));
  }
}

class Uri {
  constructor(text) {
    this.text = text;
    const url = new URL(text);
    Object.assign(this, {
      scheme: url.protocol.slice(0, -1),
      fsPath: decodeURIComponent(url.pathname),
      path: url.pathname,
    });
  }
  static parse(text) {
    return new Uri(text);
  }
  static file(path) {
    return new Uri(`file://${path}`);
  }
  toString() {
    return this.text;
  }
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}
class Range {
  constructor(start, end) {
    Object.assign(this, { start, end });
  }
}

const configuration = { values: {} };
const workspace = {
  isTrusted: true,
  workspaceFolders: [],
  textDocuments: [],
  notebookDocuments: [],
  fs: {},
  getConfiguration: () => ({
    ...configuration.values,
    get: (key, otherwise) => configuration.values[key] ?? otherwise,
  }),
  async openTextDocument(options) {
    state.opened.push(options);
    return options;
  },
  createFileSystemWatcher: () => ({
    onDidCreate: event('create'),
    onDidChange: event('change'),
    onDidDelete: event('delete'),
    dispose() {},
  }),
};
const window = {
  activeTextEditor: undefined,
  visibleTextEditors: [],
  tabGroups: { all: [], onDidChangeTabs: event('tabs'), onDidChangeTabGroups: event('tabGroups') },
  createOutputChannel: () => channel(),
  async showErrorMessage(text) {
    state.errors.push(text);
  },
  async showInformationMessage(text) {
    state.errors.push(text);
  },
  async showTextDocument() {},
  createWebviewPanel() {
    const panel = { webview: { html: '' }, onDidDispose: event('dispose'), reveal() {} };
    state.panels.push(panel);
    return panel;
  },
};
const channel = () =>
  new Proxy(
    { name: 'TypeKro' },
    { get: (target, key) => (key in target ? target[key] : key === 'onDidChangeLogLevel' ? event('log') : () => {}) },
  );
const commands = {
  registerCommand(name, run) {
    state.commands.set(name, run);
    return new Disposable(() => state.commands.delete(name));
  },
  async executeCommand(name, ...args) {
    if (name === 'setContext') state.context.set(args[0], args[1]);
    else return state.commands.get(name)?.(...args);
  },
};
const languages = { createDiagnosticCollection: () => diagnostics(), match: () => 1 };
const found = new Map();
const diagnostics = () => ({
  set: (uri, list) => {
    found.set(String(uri), list);
    fire('diagnostics', String(uri));
  },
  delete: (uri) => found.delete(String(uri)),
  clear: () => found.clear(),
  dispose() {},
});

/** A namespace whose unknown members are events, or functions that register nothing. */
const openEnded = (target) =>
  new Proxy(target, {
    get(own, key) {
      if (key in own || typeof key === 'symbol') return own[key];
      return /^on(?:Did|Will)/.test(key) ? event(key) : () => new Disposable();
    },
  });

class Anything {
  constructor(...args) {
    this.args = args;
  }
}
class CancellationTokenSource {
  token = { isCancellationRequested: false, onCancellationRequested: event('cancel') };
  cancel() {}
  dispose() {}
}
class VsEventEmitter {
  #emitter = new EventEmitter();
  event = (listener) => {
    this.#emitter.on('fire', listener);
    return new Disposable();
  };
  fire(value) {
    this.#emitter.emit('fire', value);
  }
  dispose() {}
}

const vscode = {
  version: '1.91.0',
  Disposable,
  Uri,
  Position,
  Range,
  CancellationTokenSource,
  EventEmitter: VsEventEmitter,
  CancellationError: class extends Error {},
  workspace: openEnded(workspace),
  window: openEnded(window),
  commands,
  languages: openEnded(languages),
  env: {
    appName: 'fake',
    language: 'en',
    isTelemetryEnabled: false,
    async openExternal(uri) {
      state.external.push(String(uri));
    },
  },
  extensions: { getExtension: () => undefined, all: [], onDidChange: event('extensions') },
  l10n: { t: (text) => text },
  ViewColumn: { Beside: -2 },
};

/** Classes of the editor that only carry values. The client extends some of them when it is loaded. */
const CLASSES = [
  'CallHierarchyItem',
  'CodeAction',
  'CodeActionKind',
  'CodeLens',
  'CompletionItem',
  'CompletionItemKind',
  'CompletionList',
  'Diagnostic',
  'DiagnosticRelatedInformation',
  'DocumentLink',
  'DocumentSymbol',
  'FoldingRange',
  'Hover',
  'InlayHint',
  'InlayHintLabelPart',
  'Location',
  'MarkdownString',
  'RelativePattern',
  'SemanticTokens',
  'SnippetString',
  'SymbolInformation',
  'SymbolKind',
  'TextEdit',
  'TypeHierarchyItem',
  'WorkspaceEdit',
];
for (const name of CLASSES) vscode[name] = class extends Anything {};
Object.assign(vscode.CodeActionKind, { QuickFix: { value: 'quickfix' } });

/** The enumerations that the client reads. */
Object.assign(vscode, {
  CodeActionTriggerKind: { Invoke: 1, Automatic: 2 },
  CompletionTriggerKind: { Invoke: 0 },
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
  FileType: { File: 1, Directory: 2 },
  LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
  TextDocumentSaveReason: { Manual: 1 },
});
module.exports = vscode;
vscode.host = { state, fire, found, configuration, workspace, window };
