import { expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { putInstance, settle, statesOf } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { Graph } from '../graph/index.ts';
import { heldInstances } from './index.ts';

const FEATURES = { propagateWhen: true, now: true, variables: true };
const SPEC = { w: 1, n: 3, namespace: 'x', 'a-b': 'y', keys: ['k1', 'k2'] };

/** A graph with one condition in two places: as `includeWhen` of `inc` and as `propagateWhen` of `prop`. */
const twice = (condition: string, more = '') =>
  graphOf(
    `
schema: {spec: {w: float, n: integer, namespace: string, a-b: string, keys: "[]string"}}${more}
resources:
  - {id: db, externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: db}}}
  - {id: sec, externalRef: {apiVersion: v1, kind: Secret, metadata: {name: sec}}}
  - {id: all, externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {matchLabels: {of: all}}}}}
  - id: maps
    forEach: [{key: "\${schema.spec.keys}"}]
    template: {apiVersion: v1, kind: Secret, metadata: {name: "\${key}"}, data: {a: aGk=}}
  - {id: cfg, variable: {rate: 1.5, on: true}}
  - {id: inc, includeWhen: [${JSON.stringify(`\${${condition}}`)}], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: inc}}}
  - {id: prop, propagateWhen: [${JSON.stringify(`\${${condition}}`)}], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: prop}}}
`,
    { features: FEATURES },
  );

function filled(): FakeCluster {
  const cluster = new FakeCluster();
  const metadata = { namespace: 'ns', creationTimestamp: '2026-10-31T23:00:00Z' };
  cluster.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'db' }, data: { t: '5m' } });
  for (const name of ['sec', 'other']) {
    const labels = { of: 'all' };
    cluster.put({ apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, name, labels }, data: { a: 'aGk=' } });
  }
  return cluster;
}

const HOLDS = { inc: 'ready: ready', prop: 'ready: ready' };
const HOLDS_NOT = { inc: 'skipped: excluded', prop: 'waiting: held' };

function statesWith(graph: Graph): object {
  const cluster = filled();
  const { inc, prop } = statesOf(settle(graph, putInstance(graph, cluster, 'a', SPEC), cluster).decision);
  return { inc, prop };
}

test.each([
  ["now() - db.metadata.creationTimestamp > duration('5m')", true],
  ["now() - db.metadata.creationTimestamp > duration('5h')", false],
  ['timestamp(db.metadata.creationTimestamp) < now()', true],
  ['db.metadata.creationTimestamp.getFullYear() == 2026', true],
  ["string(sec.data['a']) == 'hi'", true],
  ["sec.data['a'] == b'hi'", true],
  ["sec.data['a'] == b'ho'", false],
  ["all.all(s, s.data['a'] == b'hi' && s.metadata.creationTimestamp < now())", true],
  ["maps.all(m, m.data['a'] == b'hi')", true],
  ["maps[0].data['a'].size() == 2", true],
  ["maps.map(m, m.data['a'])[1] == b'hi'", true],
  ["duration(db.data.t) == duration('300s')", true],
  ['cfg.rate * 2.0 == 3.0 && cfg.on', true],
])('a condition has the same value in includeWhen and propagateWhen: %s', (condition, holds) => {
  expect(statesWith(twice(condition))).toEqual(holds ? HOLDS : HOLDS_NOT);
});

