import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCluster } from '@typekro/testing';
import { SHOP } from '@typekro/editor/test-support/editor';
import { CLI } from '../../support/command.ts';
import { LanguageClient } from '../../support/language-client.ts';

const INSTANCE =
  'apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: {name: first}\nspec: {name: first, replicas: 0}\n';
const WATCHED = 'workspace/didChangeWatchedFiles';
const [CREATED, DELETED] = [1, 3];

test.each(['Content-Length: abc', 'Content-Type: text', 'Content-Length: 99999999999'])(
  'typekro lsp ends after the header %s',
  (header) => {
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'lsp'], {
      input: `${header}\r\n\r\n{}`,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('Content-Length') });
  },
);

test('typekro lsp ends if a header has no end', () => {
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'lsp'], {
    input: 'x'.repeat(100_000),
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('no end after 8192 bytes') });
});

describe('typekro lsp on bad input', { timeout: 120_000 }, () => {
  let folder: string;
  let client: LanguageClient;
  const uri = (name: string): string => pathToFileURL(join(folder, name)).href;
  const hover = (name: string, line: number, character: number) =>
    client.request<{ readonly contents: { readonly value: string } } | null>('hover', {
      textDocument: { uri: uri(name) },
      position: { line, character },
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-lsp-'));
  });
  afterEach(async () => {
    await client.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = async (settings: object = {}): Promise<void> => {
    client = new LanguageClient({ folder, settings });
    await client.initialize();
  };

  test('a file of 50 MB gets one warning, and can still be edited', async () => {
    await start();
    const text = SHOP + '# a line of a long file\n'.repeat(2_200_000);
    await client.open(uri('long.yaml'), text);
    expect(await client.diagnostics(uri('long.yaml'))).toMatchObject([{ code: 'yaml/too-large', severity: 2 }]);
    await client.change(uri('long.yaml'), 'x', { line: 1_000_000, character: 3 });
    expect(await client.diagnostics(uri('long.yaml'))).toHaveLength(1);
    expect(await hover('long.yaml', 3, 3)).toBeNull();
    await client.change(uri('long.yaml'), SHOP);
    expect(await client.diagnostics(uri('long.yaml'))).toEqual([]);
  });

  test('the server no longer checks instances against a deleted definition, and checks them against a new definition', async () => {
    writeFileSync(join(folder, 'shop.yaml'), SHOP);
    await start();
    await client.open(uri('first.yaml'), INSTANCE);
    await client.until(uri('first.yaml'), ({ diagnostics }) => diagnostics[0]?.code === 'input/invalid-field');
    rmSync(join(folder, 'shop.yaml'));
    await client.connection.sendNotification(WATCHED, { changes: [{ uri: uri('shop.yaml'), type: DELETED }] });
    await client.until(uri('first.yaml'), ({ diagnostics }) => diagnostics[0]?.code === 'input/unknown-kind');
    writeFileSync(join(folder, 'other.yaml'), SHOP);
    await client.connection.sendNotification(WATCHED, { changes: [{ uri: uri('other.yaml'), type: CREATED }] });
    await client.until(uri('first.yaml'), ({ diagnostics }) => diagnostics[0]?.code === 'input/invalid-field');
  });

  test.each([
    ['a URI that is not a file URI', 'untitled:Untitled-1'],
    ['a URI that does not parse', 'file://%zz/%'],
  ])('a document with %s is checked', async (_title, name) => {
    await start();
    await client.open(name, SHOP.replace('web.status', 'wep.status'));
    expect(await client.diagnostics(name)).toMatchObject([{ code: 'graph/unknown-identifier' }]);
  });

  test('requests about documents that are not open have empty results', async () => {
    await start();
    expect(await hover('nothing.yaml', 0, 0)).toBeNull();
    const textDocument = { uri: uri('nothing.yaml') };
    expect(await client.request('documentSymbol', { textDocument })).toEqual([]);
    expect(await client.request('semanticTokens/full', { textDocument })).toEqual({ data: [] });
    await client.change(uri('nothing.yaml'), 'x');
    expect(await client.shutdown()).toBe(0);
  });

  test('notifications without params are ignored', async () => {
    await start();
    const methods = ['$/cancelRequest', '$/setTrace', 'textDocument/didChange', WATCHED];
    for (const method of methods) await client.connection.sendNotification(method);
    expect(await hover('nothing.yaml', 0, 0)).toBeNull();
    expect(await client.shutdown()).toBe(0);
  });

  test('the server ends when its client ends', async () => {
    await start();
    client.process.stdin?.end();
    expect(await client.ended).toBe(0);
  });

  test('a live value is shown only if a setting allows it, and a value of a Secret is never shown', async () => {
    const cluster = await createCluster({ clock: 'real' });
    try {
      const { kubeconfig } = await cluster.listen({ port: 0 });
      const path = join(folder, 'kubeconfig');
      writeFileSync(path, kubeconfig);
      const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
      await cluster.client.create({ ...map, data: { level: 'live value' } });
      await cluster.client.create({ ...map, kind: 'Secret', data: { level: 'bGl2ZSB2YWx1ZQ==' } });
      const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  level: debug\n';
      const hoverWith = async (settings: object, written: string): Promise<string> => {
        await start(settings);
        await client.open(uri('a.yaml'), written);
        const found = await hover('a.yaml', 4, 4);
        await client.dispose();
        return found?.contents.value ?? '';
      };
      expect(await hoverWith({ kubeconfig: path }, text)).not.toContain('live value');
      expect(await hoverWith({ kubeconfig: path, liveValues: true }, text)).toContain('live value');
      const secret = text.replace('ConfigMap', 'Secret');
      expect(await hoverWith({ kubeconfig: path, liveValues: true }, secret)).not.toContain('in the cluster');
    } finally {
      await cluster.close();
    }
  });
});
