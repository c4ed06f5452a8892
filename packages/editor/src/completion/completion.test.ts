import { expect, test } from 'vitest';
import { CURSOR, editorAt, SHOP, typing, URI } from '../../test-support/editor.ts';
import { knownFunctions } from '../known-functions.ts';
import { scopesOf } from '../scopes.ts';
import { completionsAt, MAX_COMPLETIONS } from './index.ts';
import { workspaceSymbols } from '../document-symbols.ts';
import { signatureAt } from '../signature-help.ts';

/** The labels of the completions at the cursor, in the order in which a client shows them. */
function labels(marked: string, others: Readonly<Record<string, string>> = {}): string[] {
  const { workspace, document, position } = editorAt(marked, others);
  return completionsAt(document, position, workspace.source)
    .toSorted((a, b) => ((a.sortText ?? a.label) < (b.sortText ?? b.label) ? -1 : 1))
    .map(({ label }) => label);
}

const line = (typed: string): string => typing(SHOP, '  name: ${schema.spec.name}\n', typed);

test.each([
  [
    'a field of the spec, also with .? when the field is optional',
    '${schema.spec.',
    ['?ports', '?tier', 'name', 'ports', 'replicas', 'tier'],
  ],
  ['a partly typed field', '${schema.spec.na', ['?ports', '?tier', 'name']],
  ['a field behind .?', '${schema.spec.?', ['name', 'ports', 'replicas', 'tier']],
  ['names of nodes', '${we', ['front', 'schema', 'web']],
  ['a field of an item of a list in a macro', '${schema.spec.ports.map(p, p.', ['?name', 'name', 'number']],
  ['a field of a filtered item', '${schema.spec.ports.filter(p, p.number > 1).map(x, x.', ['?name', 'name', 'number']],
  [
    'a field of an item after a method call in a macro',
    '${schema.spec.ports.map(p, p.name.replace(p, p.',
    ['?name', 'name', 'number'],
  ],
  ['a field after the condition of a macro', '${schema.spec.ports.map(p, web, p.', ['?name', 'name', 'number']],
  [
    'a field in the argument of a call that is not a macro',
    '${schema.spec.name.replace(web, schema.spec.po',
    ['?ports', 'name', 'ports'],
  ],
  ['a field of a name that cel.bind introduces', '${cel.bind(x, schema.spec, x.', ['?ports', '?tier', 'name']],
  [
    'a field of a parenthesised expression that follows the operator `in`',
    '${schema.spec.name in (schema.spec).',
    ['?ports', '?tier', 'name'],
  ],
  ['a field behind an index', '${schema.spec.ports[0].', ['?name', 'name', 'number']],
])('completes %s', (_title, typed, expected) => {
  const found = labels(line(`          annotations: {x: "${typed}`));
  expect(found.filter((label) => expected.includes(label)).slice(0, expected.length)).toEqual(expected);
});

test('fields of nodes come from the schema of their kind', () => {
  const found = labels(SHOP.replace('ready: ${web.status.readyReplicas}', `ready: \${web.status.${CURSOR}}`));
  expect(found).toEqual(expect.arrayContaining(['?readyReplicas', 'readyReplicas', 'conditions']));
  expect(found).not.toContain('replica');
});

test('readyWhen completes only the id of its own node', () => {
  const marked = typing(SHOP, '    - id: web\n', `      readyWhen:\n        - \${`);
  expect(labels(marked)).toContain('web');
  expect(labels(marked)).not.toContain('front');
});

test.each([
  ['string', '${schema.spec.name.', ['contains', 'startsWith', 'split', 'size', 'matches']],
  ['list', '${schema.spec.ports.', ['map', 'filter', 'exists', 'size']],
  ['optional', '${schema.spec.?tier.', ['orValue', 'hasValue', 'optMap']],
])('completes the functions of a %s', (_title, typed, expected) => {
  expect(labels(line(`          annotations: {x: "${typed}`))).toEqual(expect.arrayContaining(expected));
});

test('completes the functions of a namespace such as json, and global functions', () => {
  expect(labels(line('          annotations: {x: "${json.'))).toEqual(expect.arrayContaining(['marshal', 'unmarshal']));
  expect(labels(line('          annotations: {x: "${'))).toEqual(
    expect.arrayContaining(['size', 'has', 'string', 'true']),
  );
});

test.each([
  [
    'a template',
    '            spec:\n              containers:\n',
    '                - name: a\n                  ',
    ['image', 'args', 'env'],
  ],
  ['the spec of a Deployment', '          replicas: ${schema.spec.replicas}\n', '          ', ['strategy', 'paused']],
  ['a resource of a definition', '    - id: web\n', '      ', ['includeWhen', 'readyWhen', 'forEach']],
  ['the schema of a definition', '    kind: Shop\n', '    ', ['group', 'scope']],
])('completes the fields of %s', (_title, before, typed, expected) => {
  expect(labels(typing(SHOP, before, typed))).toEqual(expect.arrayContaining(expected));
});

test('a field that the object already has is not offered', () => {
  const found = labels(typing(SHOP, '          replicas: ${schema.spec.replicas}\n', '          '));
  expect(found).not.toContain('replicas');
  expect(found).not.toContain('selector');
});

