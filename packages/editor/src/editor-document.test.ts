import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { parseDefinitions } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { CURSOR, SHOP, editorAt } from '../test-support/editor.ts';
import { chunksOf } from './chunks.ts';
import { DocumentPart, openDocument } from './editor-document.ts';
import { EditorText } from './editor-text.ts';
import { hoverAt } from './hover.ts';
import { tokensOf } from './semantic-tokens.ts';

const corpus = fileURLToPath(new URL('../../../test/conformance/graph/realistic/', import.meta.url));
const files = readdirSync(corpus).filter((name) => name.endsWith('.yaml'));
const open = (text: string) => openDocument('file:///a.yaml', 'a.yaml', 1, text);

test.each<readonly [title: string, text: string]>([
  ...files.map((name) => [name, readFileSync(corpus + name, 'utf8')] as const),
  ['several documents', 'a: 1\n---\nb: 2\n--- # third\nc: [\n---\nd: x: y\n'],
  ['a first line of dashes', '---\na: 1\n---\nb: 2\n'],
  ['line breaks of Windows', 'a: 1\r\n---\r\nb: [\r\n---\r\nc: yes\r\n'],
  ['a byte order mark', '\uFEFFa: 1\n---\nb: yes\n'],
  ['a directive', '%YAML 1.2\n---\na: 1\n...\n---\nb: 2\n'],
  ['no text', ''],
  ['a tab', 'a:\n\tb: 1\n'],
])('%s: the model has the same documents and problems as the parser of the whole text', (_title, text) => {
  const whole = parseDefinitions(text, 'a.yaml');
  const parts = open(text).parsed();
  expect(parts.diagnostics).toEqual(whole.diagnostics);
  expect(parts.documents.map(({ value }) => value)).toEqual(whole.documents.map(({ value }) => value));
  expect(parts.documents.map((document) => document.position([]))).toEqual(
    whole.documents.map((document) => document.position([])),
  );
});

test('an edit keeps the parsed form of the other documents', () => {
  const before = open('a: 1\n---\nb: 2\n---\nc: 3\n');
  const at = { line: 2, character: 3 };
  const after = before.changed(2, [{ range: { start: at, end: at }, text: '2' }]);
  expect(after.text.text).toBe('a: 1\n---\nb: 22\n---\nc: 3\n');
  expect(after.parts.map(({ part }, index) => part === before.parts[index]?.part)).toEqual([true, false, true]);
});

test('each change applies to the result of the earlier changes', () => {
  const range = (from: number, to: number) => ({
    start: { line: 0, character: from },
    end: { line: 0, character: to },
  });
  const text = new EditorText('abcdef').changed([
    { range: range(0, 2), text: '' },
    { range: range(1, 1), text: 'X' },
    { range: range(4, 2), text: '-' },
  ]);
  expect(text.text).toBe('cX-f');
});

test.each([
  ['before the text', { line: -1, character: 5 }, 0],
  ['behind a line', { line: 0, character: 99 }, 2],
  ['behind the text', { line: 9, character: 0 }, 6],
])('a position %s is moved into the text', (_title, position, offset) => {
  expect(new EditorText('ab\r\nçd').offsetAt(position)).toBe(offset);
});

test('a position of a diagnostic counts code points and does not count a byte order mark', () => {
  const text = new EditorText('\uFEFF😀a\n😀b');
  expect(text.offsetOf({ line: 1, column: 2 })).toBe(3);
  expect(text.offsetOf({ line: 2, column: 2 })).toBe(7);
});

test('the chunks cover the whole text without gaps', () => {
  const text = '---\na\n---\nb\n--- c\n----\n';
  const chunks = chunksOf(text);
  expect(chunks.map((chunk) => chunk.text).join('')).toBe(text);
  expect(chunks.map(({ line }) => line)).toEqual([0, 2, 4]);
});

/** Hovers over `word` within the first occurrence of `around`, and returns the explanation. */
function explained(text: string, around: string, word: string, others: Readonly<Record<string, string>> = {}): string {
  const at = text.indexOf(around) + around.indexOf(word) + 1;
  const { workspace, document, position } = editorAt(text.slice(0, at) + CURSOR + text.slice(at), others);
  const found = hoverAt(document, position, workspace.source);
  return (found?.contents as { readonly value: string } | undefined)?.value ?? '';
}

test.each([
  ['a node', '${web.metadata.name}-front', 'web', /\*\*web\*\*: apps\/v1 Deployment/],
  ['the instance', '${schema.spec.replicas > 1}', 'schema', /the instance/],
  [
    'a field of the spec',
    '${schema.spec.replicas > 1}',
    'replicas',
    /\*\*replicas\*\* `integer`.*default `2`, `at least 1`/s,
  ],
  ['a field of a status', '${web.status.readyReplicas}', 'readyReplicas', /\*\*readyReplicas\*\* `integer`/],
  ['a field of a template', 'image: nginx', 'image', /\*\*image\*\* `string`[^]*of apps\/v1 Deployment/],
  ['a field of a definition', 'includeWhen:', 'includeWhen', /\*\*includeWhen\*\* `\[\]string`/],
  ['a kind', 'kind: Deployment', 'Deployment', /\*\*apps\/v1 Deployment\*\*\n\n\S/],
  ['a marker', 'minimum=1', 'minimum', /The smallest number that is allowed/],
  ['a type of SimpleSchema', 'tier: string', 'string', /A text\./],
])('explains %s', (_title, around, word, expected) => {
  expect(explained(SHOP, around, word)).toMatch(expected);
});

