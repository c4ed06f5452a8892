import { expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { answer, requestTo, failure, once } from '@typekro/testing/test-support/intercept-request';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;

/** The metrics of kro's dashboards whose value always stays 0, each with the reason. */
const NEVER_MOVED: Readonly<Record<string, string>> = {
  graph_revision_activation_deferred_total: 'a revision is used in the pass that issues it',
};

/** Metrics that change only if events arrive in a certain order. */
const MAY_MOVE: ReadonlySet<string> = new Set([
  // Changes after a restart during a canary, if the pass of an instance comes before the pass of its definition.
  'instance_graph_resolution_pending_total',
]);

/** A definition of a kind with one child. Two such definitions share the child's kind. */
function nested(name: string, kind: string, child: JsonObject): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name },
    spec: {
      schema: { apiVersion: 'v1', kind, group: 'acme.test', spec: {} },
      resources: [{ id: 'child', template: child }],
    },
  };
}

/** Maps a metric to the values of all its series. For a histogram, the value is its count. */
function valuesOf(text: string): Map<string, number[]> {
  const values = new Map<string, number[]>();
  let name = '';
  for (const line of text.split('\n')) {
    const declared = /^# TYPE (\S+)/.exec(line);
    if (declared?.[1] !== undefined) {
      name = declared[1];
      values.set(name, []);
    } else if (line !== '' && !line.startsWith('#') && !/_(bucket|sum)\{|_(bucket|sum) /.test(line)) {
      values.get(name)?.push(Number(line.slice(line.lastIndexOf(' ') + 1)));
    }
  }
  return values;
}

it('every declared metric changes during one simulated run, or has a reason why it cannot change', async () => {
  const world = await sim.virtualWorld({
    controller: {
      instanceConcurrency: 1,
      maxGraphRevisions: 2,
      features: { conditionMetrics: true },
      share: { has: () => true, held: () => [0], total: 1 },
    },
  });
  const seen = new Map<string, number>();
  const read = () => {
    for (const [name, values] of valuesOf(world.controller.metricsText())) {
      seen.set(name, Math.max(seen.get(name) ?? 0, ...values));
    }
  };
  // The gauges of due and running work are 0 between passes. Therefore the test reads them during a pass.
  world.intercept = ({ method }) => {
    if (method === 'PATCH') read();
    return undefined;
  };
  const resources = (text: string): JsonObject[] => [
    sim.mapResource('map', { text }),
    { ...sim.mapResource('off', { text }), includeWhen: ['${schema.spec.count > 5}'] },
    { ...sim.mapResource('late', { text }), readyWhen: ['${late.data.?go.orValue("") == "yes"}'] },
    {
      id: 'many',
      forEach: [{ n: '${["1", "2"]}' }],
      template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${schema.metadata.name}-${n}' } },
    },
    sim.mapResource('bad', { half: '${string(100 / schema.spec.count)}' }),
    {
      id: 'others',
      externalRef: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'default', selector: { matchLabels: { a: 'b' } } },
      },
    },
  ];
  const define = async (text: string, annotations: Record<string, string> = {}) => {
    await world.apply(sim.potDefinition(resources(text), annotations));
    await world.advance(5000);
  };

  once(world, requestTo('PATCH', /graphrevisions\/.*\/status/), failure(500));
  await define('one');
  const stray = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'p-map', namespace: 'default' } };
  await world.user.apply(stray, { fieldManager: 'helm', force: true });
  once(world, requestTo('PATCH', /resourcegraphdefinitions\/.*\/status/), failure(429));
  once(world, requestTo('PATCH', /pots\/p\/status/), failure(500));
  once(world, requestTo('PATCH', /pots\/q\/status/), answer(200, {}));
  await world.apply(sim.pot('p'), sim.pot('q', { count: 0 }), sim.pot('lost', {}, { 'typekro.dev/revision': '99' }));
  await world.advance(MINUTE);
  read();

  // Drift that becomes a contest.
  for (let edits = 0; edits < 6; edits += 1) {
    await world.user.patch(sim.mapRef('p-map'), { data: { text: `rival ${edits}` } }, { fieldManager: 'rival' });
    await world.settle();
  }
  read();

  // Revisions: a canary with a restart in the middle, retired revisions, and a revision that does not compile.
  await define('two', { 'typekro.dev/canary': '1' });
  read();
  await world.restart();
  await world.advance(MINUTE);
  read();
  once(world, requestTo('DELETE', /graphrevisions/), failure(500));
  await define('three');
  await define('four');
  await world.apply(sim.potDefinition([sim.mapResource('map', { text: '${ghost.x}' })]));
  await world.advance(MINUTE);
  read();

  // The schema of a kind that is not built in: two definitions read it at once, a read fails, and the schema is
  // dropped.
  const inner = { apiVersion: 'acme.test/v1', kind: 'Pot', metadata: { name: 'inner' }, spec: {} };
  once(world, requestTo('GET', /customresourcedefinitions\/pots/), failure(500));
  await Promise.all([world.apply(nested('outer-a', 'OuterA', inner)), world.apply(nested('outer-b', 'OuterB', inner))]);
  await world.advance(MINUTE);
  read();

  const crd = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'pots.acme.test' };
  await world.user.patch(crd, { spec: { names: { shortNames: ['pt'] } } });
  await world.settle();
  read();

  // A deletion that waits, and orphaned instances.
  await world.user.patch(sim.mapRef('p-map'), { metadata: { finalizers: ['acme.test/hold'] } });
  await world.user.delete(sim.potRef('p'));
  await world.settle();
  read();
  await world.apply(sim.potDefinition(resources('five'), { 'typekro.dev/deletion-policy': 'wait' }));
  await world.user.delete(sim.potsRef);
  await world.settle();
  read();
  await world.user.patch(sim.potsRef, { metadata: { annotations: { 'typekro.dev/deletion-policy': null } } });
  await world.settle();
  await world.advance(MINUTE);
  read();

  const still = [...seen].filter(([name, most]) => !(most > 0) && !MAY_MOVE.has(name)).map(([name]) => name);
  expect(still.sort()).toEqual(Object.keys(NEVER_MOVED).sort());
  await world.close();
});
