import { afterEach, beforeEach, expect, test } from 'vitest';
import { pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import type { Plan } from '@typekro/controller/inspect';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';

let place: PlanWorld;
beforeEach(async () => {
  place = await planWorld();
});
afterEach(() => place.close());

const NAME = '${schema.metadata.name}';
const map = (name: string): JsonObject => ({
  id: 'map',
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { of: NAME } },
});
const pots = (...names: string[]): KubeObject[] => names.map((name) => pot(name));

/** A second definition, whose instances want the same object. */
const cups = (name: string): KubeObject => {
  const { spec = {} } = potDefinition([map(name)]);
  return {
    ...potDefinition([]),
    metadata: { name: 'cups' },
    spec: { ...spec, schema: { ...(spec['schema'] as JsonObject), kind: 'Cup' } },
  };
};

test.each<[what: string, before: KubeObject[], files: KubeObject[], expected: Record<string, string>]>([
  [
    'new instances that create one object',
    [potDefinition([map('new')])],
    pots('a', 'b', 'c'),
    { a: 'changed: create new', b: 'blocked', c: 'blocked' },
  ],
  [
    'new instances that adopt one object',
    [potDefinition([map('there')]), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'there' } }],
    pots('d', 'e'),
    { d: 'changed: adopt there', e: 'blocked' },
  ],
  [
    'a name that becomes the same for all instances',
    [potDefinition([map(`own-${NAME}`)]), ...pots('f', 'g')],
    [potDefinition([map('one')])],
    { f: 'changed: create one, prune own-f', g: 'blocked' },
  ],
  [
    'instances of two definitions',
    [potDefinition([map('two')]), cups('two')],
    [{ ...pot('h'), kind: 'Cup' }, pot('i')],
    { h: 'changed: create two', i: 'blocked' },
  ],
  [
    'instances that may take the object from each other',
    [potDefinition([map('taken')], { 'typekro.dev/adoption': 'take-over' })],
    pots('j', 'k'),
    { j: 'changed: create taken', k: 'changed: adopt taken' },
  ],
])('%s: the plan says which instance gets it', async (_what, before, files, expected) => {
  for (const object of before) {
    const { namespace = 'default' } = object.metadata;
    const isMap = object.kind === 'ConfigMap';
    await place.world.apply(isMap ? { ...object, metadata: { ...object.metadata, namespace } } : object);
    await place.world.advance(3000);
  }
  const { out } = await place.run('plan FILE -o json', ...files);
  const { instances } = JSON.parse(out) as Plan;
  const found = instances.map(({ instance, state, writes, blocked }) => {
    const actions = writes.map(({ action, object }) => `${action} ${object.name}`).join(', ');
    if (blocked.length > 0)
      expect(blocked[0]?.reason).toMatch(/^may not take .*, which belongs to (Pot|Cup) default\//);
    return [instance.name, actions === '' ? state : `${state}: ${actions}`];
  });
  expect(Object.fromEntries(found)).toEqual(expected);
});

const helm = {
  labels: { 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'shop' },
};
const settings = (metadata: JsonObject, value: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', ...metadata },
  data: { of: value },
});

test.each<[what: string, line: string, before: KubeObject[], files: KubeObject[], managers: string[]]>([
  [
    'an adopted object of a Helm release',
    'plan FILE',
    [potDefinition([map('theirs')]), settings({ name: 'theirs', ...helm }, 'helm')],
    pots('a'),
    ['Helm release shop/web'],
  ],
  [
    'an adopted object of nobody',
    'plan FILE',
    [potDefinition([map('free')]), settings({ name: 'free' }, 'x')],
    pots('a'),
    [],
  ],
  [
    'an object of a file that an instance owns',
    'plan FILE',
    [potDefinition([map('own')]), ...pots('a')],
    [settings({ name: 'own' }, 'other')],
    ['Pot default/a'],
  ],
  [
    'the deletion of an object that an instance owns',
    'plan --delete FILE',
    [potDefinition([map('own')]), ...pots('a')],
    [settings({ name: 'own' }, 'a')],
    ['Pot default/a'],
  ],
])('%s: the plan names who else manages it', async (_what, line, before, files, managers) => {
  for (const object of before) {
    await place.world.apply(object);
    await place.world.advance(3000);
  }
  const { objects, instances } = JSON.parse((await place.run(`${line} -o json`, ...files)).out) as Plan;
  const writes = [...objects, ...instances.flatMap((each) => each.writes)];
  expect(writes.flatMap(({ managedBy = [] }) => managedBy)).toEqual(managers);
  const { out } = await place.run(line, ...files);
  for (const manager of managers) expect(out).toContain(`${manager} manages it, and may write it again`);
});

test.each(['adopt', 'take-over'])('a claim that %s cannot change lists only what would change', async (adoption) => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
  const wanted = { ...spec, resources: { requests: { storage: '2Gi' } } };
  const template = { ...claim, metadata: { name: 'data' }, spec: wanted };
  const bound = { ...spec, storageClassName: 'fast', volumeName: 'pv-1', volumeMode: 'Filesystem' };
  await place.world.apply({ ...claim, metadata: { name: 'data', namespace: 'default' }, spec: bound });
  await place.world.apply(potDefinition([{ id: 'claim', template }], { 'typekro.dev/adoption': adoption }));
  await place.world.advance(3000);
  const { out } = await place.run('plan FILE -o json', pot('l'));
  const [instance] = (JSON.parse(out) as Plan).instances;
  const paths = [...(instance?.writes ?? []), ...(instance?.blocked ?? [])].flatMap((each) =>
    'fields' in each ? each.fields.map(({ path }) => path) : [],
  );
  expect(paths).toEqual(['spec.resources.requests.storage', 'metadata.labels["app.kubernetes.io/managed-by"]']);
});
