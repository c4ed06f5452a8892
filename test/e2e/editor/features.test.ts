import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  CodeAction,
  CodeLens,
  CompletionList,
  DocumentSymbol,
  FoldingRange,
  Hover,
  InlayHint,
  Location,
  Position,
  SemanticTokens,
  TextEdit,
  WorkspaceEdit,
} from 'vscode-languageserver';
import { EditorText } from '@typekro/editor';
import { SHOP } from '@typekro/editor/test-support/editor';
import { LanguageClient } from '../../support/language-client.ts';

const realistic = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../conformance/graph/realistic/${name}`, import.meta.url)), 'utf8');

const INSTANCE =
  'apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: {name: first}\nspec:\n  name: first\n  replicas: 0\n';
const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: caches.acme.test}
spec:
  group: acme.test
  scope: Namespaced
  names: {kind: Cache, plural: caches, singular: cache, listKind: CacheList}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer, description: The number of entries.}}}
`;
const CACHE = 'apiVersion: acme.test/v1\nkind: Cache\nmetadata: {name: a}\nspec:\n  size: many\n';

/** The position `inside` characters after the start of the first occurrence of `needle`. */
function placeOf(text: string, needle: string, inside = 0): Position {
  const at = text.indexOf(needle);
  if (at < 0) throw new Error(`the text has no ${needle}`);
  return new EditorText(text).positionAt(at + inside);
}

