import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crdOf } from '@typekro/kit/test-support/crd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type VirtualWorld, versionedWorld } from '@typekro/testing/test-support/virtual-world';
import { type JsonObject, type KubeObject, type ObjectRef, stringifyJson } from '@typekro/kit/core';
import { runCommandLine } from '../adapter.ts';
import { entriesOf } from '../../test-support/run-command.ts';
import { apply } from '../commands/apply-command.ts';
import { plan } from '../commands/plan-command.ts';
import type { Plan } from '@typekro/controller/inspect';

let world: VirtualWorld;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-apply-'));

beforeAll(async () => {
  world = await versionedWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } });
});

afterAll(async () => {
  await world.close();
});

/** Returns a definition of this kind. Each instance has a ConfigMap with the fields of its spec as strings. */
const definition = (kind: string, spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: `${kind.toLowerCase()}s`, annotations },
  spec: {
    schema: { apiVersion: 'v1alpha1', kind, spec: { text: 'string | default="a"', ...spec } },
    resources: [
      {
        id: 'map',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}' },
          data: Object.fromEntries(
            ['text', ...Object.keys(spec)].map((key) => [key, `\${string(schema.spec.${key})}`]),
          ),
        },
      },
    ],
  },
});

const instance = (kind: string, name: string, spec: JsonObject = {}, namespace = 'team-a'): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind,
  metadata: { name, ...(namespace === '' ? {} : { namespace }) },
  spec,
});

const job = (name: string, command: string): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'team-a' },
  spec: {
    template: {
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'migrate:1', command: [command] }] },
    },
  },
});
const jobRef = (name: string) => ({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'team-a', name });
const mapOf = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'team-a' },
});
const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team-a', name });

/**
 * Writes the objects to `app.yaml`, and runs a command line in which `FILE` stands for this file, while the controller
 * works.
 */
async function run(line: string, ...objects: KubeObject[]): Promise<{ code: number; out: string; err: string }> {
  writeFileSync(join(cwd, 'app.yaml'), objects.map((object) => stringifyJson(object as never)).join('\n---\n'));
  const [out, err]: [string[], string[]] = [[], []];
  const words = `${line.replace('FILE', 'app.yaml')} --kubeconfig kubeconfig`.split(' ');
  const ended = { yet: false };
  const work = runCommandLine(entriesOf([plan, apply]), '0', words, {
    cwd,
    env: {},
    print: (text) => void out.push(text),
    printError: (text) => void err.push(text),
    readInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
  }).finally(() => (ended.yet = true));
  while (!ended.yet) await world.advance(500);
  return { code: await work, out: out.join('\n'), err: err.join('\n') };
}

const definitionRef = (name: string): ObjectRef => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  name,
});

/** The maximum number of times that `until` reads an object. */
const MAX_LOOKS = 2000;

/** Reads an object until it meets the condition. A command that runs at the same time advances the clock. */
async function until(ref: ObjectRef, isReached: (object: KubeObject) => boolean): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    const found = await world.user.find(ref);
    if (found !== undefined && isReached(found)) return;
    await new Promise(setImmediate);
  }
  throw new Error(`${ref.kind} ${ref.name} never came to be as wanted`);
}

/** Saves a plan, and returns the name of its file. */
async function save(line: string, ...objects: KubeObject[]): Promise<string> {
  const { err } = await run(`${line} --save`, ...objects);
  return /typekro apply (\S+)/.exec(err)?.[1] ?? err;
}

test('without --replace, apply writes nothing when an object must be replaced', async () => {
  expect(await run('apply FILE', job('one', 'a'))).toMatchObject({ code: 0, err: '' });
  const before = await world.user.get(jobRef('one'));
  const map: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'beside', namespace: 'team-a' } };
  const refused = await run('apply FILE', map, job('one', 'b'));
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('Job team-a/one cannot be changed, and would be deleted and created again');
  expect(refused.err).toContain('--replace');
  expect(await world.user.find(mapRef('beside'))).toBeUndefined();
  expect((await world.user.get(jobRef('one'))).metadata.uid).toBe(before.metadata.uid);
});

test('with --replace, apply deletes the object and creates it again', async () => {
  const held = await world.user.patch(jobRef('one'), { metadata: { finalizers: ['example.com/archive'] } });
  const applying = run('apply FILE --replace', job('one', 'b'));
  const release = async (): Promise<void> => {
    await until(jobRef('one'), ({ metadata }) => metadata.deletionTimestamp !== undefined);
    await world.user.patch(jobRef('one'), { metadata: { finalizers: null } });
  };
  const [done] = await Promise.all([applying, release()]);
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(done.out).toContain('deleted Job team-a/one\nreplaced Job team-a/one');
  const { metadata, spec } = await world.user.get(jobRef('one'));
  expect(metadata.uid).not.toBe(held.metadata.uid);
  expect(JSON.stringify(spec)).toContain('"command":["b"]');
});

