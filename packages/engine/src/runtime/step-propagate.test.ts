import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { putInstance, settle, statesOf } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import { explainNode } from './reports/explain.ts';

const FEATURES = { propagateWhen: true };
const applies = (cluster: FakeCluster) =>
  cluster.log.filter((entry) => entry.startsWith('apply ConfigMap')).map((entry) => entry.slice(6));

/** The objects that were applied since the last call. */
function appliesSince(cluster: FakeCluster): () => string[] {
  let seen = 0;
  return () => {
    const all = applies(cluster);
    const fresh = all.slice(seen);
    seen = all.length;
    return fresh;
  };
}

/** Sets the annotation that the conditions `readyWhen` of these tests read. */
function approve(cluster: FakeCluster, name: string, ok: string): void {
  cluster.edit(`ConfigMap/ns/${name}`, ({ metadata }) => {
    Object.assign(metadata, { annotations: { ...metadata.annotations, ok } });
  });
}

const TWO = graphOf(
  `
schema: {spec: {go: boolean, text: string}}
resources:
  - id: app
    propagateWhen: ["\${schema.spec.go}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: app}, data: {text: "\${schema.spec.text}"}}
  - id: copy
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: copy}, data: {text: "\${app.data.text}"}}
`,
  { features: FEATURES },
);

describe('propagateWhen', () => {
  test('holds a creation back, and dependents wait', () => {
    const cluster = new FakeCluster();
    const { decision, instance } = settle(TWO, putInstance(TWO, cluster, 'a', { go: false, text: '1' }), cluster);
    expect(applies(cluster)).toEqual([]);
    expect(statesOf(decision)).toEqual({ app: 'waiting: held', copy: 'pending: dependency' });
    expect(decision.quiet).toBe(true);
    expect(decision.nodes.map((node) => explainNode(node).reason)).toEqual([
      'holds back the creation of its object until propagateWhen schema.spec.go is true; it is false',
      'waits for app (waiting)',
    ]);
    const conditions = instance?.status?.['conditions'] as { type: string; status: string; message: string }[];
    expect(conditions.find(({ type }) => type === 'ResourcesPropagated')).toMatchObject({
      status: 'False',
      reason: 'Held',
      message: 'node app holds back the creation of its object until propagateWhen schema.spec.go is true; it is false',
    });
    expect(conditions.find(({ type }) => type === 'ResourcesReady')?.message).toContain(
      'node "app": propagateWhen "schema.spec.go" is false',
    );
  });

  test('holds a change back, corrects drift, and continues when the condition is true', () => {
    const cluster = new FakeCluster();
    const fresh = appliesSince(cluster);
    settle(TWO, putInstance(TWO, cluster, 'a', { go: true, text: '1' }), cluster);
    expect(fresh()).toEqual(['ConfigMap/ns/app', 'ConfigMap/ns/copy']);

    // No change is necessary, so nothing is held back. Drift is corrected.
    settle(TWO, putInstance(TWO, cluster, 'a', { go: false, text: '1' }), cluster);
    cluster.edit('ConfigMap/ns/app', (object) => void Object.assign(object, { data: { text: 'drift' } }));
    const drifted = settle(TWO, putInstance(TWO, cluster, 'a', { go: false, text: '1' }), cluster);
    expect(fresh()).toEqual(['ConfigMap/ns/app']);
    expect(statesOf(drifted.decision)).toEqual({ app: 'ready: ready', copy: 'ready: ready' });

    // A change is held back, and the dependent keeps the object's present value.
    const held = settle(TWO, putInstance(TWO, cluster, 'a', { go: false, text: '2' }), cluster);
    expect(fresh()).toEqual([]);
    expect(statesOf(held.decision)).toEqual({ app: 'waiting: held', copy: 'ready: ready' });

    const open = settle(TWO, putInstance(TWO, cluster, 'a', { go: true, text: '2' }), cluster);
    expect(fresh()).toEqual(['ConfigMap/ns/app', 'ConfigMap/ns/copy']);
    expect(statesOf(open.decision)).toEqual({ app: 'ready: ready', copy: 'ready: ready' });
    expect(open.instance?.status?.['state']).toBe('ACTIVE');
  });

  test('keeps a retired object until its replacement may be created', () => {
    const graph = graphOf(
      `
schema: {spec: {go: boolean, name: string}}
resources:
  - id: app
    propagateWhen: ["\${schema.spec.go}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.spec.name}"}}
`,
      { features: FEATURES },
    );
    const cluster = new FakeCluster();
    settle(graph, putInstance(graph, cluster, 'a', { go: true, name: 'x' }), cluster);
    settle(graph, putInstance(graph, cluster, 'a', { go: false, name: 'y' }), cluster);
    expect([cluster.get('ConfigMap/ns/x') !== undefined, cluster.get('ConfigMap/ns/y')]).toEqual([true, undefined]);
    settle(graph, putInstance(graph, cluster, 'a', { go: true, name: 'y' }), cluster);
    expect([cluster.get('ConfigMap/ns/x'), cluster.get('ConfigMap/ns/y') !== undefined]).toEqual([undefined, true]);
  });

  test.each([
    ['linearlyReady(each, maps, 2)', [2, 4, 5]],
    ['exponentiallyReady(key, maps)', [1, 3, 5]],
  ])('writes a collection in batches: %s', (when, batches) => {
    const graph = graphOf(
      `
schema: {spec: {keys: "[]string", text: string}}
resources:
  - id: maps
    forEach: [{key: "\${schema.spec.keys}"}]
    propagateWhen: ["\${${when}}"]
    readyWhen: ["\${each.metadata.?annotations.ok.orValue('') == each.data.text}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${key}"}, data: {text: "\${schema.spec.text}"}}
`,
      { features: FEATURES },
    );
    const cluster = new FakeCluster();
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const found: number[] = [];
    for (const text of ['1', '2']) {
      let done = 0;
      for (const _ of batches) {
        const { decision } = settle(graph, putInstance(graph, cluster, 'a', { keys, text }), cluster);
        const written = keys.filter((key) => cluster.get(`ConfigMap/ns/${key}`)?.['data']?.['text' as never] === text);
        expect(written).toEqual(keys.slice(0, written.length));
        const [report] = decision.nodes;
        const reason = report === undefined ? '' : explainNode(report).reason;
        const awaited = `it is false; ConfigMap v1 ns/${keys[done]} is not ready`;
        const isPartial = written.length < keys.length;
        expect([report?.because.kind === 'held', reason.includes(awaited)]).toEqual([isPartial, isPartial]);
        found.push(written.length);
        for (const key of written.slice(done)) approve(cluster, key, text);
        done = written.length;
      }
    }
    expect(found).toEqual([...batches, ...batches]);
  });
});

