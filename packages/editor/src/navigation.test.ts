import { expect, test } from 'vitest';
import { CURSOR, editorAt, SHOP, URI } from '../test-support/editor.ts';
import { definitionAt, referencesAt, renameableAt, renameAt } from './navigation.ts';
import type { Workspace } from './workspace.ts';

const INSTANCE = `apiVersion: kro.run/v1alpha1
kind: Shop
metadata: {name: first}
spec:
  name: first
  replicas: 3
`;

const TESTS = `schemaVersion: 1
kind: GraphTest
definition: app.yaml
tests:
  - name: the front follows
    given: {name: a, spec: {name: a}}
    expect:
      created: [web, front]
      children:
        web: {spec.replicas: 2}
      nodes: {front: {state: ready}}
    steps:
      - patch: {web: {spec.replicas: 3}}
      - delete: [instance]
`;

const GRAPH = `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: {name: g, namespace: default}
spec:
  nodes:
    - id: settings
      def: {level: debug}
    - id: part
      graph:
        nodes:
          - id: settings
            def: {level: info}
          - id: inner
            template:
              apiVersion: v1
              kind: ConfigMap
              metadata: {name: inner}
              data: {level: "\${settings.level}"}
    - id: outer
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: outer}
        data: {level: "\${settings.level}", list: '\${["a"].map(settings, settings)[0]}'}
`;

function at(text: string, around: string, word = around, others: Readonly<Record<string, string>> = {}) {
  const offset = text.indexOf(around) + around.indexOf(word) + 1;
  return editorAt(text.slice(0, offset) + CURSOR + text.slice(offset), others);
}

/** `file:line text` of each location. */
function shown(workspace: Workspace, locations: ReturnType<typeof definitionAt>): string[] {
  return locations.map(({ uri, range }) => {
    const text = workspace.document(uri)?.text;
    const { from = 0, to = 0 } = text?.spanOf(range) ?? {};
    return `${uri.split('/').at(-1)}:${range.start.line + 1} ${text?.text.slice(from, to)}`;
  });
}

test.each([
  ['an expression to the id of its node', '${web.metadata.name}-front', 'web', ['app.yaml:21 web']],
  ['a read of the spec to the field', '${schema.spec.replicas > 1}', 'replicas', ['app.yaml:15 replicas']],
  ['a custom type to its declaration', '"[]Port"', 'Port', ['app.yaml:10 Port']],
])('goes from %s', (_title, around, word, expected) => {
  const { workspace, position } = at(SHOP, around, word);
  expect(shown(workspace, definitionAt(workspace, URI, position))).toEqual(expected);
});

test.each([
  ['kind', 'Shop', ['shop.yaml:8 Shop']],
  ['field', 'replicas', ['shop.yaml:15 replicas']],
])('goes from the %s of an instance to the definition', (_title, word, expected) => {
  const { workspace, position } = at(INSTANCE, word, word, { 'shop.yaml': SHOP });
  expect(shown(workspace, definitionAt(workspace, URI, position))).toEqual(expected);
});

test('the references of a node include all expressions of the definition, and test files', () => {
  const { workspace, position } = at(SHOP, '- id: web', 'web', { 'app.test.yaml': TESTS });
  expect(shown(workspace, referencesAt(workspace, URI, position, true))).toEqual([
    'app.yaml:21 web',
    'app.yaml:19 web',
    'app.yaml:45 web',
    'app.test.yaml:8 web',
    'app.test.yaml:10 web',
    'app.test.yaml:13 web',
  ]);
});

test.each([
  ['of the outer frame', '    - id: settings', ['app.yaml:6 settings', 'app.yaml:24 settings']],
  ['of the inner frame', '          - id: settings', ['app.yaml:11 settings', 'app.yaml:18 settings']],
])('a name in a Graph denotes the node %s, unless a macro variable has the name', (_title, around, expected) => {
  const { workspace, position } = at(GRAPH, around, 'settings');
  expect(shown(workspace, referencesAt(workspace, URI, position, true))).toEqual(expected);
});

test('a rename of a field changes the definition, its expressions and its instances', () => {
  const { workspace, position } = at(SHOP, '      replicas: integer', 'replicas', { 'shop.yaml': INSTANCE });
  const changes = renameAt(workspace, URI, position, 'count')?.changes ?? {};
  expect(Object.entries(changes).map(([uri, edits]) => [uri.split('/').at(-1), edits.length])).toEqual([
    ['app.yaml', 3],
    ['shop.yaml', 1],
  ]);
});

