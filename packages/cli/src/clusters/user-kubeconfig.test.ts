import { lstatSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { editKubeconfig, userKubeconfig, withContext, withoutContext } from './user-kubeconfig.ts';

const CLUSTER = `apiVersion: v1
kind: Config
current-context: typekro
clusters: [{name: typekro, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: typekro, context: {cluster: typekro, user: typekro}}]
users: [{name: typekro, user: {token: t}}]
`;
const add = (text: string, use = false) => withContext(text, 'f', { name: 'typekro-a', kubeconfig: CLUSTER, use });

const ADDED = `clusters:
- name: typekro-a
  cluster:
    server: https://127.0.0.1:1
contexts:
- name: typekro-a
  context:
    cluster: typekro-a
    user: typekro-a
users:
- name: typekro-a
  user:
    token: t
apiVersion: v1
kind: Config
`;

test.each([
  ['', ADDED],
  ['# only a comment\n', `# only a comment\n\n${ADDED}`],
  ['clusters: null\ncontexts: []\n', ADDED],
])('entries are added to %j', (text, expected) => {
  expect(add(text).text).toBe(expected);
});

describe('a kubeconfig with entries', () => {
  const OWN = `# of the team
apiVersion: v1
clusters:
  - cluster: {server: https://prod} # the real one
    name: prod
contexts:
  - context: {cluster: prod, user: me}
    name: prod
current-context: prod
extra: {kept: [1, 2]}
kind: Config
preferences: {}
users:
  - name: me
    user:
      token: "0123"
`;

  test('keeps its other entries, its comments and its unknown fields', () => {
    const { text, contextBefore } = add(OWN);
    expect(contextBefore).toBeUndefined();
    for (const line of ['# of the team', '# the real one', 'current-context: prod', 'kept:', 'token: "0123"']) {
      expect(text).toContain(line);
    }
    expect(add(text).text).toBe(text);
    expect(withoutContext(text, 'f', 'typekro-a')).toBe(withoutContext(add(text).text, 'f', 'typekro-a'));
    expect(withoutContext(withoutContext(text, 'f', 'typekro-a') ?? '', 'f', 'typekro-a')).toBeUndefined();
  });

  test('gets its former current context back when the entry is removed', () => {
    const { text, contextBefore } = add(OWN, true);
    expect([text.includes('current-context: typekro-a'), contextBefore]).toEqual([true, 'prod']);
    expect(add(text, true).contextBefore).toBeUndefined();
    expect(withoutContext(text, 'f', 'typekro-a', ['gone', 'prod', 'f'])).toContain('current-context: prod\n');
    expect(withoutContext(text, 'f', 'typekro-a', ['deleted'])).toContain('current-context: ""\n');
    const chosenLater = text.replace('current-context: typekro-a', 'current-context: other');
    expect(withoutContext(chosenLater, 'f', 'typekro-a', ['prod'])).toContain('current-context: other\n');
  });
});

const LAYOUTS: readonly (readonly [string, string])[] = [
  [
    'other indentation, flow style, comments and plain words',
    `# my config
---
apiVersion:   v1
kind: Config
clusters:
    # prod!
    -   name: 'prod'
        cluster: {server: "https://10.0.0.1",   insecure-skip-tls-verify: yes}   # inline
    # behind it

contexts:
    - name: prod
      context:
          cluster: prod
          user: &me me
          namespace: >-
              folded text that is
              long
current-context:   prod  # mine

users:
    -   name: me
        user: {username: *me, password: 0123, on: no}
`,
  ],
  [
    'line ends of Windows',
    'apiVersion: v1\r\nclusters:\r\n- name: p\r\n  cluster:\r\n    server: https://p\r\ncontexts:\r\n- name: p\r\n  context:\r\n    cluster: p\r\nusers:\r\n- name: p\r\n  user:\r\n    token: t\r\ncurrent-context: p\r\nkind: Config\r\n',
  ],
  [
    'a text in several lines at the end of a list',
    'clusters:\n- cluster: {server: https://p}\n  name: p\ncontexts:\n- context: {cluster: p, user: p}\n  name: p\ncurrent-context: p\nkind: Config\napiVersion: v1\nusers:\n- name: p\n  user:\n    exec:\n      installHint: |\n        Install\n          it\n',
  ],
  [
    'JSON',
    '{\n  "apiVersion": "v1",\n  "kind": "Config",\n  "clusters": [\n    {\n      "name": "p"\n    }\n  ],\n  "contexts": [\n    {\n      "name": "p"\n    }\n  ],\n  "users": [],\n  "current-context": "p"\n}\n',
  ],
  [
    'JSON in one line',
    '{"kind":"Config","apiVersion":"v1","clusters":[],"contexts":[{"name":"p"}],"users":[],"current-context":"p"}',
  ],
];

test.each(LAYOUTS)('a kubeconfig with %s is the same after a cluster was added and removed', (_what, own) => {
  const { text, contextBefore = '' } = add(own, true);
  expect(text).not.toBe(own);
  expect(withoutContext(text, 'f', 'typekro-a', [contextBefore])).toBe(own);
  expect(JSON.stringify(parse(text))).toContain('"name":"typekro-a"');
  expect((parse(text) as { 'current-context': string })['current-context']).toBe('typekro-a');
});

test.each([
  ['without a line break at its end', 'kind: Config\napiVersion: v1\nusers: []', /users:\n- name: typekro-a\n/],
  [
    'with empty lists',
    'clusters: null\ncontexts:\nusers: [ ]  # none\n',
    /users:\n- name: typekro-a\n {2}user:\n {4}token: t *# none\n/,
  ],
  ['with a document end marker', 'kind: Config\nusers: []\n...\n', /users:\n- name: typekro-a\n/],
  ['as one flow mapping', '{clusters: [], kind: Config} # c\n', /"?name"?: typekro-a/],
])('a kubeconfig %s gets the entries', (_what, own, expected) => {
  const { text } = add(own, true);
  expect(text).toMatch(expected);
  expect(parse(text)).toMatchObject({
    'current-context': 'typekro-a',
    users: [{ name: 'typekro-a', user: { token: 't' } }],
  });
});

describe('an existing entry under the name of a cluster', () => {
  const entries = (server: string, context: string, user: string): string =>
    `clusters: [{name: typekro-a, cluster: {server: "${server}"}}]\ncontexts: [{name: typekro-a, context: ${context}}]\nusers: [{name: typekro-a, user: ${user}}]\n`;
  const LOCAL = 'https://127.0.0.1:5';
  const OWN = '{cluster: typekro-a, user: typekro-a}';

  test.each([
    ['of another server', entries('https://prod:6443', OWN, '{token: t}')],
    ['whose server only begins like a local address', entries('https://127.0.0.1.prod.test', OWN, '{token: t}')],
    ['of another cluster', entries(LOCAL, '{cluster: prod, user: typekro-a}', '{token: t}')],
    ['with other credentials', entries(LOCAL, OWN, '{client-key: k}')],
  ])('%s is neither replaced nor removed', (_what, text) => {
    expect(() => add(text)).toThrow('which does not belong to a named cluster');
    const left = withoutContext(text, 'f', 'typekro-a') ?? text;
    expect(left).toMatch(/prod|client-key/);
  });

  test('keeps the namespace that the user has chosen', () => {
    const text = entries(LOCAL, '{cluster: typekro-a, user: typekro-a, namespace: mine}', '{token: old}');
    const renewed = add(text).text;
    expect(renewed).toContain('namespace: mine');
    expect(renewed).toContain('token: t');
    expect(renewed).not.toContain('old');
  });
});

test.each([
  ['a: [', 'is not a kubeconfig'],
  ['- a', 'it is not an object'],
  ['clusters: {}', '"clusters" is not a list'],
  ['a: 1\n---\nb: 1', 'is not a kubeconfig'],
])('%j is refused', (text, message) => {
  expect(() => add(text)).toThrow(message);
});

describe('the file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  });

  test('is the file that kubectl changes', () => {
    const [first, second] = [join(folder, 'a'), join(folder, 'b')];
    const listed = [first, second].join(delimiter);
    expect(userKubeconfig({ KUBECONFIG: listed }, '/')).toBe(second);
    writeFileSync(first, '');
    expect(userKubeconfig({ KUBECONFIG: listed }, '/')).toBe(first);
    expect(userKubeconfig({ KUBECONFIG: 'own/config' }, folder)).toBe(join(folder, 'own', 'config'));
    expect(userKubeconfig({ HOME: folder, KUBECONFIG: '' }, '/')).toBe(join(folder, '.kube', 'config'));
  });

  test.skipIf(process.platform === 'win32')('is the first file of KUBECONFIG that can be reached', () => {
    const [loop, inFile, file] = [join(folder, 'loop'), join(folder, 'file', 'config'), join(folder, 'file')];
    symlinkSync('loop', loop);
    writeFileSync(file, '');
    expect(userKubeconfig({ KUBECONFIG: [loop, inFile, file].join(delimiter) }, '/')).toBe(file);
  });

  test.skipIf(process.platform === 'win32')('keeps its mode, and a symbolic link stays', async () => {
    const [file, link] = [join(folder, 'real'), join(folder, 'link')];
    writeFileSync(file, 'a', { mode: 0o640 });
    symlinkSync(file, link);
    await editKubeconfig(link, () => 'b');
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['b', 0o640]);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder)).toEqual(['link', 'real']);
  });

  test('is refused if it is a symbolic link without a target', async () => {
    const link = join(folder, 'link');
    symlinkSync('nowhere', link);
    await expect(editKubeconfig(link, () => 'b')).rejects.toThrow('whose target does not exist');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  test.skipIf(process.platform === 'win32')('is refused if it is a symbolic link to itself', async () => {
    const link = join(folder, 'link');
    symlinkSync('link', link);
    await expect(editKubeconfig(link, () => 'b')).rejects.toMatchObject({ code: 'cluster/kubeconfig' });
  });

  test('contains all changes after several concurrent changes', async () => {
    const file = join(folder, 'new', 'config');
    await Promise.all(Array.from({ length: 8 }, (_, index) => editKubeconfig(file, (text) => `${text}${index}`)));
    expect(readFileSync(file, 'utf8').split('').toSorted().join('')).toBe('01234567');
    expect(readdirSync(join(folder, 'new'))).toEqual(['config']);
  });

  test('is not changed while another program holds the lock', async () => {
    const file = join(folder, 'config');
    writeFileSync(file, 'a');
    writeFileSync(`${file}.lock`, '');
    await expect(editKubeconfig(file, () => 'b', 0)).rejects.toMatchObject({ code: 'cluster/kubeconfig' });
    expect(readFileSync(file, 'utf8')).toBe('a');
  });
});
