import { expect, test } from 'vitest';
import { editorAt, SHOP } from '../test-support/editor.ts';
import { compile, parseDefinitions, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { inlayHintsOf, lensesOf, outlinesOf } from './inlays.ts';
import { foldingRangesOf, symbolsOf } from './outline.ts';
import { TOKENS_LEGEND, tokensOf } from './tokens.ts';

const ALL = { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } };

test('the symbols are the API with its fields, and the nodes with their kinds', () => {
  const [root] = symbolsOf(editorAt(SHOP).document);
  expect(root?.name).toBe('ResourceGraphDefinition shop');
  expect(root?.children?.map(({ name, detail }) => `${name}: ${detail}`)).toEqual([
    'Shop: API',
    'web: Deployment',
    'front: Service',
  ]);
  expect(root?.children?.[0]?.children?.map(({ name }) => name)).toEqual(['spec', 'status', 'types']);
});

test('maps and lists of several lines can be folded', () => {
  const ranges = foldingRangesOf(editorAt(SHOP).document);
  const lines = SHOP.split('\n');
  const folded = ranges.map(({ startLine, endLine }) => [lines[startLine]?.trim(), endLine - startLine]);
  expect(folded).toContainEqual(['types:', 3]);
  expect(folded).toContainEqual(['containers:', 2]);
});

test('tokens mark names, fields, functions and literals of expressions, and types and markers of SimpleSchema', () => {
  const text = SHOP.replace('> 1}', '> 1 && schema.spec.name.startsWith("a")}');
  const { document, workspace } = editorAt(text);
  const data = tokensOf(document, workspace.source);
  const found: string[] = [];
  let [line, character] = [0, 0];
  for (let at = 0; at < data.length; at += 5) {
    const [lines = 0, columns = 0, length = 0, type = 0] = data.slice(at, at + 5);
    character = lines === 0 ? character + columns : columns;
    line += lines;
    const word = document.text.lineText(line).slice(character, character + length);
    found.push(`${word} ${TOKENS_LEGEND.tokenTypes[type]}`);
  }
  expect(found).toEqual(
    expect.arrayContaining([
      'integer type',
      'minimum decorator',
      'Port type',
      '${ macro',
      'schema variable',
      'web variable',
      'replicas property',
      'startsWith function',
      '"a" string',
      '1 number',
      '&& operator',
    ]),
  );
});

test('inlay hints show the order of the nodes, and which nodes are conditional', () => {
  const { document, workspace } = editorAt(SHOP);
  const [parsed] = parseDefinitions(SHOP).documents;
  const { graph } = compile(parsed ?? null, {
    sources: workspace.source,
    target: 'typekro',
    features: TYPEKRO_FEATURES,
  });
  const hints = inlayHintsOf(document, ALL, outlinesOf(graph === undefined ? [] : [graph]), workspace);
  expect(hints.map(({ label }) => label)).toEqual(['1 of 2', '2 of 2, conditional, after web']);
});

test('lenses offer graph, render and plan for a definition, render and plan for its instances, and nothing elsewhere', () => {
  const titles = (text: string, others = {}): string[] => {
    const { document, workspace } = editorAt(text, others);
    return lensesOf(document, workspace).map(({ command }) => command?.title ?? '');
  };
  expect(titles(SHOP)).toEqual(['Show graph', 'Render', 'Plan']);
  const instance = 'apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: {name: a}\n';
  expect(titles(instance, { 'shop.yaml': SHOP })).toEqual(['Render', 'Plan']);
  expect(titles('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n')).toEqual([]);
});