test('a saved plan that shows the replacement is applied without --replace', async () => {
  const file = await save('plan FILE', job('one', 'c'));
  expect(await run(`apply ${file}`)).toMatchObject({ code: 0, err: '' });
});

test('an object that another client created is refused, not replaced, when a file has an object of the same name', async () => {
  await world.apply(job('helm', 'a'));
  const refused = await run('apply FILE --replace', job('helm', 'b'));
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.err).toContain('another client created this one');
  expect(await world.user.find(jobRef('helm'))).toBeDefined();
});

test('a child that the instance does not own is refused, not replaced', async () => {
  const spec = definition('Task').spec as JsonObject;
  const { spec: body } = job('x', 'b');
  const template = { ...job('x', 'b'), metadata: { name: '${schema.metadata.name}' }, spec: body ?? {} } as never;
  await world.apply(job('adopted', 'a'));
  const task = { ...definition('Task'), spec: { ...spec, resources: [{ id: 'job', template }] } };
  await world.apply(task);
  await world.advance(2000);
  const { out } = await run('plan FILE -o json', instance('Task', 'adopted'));
  const [planned] = (JSON.parse(out) as Plan).instances;
  expect(planned?.writes).toMatchObject([
    { action: 'adopt', refusal: expect.stringContaining('another client created') },
  ]);
  expect(planned?.state).toBe('blocked');
});

test('a CRD with a changed scope is refused, not replaced', async () => {
  const crd = (scope: 'Namespaced' | 'Cluster') => crdOf('Cup', {}, { group: 'shop.example.com', scope });
  expect(await run('apply FILE', crd('Namespaced'))).toMatchObject({ code: 0, err: '' });
  const refused = await run('apply FILE --replace', crd('Cluster'));
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('typekro never replaces a CustomResourceDefinition');
});

test('the deletion of a definition and its instances also deletes their objects', async () => {
  const files = [definition('Gone'), instance('Gone', 'gone')];
  expect(await run('apply FILE', ...files)).toMatchObject({ code: 0, err: '' });
  await world.advance(2000);
  expect(await world.user.find(mapRef('gone'))).toBeDefined();
  const file = await save('plan FILE --delete', ...files);
  const done = await run(`apply ${file}`);
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(await world.user.find(mapRef('gone'))).toBeUndefined();
  expect(await world.user.find({ ...mapRef('gone'), apiVersion: 'kro.run/v1alpha1', kind: 'Gone' })).toBeUndefined();
});

test('a definition and an instance in one file are applied, even if the controller writes between the two applies', async () => {
  await world.apply(definition('Both'));
  await world.advance(2000);
  await world.apply(instance('Both', 'both'));
  await world.advance(2000);
  const next = [definition('Both', { size: 'integer | default=3' }), instance('Both', 'both', { text: 'b' })];
  const write = async (): Promise<void> => {
    await until(definitionRef('boths'), ({ metadata }) => metadata.generation === 2);
    const ref = { apiVersion: 'kro.run/v1alpha1', kind: 'Both', namespace: 'team-a', name: 'both' };
    await world.user.patch(ref, { metadata: { labels: { 'kro.run/kro-version': 'next' } } });
  };
  const [done] = await Promise.all([run('apply FILE', ...next), write()]);
  expect(done).toMatchObject({ code: 0, err: '' });
  await world.advance(2000);
  expect((await world.user.get(mapRef('both')))['data']).toEqual({ text: 'b', size: '3' });
});

test('apply ignores a refusal that the controller reported before the apply', async () => {
  await world.apply(definition('Broken', { old: 'string | default="x"' }));
  await world.advance(2000);
  await world.apply(definition('Broken'));
  await world.advance(5000);
  const ref = definitionRef('brokens');
  expect(JSON.stringify((await world.user.get(ref)).status)).toContain('breaking changes detected');
  const allowed = definition('Broken', {}, { 'kro.run/allow-breaking-changes': 'true' });
  await world.controller.stop();
  const answer = async (): Promise<void> => {
    await until(ref, ({ metadata }) => metadata.annotations?.['kro.run/allow-breaking-changes'] === 'true');
    await world.settle();
    await world.restart();
  };
  const [done] = await Promise.all([run('apply FILE', allowed), answer()]);
  expect(done).toMatchObject({ code: 0, err: '' });
});

