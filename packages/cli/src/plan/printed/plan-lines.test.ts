import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diffReport, immutableFields } from '@typekro/app/instance';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import { mapResource, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Plan } from '@typekro/controller/inspect';
import type { ApplyAction, Decision } from '@typekro/engine/runtime';
import { type PlanWorld, planWorld } from '../../../test-support/plan-world.ts';
import { commandRunner } from '../../../test-support/run-command.ts';
import { why } from '../../commands/instance/why-command.ts';
import { SharedFields, droppedLines, instancePlan, isOfController, valueLine } from '@typekro/app/plan';

describe('dropped lines', () => {
  let place: PlanWorld;
  beforeAll(async () => {
    place = await planWorld();
  });
  afterAll(() => place.close());

  /** Returns a definition whose spec has a map and a list of parts with these fields. */
  function definition(part: JsonObject): KubeObject {
    const made = potDefinition([mapResource('map', { a: 'b' })], { 'kro.run/allow-breaking-changes': 'true' });
    const schema = made.spec?.['schema'] as JsonObject;
    const spec = { byName: 'map[string]Part', parts: '[]Part' };
    return { ...made, spec: { ...made.spec, schema: { ...schema, spec, types: { Part: part } } } };
  }

  test('values that a new schema drops are shown, even below keys that contain dots', async () => {
    await place.world.apply(definition({ kept: 'string', old: 'string' }));
    await place.world.advance(3000);
    const part = (old: string): JsonObject => ({ kept: 'k', old });
    await place.world.apply(
      pot('rose', { byName: { 'acme.test/a': part('in a map'), acme: part('first') }, parts: [part('in a list')] }),
    );
    await place.world.advance(3000);
    const { out } = await place.run('plan FILE -o json', definition({ kept: 'string' }));
    expect((JSON.parse(out) as Plan).instances[0]?.fields).toEqual([
      { path: 'spec.byName.acme.old', from: 'first' },
      { path: 'spec.byName.acme.test/a.old', from: 'in a map' },
      { path: 'spec.parts[0].old', from: 'in a list' },
    ]);
  });

  test.each<[string, JsonObject, string[]]>([
    ['a field', { old: 'x' }, ['spec.old']],
    ['a field in a value of a map', { byName: { 'a.b': { old: 'x' } } }, ['spec.byName.a.b.old']],
    ['a field in an item of a list', { parts: [{ old: 'x' }] }, ['spec.parts[0].old']],
  ])('%s with its former default is not shown', (_what, spec, dropped) => {
    const old = 'string | default="x"';
    const schema = { spec: { byName: 'map[string]Part', parts: '[]Part', old }, types: { Part: { old } } };
    const { instance } = graphOf(JSON.stringify({ schema, resources: [mapResource('map', { a: 'b' })] }));
    expect(droppedLines(pot('rose', spec), dropped, instance.crd)).toEqual([]);
  });
});

test.each([
  ['metadata.labels["kro.run/node-id"]', true],
  ['metadata.annotations["internal.kro.run/apply-order"]', true],
  ['metadata.labels["applyset.kubernetes.io/part-of"]', true],
  ['metadata.labels["acme.test/kro.run"]', false],
  ['metadata.labels.app', false],
  ['data["kro.run/node-id"]', false],
  ['spec.template.metadata.labels["kro.run/node-id"]', false],
])('the path %s belongs to controllers: %s', (path, expected) => {
  expect(isOfController(path)).toBe(expected);
});

test.each([
  [
    'Service "a" is invalid: spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
    ['spec.clusterIPs[0]'],
  ],
  [
    'Job.batch "a" is invalid: [spec.template: Invalid value: {}: field is immutable, spec.selector: Forbidden: no]',
    ['spec.template', 'spec.selector'],
  ],
])('immutableFields finds the immutable fields in the message %j', (message, fields) => {
  expect(immutableFields(message)).toEqual(fields);
});

test.each([
  ['spec.template', true],
  ['spec.template.spec.image', true],
  ['spec.template[0]', true],
  ['spec.templates', false],
  ['spec', false],
])('if spec.template is immutable, a change of %s is marked as immutable: %s', (path, immutable) => {
  const line = valueLine({ path, from: 1, to: 2 }, () => false, ['spec.template']);
  expect(line).toEqual({ path, from: 1, to: 2, ...(immutable ? { immutable: true } : {}) });
});

test('Secret values are masked, and an absent value stays absent', () => {
  expect(valueLine({ path: 'data.key', to: 'cGFzcw==' }, () => true)).toEqual({
    path: 'data.key',
    to: '(secret)',
    secret: true,
  });
  expect(JSON.stringify(valueLine({ path: 'data.key', from: 'cGFzcw==', to: null }, () => true))).not.toContain('cGFz');
});

test('field sets with any JSON values are shared', () => {
  const entry = () => ({ manager: 'm', fieldsV1: { 'f:a': 2n ** 70n } });
  const [one, other] = [
    { name: 'a', managedFields: [entry()] },
    { name: 'b', managedFields: [entry()] },
  ];
  const shared = new SharedFields();
  for (const metadata of [one, other]) shared.share(metadata);
  expect(one.managedFields[0]?.fieldsV1).toBe(other.managedFields[0]?.fieldsV1);
});

