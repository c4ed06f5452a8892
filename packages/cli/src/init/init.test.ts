import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compile } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { runCommandLine } from '../adapter.ts';
import { commandRunner, entriesOf } from '../../test-support/run-command.ts';
import { mapResource, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { test as graphTest } from '../commands/test-command.ts';
import { init } from '../commands/init-command.ts';
import { PROJECT_PACKAGES } from './project-files.ts';
import { sampleInstance } from './project-start.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-init-'));
});

let stdin = '';
async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCommandLine(entriesOf([init]), '0', ['init', ...words], {
    cwd,
    env: {},
    print: (text) => out.push(text),
    printError: (text) => err.push(text),
    readInput: () => Promise.resolve(stdin),
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const definition = (spec: string, metadata = 'name: shops') => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {${metadata}}
spec:
  schema: {apiVersion: v1, kind: Shop, group: acme.test, spec: ${spec}}
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}"}}
`;

describe('typekro init', () => {
  test('the next command enters a folder whose name begins with a dash', async () => {
    expect((await run('--', '--evil')).out).toContain('next   cd ./--evil && npm install');
  });

  test('writes a project with a composition, and prints the next commands', async () => {
    const { code, out, err } = await run('My Platform');
    expect({ code, out, err }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": "wrote  package.json tsconfig.json app.ts app.test.ts .gitignore .github/workflows/typekro.yml README.md  (7 files)
      next   cd 'My Platform' && npm install && npm start   # runs now, no cluster needed",
      }
    `);
    const manifest: unknown = JSON.parse(readFileSync(join(cwd, 'My Platform/package.json'), 'utf8'));
    // In a clone, the project gets the package from the clone.
    const clone = relative(join(cwd, 'My Platform'), fileURLToPath(new URL('../../../..', import.meta.url)));
    expect(manifest).toMatchObject({ name: 'my-platform', dependencies: { typekro: `file:${clone}` } });
  });

  test('writes a package with a composition, which does not fit with --from', async () => {
    const { code, out } = await run('platform', '--package', '--name', '@acme/platform');
    expect(code).toBe(0);
    expect(out).toContain('src/app.ts app.test.ts example.yaml');
    const manifest: unknown = JSON.parse(readFileSync(join(cwd, 'platform/package.json'), 'utf8'));
    const peers = { typekro: expect.any(String), ...PROJECT_PACKAGES.dependencies };
    const devDependencies = expect.objectContaining(peers);
    expect(manifest).toMatchObject({ name: '@acme/platform', peerDependencies: peers, devDependencies });
    expect(manifest).not.toHaveProperty('private');
    writeFileSync(join(cwd, 'shop.yaml'), definition('{}'));
    expect(await run('other', '--package', '--from', 'shop.yaml')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--package makes a package of a composition'),
    });
    expect(readdirSync(cwd)).not.toContain('other');
  });

  test.each(['shop.yaml', 'SHOP.YML'])('writes a project around the definition in %s', async (file) => {
    writeFileSync(join(cwd, file), definition('{name: string, size: integer | default=2}'));
    const { code, out } = await run('shop', '--from', file);
    expect(code).toBe(0);
    expect(out).toContain('app.yaml app.test.yaml example.yaml');
    expect(readFileSync(join(cwd, 'shop/app.yaml'), 'utf8')).toBe(readFileSync(join(cwd, file), 'utf8'));
    expect(parse(readFileSync(join(cwd, 'shop/example.yaml'), 'utf8'))).toEqual({
      apiVersion: 'acme.test/v1',
      kind: 'Shop',
      metadata: { name: 'example', namespace: 'default' },
      spec: { name: 'example' },
    });
  });

  test('writes a project around the only definition of a folder, and names the files that are left out', async () => {
    mkdirSync(join(cwd, 'defs'));
    writeFileSync(join(cwd, 'defs/shop.yaml'), definition('{name: string}'));
    writeFileSync(
      join(cwd, 'defs/settings.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n',
    );
    const { code, err } = await run('shop', '--from', 'defs');
    expect({ code, err }).toEqual({
      code: 0,
      err: 'left out: defs/settings.yaml, because the definition is in defs/shop.yaml',
    });
    expect(readFileSync(join(cwd, 'shop/app.yaml'), 'utf8')).toBe(readFileSync(join(cwd, 'defs/shop.yaml'), 'utf8'));
    writeFileSync(
      join(cwd, 'defs/other.yaml'),
      definition('{name: string}', 'name: others').replace('kind: Shop', 'kind: Other'),
    );
    const several = await run('several', '--from', 'defs');
    expect(several.err).toContain(
      'defs has definitions in defs/other.yaml, defs/shop.yaml; a project has one definition',
    );
    expect(several.code).toBe(1);
  });

  test('leaves out the fields that a cluster wrote into a definition', async () => {
    writeFileSync(
      join(cwd, 'live.yaml'),
      definition('{}', 'name: shops, uid: u, resourceVersion: "7", finalizers: [a/b]'),
    );
    await run('.', '--from', 'live.yaml');
    expect(parse(readFileSync(join(cwd, 'app.yaml'), 'utf8'))).toMatchObject({ metadata: { name: 'shops' } });
    expect(readFileSync(join(cwd, 'app.yaml'), 'utf8')).not.toMatch(/uid|resourceVersion|finalizers/);
  });

  const MANIFESTS = `apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: settings, uid: u}, data: {text: "costs \${5}"}}
  - apiVersion: v1
    kind: Pod
    metadata: {name: web}
    spec: {containers: [{name: main, image: nginx, envFrom: [{configMapRef: {name: settings}}]}]}
`;
  const expected = {
    metadata: { name: 'web-shop' },
    spec: { schema: { kind: 'WebShop' }, resources: [{ id: 'configMap' }, { id: 'pod' }] },
  };

  test('makes a definition from the manifests of a file, of a folder, or of helm template', async () => {
    mkdirSync(join(cwd, 'k8s'));
    writeFileSync(join(cwd, 'k8s/all.yaml'), MANIFESTS);
    stdin = MANIFESTS;
    for (const [at, from] of ['k8s/all.yaml', 'k8s', '-'].entries()) {
      const { code, err } = await run(`p${at}`, '--from', from, '--name', '@acme/web-shop');
      expect({ code, err }).toEqual({ code: 0, err: 'left out: ConfigMap v1 settings: metadata.uid' });
      const text = readFileSync(join(cwd, `p${at}/app.yaml`), 'utf8');
      expect(parse(text)).toMatchObject(expected);
      expect(text).not.toContain('uid');
      expect(text).toContain('${configMap.metadata.name}');
    }
  });

  test('leaves out what a cluster added to manifests, as convert does', async () => {
    stdin = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', uid: 'u', labels: { 'kro.run/owned': 'true', app: 'web' } },
      spec: { clusterIP: '10.0.0.1', selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    const { code, err } = await run('p', '--from', '-');
    expect(code).toBe(0);
    expect(err).toContain('spec.clusterIP');
    expect(readFileSync(join(cwd, 'p/app.yaml'), 'utf8')).not.toMatch(/clusterIP|kro\.run\/owned/);
    stdin = JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
    expect(await run('q', '--from', '-')).toMatchObject({
      code: 1,
      err: expect.stringContaining('all objects in - are left out, because controllers create them'),
    });
  });

  test('shortens a long project name: the name of the definition ends with a letter, and the kind is short enough', async () => {
    stdin = MANIFESTS;
    const { code } = await run('p', '--from', '-', '--name', `${'p'.repeat(58)}-shop`);
    expect(code).toBe(0);
    expect(readFileSync(join(cwd, 'p/app.yaml'), 'utf8')).toContain(`name: ${'p'.repeat(58)}\n`);
  });

  test('the test of the project passes, and fails when an existing object is expected to be absent', async () => {
    stdin = MANIFESTS;
    await run('p', '--from', '-');
    const runTest = commandRunner(entriesOf([graphTest]), join(cwd, 'p'));
    expect(await runTest('test app.test.yaml')).toMatchObject({ code: 0, err: '' });
    const file = join(cwd, 'p/app.test.yaml');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('configMap: present');
    expect(text).not.toContain('pod: present');
    writeFileSync(file, text.replace('present', 'absent'));
    expect((await runTest('test app.test.yaml')).code).toBe(1);
  });

  test('copies a definition from the cluster without the fields of the server, and suggests the most similar name for an unknown name', async () => {
    const world = await virtualWorld();
    try {
      const { kubeconfig } = await world.cluster.listen({ port: 0 });
      writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
      await world.apply(potDefinition([mapResource('map', { text: '${schema.spec.text}' })]));
      await world.advance(2000);
      const { code, err } = await run('p', '--from', 'rgd/pots', '--kubeconfig', 'kubeconfig');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const text = readFileSync(join(cwd, 'p/app.yaml'), 'utf8');
      expect(parse(text)).toMatchObject({ metadata: { name: 'pots' }, spec: { schema: { kind: 'Pot' } } });
      expect(text).not.toMatch(/uid|status:|finalizers|managedFields/);
      const missing = await run('q', '--from', 'rgd/post', '--kubeconfig', 'kubeconfig');
      expect(missing.code).toBe(1);
      expect(missing.err).toContain('has no definition post [init/no-definition]');
      expect(missing.err).toContain('did you mean rgd/pots?');
    } finally {
      await world.close();
    }
  });

  test.each(['file', 'file/sub'])('names the file that is at the place of the folder %s', async (folder) => {
    writeFileSync(join(cwd, 'file'), 'mine');
    const { code, err } = await run(folder);
    expect(code).toBe(1);
    expect(err).toContain('file is a file, not a folder [init/not-written]');
  });

  test('writes nothing when a file of the project already exists', async () => {
    writeFileSync(join(cwd, 'README.md'), 'mine');
    const { code, err } = await run();
    expect(code).toBe(1);
    expect(err).toContain('. has README.md already; nothing was written [init/exists]');
    expect(readdirSync(cwd)).toEqual(['README.md']);
  });

  test.each([
    [['--name', 'Bad Name'], 2, 'is not a valid package name'],
    [['--from', 'missing.yaml'], 1, 'missing.yaml'],
    [['--from', 'text.json'], 1, 'not a YAML file with a ResourceGraphDefinition'],
  ])('with the arguments %j, the command ends with the exit code %i', async (words, expected, text) => {
    writeFileSync(join(cwd, 'text.json'), '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}');
    const { code, err } = await run('p', ...words);
    expect(err).toContain(text);
    expect(code).toBe(expected);
    expect(readdirSync(cwd)).toEqual(['text.json']);
  });
});

