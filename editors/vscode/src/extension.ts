/** The VS Code extension: starts `typekro lsp`, and shows graphs and the output of the server's commands. */
import type { ExtensionContext, TextDocument, WebviewPanel } from 'vscode';
import { commands, env, Uri, ViewColumn, window, workspace } from 'vscode';
import type { LanguageClientOptions, ServerOptions } from 'vscode-languageclient/node';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { findServer } from './find-server.ts';
import { graphPage } from './graph-panel.ts';

/** The output of a command that the server ran. */
interface CommandOutput {
  readonly exitCode: number;
  readonly text: string;
}

const SECTION = 'typekro';
const LANGUAGES = ['yaml', 'json', 'typescript', 'javascript'];

let client: LanguageClient | undefined;

/**
 * VS Code calls this function when the user opens the first file in a language of the extension, or runs the first
 * command of the extension.
 */
export async function activate(context: ExtensionContext): Promise<void> {
  const panels = new Map<string, WebviewPanel>();
  context.subscriptions.push(
    commands.registerCommand('typekro.restart', restart),
    commands.registerCommand('typekro.openDashboard', openDashboard),
    commands.registerCommand('typekro.showGraph', () => showGraph(panels)),
    workspace.onDidSaveTextDocument((document) => drawGraph(document, panels.get(document.uri.toString()))),
    workspace.onDidGrantWorkspaceTrust(restart),
    workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration(`${SECTION}.server`)) await restart();
    }),
  );
  await start();
}

/** Stops the server. VS Code calls this function before the extension ends, and `restart` also calls it. */
export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

async function restart(): Promise<void> {
  await deactivate();
  await start();
}

async function start(): Promise<void> {
  const settings = workspace.getConfiguration(SECTION);
  const folders = workspace.isTrusted ? (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath) : [];
  client = new LanguageClient(SECTION, 'TypeKro', serverOptions(settings.get('server', ''), folders), clientOptions());
  try {
    await client.start();
    await commands.executeCommand('setContext', 'typekro.isRunning', true);
  } catch (error) {
    client = undefined;
    await commands.executeCommand('setContext', 'typekro.isRunning', false);
    const reason = error instanceof Error ? error.message : String(error);
    void window.showErrorMessage(
      `TypeKro: the language server does not start (${reason}). Install it with npm install --save-dev typekro, or set typekro.server.`,
    );
  }
}

function serverOptions(setting: string, folders: readonly string[]): ServerOptions {
  const found = findServer(setting, folders);
  const args = ['lsp', '--stdio'];
  return 'module' in found
    ? { module: found.module, args: ['lsp'], transport: TransportKind.stdio }
    : { command: found.command, args };
}

function clientOptions(): LanguageClientOptions {
  return {
    documentSelector: LANGUAGES.map((language) => ({ scheme: 'file', language })),
    initializationOptions: settingsOfServer(),
    synchronize: { configurationSection: SECTION },
    middleware: {
      workspace: {
        // VS Code does not store the trust of the workspace in the settings, so the extension adds it to the settings
        // for the server.
        didChangeConfiguration: () =>
          client?.sendNotification('workspace/didChangeConfiguration', {
            settings: { [SECTION]: settingsOfServer() },
          }) ?? Promise.resolve(),
      },
      async executeCommand(command, args, next) {
        const output = (await next(command, args)) as CommandOutput | undefined;
        if (output !== undefined && args[1] === undefined) await showText(output.text);
        return output;
      },
    },
  };
}

function settingsOfServer(): object {
  return { ...workspace.getConfiguration(SECTION), trusted: workspace.isTrusted };
}

async function showText(content: string): Promise<void> {
  const document = await workspace.openTextDocument({ content });
  await window.showTextDocument(document, { viewColumn: ViewColumn.Beside, preserveFocus: true, preview: true });
}

async function openDashboard(): Promise<void> {
  const url = workspace.getConfiguration(SECTION).get('dashboardUrl', '');
  if (url === '') {
    void window.showInformationMessage(
      'TypeKro: run typekro up, and set typekro.dashboardUrl to the address that it prints.',
    );
    return;
  }
  // The dashboard forbids other pages to embed its page, so the address is opened in the browser.
  await env.openExternal(Uri.parse(url, true));
}

async function showGraph(panels: Map<string, WebviewPanel>): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (document === undefined) return;
  const key = document.uri.toString();
  let panel = panels.get(key);
  if (panel === undefined) {
    panel = window.createWebviewPanel('typekro.graph', 'Graph', { viewColumn: ViewColumn.Beside, preserveFocus: true });
    panels.set(key, panel);
    panel.onDidDispose(() => panels.delete(key));
  } else panel.reveal(ViewColumn.Beside, true);
  await drawGraph(document, panel);
}

async function drawGraph(document: TextDocument, panel: WebviewPanel | undefined): Promise<void> {
  if (panel === undefined || client === undefined) return;
  const output = await client.sendRequest<CommandOutput>('workspace/executeCommand', {
    command: 'typekro.graph',
    arguments: [document.uri.toString(), { output: 'svg' }],
  });
  panel.webview.html = graphPage(output.text);
}
