import { afterEach, describe, expect, it, vi } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { failure } from '@typekro/testing/test-support/intercept-request';
import { type VirtualWorld, conditionText, virtualWorld, writesOf } from '@typekro/testing/test-support/virtual-world';

let world: VirtualWorld;
afterEach(async () => {
  vi.restoreAllMocks();
  await world.close();
});

const RBAC = 'rbac.authorization.k8s.io/v1';
const GRAPH = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph' } as const;
const CONTROLLER = {
  kroCompatibility: '0.10',
  features: { graphKind: true },
  serviceAccount: { namespace: 'kro-system', name: 'kro' },
} as const;

const graph = (name: string, nodes: JsonObject[], spec: JsonObject = {}): KubeObject => ({
  ...GRAPH,
  metadata: { name, namespace: 'default' },
  spec: { nodes, ...spec },
});
const config = (name: string, data: JsonObject = { k: 'v' }): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace: 'default' });
const graphRef = (name: string) => ({ ...GRAPH, name, namespace: 'default' });

async function* bytes(text: string) {
  yield await Promise.resolve(new TextEncoder().encode(text));
}

/** The rights of the account `default` of the namespace `default`, on ConfigMaps and Graphs. */
function rights(verbs: string[]): KubeObject[] {
  const metadata = { name: 'account', namespace: 'default' };
  const rules = [
    { apiGroups: [''], resources: ['configmaps'], verbs },
    { apiGroups: ['kro.run'], resources: ['graphs', 'graphs/status'], verbs },
  ];
  return [
    { apiVersion: RBAC, kind: 'Role', metadata, rules },
    {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'account' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
    },
  ];
}

/** A world with the kind Graph, in which the account `default` has these verbs. */
async function worldOfGraphs(verbs: string[] = ['*']): Promise<void> {
  world = await virtualWorld({ controller: CONTROLLER });
  await world.apply(...rights(verbs));
}

const ready = async (name: string) => conditionText(await world.user.get(graphRef(name)), 'Ready');
const converged = async (name: string) => conditionText(await world.user.get(graphRef(name)), 'ResourcesConverged');
const statusOf = async (name: string) => (await world.user.get(graphRef(name))).status ?? {};
const dataOf = async (name: string) => (await world.user.find(mapRef(name)))?.['data'];

