import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type } from 'arktype';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CommandRun, commandRunner } from '../../test-support/run-command.ts';
import type { Controller } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { ConfigMap, Deployment } from '@typekro/sdk/factories/simple';
import { kubernetesComposition } from '@typekro/sdk';
import { waitForObject } from '@typekro/kube';
import { type TestCluster, createCluster } from '@typekro/testing';
import { migrate } from './migrate-command.ts';

const app = kubernetesComposition(
  {
    name: 'moving',
    apiVersion: 'example.com/v1alpha1',
    kind: 'Moving',
    spec: type({ name: 'string', text: 'string' }),
    status: type({ ready: 'boolean' }),
  },
  (spec) => {
    const config = ConfigMap({ id: 'config', name: `${spec.name}-config`, data: { text: spec.text } });
    const web = Deployment({ id: 'web', name: spec.name, image: 'nginx', env: { CONFIG: config.metadata.name } });
    return { ready: web.status.readyReplicas >= 1 };
  },
);

const record = { apiVersion: 'v1', kind: 'ConfigMap', name: 'typekro-moving-a', namespace: 'default' };
const instance = { apiVersion: 'example.com/v1alpha1', kind: 'Moving', name: 'a', namespace: 'default' };
const configRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a-config', namespace: 'default' };
const webRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', namespace: 'default' };

let cluster: TestCluster;
let controller: Controller;
let cwd: string;
let run: (line: string) => Promise<CommandRun>;

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-migrate-'));
  const tokens = { cli: { name: 'cli', groups: ['system:masters'] }, reader: { name: 'reader', groups: [] } };
  cluster = await createCluster({ clock: 'real', tokens });
  const { kubeconfig } = await cluster.listen({ port: 0 });
  for (const name of ['cli', 'reader']) {
    writeFileSync(join(cwd, name), kubeconfig.replace(/token: .*/, `token: ${name}`));
  }
  writeFileSync(join(cwd, 'app.yaml'), app.toYaml({ target: 'typekro' }));
  controller = await cluster.startController({ features: { omit: true, now: true } });
  run = (line) => commandRunner([migrate], cwd)(`migrate ${line} --kubeconfig cli`);
}, 30_000);
afterEach(async () => {
  await cluster.close();
});

const factory = (mode: 'direct' | 'kro') =>
  app.factory(mode, { namespace: 'default', transport: cluster.transport, timeout: 20_000 });

/** The two objects of the instance, as the cluster has them. */
async function children(): Promise<KubeObject[]> {
  return [await cluster.client.get(configRef), await cluster.client.get(webRef)];
}
const versions = async () =>
  (await children()).map(({ metadata }) => [metadata.uid, metadata.generation, metadata.labels]);
const uids = async () => (await children()).map(({ metadata }) => metadata.uid);

/** For each child, the names of the labels that differ from the labels in `seen`. */
async function otherLabels(seen: readonly KubeObject[]): Promise<string[][]> {
  const now = await children();
  return now.map(({ metadata: { labels = {} } }, index) => {
    const before = seen[index]?.metadata.labels ?? {};
    return [...new Set([...Object.keys(labels), ...Object.keys(before)])].filter((key) => labels[key] !== before[key]);
  });
}

/** Waits until the new controller has reconciled the children. */
const takenOver = () =>
  waitForObject(cluster.client, instance, AbortSignal.timeout(10_000), (found) =>
    found?.status?.['state'] === 'ACTIVE' ? true : undefined,
  );

const textArrives = (text: string) =>
  waitForObject(cluster.client, configRef, AbortSignal.timeout(10_000), (found) =>
    (found?.['data'] as { text?: string } | undefined)?.text === text ? true : undefined,
  );

