import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crdOf } from '@typekro/kit/test-support/crd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandResult, type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Plan } from '@typekro/controller/inspect';

let plans: PlanWorld;
beforeAll(async () => {
  plans = await planWorld();
});
afterAll(() => plans.close());

const definition = (
  kind: string,
  resources: JsonObject[],
  spec: JsonObject = { text: 'string | default="a"' },
): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: `${kind.toLowerCase()}s` },
  spec: { schema: { apiVersion: 'v1alpha1', kind, spec }, resources },
});
const instance = (kind: string, name: string, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind,
  metadata: { name, namespace: 'team-a' },
  spec,
});
const map = (data: JsonObject = { text: '${schema.spec.text}' }, more: JsonObject = {}): JsonObject => ({
  id: 'config',
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${schema.metadata.name}' }, data },
  ...more,
});
const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team-a', name });
const planOf = async (line: string, ...objects: KubeObject[]): Promise<Plan> =>
  readPlan(await plans.run(`${line} -o json`, ...objects));

function readPlan({ out, err }: CommandResult): Plan {
  if (out === '') throw new Error(err);
  return JSON.parse(out) as Plan;
}

test('nothing is applied when the server would refuse an instance in the files', async () => {
  const { world, run } = plans;
  const quota: KubeObject = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'none', namespace: 'team-a' },
    spec: { hard: { 'count/pickies.kro.run': '0' } },
  };
  await world.apply(definition('Picky', [map()]), quota);
  await world.advance(2000);
  const next = definition('Picky', [map({ text: 'other' })]);
  const refused = await run('apply FILE', next, instance('Picky', 'x'));
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('Picky team-a/x cannot be applied');
  const ref = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'pickys' };
  expect((await world.user.get(ref)).metadata.generation).toBe(1);
});

test('a CRD and its custom resource in one file are planned by the rules of Kubernetes, and applied', async () => {
  const { world, run } = plans;
  const schema = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
  };
  const crd = crdOf('Cup', schema, { group: 'shop.example.com' });
  const cup: KubeObject = {
    apiVersion: 'shop.example.com/v1',
    kind: 'Cup',
    metadata: { name: 'blue', namespace: 'team-a' },
    spec: { size: 3 },
  };
  expect((await planOf('plan FILE', crd, cup)).objects).toMatchObject([
    { action: 'create', checked: 'server' },
    { action: 'create', checked: 'rules' },
  ]);
  expect(await run('apply FILE', crd, cup)).toMatchObject({ code: 0, err: '' });
  const ref = { apiVersion: 'shop.example.com/v1', kind: 'Cup', namespace: 'team-a', name: 'blue' };
  expect((await world.user.get(ref)).spec).toEqual({ size: 3 });
});

test('a graph is not blocked if another definition in the files declares the kind of one of its nodes', async () => {
  const child = {
    id: 'child',
    template: {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'Inner',
      metadata: { name: '${schema.metadata.name}' },
      spec: { text: 'b' },
    },
  };
  const files = [definition('Inner', [map()]), definition('Outer', [child]), instance('Outer', 'outer')];
  const { instances } = await planOf('plan FILE', ...files);
  expect(instances).toMatchObject([
    { definition: 'inners', state: 'changed', blocked: [], writes: [{ node: 'config' }] },
    { state: 'changed', blocked: [], writes: [{ node: 'child', checked: 'rules' }] },
  ]);
});

test.each(['--dry-run none', '--kro-compatibility 0.10', '--dry-run server'])(
  'a plan that is saved with %s can be applied',
  async (option) => {
    const { world, run, save } = plans;
    const name = option.replaceAll(/[^a-z0-9]/g, '');
    const file = await save(`plan FILE ${option}`, definition(`Kept${name.slice(-4)}`, [map()]), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'team-a' },
    });
    expect(file).toMatch(/^plan-/);
    expect(await run(`apply ${file}`)).toMatchObject({ code: 0, err: '' });
    expect(await world.user.find(mapRef(name))).toBeDefined();
  },
);

test('a saved plan is refused when the content of a child to create has changed', async () => {
  const { world, run, save } = plans;
  const external = {
    id: 'other',
    externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } },
  };
  const reading = definition('Reader', [external, map({ text: '${other.data.?text.orValue("")}' })]);
  const settings = (text: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'team-a' },
    data: { text },
  });
  await world.apply(settings('one'), reading);
  await world.advance(2000);
  const file = await save('plan FILE', instance('Reader', 'reader'));
  await world.apply(settings('two'));
  const refused = await run(`apply ${file}`);
  expect(refused.err).toContain('ConfigMap team-a/reader: different content would be written now');
  await world.apply(settings('one'));
  expect(await run(`apply ${file}`)).toMatchObject({ code: 0, err: '' });
});