describe('a Graph', () => {
  it('shares the client of its account, and the client is closed a minute after the account has no Graph any more', async () => {
    const clients = vi.spyOn(KubeClient.prototype, 'as');
    await worldOfGraphs();
    const make = async (name: string, node: JsonObject) => {
      await world.apply(graph(name, [node]));
      await world.advance(5000);
      return clients.mock.calls.length;
    };
    const map = (name: string) => ({ id: 'm', template: config(name) });
    // A Graph without watches also shares the client.
    const made = [await make('a', map('a')), await make('values', { id: 'd', def: { x: 1 } })];
    await world.user.delete(graphRef('a'));
    await world.advance(5 * 60_000);
    made.push(await make('b', map('b')));
    for (const name of ['b', 'values']) await world.user.delete(graphRef(name));
    await world.advance(30_000);
    made.push(await make('c', map('c')));
    await world.user.delete(graphRef('c'));
    await world.advance(2 * 60_000);
    made.push(await make('d', map('d')));
    expect(made).toEqual([1, 1, 1, 1, 2]);
  });

  it('that orphans its objects releases their fields, so that another Graph can write them at once', async () => {
    await worldOfGraphs();
    await world.user.create({
      ...config('target', { other: 'x' }),
      metadata: { name: 'target', namespace: 'default' },
    } as KubeObject);
    const own = { id: 'a', template: config('a', { v: '1' }) };
    const patch = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'target' }, data: { v: '1' } };
    await world.apply(graph('g', [own, { id: 'p', patch }]));
    await world.advance(5000);
    expect(await ready('g')).toMatch(/^True/);
    await world.user.patch(graphRef('g'), { metadata: { annotations: { 'typekro.dev/deletion-policy': 'orphan' } } });
    await world.user.delete(graphRef('g'));
    await world.advance(5000);
    expect(await world.user.find(graphRef('g'))).toBeUndefined();
    for (const name of ['a', 'target']) {
      const { data, metadata } = (await world.user.get(mapRef(name))) as KubeObject & { data: JsonObject };
      expect([data['v'], JSON.stringify(metadata.managedFields ?? [])]).toEqual([
        '1',
        expect.not.stringContaining('kro-graphengine'),
      ]);
    }
    await world.apply(
      graph('next', [
        { id: 'a', template: config('a', { v: '2' }) },
        { id: 'p', patch: { ...patch, data: { v: '2' } } },
      ]),
    );
    await world.advance(5000);
    expect(await converged('next')).toMatch(/^True/);
    expect([await dataOf('a'), await dataOf('target')]).toEqual([{ v: '2' }, { other: 'x', v: '2' }]);
  });

  it('writes objects as its account, corrects drift, and deletes the objects when it is deleted', async () => {
    await worldOfGraphs();
    await world.apply(
      graph('g', [
        { id: 'a', template: config('a', { v: '1' }) },
        { id: 'b', template: config('b', { of: '${a.data.v}' }) },
      ]),
    );
    await world.advance(5000);
    expect(await ready('g')).toMatch(/^True/);
    expect(await dataOf('b')).toEqual({ of: '1' });
    expect((await statusOf('g'))['appliedServiceAccount']).toBe('system:serviceaccount:default:default');
    const users = world.requests
      .filter(({ path }) => path.includes('/configmaps'))
      .map(({ headers }) => headers?.['impersonate-user']);
    expect(new Set(users)).toEqual(new Set(['system:serviceaccount:default:default']));
    await world.user.patch(mapRef('a'), { data: { v: '2' } }, { fieldManager: 'kubectl-edit' });
    await world.advance(5000);
    expect(await dataOf('a')).toEqual({ v: '1' });
    await world.user.delete(graphRef('g'));
    await world.advance(5000);
    expect([await dataOf('a'), await dataOf('b')]).toEqual([undefined, undefined]);
    expect(await world.user.find(graphRef('g'))).toBeUndefined();
  });

  it('computes values of any type in a def', async () => {
    await worldOfGraphs();
    const value = { isOn: "${a.data.v == '1'}", list: '${[a.data.v]}', object: '${a.data}' };
    const data = { isOn: '${string(d.isOn)}', list: '${d.list[0]}', object: '${d.object.v}' };
    await world.apply(
      graph('g', [
        { id: 'a', template: config('a', { v: '1' }) },
        { id: 'd', def: value },
        { id: 'b', template: config('b', data) },
      ]),
    );
    await world.advance(5000);
    expect(await dataOf('b')).toEqual({ isOn: 'true', list: '1', object: '1' });
  });

  it('reads fields and labels of objects whose kind is computed, also if another Graph already watches the kind', async () => {
    await worldOfGraphs();
    const source = { ...config('source', { v: '1' }), metadata: { name: 'source', namespace: 'default' } };
    await world.apply({ ...source, metadata: { ...source.metadata, labels: { role: 'source' } } } as never);
    // This Graph opens the watch of the kind. Without this Graph, the watch is opened after the kind is computed.
    await world.apply(graph('before', [{ id: 'a', template: config('a') }]));
    await world.advance(5000);
    const header = { apiVersion: 'v1', kind: '${d.kind}' };
    const selected = { ...header, metadata: { namespace: 'default', selector: { matchLabels: { role: 'source' } } } };
    await world.apply(
      graph('g', [
        { id: 'd', def: { kind: 'ConfigMap' } },
        { id: 'one', ref: { ...header, metadata: { name: 'source' } } },
        { id: 'all', ref: selected },
        { id: 'copy', template: config('copy', { v: '${one.data.v}' }) },
        {
          id: 'copies',
          forEach: [{ source: '${all}' }],
          template: config('${"copy-of-" + source.metadata.name}', { v: '${source.data.v}' }),
        },
      ]),
    );
    await world.advance(5000);
    expect(await ready('g')).toMatch(/^True/);
    expect([await dataOf('copy'), await dataOf('copy-of-source')]).toEqual([{ v: '1' }, { v: '1' }]);
    await world.user.patch(mapRef('source'), { data: { v: '2' } }, { fieldManager: 'kubectl-edit' });
    await world.advance(5000);
    expect([await dataOf('copy'), await dataOf('copy-of-source')]).toEqual([{ v: '2' }, { v: '2' }]);
    world.requests.length = 0;
    await world.advance(600_000);
    expect(writesOf(world.requests)).toEqual([]);
  });

  it('writes nothing at rest or after a restart', async () => {
    await worldOfGraphs();
    await world.apply(graph('g', [{ id: 'a', template: config('a') }]));
    await world.advance(5000);
    world.requests.length = 0;
    await world.advance(3_600_000);
    expect(writesOf(world.requests)).toEqual([]);
    await world.restart();
    await world.advance(60_000);
    expect(writesOf(world.requests)).toEqual([]);
  });

  it('whose account may not list and watch has its objects read one by one, and drift is found by the next pass', async () => {
    await worldOfGraphs(['get', 'create', 'patch', 'delete']);
    await world.apply(graph('g', [{ id: 'a', template: config('a', { v: '1' }) }]));
    await world.advance(5000);
    expect(await ready('g')).toMatch(/^True/);
    world.requests.length = 0;
    await world.user.patch(mapRef('a'), { data: { v: '2' } }, { fieldManager: 'kubectl-edit' });
    await world.advance(60_000);
    expect(await dataOf('a')).toEqual({ v: '2' });
    expect(writesOf(world.requests)).toEqual([]);
    await world.apply(
      graph('g', [
        { id: 'a', template: config('a', { v: '1' }) },
        { id: 'b', template: config('b') },
      ]),
    );
    await world.advance(5000);
    expect(await dataOf('a')).toEqual({ v: '1' });
  });

  it('whose account may not watch an object reads the object again after growing pauses', async () => {
    await worldOfGraphs(['get', 'create', 'patch', 'delete']);
    await world.apply(
      graph('g', [
        { id: 'source', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'source' } } },
        { id: 'copy', template: config('copy', { v: '${source.data.v}' }) },
      ]),
    );
    await world.advance(20_000);
    expect(await converged('g')).toMatch(/^False WaitingForReadiness/);
    await world.apply({ ...config('source', { v: '1' }), metadata: { name: 'source', namespace: 'default' } } as never);
    await world.advance(60_000);
    expect(await dataOf('copy')).toEqual({ v: '1' });
  });

  it('with the account of the controller is refused', async () => {
    await worldOfGraphs();
    await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
    const own = graph('g', [{ id: 'a', template: config('a') }], { serviceAccountName: 'kro' });
    await world.apply({ ...own, metadata: { name: 'g', namespace: 'kro-system' } });
    await world.advance(5000);
    const refused = await world.user.get({ ...graphRef('g'), namespace: 'kro-system' });
    expect(conditionText(refused, 'Accepted')).toContain(
      'refusing to apply: Graph would impersonate the kro controller\'s own ServiceAccount ("system:serviceaccount:kro-system:kro")',
    );
    expect(await world.user.find({ ...mapRef('a'), namespace: 'kro-system' })).toBeUndefined();
    await world.user.delete({ ...graphRef('g'), namespace: 'kro-system' });
    await world.advance(5000);
    expect(await world.user.find({ ...graphRef('g'), namespace: 'kro-system' })).toBeUndefined();
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['in its status', {}, { appliedServiceAccount: 'system:serviceaccount:kro-system:kro' }],
    ['in its spec', { serviceAccountName: 'kro' }, {}],
  ])('with the account of the controller %s deletes nothing', async (_title, spec, status) => {
    await worldOfGraphs();
    const [namespace, name] = ['kro-system', 'g'];
    const place = { ...graphRef(name), namespace };
    const kept = { ...mapRef('victim'), namespace };
    await world.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      {
        apiVersion: RBAC,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'kro' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name: 'kro', namespace }],
      },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'victim', namespace } },
      { ...graph(name, [{ id: 'd', def: { x: '1' } }], spec), metadata: { name, namespace } },
    );
    await world.advance(5000);
    await world.controller.stop();
    const { uid = '' } = (await world.user.get(kept)).metadata;
    const entry = { nodeID: 'v', apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'victim', uid };
    await world.user.patch(place, { status: { ...status, managedResources: [entry] } }, { subresource: 'status' });
    await world.user.delete(place);
    world.requests.length = 0;
    await world.restart();
    await world.advance(60_000);
    expect(await world.user.find(kept)).toBeDefined();
    expect(conditionText(await world.user.get(place), 'ResourcesConverged')).toMatch(
      /^False DeleteFailed: refusing to delete: Graph would impersonate the kro controller's own ServiceAccount/,
    );
    expect(world.requests.filter(({ headers }) => headers?.['impersonate-user'] !== undefined)).toEqual([]);
    const annotations = { 'typekro.dev/deletion-policy': 'orphan' };
    await world.user.patch(place, { metadata: { annotations } });
    await world.advance(60_000);
    expect([await world.user.find(place), (await world.user.find(kept))?.kind]).toEqual([undefined, 'ConfigMap']);
  });

  it('whose spec changes during a pass is not ready before the new spec is applied', async () => {
    await worldOfGraphs();
    const [first, second] = [
      { id: 'a', template: config('a') },
      { id: 'b', template: config('b') },
    ];
    world.intercept = ({ method, path }) => {
      if (method !== 'PATCH' || !path.includes('/configmaps/a')) return undefined;
      world.intercept = undefined;
      void world.user.patch(graphRef('g'), { spec: { nodes: [first, second] } });
      return undefined;
    };
    await world.apply(graph('g', [first]));
    await world.advance(5000);
    expect(await ready('g')).toMatch(/^True/);
    const writes = world.requests.filter(({ method }) => method === 'PATCH');
    const written = writes.findIndex(({ path }) => path.includes('/configmaps/b'));
    const generations = writes
      .slice(0, written)
      .filter(({ path }) => path.includes('/graphs/g/status'))
      .flatMap(({ body }) => String(body).match(/"observedGeneration":\d+/g) ?? []);
    expect(written).toBeGreaterThan(0);
    expect(generations).not.toContain('"observedGeneration":2');
  });

  it('becomes ready when a node that its account may not write is removed from its spec', async () => {
    await worldOfGraphs();
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { k: 'v' } };
    await world.apply(
      graph('g', [
        { id: 'a', template: config('a') },
        { id: 's', template: secret },
      ]),
    );
    await world.advance(5000);
    expect(await converged('g')).toMatch(/^False ApplyFailed: apply "s": get current state for Secret "default\/s": /);
    await world.apply(graph('g', [{ id: 'a', template: config('a') }]));
    await world.advance(120_000);
    expect(await ready('g')).toMatch(/^True/);
  });

  it('whose account loses its rights keeps its finalizer, and is deleted when the rights are back', async () => {
    await worldOfGraphs();
    await world.apply(graph('g', [{ id: 'a', template: config('a') }]));
    await world.advance(5000);
    await world.apply(...rights(['get']));
    await world.user.delete(graphRef('g'));
    await world.advance(30_000);
    expect(await converged('g')).toMatch(/^False DeleteFailed: delete v1\/ConfigMap default\/a: .*cannot delete/);
    const events = await world.user.list({ apiVersion: 'v1', kind: 'Event' });
    expect(events.items.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('verbs: ["delete"]') as string,
    );
    await world.apply(...rights(['*']));
    await world.advance(600_000);
    expect(await world.user.find(graphRef('g'))).toBeUndefined();
    expect(await dataOf('a')).toBeUndefined();
  });
});