test('direct mode to controller: prints the plan, moves without a write to a child, and then applies a changed spec', async () => {
  await factory('direct').deploy({ name: 'a', text: 'one' });
  await cluster.client.apply(app.toDefinition({ target: 'typekro' }) as never, { fieldManager: 'user' });
  await waitForObject(
    cluster.client,
    { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'moving' },
    AbortSignal.timeout(10_000),
    (found) => (found?.status?.['state'] === 'Active' ? true : undefined),
  );
  const before = await uids();
  // The controller is stopped, so that only the command writes.
  await controller.stop();
  const seen = await versions();
  const objects = await children();
  const dry = await run('a --to kro --dry-run');
  expect(dry.err).toBe('');
  expect(dry.out.split('\n')).toMatchInlineSnapshot(`
    [
      "~ Moving default/a moves to the controller of its definition",
      "    + Moving default/a: gets the spec and the inventory of the record (field manager typekro)",
      "    - ConfigMap default/typekro-moving-a: the record of direct mode",
      "    = ConfigMap default/a-config stays as it is",
      "    = Deployment default/a stays as it is",
      "    the controller then writes the uid of the new owner into the label kro.run/instance-id of each object, and changes no other field",
    ]
  `);
  expect(await cluster.client.find(record)).toBeDefined();
  expect(await run('a --to kro')).toMatchObject({ code: 2 });
  const { code, out } = await run('a --to kro --yes -o json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1, to: 'kro', instances: [{ state: 'moves' }] });
  expect(await versions()).toEqual(seen);
  expect(await cluster.client.find(record)).toBeUndefined();
  expect((await run('a --to kro --yes')).out).toBe(
    '= Moving default/a belongs to the controller of its definition already',
  );
  await cluster.startController({ features: { omit: true, now: true } });
  await takenOver();
  expect(await otherLabels(objects)).toEqual([['kro.run/instance-id'], ['kro.run/instance-id']]);
  expect(await versions()).toEqual(seen.map(([uid, generation]) => [uid, generation, expect.anything()]));
  await cluster.client.patch(instance, { spec: { text: 'two' } }, { fieldManager: 'user' });
  await textArrives('two');
  expect(await uids()).toEqual(before);
}, 40_000);

test('controller to direct mode: moves without a write to a child; the next deploy changes the children', async () => {
  await factory('kro').deploy({ name: 'a', text: 'one' });
  const before = await versions();
  const dry = await run('default/a --to direct --file app.yaml --dry-run');
  expect(dry.err).toBe('');
  expect(dry.out.split('\n')).toMatchInlineSnapshot(`
    [
      "~ Moving default/a moves to direct mode",
      "    + ConfigMap default/typekro-moving-a: the record of direct mode: definition, spec and inventory (field manager kro.run/applyset-parent)",
      "    - Moving default/a: is suspended, then deleted; its objects stay",
      "    = ConfigMap default/a-config stays as it is",
      "    = Deployment default/a stays as it is",
      "    the next deploy of factory("direct") then writes the uid of the new owner into the label kro.run/instance-id of each object, and changes no other field",
    ]
  `);
  expect(await cluster.client.find(instance)).toBeDefined();
  expect((await run('a --to direct --file app.yaml --yes')).out).toContain('Moving default/a moved');
  expect(await cluster.client.find(instance)).toBeUndefined();
  expect(await versions()).toEqual(before);
  expect((await run('a --to direct --file app.yaml --yes')).out).toBe(
    '= Moving default/a belongs to direct mode already',
  );
  await factory('direct').deploy({ name: 'a', text: 'two' });
  await textArrives('two');
  expect(await uids()).toEqual(before.map(([uid]) => uid));
  expect((await factory('direct').deleteInstance('a')).status).toBe('complete');
}, 40_000);

test('the plan names a pin, a suspension, and a file that differs from the definition of the controller', async () => {
  await factory('kro').deploy({ name: 'a', text: 'one' });
  await cluster.client.patch(instance, {
    metadata: { annotations: { 'typekro.dev/revision': '1', 'kro.run/reconcile': 'suspended' } },
  });
  const path = join(cwd, 'app.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace('image: nginx', 'image: httpd'));
  const { out, err } = await run('a --to direct --file app.yaml --dry-run');
  expect(err).toBe('');
  expect(out.split('\n').slice(-4)).toMatchInlineSnapshot(`
    [
      "    the next deploy of factory("direct") then writes the uid of the new owner into the label kro.run/instance-id of each object",
      "    the definition of the file differs from the definition of the controller in spec.resources[1].template.spec.template.spec.containers[0].image; the next deploy of factory("direct") also changes the fields that depend on this difference",
      "    its pin to revision 1 ends: direct mode uses the definition of the file",
      "    its suspension ends: the next deploy of factory("direct") writes its objects again",
    ]
  `);
}, 40_000);

test('the plan compares the file with the revision that the controller serves, not with the newest spec', async () => {
  await factory('kro').deploy({ name: 'a', text: 'one' });
  const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'moving' };
  const { spec } = (await cluster.client.get(definition)) as unknown as {
    readonly spec: { readonly resources: readonly object[] };
  };
  const broken = { id: 'broken', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${nope.x}' } } };
  await cluster.client.patch(definition, { spec: { resources: [...spec.resources, broken] } } as never);
  await waitForObject(cluster.client, definition, AbortSignal.timeout(10_000), (found) =>
    found?.status?.['state'] === 'Inactive' ? true : undefined,
  );
  const { out } = await run('a --to direct --file app.yaml --dry-run');
  expect(out.split('\n').at(-1)).toMatch(/kro\.run\/instance-id of each object, and changes no other field$/);
}, 40_000);

/**
 * Runs the command until none of its writes is refused. The first run may make no write, and each later run may make
 * one more write than the run before. A run with refused writes simulates a process that ends between two writes.
 * Returns the number of writes that the last run was allowed to make.
 */
async function interrupted(line: string): Promise<number> {
  for (let passed = 0; ; passed += 1) {
    const refused = { kind: 'error', status: 403, reason: 'Forbidden', message: 'interrupted' } as const;
    const rule = cluster.faults.add(
      { user: 'cli', method: ['POST', 'PUT', 'PATCH', 'DELETE'], where: ({ path }) => !path.includes('dryRun') },
      refused,
      { after: passed, times: Infinity },
    );
    const { code } = await run(line);
    const { hits } = rule;
    rule.remove();
    if (hits === 0) return passed;
    expect(code).not.toBe(0);
  }
}

test('an interrupted run can be repeated after any of its writes', async () => {
  await factory('kro').deploy({ name: 'a', text: 'one' });
  const before = await uids();
  // The writes: the record, the suspension, the finalizer, the deletion.
  expect(await interrupted('a --to direct --file app.yaml --yes')).toBeGreaterThan(0);
  expect(await cluster.client.find(record)).toBeDefined();
  expect(await cluster.client.find(instance)).toBeUndefined();
  expect(await uids()).toEqual(before);
  expect(await interrupted('a --to kro --yes')).toBeGreaterThan(0);
  expect(await cluster.client.find(record)).toBeUndefined();
  expect(await cluster.client.find(instance)).toBeDefined();
  expect(await uids()).toEqual(before);
}, 60_000);

test.each<[string, string, string, () => Promise<unknown>]>([
  [
    'an instance that is being deleted',
    'a --to direct --file app.yaml --yes',
    'is being deleted with all of its objects',
    async () => {
      await factory('kro').deploy({ name: 'a', text: 'one' });
      await controller.stop();
      await cluster.client.delete(instance);
    },
  ],
  [
    'an instance that Flux applies',
    'a --to direct --file app.yaml --yes',
    'belongs to Flux object apps',
    async () => {
      await factory('kro').deploy({ name: 'a', text: 'one' });
      const labels = { 'kustomize.toolkit.fluxcd.io/name': 'apps' };
      await cluster.client.patch(instance, { metadata: { labels } }, { fieldManager: 'flux' });
    },
  ],
  [
    'a definition that the cluster does not have',
    'a --to kro --yes',
    'has no definition moving',
    () => factory('direct').deploy({ name: 'a', text: 'one' }),
  ],
  [
    'a definition that is not Active',
    'a --to kro --yes',
    'not Active',
    async () => {
      await factory('direct').deploy({ name: 'a', text: 'one' });
      await controller.stop();
      await cluster.client.apply(app.toDefinition({ target: 'typekro' }) as never, { fieldManager: 'user' });
    },
  ],
  [
    'a definition of another group',
    'a --to direct --file other.yaml --yes',
    'no definition of the file makes the kind Moving.example.com',
    async () => {
      const text = app.toYaml({ target: 'typekro' }).replace('group: example.com', 'group: other.example.com');
      writeFileSync(join(cwd, 'other.yaml'), text);
      await factory('kro').deploy({ name: 'a', text: 'one' });
    },
  ],
  [
    'a --definition that the file does not have',
    'a --to direct --file app.yaml --definition moved --yes',
    'the file has no definition moved that makes the kind Moving.example.com',
    async () => void (await factory('kro').deploy({ name: 'a', text: 'one' })),
  ],
  ['a name without an instance', 'b --to kro --yes', 'there is no direct deployment b', () => Promise.resolve()],
  ['direct mode without a file', 'a --to direct', 'needs the composition or the definition', () => Promise.resolve()],
  ['a command line without a new owner', 'a', '--to kro or --to direct', () => Promise.resolve()],
])(
  '%s is refused with an error message, and nothing is written',
  async (_what, line, output, prepare) => {
    await prepare();
    const rule = cluster.faults.add(
      { user: 'cli', method: ['POST', 'PUT', 'PATCH', 'DELETE'], where: ({ path }) => !path.includes('dryRun') },
      { kind: 'latency', milliseconds: 0 },
      Infinity,
    );
    const { code, out, err } = await run(line);
    expect(code).not.toBe(0);
    expect(out).toBe('');
    expect(err).toContain(output);
    expect(rule.hits).toBe(0);
  },
  40_000,
);

test('an instance that the arguments name in three forms is in the plan once, and Ctrl-C at the question ends the command with the exit code 130', async () => {
  await factory('kro').deploy({ name: 'a', text: 'one' });
  const dry = await run('a default/a moving/default/a --to direct --file app.yaml --dry-run -o json');
  expect((JSON.parse(dry.out) as { readonly instances: readonly unknown[] }).instances).toHaveLength(1);
  const interrupt = new AbortController();
  const code = await migrate.run(
    {
      cwd,
      env: {},
      print: () => undefined,
      printError: () => undefined,
      readInput: () => Promise.resolve(''),
      signal: interrupt.signal,
      keyboard: {
        listen() {
          queueMicrotask(() => interrupt.abort());
          return () => undefined;
        },
      },
    },
    { positionals: ['a'], options: { to: 'direct', file: 'app.yaml', output: 'text', kubeconfig: 'cli' } },
  );
  expect(code).toBe(130);
  expect(await cluster.client.find(record)).toBeUndefined();
}, 40_000);

test('missing rights are found before anything is written', async () => {
  await factory('kro').deploy({ name: 'a', text: 'one' });
  await cluster.client.apply(
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'reader' },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] }],
    },
    { fieldManager: 'user' },
  );
  await cluster.client.apply(
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
      subjects: [{ kind: 'User', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' }],
    },
    { fieldManager: 'user' },
  );
  const words = 'migrate a --to direct --file app.yaml --yes --kubeconfig reader';
  const { code, err } = await commandRunner([migrate], cwd)(words);
  expect(code).toBe(1);
  expect(err).toContain('the server refuses a write of the migration of Moving default/a');
  expect(err).toContain('[migrate/forbidden]');
  expect(await cluster.client.find(record)).toBeUndefined();
}, 40_000);