test('an instance without a namespace, of a new kind, is planned and created in the current namespace', async () => {
  const files = [definition('Placed'), instance('Placed', 'placed', {}, '')];
  const { out } = await run('plan FILE -o json', ...files);
  const [planned] = (JSON.parse(out) as Plan).instances;
  expect(planned).toMatchObject({
    instance: { namespace: 'default' },
    state: 'changed',
    action: 'create',
    blocked: [],
  });
  expect(planned?.writes).toMatchObject([{ object: { kind: 'ConfigMap', namespace: 'default' }, action: 'create' }]);
  expect(await run('plan FILE -n team-a', ...files)).toMatchObject({ out: expect.stringContaining('team-a/placed') });
});

test('an object whose namespace differs from -n is an error that names both namespaces', async () => {
  const map = (namespace: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm', namespace },
  });
  const files = [
    definition('Strayed'),
    instance('Strayed', 'x', {}, 'team-b'),
    instance('Strayed', 'y'),
    map('team-b'),
  ];
  expect(await run('plan FILE -n team-a', ...files)).toMatchInlineSnapshot(`
    {
      "code": 2,
      "err": "error: --namespace names team-a, but Strayed team-b/x of app.yaml is in namespace team-b, ConfigMap team-b/m of app.yaml is in namespace team-b [cli/other-namespace]
      hint: leave -n out, or name that namespace: -n team-b",
      "out": "",
    }
  `);
  expect((await run('plan FILE -n team-a', map('b'), map('c'))).err).toContain(
    'once for each namespace, with the files of this namespace',
  );
});

test('an object without a namespace, whose CRD is in the files, is planned in the current namespace', async () => {
  const crd = crdOf('Plate', {}, { group: 'shop.example.com' });
  const plate = { apiVersion: 'shop.example.com/v1', kind: 'Plate', metadata: { name: 'blue' } };
  const { out } = await run('plan FILE -n team-a -o json', crd, plate);
  expect((JSON.parse(out) as Plan).objects).toMatchObject([
    { object: { kind: 'CustomResourceDefinition' } },
    { object: { kind: 'Plate', namespace: 'team-a' } },
  ]);
});

test('a saved plan is not applied to another cluster', async () => {
  const map: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'there', namespace: 'team-a' } };
  const file = await save('plan FILE', map);
  const other = await versionedWorld();
  try {
    await other.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } });
    const { kubeconfig } = await other.cluster.listen({ port: 0 });
    const own = readFileSync(join(cwd, 'kubeconfig'), 'utf8');
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    const refused = await run(`apply ${file}`);
    writeFileSync(join(cwd, 'kubeconfig'), own);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/the plan was made for (?:another cluster|an earlier cluster .*: the present one)/);
    expect(refused.err).toContain('plan again: typekro plan ');
    expect(await other.user.find(mapRef('there'))).toBeUndefined();
  } finally {
    await other.close();
  }
  expect(await run(`apply ${file}`)).toMatchObject({ code: 0, err: '' });
});

test.each([
  ['namespaces', 'you may not read the namespace kube-system', 'right given to you to get the namespace kube-system'],
  [
    'configmaps',
    'with your rights, the plan cannot be compared with the cluster: configmaps ',
    'nothing was applied; plan again',
  ],
])(
  'a saved plan of an administrator, applied by a user without rights to %s, names them',
  async (left, reason, remedy) => {
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: `without-${left}` } };
    const resources = [
      'namespaces',
      'configmaps',
      'customresourcedefinitions',
      'resourcegraphdefinitions',
      'graphrevisions',
    ];
    const rules = [{ apiGroups: ['*'], resources: resources.filter((each) => each !== left), verbs: ['*'] }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `without-${left}` };
    await world.apply(
      { ...rbac, kind: 'ClusterRole', rules },
      { ...rbac, kind: 'ClusterRoleBinding', roleRef, subjects: [{ kind: 'User', name: left }] },
      { ...mapOf('kept'), data: { a: '1' } },
    );
    const file = await save('plan FILE', { ...mapOf('kept'), data: { a: '2' } });
    const own = readFileSync(join(cwd, 'kubeconfig'), 'utf8');
    writeFileSync(join(cwd, 'kubeconfig'), own.replace(/^( *)(token|client-certificate-data):/m, `$1as: ${left}\n$&`));
    const refused = await run(`apply ${file}`);
    writeFileSync(join(cwd, 'kubeconfig'), own);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(reason) });
    expect(refused.err).toContain(remedy);
  },
);

test('a plan for one namespace cannot be saved when a definition changes', async () => {
  const refused = await run('plan FILE -n team-a --save', definition('Wide'));
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('the definition wides changes instances of all namespaces');
  expect(refused.out).toContain('instances in other namespaces than team-a were not planned');
});

