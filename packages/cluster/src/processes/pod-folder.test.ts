import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { createPodsFolder, PodFolder } from './pod-folder.ts';
import { removeTree } from './remove-tree.ts';
import type { VolumeInput } from './volume-files.ts';

let parent = '';
beforeEach(() => {
  parent = createPodsFolder();
});
afterEach(() => removeTree(parent));

const configMap = (data: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'cm' },
  data,
});

const inputOf = (volumes: readonly JsonObject[], found: { object?: KubeObject } = {}): VolumeInput => ({
  pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { volumes: [...volumes] } },
  config: { find: () => found.object },
  facts: { address: '127.64.0.1', hostAddress: '10.0.0.1' },
  token: () => 'token',
});

const mounting = (...volumeMounts: readonly JsonObject[]): JsonObject => ({
  name: 'c',
  volumeMounts: [...volumeMounts],
});
const plain = new Map<string, string>();
const CM = [{ name: 'v', configMap: { name: 'cm', defaultMode: 0o400, optional: true } }];
const EMPTY = [{ name: 'v', emptyDir: {} }];

test('keys that differ only in a suffix have separate files, and every write sets the mode', () => {
  const folder = new PodFolder(parent, 'uid');
  const found = { object: configMap({ x: 'one', 'x.new': 'two' }) };
  const input = inputOf(CM, found);
  expect(folder.mount(input, mounting({ name: 'v', mountPath: '/m' }), plain)).toBeUndefined();
  found.object = configMap({ x: 'three', 'x.new': 'two' });
  expect(folder.refresh(input)).toBeUndefined();
  const mount = join(folder.rootOf('c'), 'm');
  expect(['x', 'x.new'].map((name) => readFileSync(join(mount, name), 'utf8'))).toEqual(['three', 'two']);
  expect(statSync(join(mount, 'x')).mode & 0o777).toBe(0o400);
});

test('the draft of an interrupted write does not block the next write', () => {
  const folder = new PodFolder(parent, 'uid');
  writeFileSync(join(parent, 'uid', 'draft'), 'left', { mode: 0o400 });
  expect(readFileSync(folder.writeOwn('kubeconfig', 'text'), 'utf8')).toBe('text');
});

test.each([
  ['out of the volume', () => parent],
  ['to nothing', () => join(parent, 'absent')],
])('a sub-path through a symbolic link %s is refused', (_title, target) => {
  const folder = new PodFolder(parent, 'uid');
  const input = inputOf(EMPTY);
  expect(folder.mount(input, mounting({ name: 'v', mountPath: '/m' }), plain)).toBeUndefined();
  symlinkSync(target(), join(folder.rootOf('c'), 'm', 'out'));
  expect(folder.mount(input, mounting({ name: 'v', mountPath: '/s', subPath: 'out/cm' }), plain)).toEqual({
    problem: 'the sub-path "out/cm" leaves its volume "v" by a symbolic link',
  });
  expect(existsSync(join(parent, 'cm'))).toBe(false);
});

test('a sub-path through a link that stays within the volume is resolved to the real folder', () => {
  const folder = new PodFolder(parent, 'uid');
  const input = inputOf(EMPTY);
  folder.mount(input, mounting({ name: 'v', mountPath: '/m' }), plain);
  const volume = join(folder.rootOf('c'), 'm');
  mkdirSync(join(volume, 'real'));
  symlinkSync('real', join(volume, 'link'));
  expect(folder.mount(input, mounting({ name: 'v', mountPath: '/s', subPath: 'link/a' }), plain)).toBeUndefined();
  writeFileSync(join(folder.rootOf('c'), 's', 'file'), 'text');
  expect(readFileSync(join(volume, 'real', 'a', 'file'), 'utf8')).toBe('text');
});

test('a mount below a link that points outside the folder of the pod is refused, and nothing is removed at the target', () => {
  const folder = new PodFolder(parent, 'uid');
  const input = inputOf(EMPTY);
  mkdirSync(join(parent, 'mine', 'x'), { recursive: true });
  folder.mount(input, mounting({ name: 'v', mountPath: '/m' }), plain);
  symlinkSync(join(parent, 'mine'), join(folder.rootOf('c'), 'm', 'out'));
  const both = mounting({ name: 'v', mountPath: '/m' }, { name: 'v', mountPath: '/m/out/x' });
  expect(folder.mount(input, both, plain)).toEqual({
    problem: 'the mount path "/m/out/x" leaves the files of the pod by a symbolic link',
  });
  expect(existsSync(join(parent, 'mine', 'x'))).toBe(true);
});

test('a volume with a second mount at the path of its own sub-path keeps the files of the sub-path', () => {
  const folder = new PodFolder(parent, 'uid');
  const input = inputOf(EMPTY);
  expect(folder.mount(input, mounting({ name: 'v', mountPath: '/data' }), plain)).toBeUndefined();
  const data = join(folder.rootOf('c'), 'data');
  mkdirSync(join(data, 'sub'));
  writeFileSync(join(data, 'sub', 'file'), 'text');
  const both = mounting({ name: 'v', mountPath: '/data' }, { name: 'v', mountPath: '/data/sub', subPath: 'sub' });
  expect(folder.mount(input, both, plain)).toBeUndefined();
  expect(readFileSync(join(data, 'sub', 'file'), 'utf8')).toBe('text');
});

const NESTED = mounting({ name: 'v', mountPath: '/data' }, { name: 'w', mountPath: '/data/sub' });