test('a collection without propagateWhen is written at once', () => {
  const graph = graphOf(
    `
schema: {spec: {text: string}}
resources:
  - id: maps
    forEach: [{key: "\${['a', 'b', 'c', 'd']}"}]
    readyWhen: ["\${each.data.text == 'never'}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${key}"}, data: {text: "\${schema.spec.text}"}}
`,
    { features: FEATURES },
  );
  const cluster = new FakeCluster();
  settle(graph, putInstance(graph, cluster, 'a', { text: '1' }), cluster);
  expect(applies(cluster)).toHaveLength(4);
});

describe('objects that no node wants any more', () => {
  const graph = graphOf(
    `
schema: {spec: {keys: "[]string", go: boolean, text: string, more: boolean}}
resources:
  - id: maps
    forEach: [{key: "\${schema.spec.keys}"}]
    propagateWhen: ["\${schema.spec.go}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${key}"}, data: {text: "\${schema.spec.text}"}}
  - id: more
    includeWhen: ["\${schema.spec.more}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: more}}
  - id: reader
    propagateWhen: ["\${schema.spec.go}"]
    template:
      apiVersion: v1
      kind: Secret
      metadata: {name: reader}
      stringData: {names: "\${maps.map(m, m.metadata.name).join(' ')}"}
`,
    { features: FEATURES },
  );
  const exists = (cluster: FakeCluster, names: readonly string[]) =>
    names.filter((name) => cluster.get(`ConfigMap/ns/${name}`) !== undefined);

  test('are deleted even if other changes are held back, but stay while an object that reads them waits for its change', () => {
    const cluster = new FakeCluster();
    const put = (spec: object) => settle(graph, putInstance(graph, cluster, 'a', spec as never), cluster);
    put({ keys: ['a', 'b', 'c'], go: true, text: '1', more: true });
    expect(exists(cluster, ['a', 'b', 'c', 'more'])).toEqual(['a', 'b', 'c', 'more']);
    put({ keys: ['a', 'b', 'c'], go: false, text: '2', more: false });
    expect(exists(cluster, ['more'])).toEqual([]);
    // The Secret still has the name of the removed item `c`, and the change of the Secret is held back.
    put({ keys: ['a', 'b'], go: false, text: '2', more: false });
    expect(exists(cluster, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    put({ keys: ['a', 'b'], go: true, text: '2', more: false });
    expect(exists(cluster, ['a', 'b', 'c'])).toEqual(['a', 'b']);
  });
});

test('an item that is removed from a collection is deleted while changes of the collection are held back', () => {
  const graph = graphOf(
    `
schema: {spec: {keys: "[]string", go: boolean, text: string}}
resources:
  - id: maps
    forEach: [{key: "\${schema.spec.keys}"}]
    propagateWhen: ["\${schema.spec.go}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${key}"}, data: {text: "\${schema.spec.text}"}}
`,
    { features: FEATURES },
  );
  const cluster = new FakeCluster();
  const put = (spec: object) => settle(graph, putInstance(graph, cluster, 'a', spec as never), cluster);
  put({ keys: ['a', 'b', 'c'], go: true, text: '1' });
  put({ keys: ['a', 'b'], go: false, text: '2' });
  expect(['a', 'b', 'c'].map((name) => cluster.get(`ConfigMap/ns/${name}`)?.['data'])).toEqual([
    { text: '1' },
    { text: '1' },
    undefined,
  ]);
});

test('a condition that calls now() reads the present time, and is evaluated again while it holds a write back', () => {
  const graph = graphOf(
    `
schema: {spec: {}}
resources:
  - id: app
    propagateWhen: ["\${now() > timestamp('2026-11-01T00:00:30Z')}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: app}}
`,
    { features: { ...FEATURES, now: true } },
  );
  const cluster = new FakeCluster();
  const now = Date.parse('2026-11-01T00:00:00Z');
  const at = (time: number) =>
    settle(graph, putInstance(graph, cluster, 'a', {}), cluster, {
      step: { now: time, templateNow: now, revision: 1 },
    });
  const held = at(now);
  expect([held.decision.requeueAt, applies(cluster)]).toEqual([now + 60_000, []]);
  expect(at(now + 60_000).decision.requeueAt).toBeUndefined();
  expect(applies(cluster)).toEqual(['ConfigMap/ns/app']);
});

describe('ready() and updated()', () => {
  const graph = graphOf(
    `
schema: {spec: {text: string, db: boolean, open: boolean}}
resources:
  - id: db
    includeWhen: ["\${schema.spec.db}"]
    propagateWhen: ["\${schema.spec.open}"]
    readyWhen: ["\${db.metadata.?annotations.ok.orValue('') == 'yes'}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: db}, data: {text: "\${schema.spec.text}"}}
  - id: ready
    propagateWhen: ["\${db.ready()}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: ready}, data: {text: "\${schema.spec.text}"}}
  - id: updated
    propagateWhen: ["\${db.updated()}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: updated}, data: {text: "\${schema.spec.text}"}}
`,
    { features: FEATURES },
  );

  test('distinguish a ready object from an updated object', () => {
    const cluster = new FakeCluster();
    const fresh = appliesSince(cluster);
    const put = (spec: object) => settle(graph, putInstance(graph, cluster, 'a', spec as never), cluster).decision;
    put({ text: '1', db: true, open: true });
    expect(fresh()).toEqual(['ConfigMap/ns/db', 'ConfigMap/ns/updated']);
    approve(cluster, 'db', 'yes');
    put({ text: '1', db: true, open: true });
    expect(fresh()).toEqual(['ConfigMap/ns/ready']);
    const held = put({ text: '2', db: true, open: false });
    expect(fresh()).toEqual(['ConfigMap/ns/ready']);
    expect(statesOf(held)).toEqual({ db: 'waiting: held', ready: 'ready: ready', updated: 'waiting: held' });
    expect(explainNode(held.nodes.find(({ id }) => id === 'updated') as never)).toMatchObject({
      reason:
        'holds back a change of its object until propagateWhen db.updated() is true; it is false; it reads db (waiting)',
      waitsFor: ['db'],
    });
  });

  test('are true for an excluded node', () => {
    const cluster = new FakeCluster();
    settle(graph, putInstance(graph, cluster, 'a', { text: '1', db: false, open: true }), cluster);
    expect(applies(cluster)).toEqual(['ConfigMap/ns/ready', 'ConfigMap/ns/updated']);
  });
});

test('a condition that reads data of an excluded node holds writes back, and the remedy is about the condition', () => {
  const graph = graphOf(
    `
schema: {spec: {db: boolean}}
resources:
  - id: db
    includeWhen: ["\${schema.spec.db}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: db}, data: {text: go}}
  - id: app
    propagateWhen: ["\${db.data.text == 'go'}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: app}}
`,
    { features: FEATURES },
  );
  const cluster = new FakeCluster();
  const { decision } = settle(graph, putInstance(graph, cluster, 'a', { db: false }), cluster);
  expect(explainNode(decision.nodes.find(({ id }) => id === 'app') as never)).toMatchObject({
    reason: expect.stringContaining('"data" does not exist yet; it reads db (skipped)') as string,
    remedy: 'make the condition of propagateWhen true, or remove it from the definition',
  });
});

test('a failing expression in propagateWhen causes the failure of its node, and nothing is written', () => {
  const graph = graphOf(
    `
schema: {spec: {n: integer}}
resources:
  - id: maps
    forEach: [{key: "\${['a', 'b']}"}]
    propagateWhen: ["\${linearlyReady(key, maps, schema.spec.n)}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${key}"}}
`,
    { features: FEATURES },
  );
  const cluster = new FakeCluster();
  const { decision } = settle(graph, putInstance(graph, cluster, 'a', { n: 0 }), cluster);
  expect(statesOf(decision)).toEqual({ maps: 'failed: expression-failed' });
  expect(decision.nodes[0]?.message).toContain('linearlyReady() needs a batch of at least 1, got 0');
  expect(applies(cluster)).toEqual([]);
});
