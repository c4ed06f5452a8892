import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkInputs } from './check-inputs.ts';
import { loadInputs } from './load-inputs.ts';

const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: shop}
spec:
  schema: {apiVersion: v1alpha1, kind: Shop, spec: {name: string}}
  resources: []
---
`;

const graph = (field: string): string => `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: {name: shops, namespace: team-a}
spec:
  nodes:
    - {id: naming, def: {prefix: red}}
    - id: shop
      template:
        apiVersion: kro.run/v1alpha1
        kind: Shop
        metadata: {name: "\${naming.${field}}"}
        spec: {name: a}
`;

async function checked(text: string): ReturnType<typeof checkInputs> {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-graph-objects-'));
  writeFileSync(join(folder, 'all.yaml'), text);
  return checkInputs(await loadInputs(['all.yaml'], folder, () => undefined));
}

test('a Graph in a file compiles beside definitions, with the kinds that they make', async () => {
  const { graphs, graphObjects, diagnostics } = await checked(DEFINITION + graph('prefix'));
  expect(diagnostics).toEqual([]);
  expect(graphs.map(({ name }) => name)).toEqual(['shop']);
  expect(graphObjects.map(({ name, order }) => [name, ...order])).toEqual([['shops', 'naming', 'shop']]);
});

test('a problem of a Graph has its place in the file', async () => {
  const { graphObjects, diagnostics } = await checked(DEFINITION + graph('prefxi'));
  expect(graphObjects).toEqual([]);
  expect(diagnostics).toMatchObject([
    { code: 'cel/unknown-field', hint: 'did you mean "prefix"?', source: { file: 'all.yaml', line: 18 } },
  ]);
});