const job = (text: string): JsonObject => ({
  id: 'job',
  template: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: '${schema.metadata.name}', annotations: { map: '${config.metadata.name}' } },
    spec: {
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'x', command: [text] }] } },
    },
  },
});
const jobRef = (name: string) => ({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'team-a', name });

test('a child to replace is kept when a node that it depends on is not ready', async () => {
  const { world, run } = plans;
  const ready = ['${config.metadata.annotations.seen == config.data.text}'];
  const graph = definition('Behind', [
    map({ text: '${schema.spec.text}' }, { readyWhen: ready }),
    job('${schema.spec.text}'),
  ]);
  const see = (seen: string) => world.user.patch(mapRef('behind'), { metadata: { annotations: { seen } } });
  expect(await run('apply FILE', graph)).toMatchObject({ code: 0, err: '' });
  await world.apply(instance('Behind', 'behind'));
  await world.advance(2000);
  await see('a');
  await world.advance(5000);
  const before = await world.user.get(jobRef('behind'));
  const done = await run('apply FILE --replace', instance('Behind', 'behind', { text: 'b' }));
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(done.out).toContain('1 instance with objects to replace waits for other nodes');
  await world.advance(5000);
  expect((await world.user.get(jobRef('behind'))).metadata.uid).toBe(before.metadata.uid);
  await see('b');
  await world.advance(5000);
  expect(await run('apply FILE --replace', instance('Behind', 'behind', { text: 'b' }))).toMatchObject({ code: 0 });
  await world.advance(120_000);
  const after = await world.user.get(jobRef('behind'));
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  expect(JSON.stringify(after.spec)).toContain('"command":["b"]');
});

const enums = (...values: string[]) => ({ text: `string | default="a" enum="${values.join(',')}"` });

test('a new enum is a breaking change, unless the controller of the cluster has the level 0.9', async () => {
  const { world, run } = plans;
  await world.apply(definition('Facet', [map()]));
  await world.advance(2000);
  await world.apply(instance('Facet', 'facet'));
  await world.advance(2000);
  const next = definition('Facet', [map()], enums('a', 'b'));
  const before = await planOf('plan FILE', next);
  expect(before.source.controller).toEqual({
    kroCompatibility: '0.10',
    from: 'no Deployment of a controller was found',
  });
  expect(before.definitions[0]?.refusal).toContain('spec.text');
  expect((await planOf('plan FILE --kro-compatibility 0.9', next)).definitions[0]?.refusal).toBeUndefined();
  await world.apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kro', namespace: 'team-a', labels: { 'app.kubernetes.io/name': 'typekro' } },
    spec: {
      selector: { matchLabels: { app: 'kro' } },
      template: {
        metadata: { labels: { app: 'kro' } },
        spec: { containers: [{ name: 'controller', image: 'x', args: ['--kro-compatibility=0.9'] }] },
      },
    },
  });
  const found = await planOf('plan FILE', next);
  expect(found.definitions[0]?.refusal).toBeUndefined();
  const features = { omit: false, dynamicKeys: false, variables: false };
  expect(found.source.controller).toMatchObject({ kroCompatibility: '0.9', from: 'Deployment team-a/kro', features });
  // A snapshot contains the level and the gates.
  expect(await run('snapshot level.json')).toMatchObject({ code: 0, err: '' });
  await world.user.delete({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team-a', name: 'kro' });
  const offline = await planOf('plan FILE --snapshot level.json', next);
  expect(offline.definitions[0]?.refusal).toBeUndefined();
  expect(offline.source.controller).toEqual(found.source.controller);
  const later = await planOf('plan FILE --snapshot level.json --kro-compatibility 0.10', next);
  expect(later.source.controller).toMatchObject({ kroCompatibility: '0.10', from: '--kro-compatibility', features });
});

test.each([
  ['snapshot secrets.json', 'secrets.json'],
  ['plan FILE --save', undefined],
])('%s removes the right of other users to read an existing file', async (line, named) => {
  const { run, cwd } = plans;
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mode', namespace: 'team-a' } };
  const { err } = await run(line, object);
  const file = join(cwd, named ?? /Saved (\S+)\./.exec(err)?.[1] ?? '');
  writeFileSync(file, readFileSync(file));
  chmodSync(file, 0o644);
  await run(line, object);
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
});