test.each(['constructor', '__proto__'])(
  'a name in an object of the kind %s of the group kro.run has no explanation',
  (kind) => {
    const text = `apiVersion: kro.run/v1alpha1\nkind: ${kind}\nmetadata: {name: a}\n`;
    expect(explained(text, 'name: a', 'name')).toBe('');
  },
);

test.each([
  ['a function', '${schema.spec.name.startsWith("a")}', 'startsWith', /string\.startsWith\(string\) -> bool/],
  ['a macro', '${schema.spec.ports.exists(p, p.number > 1)}', 'exists', /list\.exists\(x, condition\) -> bool/],
  ['a variable of a macro', '${schema.spec.ports.exists(p, p.number > 1)}', 'p.number', /variable of the macro/],
  ['a field of an item', '${schema.spec.ports.exists(p, p.number > 1)}', 'number', /\*\*number\*\* `integer`/],
])('explains %s in an expression', (_title, expression, word, expected) => {
  const text = SHOP.replace('${schema.spec.replicas > 1}', expression);
  expect(explained(text, expression, word)).toMatch(expected);
});

test('a field of an instance is explained by the definition in the workspace', () => {
  const instance = 'apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: {name: a}\nspec:\n  replicas: 3\n';
  expect(explained(instance, 'replicas: 3', 'replicas', { 'shop.yaml': SHOP })).toMatch(/default `2`, `at least 1`/);
});

test.each([
  ['white space', '  resources:', ' '],
  ['a text without an expression', 'image: nginx', 'nginx'],
])('the explanation of %s does not contain "undefined"', (_title, around, word) => {
  expect(explained(SHOP, around, word)).not.toContain('undefined');
});

test.each([
  ['a field of an object', 'image: nginx', 'image', /\*\*image\*\* `string`[^]*of apps\/v1 Deployment/],
  ['a field of a definition', 'includeWhen:', 'includeWhen', /\*\*includeWhen\*\* `\[\]string`/],
  [
    'a field of a template of a definition',
    'replicas: 9',
    'replicas',
    /\*\*replicas\*\* `integer`[^]*of apps\/v1 Deployment/,
  ],
  ['a kind', 'kind: ReplicaSet', 'ReplicaSet', /\*\*apps\/v1 ReplicaSet\*\*/],
])('%s in a List is explained', (_title, around, word, expected) => {
  const text = `apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    spec: {template: {spec: {containers: [{name: a, image: nginx}]}}}
  - apiVersion: kro.run/v1alpha1
    kind: ResourceGraphDefinition
    spec:
      resources:
        - id: web
          includeWhen: []
          template: {apiVersion: apps/v1, kind: Deployment, spec: {replicas: 9}}
  - apiVersion: apps/v1
    kind: ReplicaSet
`;
  expect(explained(text, around, word)).toMatch(expected);
});

test.each<readonly [title: string, text: (count: number) => string]>([
  ['expressions in one value', (count) => node(0, '${schema.spec.a} '.repeat(count))],
  ['nodes', (count) => Array.from({ length: count }, (_, index) => node(index, `\${schema.spec.a}`)).join('')],
])('the work for the explanations and colours of many %s is proportional to their number', (_title, text) => {
  const workFor = (count: number): number => {
    const document = open(`apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
spec:
  schema: {apiVersion: v1alpha1, kind: A, spec: {a: string}}
  resources:
${text(count)}`);
    const spies = [vi.spyOn(String.prototype, 'charAt'), vi.spyOn(Map.prototype, 'get')];
    try {
      expect(
        hoverAt(document, document.text.positionAt(document.text.text.lastIndexOf('spec.a') + 2), builtinSource()),
      ).toBeDefined();
      expect(tokensOf(document, builtinSource()).length).toBeGreaterThan(count * 20);
      return spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    } finally {
      vi.restoreAllMocks();
    }
  };
  workFor(1);
  expect(workFor(200) / workFor(100)).toBeLessThan(2.5);
});

const node = (index: number, value: string): string =>
  `    - {id: c${index}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {x: "${value}"}}}\n`;

test('the tree of a document needs no result of the compiler, and a document that is nested far too deeply has none', () => {
  const parsed = vi.spyOn(DocumentPart.prototype, 'parsed', 'get');
  const treeOf = (text: string) => open(text).parts[0]?.part.tree;
  expect(treeOf('a: 1')).toMatchObject({ kind: 'map' });
  expect(treeOf(`a: ${'['.repeat(100_000)}`)).toBeUndefined();
  expect(treeOf(`a: ${'x'.repeat(3_200_000)}`)).toBeUndefined();
  expect(parsed).not.toHaveBeenCalled();
  parsed.mockRestore();
});