test.each([
  ['kinds', 'apiVersion: apps/v1\nkind: ', ['Deployment', 'StatefulSet']],
  ['versions', 'kind: Deployment\napiVersion: ', ['apps/v1']],
  ['booleans', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  paused: ', ['true', 'false']],
])('completes %s', (_title, text, expected) => {
  expect(labels(text + CURSOR)).toEqual(expect.arrayContaining(expected));
});

test('a string field without an enum has no completions', () => {
  expect(labels(`apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  type: ${CURSOR}`)).toEqual([]);
});

test('completes SimpleSchema: types, including those of the definition, and the markers that the field does not have yet', () => {
  const types = labels(typing(SHOP, '      tier: '));
  expect(types).toEqual(expect.arrayContaining(['string', 'integer', 'Port']));
  const markers = labels(typing(SHOP, 'tier: string', ' | default="a" '));
  expect(markers).toEqual(expect.arrayContaining(['enum', 'pattern']));
  expect(markers).not.toContain('default');
});

test('an instance is completed by the definition in the workspace', () => {
  const marked = `apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: {name: a}\nspec:\n  name: x\n  ${CURSOR}`;
  expect(labels(marked, { 'shop.yaml': SHOP })).toEqual(['ports', 'replicas', 'tier']);
});

test.each([
  ['a quoted string', `a: "x ${CURSOR}`],
  ['a comment', `# ${CURSOR}`],
  ['a file of another tool', `services:\n  web:\n    ima${CURSOR}`],
])('offers nothing in %s', (_title, marked) => {
  expect(labels(marked)).toEqual([]);
});

test('when there are more completions than a response may have, it has those that contain the typed word', () => {
  const fields = Array.from({ length: MAX_COMPLETIONS + 20 }, (_, index) => `      field${index}: string`).join('\n');
  const marked = line('          namespace: ${schema.spec.Field51').replace(
    '      ports: ',
    `${fields}\n      ports: `,
  );
  const found = labels(marked);
  expect(found).toEqual(expect.arrayContaining(['field51', 'field510', 'field519']));
  expect(found.every((label) => label.includes('field51'))).toBe(true);
});

test.each([
  'schema.spec.',
  'schema.spec.name.',
  'schema.spec.ports.',
  'schema.spec.replicas.',
  'web.',
  'web.status.',
  '[[1]].',
  '{"a": 1}.',
  'quantity("1").',
  'url("https://a.b").',
  'semver("1.2.3").',
  'schema.spec.?tier.',
])('after %s, a method without arguments is offered if and only if the checker accepts its call', (receiver) => {
  const { document, position, workspace } = editorAt(
    typing(
      SHOP,
      '  name: ${web.metadata.name}-front\n',
      `          annotations: {x: "\${${receiver.replaceAll('"', "'")}`,
    ),
  );
  const offered = new Set(completionsAt(document, position, workspace.source).map(({ label }) => label));
  const [first] = editorAt(SHOP).document.parts;
  const path = ['spec', 'resources', 1, 'template', 'metadata', 'name'];
  const scope = first && scopesOf(first.part, workspace.source)?.at(path);
  const names = knownFunctions().flatMap(({ name, isMember, signatures }) =>
    isMember && signatures.every((each) => each.includes(`.${name}()`)) ? [name] : [],
  );
  expect(names.length).toBeGreaterThan(15);
  const accepted = names.filter((name) => scope?.check(`${receiver}${name}()`).ok === true);
  expect(names.filter((name) => offered.has(name))).toEqual(accepted);
});

test.each([
  [
    'a method of the receiver',
    '${schema.spec.name.replace("a", ',
    'string.replace(string, string) -> string',
    1,
    'string',
  ],
  ['a function of a namespace', '${base64.decode(', 'base64.decode(string) -> bytes', 0, 'string'],
  ['a macro', '${schema.spec.ports.map(p, ', 'list.map(x, value) -> list', 1, 'value'],
  ['the innermost call', '${string(size(', 'size', 0, undefined],
  ['a list inside of a call', '${["a"].join(["", ', 'list(string).join(string) -> string', 0, 'string'],
])('signature help shows %s', (_title, typed, label, argument, parameter) => {
  const { workspace, document, position } = editorAt(line(`          annotations: {x: "${typed}`));
  const help = signatureAt(document, position, workspace.source);
  const shown = help?.signatures[help.activeSignature ?? 0];
  expect([shown?.label.startsWith(label), help?.activeParameter]).toEqual([true, argument]);
  const [from, to] = (shown?.parameters?.[argument]?.label ?? []) as number[];
  if (parameter !== undefined) expect(shown?.label.slice(from, to)).toBe(parameter);
});

test.each(['${schema.spec.name', '${(1 + ', '${unknownFunction(', ''])('no signature help for "%s"', (typed) => {
  const { workspace, document, position } = editorAt(line(`          annotations: {x: "${typed}`));
  expect(signatureAt(document, position, workspace.source)).toBeUndefined();
});

test('workspace symbols are the objects, APIs and nodes of all files that have each word', () => {
  const { workspace } = editorAt(SHOP, {
    'b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-settings}\n',
  });
  const found = (query: string) =>
    workspaceSymbols(workspace, query).map(({ name, containerName, location }) => [name, containerName, location.uri]);
  expect(found('web')).toEqual([
    ['web', 'ResourceGraphDefinition shop', URI],
    ['ConfigMap web-settings', undefined, 'file:///work/b.yaml'],
  ]);
  expect(found('settings configmap')).toHaveLength(1);
  expect(found('replicas')).toEqual([]);
});