test('a refusal by a quota is not reported as a missing right', async () => {
  await factory('kro').deploy({ name: 'a', text: 'one' });
  cluster.faults.add(
    { user: 'cli', method: ['POST', 'PUT', 'PATCH', 'DELETE'], where: ({ path }) => path.includes('dryRun') },
    { kind: 'error', status: 403, reason: 'Forbidden', message: 'exceeded quota: maps' },
    { times: Infinity },
  );
  const { code, err } = await run('a --to direct --file app.yaml --yes');
  expect(code).toBe(1);
  expect(err).toContain('exceeded quota: maps [migrate/refused]');
}, 40_000);

test('--definition chooses one direct deployment, and a damaged record of another definition does not matter', async () => {
  await factory('direct').deploy({ name: 'a', text: 'one' });
  await cluster.client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'typekro-other-a', namespace: 'default', labels: { 'typekro.dev/definition': 'other' } },
    data: { definition: 'damaged' },
  });
  expect((await run('a --to direct --file app.yaml')).err).toContain('[deploy/record-invalid]');
  const chosen = await run('a --to direct --file app.yaml --definition moving');
  expect(chosen).toMatchObject({ code: 0, err: '' });
  expect((await run('a --to kro --definition moving --dry-run')).err).toContain('has no definition moving');
  await cluster.client.patch(
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'typekro-other-a', namespace: 'default' },
    { data: { definition: '{"spec":{}}', spec: '{}', revision: '1' } },
  );
  expect((await run('a --to direct --file app.yaml')).err).toContain('choose one: --definition moving');
}, 40_000);