describe('the deletion of a Graph', () => {
  it('continues when the server can again read the objects that the patch nodes patch', async () => {
    await worldOfGraphs();
    await world.apply({ ...config('target'), metadata: { name: 'target', namespace: 'default' } } as never);
    await world.apply(graph('g', [{ id: 'mark', patch: config('target', { mine: '1' }) }]));
    await world.advance(5000);
    expect(await dataOf('target')).toEqual({ k: 'v', mine: '1' });
    world.intercept = ({ path, headers }) =>
      path.includes('/configmaps') && headers?.['impersonate-user'] !== undefined
        ? failure(500, 'InternalError', 'storage is broken')
        : undefined;
    await world.restart();
    await world.advance(60_000);
    await world.user.delete(graphRef('g'));
    await world.advance(120_000);
    expect(await converged('g')).toMatch(/^False DeleteFailed: release .*storage is broken/);
    world.intercept = undefined;
    await world.advance(600_000);
    expect(await world.user.find(graphRef('g'))).toBeUndefined();
    expect(await dataOf('target')).toEqual({ k: 'v' });
  });
});

describe('inputs that kro handles wrongly', () => {
  it('a def with forEach has its own value in each element', async () => {
    await worldOfGraphs();
    await world.apply(
      graph('g', [
        { id: 'cfg', def: { names: ['a', 'b', 'c'] } },
        { id: 'rows', forEach: [{ name: '${cfg.names}' }], def: { key: '${name}' } },
        { id: 'out', template: config('out', { keys: "${rows.map(r, r.key).join(',')}" }) },
      ]),
    );
    await world.advance(5000);
    expect(await dataOf('out')).toEqual({ keys: 'a,b,c' });
  });

  it('a patch node that waits because another field manager owns its field does not write the status again', async () => {
    await worldOfGraphs();
    await world.apply({
      ...config('target', { shared: 'theirs' }),
      metadata: { name: 'target', namespace: 'default' },
    } as never);
    await world.apply(graph('g', [{ id: 'mark', patch: config('target', { shared: 'ours' }) }]));
    await world.advance(5000);
    expect(await converged('g')).toMatch(/^False FieldManagerConflict/);
    world.requests.length = 0;
    await world.advance(60_000);
    expect(writesOf(world.requests).filter((line) => line.includes('/graphs/g/status'))).toEqual([]);
    expect(await dataOf('target')).toEqual({ shared: 'theirs' });
  });
});

