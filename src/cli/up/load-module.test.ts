import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModule } from './load-module.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const FILE = 'shop.mjs';
const TEXT = `
import { createResource, def, graph } from 'typekro';
export const shop = graph('shop', () => {
  const naming = def('naming', { team: 'red' });
  createResource({ id: 'config', apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: naming.team } });
});
`;

let folder: string;
beforeAll(() => {
  // The folder is inside the package, so that a module in it finds the package by its name.
  folder = mkdtempSync(join(root, 'dist', 'load-module-'));
  writeFileSync(join(folder, FILE), TEXT);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an exported graph is loaded as its object, whose nodes have places in the file', async () => {
  const { objects, diagnostics } = await loadModule(join(folder, FILE), FILE, folder);
  expect(diagnostics).toEqual([]);
  expect(objects.map(({ object }) => [object.kind, object.metadata.name])).toEqual([['Graph', 'shop']]);
  expect(objects[0]?.locate?.('spec.nodes[0].template.metadata.name')).toMatchObject({ file: FILE, line: 5 });
  expect(objects[0]?.locate?.('spec.nodes[1].def')).toMatchObject({ file: FILE, line: 4 });
});