describe('same kinds', () => {
  /** Two groups have a kind with the same name, and both kinds have an instance with the same name. */
  let place: PlanWorld;
  beforeAll(async () => {
    place = await planWorld();
    await place.world.apply(definition('one'), definition('two'));
    await place.world.advance(3000);
    await place.world.apply(instance('one'), instance('two'));
    await place.world.advance(3000);
  });
  afterAll(() => place.close());

  function definition(group: string): KubeObject {
    const { spec } = potDefinition([mapResource(`map${group}`, { a: 'b' })]);
    const schema = { ...(spec?.['schema'] as JsonObject), group: `${group}.test` };
    return { ...potDefinition([]), metadata: { name: `pots-${group}` }, spec: { ...spec, schema } };
  }
  const instance = (group: string): KubeObject => ({ ...pot('rose'), apiVersion: `${group}.test/v1` });

  test('the remedy for an ambiguous name contains the group, and the name with the group finds the instance', async () => {
    const run = commandRunner([why], place.cwd);
    const { code, err } = await run('why default/rose --kubeconfig kubeconfig');
    expect({ code, err }).toEqual({
      code: 2,
      err: `error: "default/rose" means Pot.one.test default/rose and Pot.two.test default/rose [cli/ambiguous-instance]
  hint: write the kind before the name: pot.one.test/default/rose`,
    });
    expect((await run('why pot.one.test/default/rose --kubeconfig kubeconfig')).code).toBe(0);
  });

  test('an instance of a definition does not count as deleted when the files delete the instance of the other group', async () => {
    const { out } = await place.run('plan FILE --delete', definition('one'), definition('two'), instance('two'));
    const notes = out.split('\n').filter((line) => line.startsWith('  note'));
    expect(notes).toEqual([
      '  note    1 instance of Pot stays with its objects, and no controller manages it any longer',
      '  note    no instance of Pot is left; its CRD stays, unless the controller may delete CRDs',
    ]);
  });
});

/** A Deployment whose first container uses a Secret value. In the live object, another container precedes it. */
const graph = graphOf(`
resources:
  - {id: login, template: {apiVersion: v1, kind: Secret, metadata: {name: login}, stringData: {key: hush}}}
  - id: web
    template:
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: web }
      spec:
        selector: { matchLabels: { app: web } }
        template:
          metadata: { labels: { app: web } }
          spec: { containers: [{ name: web, image: 'nginx:1', env: [{ name: P, value: '\${string(login.data.key)}' }] }] }
`);
const web = (value: string, image: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'n' },
  spec: {
    template: {
      spec: {
        containers: [
          { name: 'sidecar', image: 'proxy:1' },
          { name: 'web', image, env: [{ name: 'P', value }] },
        ],
      },
    },
  },
});
const container = 'spec.template.spec.containers[1]';
const type = { group: 'apps', version: 'v1', kind: 'Deployment' };
const apply = {
  nodeId: 'web',
  target: { type: { ...type, plural: 'deployments', namespaced: true }, namespace: 'n', name: 'web' },
  why: 'change',
  desired: web('new', 'nginx:2'),
  differences: [
    { path: `${container}.image`, kind: 'differs', found: 'nginx:1', wanted: 'nginx:2', managers: [] },
    { path: `${container}.env[0].value`, kind: 'differs', found: 'hush', wanted: 'hush2', managers: [] },
  ],
} as unknown as ApplyAction;
const decision = { state: 'IN_PROGRESS', conditions: [], nodes: [], apply: [apply], delete: [] } as unknown as Decision;

test('a plan hides a Secret value in a list that another client has changed', () => {
  const head = { instance: { apiVersion: 'v1', kind: 'ConfigMap', name: 'a' }, action: 'none', fields: [] } as never;
  const write = { wave: 1, after: [], before: web('hush', 'nginx:1'), apply };
  const answer = { checked: 'server' as const, object: web('hush2', 'nginx:2') };
  const { writes } = instancePlan(head, graph, { writes: [{ ...write, answer }], standing: decision, decision });
  const fields = [
    { path: `${container}.env[0].value`, from: '(secret)', to: '(secret)', secret: true },
    { path: `${container}.image`, from: 'nginx:1', to: 'nginx:2' },
  ];
  const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
  expect(writes.map((each) => each.fields.toSorted(byPath))).toEqual([fields]);
});

test('a diff hides a Secret value in a list that another client has changed', () => {
  const { changes } = diffReport({ instance: web('', ''), decision, notes: [], problems: [] } as never, graph);
  expect(changes[0]?.fields).toEqual([
    { path: `${container}.image`, kind: 'differs', found: 'nginx:1', wanted: 'nginx:2', managers: [] },
    { path: `${container}.env[0].value`, kind: 'differs', found: '(secret)', wanted: '(secret)', managers: [] },
  ]);
});