test('in an example, the fields without a default have values within their bounds, and maps are left out', () => {
  const fields = `{name: string, level: "integer | minimum=5 maximum=9", mode: "string | enum=\\"fast,slow\\"", on: boolean,
    size: integer | default=2, tags: "[]string", limits: {cpu: string, nested: {deep: "string | minLength=12"}}, labels: "map[string]string"}`;
  const { graph } = compile(parse(definition(fields)) as never, { sources: builtinSource() });
  if (graph === undefined) throw new Error('the definition has errors');
  expect(sampleInstance(graph)['spec']).toEqual({
    name: 'example',
    level: 5,
    mode: 'fast',
    on: false,
    tags: [],
    limits: { cpu: 'cpu', nested: { deep: 'deepxxxxxxxx' } },
  });
});

test('a project requires the major versions that this package is tested with', () => {
  const path = new URL('../../../../package.json', import.meta.url);
  const { devDependencies } = JSON.parse(readFileSync(path, 'utf8')) as { devDependencies: Record<string, string> };
  const projectPackages = { ...PROJECT_PACKAGES.dependencies, ...PROJECT_PACKAGES.devDependencies };
  for (const [name, range] of Object.entries(projectPackages)) {
    const tested = (devDependencies[name] ?? '').replace(/^npm:.*@/, '');
    expect(`${name} ${range.slice(1).split('.')[0]}`).toBe(`${name} ${tested.split('.')[0]}`);
  }
});