describe('typekro lsp, driven by a client over stdio', { timeout: 90_000 }, () => {
  let folder: string;
  let client: LanguageClient;
  const uri = (name: string): string => pathToFileURL(join(folder, name)).href;
  const at = (name: string, position?: Position) => ({
    textDocument: { uri: uri(name) },
    ...(position === undefined ? {} : { position }),
  });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-lsp-'));
    mkdirSync(join(folder, 'crds'));
    writeFileSync(join(folder, 'crds/cache.yaml'), CRD);
    writeFileSync(join(folder, 'shop.yaml'), SHOP);
    writeFileSync(join(folder, 'first.yaml'), INSTANCE);
    client = new LanguageClient({ folder });
    await client.initialize();
  });
  afterAll(async () => {
    expect(client.log).toEqual([]);
    await client.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('instances are checked against the definition and the CRD in the workspace', async () => {
    await client.open(uri('first.yaml'), INSTANCE);
    // The server may check the instance before it has read the files of the workspace. In this case, it checks the
    // instance again later.
    const isChecked = ({ diagnostics: [first] }: { readonly diagnostics: readonly { readonly code?: unknown }[] }) =>
      first !== undefined && first.code !== 'input/unknown-kind';
    const found = await client.until(uri('first.yaml'), isChecked);
    expect(found).toMatchObject([{ code: 'input/invalid-field', severity: 1, source: 'typekro' }]);
    await client.open(uri('cache.yaml'), CACHE);
    const cache = await client.until(uri('cache.yaml'), isChecked);
    expect(cache[0]?.message).toContain('size');
    const hover = await client.request<Hover>('hover', at('cache.yaml', placeOf(CACHE, 'size', 1)));
    expect(JSON.stringify(hover.contents)).toContain('The number of entries.');
  });

  test('after a change of the definition, its open instances are checked again, also when the definition had errors before', async () => {
    await client.open(uri('shop.yaml'), SHOP);
    expect(await client.diagnostics(uri('shop.yaml'))).toEqual([]);
    await client.change(uri('shop.yaml'), SHOP.replace('minimum=1', 'minimum=0'));
    await client.until(uri('first.yaml'), ({ diagnostics }) => diagnostics.length === 0);
    await client.change(uri('shop.yaml'), SHOP.replace('web.status', 'wep.status'));
    const broken = await client.diagnostics(uri('shop.yaml'));
    expect(broken).toMatchObject([{ code: 'graph/unknown-identifier' }]);
    await client.change(uri('shop.yaml'), SHOP);
    await client.until(uri('first.yaml'), ({ diagnostics }) => diagnostics.length === 1);
  });

  test('a diagnostic with a hint has a quick fix', async () => {
    const text = SHOP.replace('image: nginx', 'imag: nginx');
    await client.open(uri('fix.yaml'), text);
    const diagnostics = await client.diagnostics(uri('fix.yaml'));
    const actions = await client.request<CodeAction[]>('codeAction', {
      ...at('fix.yaml'),
      range: diagnostics[0]?.range,
      context: { diagnostics },
    });
    const edits = actions[0]?.edit?.changes?.[uri('fix.yaml')] ?? [];
    const changes = edits.map(({ range, newText }) => ({ range, text: newText }));
    expect(new EditorText(text).changed(changes).text).toBe(SHOP);
  });

  test('completes and explains an expression while it is typed', async () => {
    const typed = SHOP.replace('${web.status.readyReplicas}', '${web.status.');
    await client.open(uri('typed.yaml'), typed);
    const position = placeOf(typed, '${web.status.', '${web.status.'.length);
    const { items } = await client.request<CompletionList>('completion', at('typed.yaml', position));
    expect(items.map(({ label }) => label)).toEqual(expect.arrayContaining(['?readyReplicas', 'replicas']));
    const hover = await client.request<Hover>('hover', at('shop.yaml', placeOf(SHOP, '${web.metadata', 3)));
    expect(JSON.stringify(hover.contents)).toContain('apps/v1 Deployment');
  });

  test('goes to nodes, finds references, and renames in all files', async () => {
    const read = placeOf(SHOP, '${web.metadata', 3);
    const [declared] = await client.request<Location[]>('definition', at('shop.yaml', read));
    expect(declared?.range.start).toEqual(placeOf(SHOP, 'id: web', 4));
    const references = await client.request<Location[]>('references', {
      ...at('shop.yaml', read),
      context: { includeDeclaration: true },
    });
    expect(references).toHaveLength(3);
    const field = placeOf(SHOP, '      replicas: integer', 7);
    expect(await client.request('prepareRename', at('shop.yaml', field))).toMatchObject({ placeholder: 'replicas' });
    const edit = await client.request<WorkspaceEdit>('rename', { ...at('shop.yaml', field), newName: 'count' });
    expect(Object.keys(edit.changes ?? {})).toEqual(expect.arrayContaining([uri('shop.yaml'), uri('first.yaml')]));
    const refused = client.request('rename', { ...at('shop.yaml', read), newName: 'front' });
    await expect(refused).rejects.toThrow('there is already a node front');
  });

  test('returns symbols, folding ranges, tokens, hints and lenses', async () => {
    const symbols = await client.request<DocumentSymbol[]>('documentSymbol', at('shop.yaml'));
    expect(symbols[0]?.children?.map(({ name }) => name)).toEqual(['Shop', 'web', 'front']);
    expect(await client.request<FoldingRange[]>('foldingRange', at('shop.yaml'))).not.toEqual([]);
    const { data } = await client.request<SemanticTokens>('semanticTokens/full', at('shop.yaml'));
    expect(data.length % 5).toBe(0);
    expect(data.length).toBeGreaterThan(50);
    const range = { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } };
    const hints = await client.request<InlayHint[]>('inlayHint', { ...at('shop.yaml'), range });
    expect(hints.map(({ label }) => label)).toEqual(['1 of 2', '2 of 2, conditional, after web']);
    const lenses = await client.request<CodeLens[]>('codeLens', at('shop.yaml'));
    expect(lenses.map(({ command }) => command?.command)).toEqual(['typekro.graph', 'typekro.render', 'typekro.plan']);
    const [graph] = lenses;
    const { command = '', arguments: words } = graph?.command ?? {};
    const result = await client.connection.sendRequest('workspace/executeCommand', { command, arguments: words });
    expect(result).toMatchObject({ exitCode: 0, text: expect.stringContaining('front') as string });
    const foreign = client.connection.sendRequest('workspace/executeCommand', {
      command: 'typekro.graph',
      arguments: [uri('app.ts')],
    });
    await expect(foreign).rejects.toThrow('takes the URI of a YAML or JSON file');
  });

  test('formats as typekro fmt does', async () => {
    const text = SHOP.replace('${schema.spec.replicas > 1}', '${schema.spec.replicas>1}');
    await client.open(uri('format.yaml'), text);
    const edits = await client.request<TextEdit[]>('formatting', { ...at('format.yaml'), options: {} });
    const changes = edits.map(({ range, newText }) => ({ range, text: newText }));
    expect(new EditorText(text).changed(changes).text).toBe(SHOP);
  });

  test.each(['web-app.yaml', 'mistake-typo-field.yaml'])('the realistic definition %s is checked', async (name) => {
    const text = realistic(name);
    await client.open(uri(name), text);
    const diagnostics = await client.diagnostics(uri(name));
    expect(diagnostics.some(({ severity }) => severity === 1)).toBe(name.startsWith('mistake'));
    const symbols = await client.request<DocumentSymbol[]>('documentSymbol', at(name));
    expect(symbols[0]?.children?.length).toBeGreaterThan(2);
  });
});
