import { crdOf } from '@typekro/kit/test-support/crd';
import { expect, test, vi } from 'vitest';
import { editorAt, SHOP, URI } from '@typekro/editor/test-support/editor';
import { type Workspace, fixesFor, openDocument, toProtocol } from '@typekro/editor';
import { checkDocument } from './check-document.ts';

/** Comment lines whose length exceeds the maximum for a checked file. */
const LONG = '# x\n'.repeat(2 * 1024 * 1024);

/** Returns the code and the marked range of each problem of a document. */
async function problems(text: string, others: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { workspace, document } = editorAt(text, others);
  const { diagnostics } = await checkDocument(document, workspace);
  return toProtocol(document.text, diagnostics).map(({ code, range }) => {
    const { from, to } = document.text.spanOf(range);
    return `${String(code)} ${document.text.text.slice(from, to)}`;
  });
}

test('a valid definition has no problem', async () => {
  expect(await problems(SHOP)).toEqual([]);
});

test('requests are answered between the parser and the compiler', async () => {
  const { workspace, document } = editorAt(SHOP);
  let isAnswered = false;
  setImmediate(() => void (isAnswered = true));
  const compiled = vi.spyOn(workspace, 'crdsOutside').mockImplementation(() => {
    expect(isAnswered).toBe(true);
    return [];
  });
  await checkDocument(document, workspace);
  expect(compiled).toHaveBeenCalled();
});

test.each([
  [
    'an unknown field of an expression',
    SHOP.replace('web.status.readyReplicas', 'web.status.redyReplicas'),
    'cel/unknown-field redyReplicas',
  ],
  ['an unknown name', SHOP.replace('${web.metadata.name}', '${wep.metadata.name}'), 'graph/unknown-identifier wep'],
  ['an unknown field of a template', SHOP.replace('image: nginx', 'imag: nginx'), 'graph/unknown-field imag'],
  ['a misspelt marker', SHOP.replace('minimum=1', 'minimun=1'), 'simpleschema/unknown-marker minimun'],
  ['content that does not parse', SHOP.replace('kind: Shop', 'kind: [Shop'), 'yaml/syntax ['],
])('%s is marked', async (_title, text, expected) => {
  const found = await problems(text);
  expect(found.some((each) => each.split(' ')[0] === expected.split(' ')[0])).toBe(true);
  expect(found.join('\n')).toContain(expected.split(' ')[1]);
});

const INSTANCE =
  'apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: {name: a}\nspec: {name: a, replicas: 0, tire: x}\n';

test('an instance is checked against the definition in the workspace', async () => {
  expect(await problems(INSTANCE, { 'shop.yaml': SHOP })).toEqual([
    'input/unknown-field tire',
    'input/invalid-field 0',
  ]);
});