test.each([
  ['a word with another meaning', 'schema', /another meaning/],
  ['the id of another node', 'front', /already a node front/],
  ['a string that is not an id', 'Web-1', /is not an id/],
])('a rename of a node to %s is refused', (_title, name, message) => {
  const { workspace, position } = at(SHOP, '- id: web', 'web');
  expect(() => renameAt(workspace, URI, position, name)).toThrow(message);
});

/** A test file without the member `definition`. */
const MORE_TESTS = `schemaVersion: 1
kind: GraphTest
tests:
  - name: web is first
    given:
      spec: {nodes: {web: 3}, only: [web]}
    expect:
      created: [[web, front]]
      nodes: {front: {state: pending, waitsFor: [web]}}
    steps:
      - patch: {'web[0]': {spec.children: {web: 1}}}
        apply: [{apiVersion: v1, kind: X, metadata: {name: a}, patch: {web: 1}}]
        expect: {children: {web: {spec.nodes: {web: 1}}}}
      - delete: ["web[1]", webs]
`;

test.each([
  ['with the same file name, without the member "definition"', { 'app.test.yaml': MORE_TESTS }, [8, 9, 11, 13, 14]],
  ['with another file name, without the member "definition"', { 'other.test.yaml': MORE_TESTS }, []],
  ['with the name of the definition', { 'a.test.yaml': `${TESTS}name: shop\n` }, [8, 10, 13]],
  ['with the name of another definition of the file', { 'a.test.yaml': `${TESTS}name: other\n` }, []],
])('a rename of a node changes the id only in test files of the same definition: a file %s', (_title, files, lines) => {
  const { workspace, position } = at(SHOP, '- id: web', 'web', files);
  const [[uri, text]] = Object.entries(files) as [[string, string]];
  const edits = renameAt(workspace, URI, position, 'front2')?.changes?.[`file:///work/${uri}`] ?? [];
  expect(edits.map(({ range }) => range.start.line + 1)).toEqual(lines);
  const written = text.split('\n');
  for (const { range } of edits) {
    expect(written[range.start.line]?.slice(range.start.character, range.end.character)).toBe('web');
  }
});

/**
 * A Graph with a node `inner` in its inner frame. An expression in the inner frame reads `settings` of the outer frame.
 */
const FRAMES = GRAPH.replace('          - id: settings\n            def: {level: info}\n', '');

test.each([
  ['the id of an outer node that the inner frame reads', FRAMES, '- id: inner', 'settings', /a node settings/],
  [
    'the id of an inner node that would hide the renamed outer node from a reader',
    FRAMES,
    '- id: settings',
    'inner',
    /a node inner/,
  ],
  [
    'the variable of a macro that contains a read of the node',
    GRAPH.replace('map(settings, settings)', 'map(w, w + settings.level)'),
    '- id: settings',
    'w',
    /reads settings has a variable w/,
  ],
])('a rename of a node in a Graph to %s is refused', (_title, text, around, name, message) => {
  const { workspace, position } = at(text, around, around.slice('- id: '.length));
  expect(() => renameAt(workspace, URI, position, name)).toThrow(message);
});

test('a rename of a node in a Graph to a name that no expression of its frame reads is accepted', () => {
  const { workspace, position } = at(GRAPH, '- id: inner', 'inner');
  expect(Object.values(renameAt(workspace, URI, position, 'outer')?.changes ?? {}).flat()).toHaveLength(1);
});

test('a node id can be renamed, and a plain value cannot', () => {
  const { workspace, position } = at(SHOP, 'image: nginx', 'image');
  expect(renameableAt(workspace, URI, position)).toBeUndefined();
  const named = at(SHOP, '${web.metadata.name}-front', 'web');
  expect(renameableAt(named.workspace, URI, named.position)).toMatchObject({ placeholder: 'web' });
});

test('an undeclared field that expressions read has references but no definition', () => {
  const marked = SHOP.replace('name: ${schema.spec.name}', 'name: ${schema.spec.ti‸tle}').replace(
    'replicas: ${schema.spec.replicas}',
    'replicas: ${size(schema.spec.title)}',
  );
  const { workspace, position } = editorAt(marked);
  expect(definitionAt(workspace, URI, position)).toEqual([]);
  const reads = referencesAt(workspace, URI, position, false);
  expect(reads).toHaveLength(2);
  expect(referencesAt(workspace, URI, position, true)).toEqual(reads);
});

test('the references omit the declaration when the client requests them without it', () => {
  const { workspace, position } = editorAt(SHOP.replace('${schema.spec.replicas}', '${schema.spec.repl‸icas}'));
  const all = referencesAt(workspace, URI, position, true);
  expect(all.slice(0, 1)).toEqual(definitionAt(workspace, URI, position));
  expect(referencesAt(workspace, URI, position, false)).toEqual(all.slice(1));
});
