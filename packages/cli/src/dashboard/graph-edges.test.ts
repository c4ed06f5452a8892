import { expect, test } from 'vitest';
import { compileGraphObject } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { maskedOutline } from './graph-edges.ts';

/** Returns the outline of a Graph with a node of this kind. An expression in the node contains a literal. */
function outlineOf(kind: string): string {
  const annotations = { v: "${'hunter2' + env.text}" };
  const nodes = [
    { id: 'env', def: { kind: 'Secret', text: 'x' } },
    { id: 'node', template: { apiVersion: 'v1', kind, metadata: { name: 'd', annotations } } },
  ];
  const { graph, diagnostics } = compileGraphObject(
    { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'g', namespace: 'n' }, spec: { nodes } },
    { sources: builtinSource() },
  );
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  return JSON.stringify(maskedOutline(graph).nodes);
}

test.each([
  ['a ConfigMap', 'ConfigMap', true],
  ['a Secret', 'Secret', false],
  ['a computed kind, which can be a Secret', '${env.kind}', false],
])('the literals in the expressions of %s (%s) are shown: %s', (_title, kind, isShown) => {
  expect(outlineOf(kind).includes('hunter2')).toBe(isShown);
});

test.each([
  ['a ConfigMap', 'ConfigMap', true],
  ['a Secret', 'Secret', false],
])('the literals in the conditions and lists of %s (%s) are shown: %s', (_title, kind, isShown) => {
  const nodes = [
    { id: 'env', def: { text: 'x' } },
    {
      id: 'node',
      template: { apiVersion: 'v1', kind, metadata: { name: '${zone}' } },
      includeWhen: ["${env.text != 'hunter1'}"],
      forEach: [{ zone: "${[env.text, 'hunter2']}" }],
      readyWhen: ["${each.metadata.name != 'hunter3'}"],
    },
  ];
  const { graph, diagnostics } = compileGraphObject(
    { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'g', namespace: 'n' }, spec: { nodes } },
    { sources: builtinSource() },
  );
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  const [, node] = maskedOutline(graph).nodes;
  const texts = [
    ...(node?.includeWhen ?? []),
    ...(node?.readyWhen ?? []),
    ...(node?.forEach.map(({ expression }) => expression) ?? []),
  ];
  expect(texts.map((text) => text.includes('hunter'))).toEqual([isShown, isShown, isShown]);
});
