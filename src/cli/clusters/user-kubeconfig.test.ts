import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

  test('gets its current context back', () => {
    const { text, contextBefore } = add(OWN, true);
    expect([text.includes('current-context: typekro-a'), contextBefore]).toEqual([true, 'prod']);
    expect(add(text, true).contextBefore).toBeUndefined();
    expect(withoutContext(text, 'f', 'typekro-a', contextBefore)).toContain('current-context: prod\n');
    expect(withoutContext(text, 'f', 'typekro-a', 'deleted')).toContain('current-context: ""\n');
    const chosenLater = text.replace('current-context: typekro-a', 'current-context: other');
    expect(withoutContext(chosenLater, 'f', 'typekro-a', contextBefore)).toContain('current-context: other\n');
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
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is the one that kubectl changes', () => {
    const [first, second] = [join(folder, 'a'), join(folder, 'b')];
    const listed = [first, second].join(delimiter);
    expect(userKubeconfig({ KUBECONFIG: listed }, '/')).toBe(second);
    writeFileSync(first, '');
    expect(userKubeconfig({ KUBECONFIG: listed }, '/')).toBe(first);
    expect(userKubeconfig({ KUBECONFIG: 'own/config' }, folder)).toBe(join(folder, 'own', 'config'));
    expect(userKubeconfig({ HOME: folder, KUBECONFIG: '' }, '/')).toBe(join(folder, '.kube', 'config'));
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

  test('gets each of many changes at once', async () => {
    const file = join(folder, 'new', 'config');
    await Promise.all(Array.from({ length: 8 }, (_, index) => editKubeconfig(file, (text) => `${text}${index}`)));
    expect(readFileSync(file, 'utf8').split('').toSorted().join('')).toBe('01234567');
    expect(readdirSync(join(folder, 'new'))).toEqual(['config']);
  });

  test('stays as it is while another program holds the lock', async () => {
    const file = join(folder, 'config');
    writeFileSync(file, 'a');
    writeFileSync(`${file}.lock`, '');
    await expect(editKubeconfig(file, () => 'b', 0)).rejects.toMatchObject({ code: 'cluster/kubeconfig' });
    expect(readFileSync(file, 'utf8')).toBe('a');
  });
});
