import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';
import { beforeAll, expect, test } from 'vitest';
import { findServer } from '../../../editors/vscode/src/find-server.ts';
import { graphPage } from '../../../editors/vscode/src/graph-panel.ts';
import { CLI } from '../../support/command.ts';
import { SHOP } from '@typekro/editor/test-support/editor';

/**
 * The members of the module `fake-vscode.cjs` that the test sets and reads. This module replaces `vscode`. The test
 * does not use a real editor, because every npm package with an editor needs install scripts.
 */
interface Host {
  readonly state: {
    readonly commands: Map<string, (...args: unknown[]) => unknown>;
    readonly panels: readonly { readonly webview: { readonly html: string } }[];
    readonly opened: readonly { readonly content: string }[];
    readonly errors: readonly string[];
    readonly external: readonly string[];
    readonly context: ReadonlyMap<string, unknown>;
  };
  readonly configuration: { values: Record<string, unknown> };
  readonly workspace: { workspaceFolders: { readonly uri: { readonly fsPath: string } }[]; isTrusted: boolean };
  readonly window: { activeTextEditor: { readonly document: { readonly uri: { toString(): string } } } | undefined };
}
interface Extension {
  activate(context: { readonly subscriptions: unknown[] }): Promise<void>;
  deactivate(): Promise<void>;
}

const FAKE = fileURLToPath(new URL('fake-vscode.cjs', import.meta.url));
const load = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'typekro-vsix-'));
let files: Record<string, Uint8Array>;

beforeAll(async () => {
  const { packExtension } = (await import(new URL('../../../scripts/vscode.mjs', import.meta.url).href)) as {
    packExtension: (file: string) => Promise<void>;
  };
  await packExtension(join(folder, 'typekro.vsix'));
  files = unzipSync(readFileSync(join(folder, 'typekro.vsix')));
}, 60_000);

const textOf = (name: string): string => strFromU8(files[name] ?? new Uint8Array());

test('the archive has its manifests, and each asset that they name', () => {
  const manifest = textOf('extension.vsixmanifest');
  const named = [...manifest.matchAll(/Path="([^"]+)"/g)].map(([, path = '']) => path);
  expect(named).toHaveLength(3);
  for (const name of named) expect(files[name], name).toBeDefined();
  const { main, version, engines } = JSON.parse(textOf('extension/package.json')) as {
    readonly main: string;
    readonly version: string;
    readonly engines: { readonly vscode: string };
  };
  expect(files[join('extension', main)]).toBeDefined();
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(manifest).toContain(`Value="${engines.vscode}"`);
  const types = [...textOf('[Content_Types].xml').matchAll(/Extension="(\.\w+)"/g)].map(([, type]) => type);
  for (const name of Object.keys(files)) {
    if (name !== '[Content_Types].xml') expect(types).toContain(/\.\w+$/.exec(name)?.[0]);
  }
});

test('the extension starts the server, shows the graph, and runs its commands', { timeout: 60_000 }, async () => {
  const vscode = load(FAKE) as { readonly host: Host };
  const { state, configuration, workspace, window } = vscode.host;
  const internals = Module as unknown as { _resolveFilename: (request: string, ...rest: unknown[]) => string };
  const resolve = internals._resolveFilename;
  internals._resolveFilename = (request, ...rest) => (request === 'vscode' ? FAKE : resolve(request, ...rest));
  const main = join(folder, 'extension.cjs');
  writeFileSync(main, files['extension/out/extension.cjs'] ?? '');
  const extension = load(main) as Extension;
  try {
    const file = join(folder, 'shop.yaml');
    writeFileSync(file, SHOP);
    configuration.values = { server: CLI, dashboardUrl: 'http://127.0.0.1:1/#token=x' };
    workspace.workspaceFolders = [{ uri: { fsPath: folder } }];
    await extension.activate({ subscriptions: [] });
    expect(state.errors).toEqual([]);
    expect(state.context.get('typekro.isRunning')).toBe(true);
    window.activeTextEditor = { document: { uri: pathToFileURL(file) } };
    await state.commands.get('typekro.showGraph')?.();
    expect(state.panels[0]?.webview.html).toContain('data:image/svg+xml;base64,');
    await state.commands.get('typekro.graph')?.(pathToFileURL(file).href);
    expect(state.opened.at(-1)?.content).toContain('front');
    await state.commands.get('typekro.openDashboard')?.();
    expect(state.external).toEqual(['http://127.0.0.1:1/#token=x']);
  } finally {
    await extension.deactivate();
    internals._resolveFilename = resolve;
  }
});

test('the server in the setting has precedence over a server on the PATH', () => {
  expect(findServer('/x/main.js', [folder])).toEqual({ module: '/x/main.js' });
  expect(findServer('', [folder])).toEqual({ command: 'typekro' });
});

test('the page with the graph does not run scripts in a picture, and shows problems as text', () => {
  const page = graphPage('<svg><script>alert(1)</script></svg>');
  expect(page).not.toContain('<script>');
  expect(page).toContain("default-src 'none'");
  expect(graphPage('error: <b>')).toContain('<pre>error: &lt;b&gt;</pre>');
});