describe('bad input', () => {
  it('two Graphs with the same object: the first Graph keeps it, and the second takes over after the deletion of the first', async () => {
    await worldOfGraphs();
    await world.apply(graph('first', [{ id: 'a', template: config('shared', { by: 'first' }) }]));
    await world.advance(5000);
    await world.apply(graph('second', [{ id: 'a', template: config('shared', { by: 'second' }) }]));
    await world.advance(5000);
    expect(await converged('second')).toMatch(/^False FieldManagerConflict/);
    expect(await dataOf('shared')).toEqual({ by: 'first' });
    await world.user.delete(graphRef('first'));
    await world.advance(600_000);
    expect(await dataOf('shared')).toEqual({ by: 'second' });
    expect(await ready('second')).toMatch(/^True/);
  });

  it('a refused Graph whose finalizer cannot be written is retried after pauses', async () => {
    await worldOfGraphs();
    let writes = 0;
    world.intercept = ({ method, path }) => {
      if (method !== 'PATCH' || !/\/graphs\/g(\?|$)/.test(path)) return undefined;
      writes += 1;
      if (writes > 50) throw new Error('the controller writes without a pause');
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'Forbidden',
        code: 403,
        message: 'no',
      };
      return { status: 403, headers: {}, body: bytes(JSON.stringify(status)) };
    };
    await world.apply(graph('g', [{ id: 'a', template: config('${nothing}') }]));
    await world.advance(30_000);
    expect(writes).toBeGreaterThan(1);
    expect(writes).toBeLessThan(15);
    expect(conditionText(await world.user.get(graphRef('g')), 'Accepted')).toMatch(/^False InvalidGraph/);
    world.intercept = undefined;
    await world.advance(600_000);
    expect((await world.user.get(graphRef('g'))).metadata.finalizers).toEqual(['kro.run/graph-finalizer']);
  });

  it('a Graph that patches itself is refused with the id of the node, writes nothing, and can be deleted', async () => {
    await worldOfGraphs();
    const self = { ...GRAPH, metadata: { name: 'self', labels: { a: 'b' } } };
    await world.apply(
      graph('self', [
        { id: 'other', template: config('x') },
        { id: 'me', patch: self },
      ]),
    );
    await world.advance(60_000);
    expect(await converged('self')).toContain('node "me" writes the Graph that contains it');
    world.requests.length = 0;
    await world.advance(600_000);
    expect(writesOf(world.requests)).toEqual([]);
    await world.user.delete(graphRef('self'));
    await world.advance(600_000);
    expect(await world.user.find(graphRef('self'))).toBeUndefined();
  });
});