test('a pinned instance that changes together with its definition is planned with its pinned revision', async () => {
  const pinned = (text: string): KubeObject => ({
    ...instance('Pinned', 'pinned', { text }),
    metadata: { name: 'pinned', namespace: 'team-a', annotations: { 'typekro.dev/revision': '1' } },
  });
  expect(await run('apply FILE', definition('Pinned'), pinned('a'))).toMatchObject({ code: 0, err: '' });
  await world.advance(2000);
  const next = definition('Pinned', { size: 'integer | default=3' });
  const unmoved = JSON.parse((await run('plan FILE -o json', next, pinned('a'))).out) as Plan;
  expect(unmoved.instances).toMatchObject([{ state: 'deferred', because: 'it is pinned to revision 1', writes: [] }]);
  const moved = JSON.parse((await run('plan FILE -o json', next, pinned('b'))).out) as Plan;
  expect(moved.instances).toMatchObject([
    {
      state: 'changed',
      action: 'change',
      writes: [{ object: mapRef('pinned'), action: 'change', fields: [{ path: 'data.text', from: 'a', to: 'b' }] }],
    },
  ]);
  expect(await run('apply FILE', next, pinned('b'))).toMatchObject({ code: 0, err: '' });
  await world.advance(2000);
  expect((await world.user.get(mapRef('pinned')))['data']).toEqual({ text: 'b' });
});

/** A definition with a former version, whose instances have the field `words` in place of `text`. */
const versioned = (kind: string): KubeObject => {
  const { spec = {}, ...rest } = definition(kind, { loud: 'boolean | default=false' });
  const former = {
    name: 'v1alpha0',
    spec: { words: 'string | required=true' },
    // It fails for one text, which the check of the definition does not find.
    convertTo: { 'spec.text': "${[''][self.spec.words == 'un' + 'fit' ? 1 : 0] + self.spec.words}" },
    convertFrom: { 'spec.words': '${self.spec.text}' },
    lossy: ['spec.loud'],
  };
  return { ...rest, spec: { ...spec, schema: { ...(spec['schema'] as JsonObject), versions: [former] } } };
};
const former = (kind: string, name: string, words: string): KubeObject => ({
  ...instance(kind, name, { words }),
  apiVersion: 'kro.run/v1alpha0',
});
const textOf = async (name: string) => ((await world.user.find(mapRef(name)))?.['data'] as JsonObject)?.['text'];

test('a definition and an instance in its former version are planned and applied together, and again, and deleted', async () => {
  const files = [versioned('Worded'), former('Worded', 'worded', 'a')];
  const planned = await run('plan FILE -o json', ...files);
  const { instances } = JSON.parse(planned.out) as Plan;
  expect(instances.map(({ definition: name, action, writes }) => [name, action, writes.length])).toEqual([
    ['wordeds', 'create', 1],
  ]);
  expect(await run('apply FILE', ...files)).toMatchObject({ code: 0, err: '' });
  await world.advance(2000);
  expect(await textOf('worded')).toBe('a');
  const again = await run('apply FILE', ...files);
  expect(again).toMatchObject({ code: 0, err: '' });
  expect(again.out).toContain('unchanged Worded team-a/worded');
  const file = await save('plan FILE --delete', ...files);
  expect(await run(`apply ${file}`)).toMatchObject({ code: 0, err: '' });
  expect(await world.user.find(mapRef('worded'))).toBeUndefined();
});

test.each([
  ['with its definition', [versioned('Twice')]],
  ['whose definition is in the cluster', []],
])('an instance in a former version, %s, changes the instance that exists in the hub', async (_name, definitions) => {
  const hub = instance('Twice', 'twice', { text: 'a', loud: true });
  expect(await run('apply FILE', versioned('Twice'), hub)).toMatchObject({ code: 0, err: '' });
  await world.advance(2000);
  const same = await run('apply FILE', ...definitions, former('Twice', 'twice', 'a'));
  expect(same).toMatchObject({ code: 0, err: '' });
  const planned = await run('plan FILE -o json', ...definitions, former('Twice', 'twice', 'b'));
  const { instances } = JSON.parse(planned.out) as Plan;
  expect(
    instances.map(({ fields, writes }) => [fields.map(({ path }) => path), writes.map(({ action }) => action)]),
  ).toEqual([[['spec.text'], ['change']]]);
  expect(await run('apply FILE', ...definitions, former('Twice', 'twice', 'b'))).toMatchObject({ code: 0, err: '' });
  await world.advance(2000);
  expect(await textOf('twice')).toBe('b');
});

test('a plan is blocked when an instance in a former version cannot be converted', async () => {
  const { out } = await run('plan FILE -o json', versioned('Unfit'), former('Unfit', 'one', 'unfit'));
  const { instances } = JSON.parse(out) as Plan;
  expect(instances.map(({ state }) => state)).toEqual(['blocked']);
  expect(instances[0]?.because).toMatch(/^it cannot be converted: /);
});