test('a mount inside another volume keeps the files that it hides, and does not change at the next start', () => {
  const folder = new PodFolder(parent, 'uid');
  const input = inputOf([...EMPTY, { name: 'w', emptyDir: {} }]);
  folder.mount(input, mounting({ name: 'v', mountPath: '/data' }), plain);
  const data = join(folder.rootOf('c'), 'data');
  mkdirSync(join(data, 'sub'));
  writeFileSync(join(data, 'sub', 'file'), 'text');
  expect(folder.mount(input, NESTED, plain)).toBeUndefined();
  writeFileSync(join(data, 'sub', 'other'), 'text');
  expect(folder.mount(input, NESTED, plain)).toBeUndefined();
  expect(readdirSync(join(data, 'sub'))).toEqual(['other']);
  expect(readFileSync(join(parent, 'uid', 'hidden', '1', 'file'), 'utf8')).toBe('text');
});

test.each([
  ['its own sub-path', { name: 'v', mountPath: '/data/sub', subPath: 'sub/deep' }],
  ['the sub-path of another mount', { name: 'w', mountPath: '/data/sub' }],
])('a mount that hides %s is refused', (_title, mount) => {
  const folder = new PodFolder(parent, 'uid');
  const input = inputOf([...EMPTY, { name: 'w', emptyDir: {} }]);
  const volumes = mounting({ name: 'v', mountPath: '/data' }, { name: 'v', mountPath: '/x', subPath: 'sub' }, mount);
  expect(folder.mount(input, volumes, plain)).toEqual({
    problem: 'the mount path "/data/sub" hides the files of another mount',
  });
});

test('a changed key does not replace a mount at its path', () => {
  const folder = new PodFolder(parent, 'uid');
  const found = { object: configMap({ sub: 'one' }) };
  const input = inputOf([...CM, { name: 'w', emptyDir: {} }], found);
  expect(folder.mount(input, NESTED, plain)).toBeUndefined();
  for (const data of [{ sub: 'two' }, {}]) {
    found.object = configMap(data);
    expect(folder.refresh(input)).toBeUndefined();
    expect(statSync(join(folder.rootOf('c'), 'data', 'sub')).isDirectory()).toBe(true);
  }
});

const optionalItem = (key: string, path: string) => ({
  configMap: { name: 'cm', optional: true, items: [{ key, path }] },
});

test('a removed key does not delete a file to which a link of a program leads', () => {
  const folder = new PodFolder(parent, 'uid');
  const found = { object: configMap({ key: 'text' }) };
  const input = inputOf([{ name: 'v', projected: { sources: [optionalItem('key', 'conf/file')] } }], found);
  folder.mount(input, mounting({ name: 'v', mountPath: '/m' }), plain);
  mkdirSync(join(parent, 'mine'));
  writeFileSync(join(parent, 'mine', 'file'), 'mine');
  const conf = join(folder.rootOf('c'), 'm', 'conf');
  removeTree(conf);
  symlinkSync(join(parent, 'mine'), conf);
  found.object = configMap({});
  expect(folder.refresh(input)).toBeUndefined();
  expect(readFileSync(join(parent, 'mine', 'file'), 'utf8')).toBe('mine');
});

test('a new key may have a path below the path of a removed key', () => {
  const folder = new PodFolder(parent, 'uid');
  const found = { object: configMap({ old: 'text' }) };
  const sources = [optionalItem('old', 'a'), optionalItem('new', 'a/b')];
  const input = inputOf([{ name: 'v', projected: { sources } }], found);
  folder.mount(input, mounting({ name: 'v', mountPath: '/m' }), plain);
  found.object = configMap({ new: 'text' });
  expect(folder.refresh(input)).toBeUndefined();
  expect(readFileSync(join(folder.rootOf('c'), 'm', 'a', 'b'), 'utf8')).toBe('text');
});

test('the problem for a file that cannot be written contains the reason', () => {
  const folder = new PodFolder(parent, 'uid');
  const found = { object: configMap({ x: 'one' }) };
  const input = inputOf(CM, found);
  const container = mounting({ name: 'v', mountPath: '/m' });
  folder.mount(input, container, plain);
  const file = join(folder.rootOf('c'), 'm', 'x');
  rmSync(file);
  mkdirSync(file);
  found.object = configMap({ x: 'two' });
  expect(folder.refresh(input)?.problem).toMatch(/^the volume "v" cannot be written: EISDIR/);
});

// The test is skipped for root, because permissions do not restrict root.
test.skipIf(process.getuid?.() === 0)('folders without write permission are removed', () => {
  const inner = join(parent, 'a', 'b');
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(inner, 'file'), '');
  for (const path of [inner, join(parent, 'a')]) chmodSync(path, 0o500);
  removeTree(join(parent, 'a'));
  expect(existsSync(join(parent, 'a'))).toBe(false);
});

test('when the first attempt to remove a link is refused, the target of the link does not change', () => {
  const target = join(parent, 'target');
  const link = join(parent, 'link');
  mkdirSync(target, { mode: 0o500 });
  symlinkSync(target, link);
  const removals: string[] = [];
  removeTree(link, (path) => {
    removals.push(path);
    if (removals.length === 1) throw Object.assign(new Error('refused'), { code: 'EACCES' });
    rmSync(path);
  });
  expect([removals, existsSync(link)]).toEqual([[link, link], false]);
  expect(statSync(target).mode & 0o777).toBe(0o500);
});
