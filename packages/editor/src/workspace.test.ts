import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { TYPEKRO_FEATURES, compile, parseDefinitions } from '@typekro/engine/graph';
import { SHOP, editorAt } from '../test-support/editor.ts';
import { beforeCursor } from './receiver.ts';
import { Workspace } from './workspace.ts';
import { inlayHintsOf, lensesOf, outlinesOf } from './inlays.ts';
import { foldingRangesOf, symbolsOf } from './document-symbols.ts';
import { TOKENS_LEGEND, tokensOf } from './semantic-tokens.ts';

test.each([
  ['schema.spec.constructor.', { receiver: 'schema.spec.constructor' }],
  ['a.toString().valueOf.', { receiver: 'a.toString().valueOf' }],
  [
    'list.map(x, x.toString + x.',
    { receiver: 'x', macros: [{ name: 'map', receiver: 'list', variables: ['x'], args: ['x'] }] },
  ],
])('a name of an Object member, such as constructor, is not treated as a bracket: %s', (text, expected) => {
  expect(beforeCursor(text)).toMatchObject(expected);
});

test.each([
  ['list.map(p, p.', [['p']]],
  ['list.map(p, web, p.', [['p']]],
  ['list.map(p, p, web.', [['p']]],
  ['list.transformList(i, p, p, web.', [['i', 'p']]],
  ['list.map(p, p.name.replace(p, p.', [['p']]],
  ['list.map(p, math.greatest(p, p.', [['p']]],
  ['list.map(p, list.exists_one(q, q.', [['p'], ['q']]],
  ['list.all(p, p.', [['p']]],
  ['list.all(i, p, p.', [['i', 'p']]],
  ['list.all(p.', []],
  ['list.transformList(i, p.', []],
  ['list.transformList(i, p, i > 0, p.', [['i', 'p']]],
  ['list.map(p, f(p, p), p.', [['p']]],
  ['list.map(in, p.', []],
  ['cel.bind(x, x.', []],
  ['cel.bind(x, web, x.', [['x']]],
  ['other.bind(x, web, x.', []],
  ['(schema.spec.name ? list : other).map(p, p.', [['p']]],
  ['list.sortBy(p, p.', [['p']]],
  ['value.?a.optMap(p, p.', [['p']]],
])('the macros around a cursor bind the variables that are in scope at the cursor: %s', (text, expected) => {
  expect(beforeCursor(text).macros.map(({ variables }) => variables)).toEqual(expected);
});

test.each([
  ['{"a": schema.spec}["a"].', '{"a": schema.spec}["a"]'],
  ['1 + {"a": schema.spec}["a"].?b.', '{"a": schema.spec}["a"].?b'],
  ['web.metadata.labels.`app/name`[0].', 'web.metadata.labels.`app/name`[0]'],
  ['web.`a-b`["x"][0].name.', 'web.`a-b`["x"][0].name'],
  ['"ab"[0].', '"ab"[0]'],
  ['value in ["ab"].', '["ab"]'],
])('an index belongs to the map, the name or the literal before it: %s', (text, receiver) => {
  expect(beforeCursor(text).receiver).toBe(receiver);
});

test('the operator `in` before a parenthesised expression is not the name of a call', () => {
  expect(beforeCursor('schema.spec.name in (schema.spec).').receiver).toBe('(schema.spec)');
});

const KIND = { group: 'acme.dev', version: 'v1', kind: 'Widget' };

/** Returns the CRD of a Widget when its group is requested, as the package does for the CRDs that it contains. */
const shipped = (groups: ReadonlySet<string>): KubeObject[] =>
  groups.has(KIND.group)
    ? [
        {
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          metadata: { name: 'widgets.acme.dev' },
          spec: {
            group: KIND.group,
            scope: 'Namespaced',
            names: { kind: KIND.kind, plural: 'widgets' },
            versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
          },
        },
      ]
    : [];
const WIDGET = 'apiVersion: acme.dev/v1\nkind: Widget\nmetadata: {name: a}\n';
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

const uses: readonly (readonly [string, (workspace: Workspace) => void])[] = [
  ['a file that is opened', (workspace) => workspace.open('file:///b.yaml', '/b.yaml', 1, WIDGET)],
  ['a change of an open file', (workspace) => workspace.change('file:///a.yaml', 2, [{ text: WIDGET }])],
  ['a file on disk', (workspace) => workspace.setFile('file:///b.yaml', '/b.yaml', WIDGET)],
];

test.each(uses)('the kinds that come with the package are known after %s uses their group', (_what, use) => {
  const workspace = new Workspace(shipped);
  workspace.open('file:///a.yaml', '/a.yaml', 1, MAP);
  expect(workspace.source.resourceOf(KIND)).toBeUndefined();
  use(workspace);
  expect(workspace.source.resourceOf(KIND)).toBeDefined();
});

test('a file whose groups are already known does not change the source of schemas', () => {
  const workspace = new Workspace(shipped);
  workspace.open('file:///a.yaml', '/a.yaml', 1, WIDGET);
  const { source } = workspace;
  workspace.open('file:///b.yaml', '/b.yaml', 1, WIDGET + '---\n' + MAP);
  expect(workspace.source).toBe(source);
});

test('the kind of a definition with a wrong expression is known with its schema, and every field of its status', () => {
  const workspace = new Workspace(shipped);
  workspace.open('file:///app.yaml', '/app.yaml', 1, SHOP.replace('${web.metadata.name}', '${web.metadata.nam}'));
  workspace.noteCompiled('file:///app.yaml', []);
  const kind = { group: 'kro.run', version: 'v1alpha1', kind: 'Shop' };
  const schema = workspace.source.schemaOf(kind);
  expect(Object.keys(schema?.properties?.['spec']?.properties ?? {})).toEqual(['name', 'replicas', 'tier', 'ports']);
  expect(schema?.properties?.['status']?.['x-kubernetes-preserve-unknown-fields']).toBe(true);
});

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