test.each([
  ['an unknown kind of a group that nothing defines', 'apiVersion: acme.test/v1\nkind: Thing\nmetadata: {name: a}\n'],
  ['a file of another tool', 'services:\n  web: {image: nginx}\n'],
  ['a document without a kind', 'a: [1\n'],
  ['a chart of Helm', 'apiVersion: v2\nname: shop\nversion: 1.0.0\n'],
  ['a kustomization', 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [app.yaml]\n'],
  ['a kubeconfig', 'apiVersion: v1\nkind: Config\nclusters: []\n'],
  [
    'a kind with the name of a built-in kind, in a group that nothing defines',
    'apiVersion: acme.test/v1\nkind: Service\nmetadata: {name: a}\n',
  ],
  ['an overlong file of another tool', `lockfileVersion: 9\n${LONG}`],
  ['an overlong JSON file of another tool', `{\n  "name": "a",\n  "b": {"kind": "c"},\n${LONG}}`],
])('%s has no problem', async (_title, text) => {
  expect(await problems(text)).toEqual([]);
});

const CRD = JSON.stringify(crdOf('Thing', {}, { group: 'acme.test' }));
const THIN = 'apiVersion: acme.test/v1\nkind: Thin\nmetadata: {name: a}\n';

test.each<[string, string, Readonly<Record<string, string>>, string]>([
  ['Kubernetes', 'apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: a}\n', {}, 'Deploymnt'],
  ['a group with a CRD in another file', THIN, { 'crd.json': CRD }, 'Thin'],
  ['a group with a CRD in the same file', `${CRD}\n---\n${THIN}`, {}, 'Thin'],
  [
    'a group with a definition in the same file',
    `${SHOP.replace('kind: Shop', 'kind: Shop\n    group: acme.test')}---\n${THIN.replace('v1', 'v1alpha1')}`,
    {},
    'Thin',
  ],
  ['the core group, known in another group,', 'apiVersion: v1\nkind: Deployment\nmetadata: {name: a}\n', {}, 'v1'],
])('an unknown kind of %s has a problem', async (_title, text, others, marked) => {
  expect(await problems(text, others)).toEqual([`input/unknown-kind ${marked}`]);
});

test.each([
  ['an object of a built-in kind', 'apiVersion: v1\nkind: ConfigMap\ndata: {}\n'],
  ['an object that has no kind', 'apiVersion: v1\nmetadata: {name: a}\n'],
  ['an object that has no apiVersion', 'kind: ConfigMap\nmetadata: {name: a}\n'],
  ['an object in braces', '{"metadata": {"name": "a"}, "apiVersion": "v1"}\n'],
])('%s with missing fields has a problem', async (_title, text) => {
  expect((await problems(text)).map((each) => each.split(' ')[0])).toEqual(['input/not-an-object']);
});

test.each([
  ['a template', SHOP.replace('apiVersion: apps/v1', 'apiVersion: acme.test/v1')],
  ['an object', 'apiVersion: kro.run/v1alpha1\nkind: Absent\nmetadata: {name: a}\n'],
])('the remedy for an unknown kind of %s names the workspace, not an option', async (_title, text) => {
  const { workspace, document } = editorAt(text);
  const [first] = (await checkDocument(document, workspace)).diagnostics;
  expect(first?.hint).toContain('into a file of the workspace');
});

test.each([
  ['YAML', SHOP + LONG],
  ['JSON', `{\n  "kind": "List",\n  "apiVersion": "v1",\n  "items": [\n${LONG}]}`],
])('%s that is too long has one problem', async (_title, text) => {
  const document = openDocument(URI, 'app.yaml', 1, text);
  const { diagnostics } = await checkDocument(document, {} as Workspace);
  expect(diagnostics.map(({ code, severity }) => ({ code, severity }))).toEqual([
    { code: 'yaml/too-large', severity: 'warning' },
  ]);
});

test.each([
  [
    'a field of an expression',
    SHOP.replace('web.status.readyReplicas', 'web.status.redyReplicas'),
    'Write readyReplicas',
  ],
  ['a name', SHOP.replace('${web.metadata.name}', '${wep.metadata.name}'), 'Write web'],
  ['a field of a template', SHOP.replace('image: nginx', 'imag: nginx'), 'Write image'],
  ['a marker', SHOP.replace('minimum=1', 'minimun=1'), 'Write minimum'],
  ['a kind', SHOP.replace('kind: Deployment', 'kind: Deploymnt'), 'Write Deployment'],
  ['an old boolean', SHOP.replace('{app: shop}', '{app: yes}'), 'Write "yes"'],
  [
    'an optional condition',
    SHOP.replace('${schema.spec.replicas > 1}', '${schema.spec.?tier.optMap(t, t == "x")}'),
    'Append .orValue(false)',
  ],
  [
    'a value of another type',
    SHOP.replace('port: 80', 'port: ${schema.spec.name + "0"}'),
    'Write int(…) around the expression',
  ],
  [
    'two objects without a separator',
    `${SHOP}${INSTANCE.replace(', replicas: 0, tire: x', '')}`,
    'Put a line --- between the objects',
  ],
])('a quick fix corrects %s', async (_title, text, title) => {
  const { workspace, document } = editorAt(text);
  const before = toProtocol(document.text, (await checkDocument(document, workspace)).diagnostics);
  const fixes = fixesFor(document, before);
  const fix = fixes.find((each) => each.title === title);
  expect(fixes.map((each) => each.title)).toContain(title);
  const edits = (fix?.edit?.changes?.[URI] ?? []).map(({ range, newText }) => ({ range, text: newText }));
  const corrected = document.changed(2, edits);
  const after = toProtocol(corrected.text, (await checkDocument(corrected, workspace)).diagnostics);
  const fixed = fix?.diagnostics?.[0];
  expect(after.filter(({ code, message }) => code === fixed?.code && message === fixed?.message)).toEqual([]);
});

test('a quick fix appends a call after an expression that contains braces', async () => {
  const expression = "schema.spec.?tier.optMap(t, t in {'x':1})";
  const { workspace, document } = editorAt(SHOP.replace('schema.spec.replicas > 1', expression));
  const problems = toProtocol(document.text, (await checkDocument(document, workspace)).diagnostics);
  const [fix] = fixesFor(document, problems);
  const edits = (fix?.edit?.changes?.[URI] ?? []).map(({ range, newText }) => ({ range, text: newText }));
  expect(document.changed(2, edits).text.text).toContain(`\${${expression}.orValue(false)}`);
});
