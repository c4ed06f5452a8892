import { describe, afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { mapRef, mapResource, pot, potDefinition, potRef } from '@typekro/testing/test-support/virtual-world';
import { instanceDetail } from '../dashboard/instance-detail.ts';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import { fieldLines } from '@typekro/app/plan';

const secret = (key: string, id = 'login'): JsonValue => ({
  id,
  template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: id }, stringData: { key } },
});
const map = (v: string): JsonValue => ({
  id: 'copy',
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'copy' }, data: { v } },
});
const graph = (...nodes: JsonValue[]): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'g', namespace: 'n' },
  spec: { nodes },
});

test('the plan of a Graph shows no literal of a Secret', () => {
  const [before, after] = [graph(secret('hush'), map('a')), graph(secret('hush2 ${env.user}'), map('b'))];
  expect(fieldLines(after, before, after, [])).toEqual([
    { path: 'spec.nodes[0].template.stringData.key', from: '(secret)', to: '(secret)${env.user}' },
    { path: 'spec.nodes[1].template.data.v', from: 'a', to: 'b' },
  ]);
});

test('the plan of a Graph with an added node shows no literal of its Secrets', () => {
  const [before, after] = [graph(secret('hush')), graph(secret('hush'), secret('hush2', 'other'))];
  expect(fieldLines(after, before, after, [])).toEqual([
    { path: 'spec.nodes', from: [secret('(secret)')], to: [secret('(secret)'), secret('(secret)', 'other')] },
  ]);
});

test('equal literals of a Secret are not a change', () => {
  expect(fieldLines(graph(secret('hush')), graph(secret('hush')), graph(secret('hush')), [])).toEqual([]);
});

test('the details of a Graph show no literal of a Secret', () => {
  const instance = graph(secret('hush'), map('a'));
  const decision = { nodes: [], apply: [], delete: [] };
  const observation = { instance, revision: 0, decision, problems: [], notes: [] };
  const { object } = instanceDetail(observation as never, {} as never, undefined);
  expect(JSON.stringify(object)).not.toContain('hush');
  expect(JSON.stringify(object)).toContain(JSON.stringify(map('a')));
});

describe('graph objects', () => {
  let plans: PlanWorld;
  beforeAll(async () => {
    plans = await planWorld();
  });
  afterAll(() => plans.close());

  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const graph: KubeObject = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name: 'g', namespace: 'default' },
    spec: { nodes: [{ id: 'a', template: config }] },
  };

  function controller(args: string[]): KubeObject {
    const labels = { 'app.kubernetes.io/name': 'typekro' };
    const containers = [{ name: 'kro', image: 'typekro:1', args }];
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'kro', namespace: 'default', labels },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
    };
  }

  test('plan and apply report a Graph when the controller of the cluster does not serve the kind Graph', async () => {
    const { world, run } = plans;
    const noted =
      'the controller of Deployment default/kro does not serve the kind Graph, and does nothing for Graph default/g: start it with --feature-gates=GraphKind=true';
    await world.apply(controller([]));
    expect((await run('plan FILE', graph)).out).toContain(noted);
    expect((await run('apply FILE', graph)).out).toContain(noted);
    expect((await run('plan --delete FILE', graph)).out).not.toContain('GraphKind');
    await world.apply(controller(['--feature-gates=GraphKind=true']));
    expect((await run('plan FILE', graph)).out).not.toContain('GraphKind');
  });
});

describe('planned namespace', () => {
  let place: PlanWorld;
  beforeAll(async () => {
    place = await planWorld();
  });
  afterAll(() => place.close());

  const definition = potDefinition([mapResource('map', { text: '${schema.spec.text}' })]);

  test('a namespace that does not exist is refused', async () => {
    expect(await place.run('plan FILE -n team-x', definition)).toMatchInlineSnapshot(`
    {
      "code": 2,
      "err": "error: --namespace names team-x, which is neither in the cluster nor in the files [cli/usage]
      hint: did you mean team-a?",
      "out": "",
    }
  `);
    expect((await place.run('plan FILE -n elsewhere', definition)).err).toContain('kubectl create namespace elsewhere');
  });

  test('an instance of a kind that the files declare is blocked by a missing namespace', async () => {
    const instance = { ...pot('p'), metadata: { name: 'p', namespace: 'nowhere' } };
    const { out } = await place.run('plan FILE', definition, instance);
    expect(out).toContain('try: create the namespace (kubectl create namespace nowhere), put it into the files');
  });

  test('a namespace that is only in the files is accepted', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-x' } };
    expect(await place.run('plan FILE -n team-x', definition, namespace)).toMatchObject({ code: 0 });
  });
});

describe('delete without graph', () => {
  let place: PlanWorld;
  beforeAll(async () => {
    place = await planWorld();
  });
  afterAll(() => place.close());

  test('an instance can be deleted when no revision of its definition compiles', async () => {
    const { world } = place;
    await world.apply(potDefinition([mapResource('map', { a: 'b' })]));
    await world.advance(2000);
    await world.apply(pot('shop'));
    await world.advance(2000);
    await world.controller.stop();
    const type = { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' };
    for (const { metadata } of (await world.user.list(type)).items) {
      const ref = { ...type, name: metadata.name ?? '' };
      await world.user.patch(ref, { metadata: { finalizers: null } });
      await world.user.delete(ref);
    }
    await world.apply(potDefinition([mapResource('map', { a: '${schema.spec.nothing}' })]));
    await world.restart();
    await world.advance(2000);
    const { out } = await place.run('plan --delete FILE', pot('shop'));
    expect(out.split('\n').slice(0, 5)).toMatchInlineSnapshot(`
    [
      "Instances 1   deleted 1",
      "  default/shop  ? deleted: no revision of pots compiles: undefined field 'nothing'; the controller deletes the objects that have the labels of the instance",
      "                - the instance",
      "",
      "Plan: 1 to delete.",
    ]
  `);
    const saved = await place.save('plan --delete FILE', pot('shop'));
    expect(await place.run(`apply ${saved}`)).toMatchObject({ code: 0, err: '' });
    await world.advance(5000);
    expect(await world.user.find(potRef('shop'))).toBeUndefined();
    expect(await world.user.find(mapRef('shop-map'))).toBeUndefined();
  });
});