test.each([
  ["now() - schema.metadata.creationTimestamp > duration('5m')", true],
  ["now() - schema.metadata.creationTimestamp > duration('500h')", false],
  ['timestamp(schema.metadata.creationTimestamp) < now()', true],
  ['schema.spec.w * 2.0 > 1.0', true],
  ['schema.spec.w / 2.0 == 0.5', true],
  ['schema.spec.n / 2 == 1', true],
  ["schema.spec.__namespace__ == 'x'", true],
  ["schema.spec.a__dash__b == 'n'", false],
  ["has(schema.spec.a__dash__b) && schema.spec.?a__dash__b.orValue('') == 'y'", true],
  ["'k1' in schema.spec.keys", true],
])(
  'a condition has the same value in propagateWhen of a node and in spec.propagateWhen, for one instance and for all instances: %s',
  (condition, holds) => {
    expect(statesWith(twice(condition))).toEqual(holds ? HOLDS : HOLDS_NOT);
    const ofApp = condition.replaceAll('schema.', 'app.');
    for (const text of [
      ofApp,
      `apps.all(app, ${ofApp})`,
      `apps.filter(app, ${ofApp}).size() == 2`,
      `${ofApp} && app.ready()`,
    ]) {
      const { propagateWhen } = twice('true', `\npropagateWhen: [${JSON.stringify(`\${${text}}`)}]`);
      if (propagateWhen === undefined) throw new Error('no conditions');
      const metadata = { namespace: 'ns', creationTimestamp: '2026-10-31T00:00:00Z' };
      const instances = ['a', 'b'].map((id) => ({
        id,
        object: { apiVersion: 'acme.test/v1', kind: 'App', metadata: { ...metadata, name: id }, spec: SPEC },
        updated: false,
        ready: true,
      }));
      const { held } = heldInstances(propagateWhen, instances, { now: Date.parse('2026-11-01T00:00:00Z') });
      expect([...held]).toEqual(holds ? [] : instances.map(({ id }) => [id, `${text} is false`]));
    }
  },
);

test.each([
  ['maps.all(m, m.ready())', 'waiting: held'],
  ["maps.all(m, m.data['a'] == b'hi')", 'waiting: held'],
  ['maps.size() == 2', 'ready: ready'],
])('a condition about all items of a collection includes items that do not exist yet: %s', (condition, state) => {
  const graph = graphOf(
    `
schema: {spec: {}}
resources:
  - id: maps
    forEach: [{key: "\${['k1', 'k2']}"}]
    template: {apiVersion: v1, kind: Secret, metadata: {name: "\${key}"}, data: {a: aGk=}}
  - {id: prop, propagateWhen: [${JSON.stringify(`\${${condition}}`)}], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: prop}}}
`,
    { features: FEATURES },
  );
  const cluster = filled();
  for (const name of ['k1', 'k2']) {
    cluster.refuse.set(`Secret/ns/${name}`, { code: 422, reason: 'Invalid', message: 'not now' });
  }
  expect(statesOf(settle(graph, putInstance(graph, cluster, 'a', {}), cluster).decision)['prop']).toBe(state);
});

test.each([
  ['skipped', "maps.all(m, m.data['a'] == b'hi') && maps.ready()", 'ready: ready'],
  ['skipped', 'maps.size() > 0', 'waiting: held'],
  ['unresolved', "maps.all(m, m.data['a'] == b'hi')", 'waiting: held'],
  ['unresolved', 'maps.ready() || maps.updated()', 'waiting: held'],
  ['unresolved', 'maps.ready() || schema.spec.n == 3', 'ready: ready'],
])('with a collection that is %s, the condition %s leaves the node in the state "%s"', (is, condition, state) => {
  const [include, list] = is === 'skipped' ? ['false', "['a']"] : ['true', "[db.data['none']]"];
  const graph = graphOf(
    `
schema: {spec: {n: integer}}
resources:
  - {id: db, externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: db}}}
  - id: maps
    includeWhen: ["\${${include}}"]
    forEach: [{key: "\${${list}}"}]
    template: {apiVersion: v1, kind: Secret, metadata: {name: "\${key}"}, data: {a: aGk=}}
  - {id: prop, propagateWhen: [${JSON.stringify(`\${${condition}}`)}], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: prop}}}
`,
    { features: FEATURES },
  );
  const cluster = filled();
  expect(statesOf(settle(graph, putInstance(graph, cluster, 'a', { n: 3 }), cluster).decision)['prop']).toBe(state);
});
