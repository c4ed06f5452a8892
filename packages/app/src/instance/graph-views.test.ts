import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type VirtualWorld, pot, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { differenceLines, diffReport } from './diff-report.ts';
import { KubeError } from '@typekro/kube';
import { InstanceEventFilter } from './instance-events.ts';
import { observe } from './observation.ts';
import { logSources } from './log-sources.ts';
import { withRefusedWrites } from './pending-writes.ts';
import { statusLines, statusView } from './status-view.ts';
import { treeLines } from './tree-view.ts';
import { whyOf } from './evidence.ts';
import { whyLines } from './why-view.ts';

const NEVER = new AbortController().signal;
const GRAPH = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', name: 'g', namespace: 'team-a' };

const graph = (nodes: string, more: JsonObject = {}): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'g', namespace: 'team-a' },
  spec: { nodes: parse(nodes), ...more },
});

const map = (id: string, name: string, data: string, more = '') =>
  `- {id: ${id}, ${more}template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${name}"}, data: {${data}}}}\n`;
const mark = (color: string) =>
  `- {id: mark, patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: target, labels: {color: ${color}}}, data: {extra: x}}}\n`;

const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace: 'team-a' });
const configMap = (name: string, data: JsonObject, metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'team-a', ...metadata },
  data,
});

const RBAC = 'rbac.authorization.k8s.io';
/**
 * The rights of the account `default` of the namespace `team-a`, on all kinds of the core group and of the group
 * `kro.run`.
 */
const rights = (verbs: string[]): KubeObject[] => [
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: { name: 'account', namespace: 'team-a' },
    rules: [{ apiGroups: ['', 'kro.run'], resources: ['*'], verbs }],
  },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'account', namespace: 'team-a' },
    roleRef: { apiGroup: RBAC, kind: 'Role', name: 'account' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'team-a' }],
  },
];

let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld({
    controller: { features: { graphKind: true }, serviceAccount: { namespace: 'kro-system', name: 'kro' } },
  });
  await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } }, ...rights(['*']));
});
afterEach(() => world.close());

async function apply(...objects: KubeObject[]): Promise<void> {
  await world.apply(...objects);
  await world.advance(2000);
}

const look = (text = 'team-a/g') =>
  observe(world.user, text, 'default', NEVER, { settings: assumedSettings('this test') });

/** The output of a view, without UIDs and names of field managers. */
async function shown(view: 'why' | 'tree' | 'status' | 'diff', text?: string): Promise<string> {
  const seen = await withRefusedWrites(world.user, await look(text), NEVER);
  const now = world.clock.now();
  const lines = {
    why: async () => whyLines(seen, await whyOf(seen, world.user, NEVER), now, false),
    tree: () => treeLines(seen, now, false),
    status: () => statusLines(seen, statusView(seen), now, false),
    diff: () => differenceLines(diffReport(seen, seen.graph as NonNullable<typeof seen.graph>)),
  }[view];
  return (await lines()).join('\n').replaceAll(/kro-graphengine\.(patch|tmpl)\.[0-9a-f.]+/g, '(manager of a $1)');
}

describe('the views of a ready Graph', () => {
  const nodes =
    map('web', 'web', 'color: blue') +
    mark('blue') +
    `- id: inner
  graph:
    nodes:
      - {id: env, def: {name: dev}}
      - {id: cm, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${env.name + '-in'}"}, data: {k: v}}}
`;
  beforeEach(() => apply(configMap('target', { own: 'y' }), graph(nodes)));

  test('tree, status, diff and why show that nothing is wrong', async () => {
    expect(await shown('tree')).toMatchInlineSnapshot(`
      "Graph team-a/g   ACTIVE 2s   5 of 5 nodes ready
      ├─ ✓ web        ConfigMap team-a/web     ready: is as wanted and ready
      ├─ ✓ mark       ConfigMap team-a/target  ready: is as wanted and ready; writes metadata.labels.color, data.extra
      ├─ ✓ inner/env                           ready: is as wanted and ready
      ├─ ✓ inner/cm   ConfigMap team-a/dev-in  ready: is as wanted and ready
      └─ ✓ inner                               ready: is as wanted and ready"
    `);
    expect(await shown('status')).toMatchInlineSnapshot(`
      "Graph team-a/g   ACTIVE 2s   5 of 5 nodes ready
      conditions
        Accepted            True         2s  compiled 3 nodes
        ResourcesConverged  True         2s  all nodes applied and ready
        Ready               True         2s  Ready
      fields
        appliedServiceAccount  "system:serviceaccount:team-a:default"
      objects
        web       ConfigMap team-a/web
        inner/cm  ConfigMap team-a/dev-in
      fields in other objects
        mark ConfigMap team-a/target metadata.labels.color, data.extra by (manager of a patch)"
    `);
    expect(await shown('diff')).toMatchInlineSnapshot(`"no difference: every object is as the graph wants it"`);
    expect(await shown('why')).toMatchInlineSnapshot(`
      "Graph team-a/g   ACTIVE 2s   5 of 5 nodes ready

      the instance waits for nothing: every node is ready"
    `);
  });

  test('a node of a subgraph can be named by its path', async () => {
    expect((await look('graph/team-a/g/inner/cm')).node).toBe('inner/cm');
    await expect(look('team-a/g/inner/cn')).rejects.toThrow('has no node inner/cn');
  });

  test('the views announce the revert of a change by another client, and the deletion of the objects of removed nodes', async () => {
    await world.controller.stop();
    await world.user.patch(mapRef('web'), { data: { color: 'red' } }, { fieldManager: 'kubectl-edit' });
    await world.apply(graph(nodes.slice(0, nodes.indexOf('- {id: mark'))));
    expect(await shown('diff')).toMatchInlineSnapshot(`
      "~ ConfigMap team-a/web  drift (web), last written by kubectl-edit
          data.color  "red" in the cluster, by kubectl-edit; "blue" is wanted and will be put back
      ? inner/cm  not compared: waits for web before it deletes objects that are no longer wanted: ConfigMap v1 team-a/dev-in"
    `);
    expect(await shown('tree')).toMatchInlineSnapshot(`
      "Graph team-a/g   ACTIVE 2s   0 of 1 nodes ready, 1 deletion open
      ├─ > web       ConfigMap team-a/web     applying: reverts changes that another client made to its object
      └─ ! inner/cm  ConfigMap team-a/dev-in  blocked: waits for web before it deletes objects that are no longer wanted: ConfigMap v1 team-a/dev-in"
    `);
  });
});

describe('why names the cause when', () => {
  test('the target of a patch is absent', async () => {
    await apply(graph(mark('blue')));
    expect(await shown('why')).toMatchInlineSnapshot(`
      "Graph team-a/g   IN_PROGRESS 2s   0 of 1 nodes ready

      ! mark  blocked: waits for ConfigMap v1 team-a/target, into which it writes
         do         create the object, or correct its name in the patch

      the controller reports: apply "mark" (patch): patch target ConfigMap "team-a/target" not found: executor: node not ready"
    `);
  });

  test('another manager owns a field of a patch', async () => {
    await world.user.apply(configMap('target', { own: 'y' }, { labels: { color: 'red' } }), {
      fieldManager: 'painter',
    });
    await apply(graph(mark('blue')));
    expect(await shown('why')).toMatchInlineSnapshot(`
      "Graph team-a/g   IN_PROGRESS 2s   0 of 1 nodes ready

      ! mark  blocked: may not write fields of ConfigMap v1 team-a/target that painter owns: Apply failed with 1 conflict: conflict with "painter": .metadata.labels.color
         do         leave the fields out of the patch, or let painter stop writing them"
    `);
    expect(await shown('tree')).toMatchInlineSnapshot(`
      "Graph team-a/g   IN_PROGRESS 2s   0 of 1 nodes ready
      └─ ! mark  ConfigMap team-a/target  blocked: may not write fields of ConfigMap v1 team-a/target that painter owns: Apply failed with 1 conflict: conflict with "painter": .metadata.labels.color; writes metadata.labels.color, data.extra"
    `);
    expect(await shown('status')).toContain(
      'mark ConfigMap team-a/target metadata.labels.color, data.extra not written',
    );
    const { tracking } = statusView(await look());
    expect(tracking?.contributions).toMatchObject([{ name: 'target', isWritten: false }]);
  });

  test('the account may not write', async () => {
    await world.apply(...rights(['get', 'list', 'watch']));
    await apply(graph(map('web', 'web', 'k: v')));
    expect(await shown('why')).toMatchInlineSnapshot(`
      "Graph team-a/g   ERROR 2s   0 of 1 nodes ready

      ✗ web  failed: the API server refuses ConfigMap team-a/web: configmaps "web" is forbidden: User "system:serviceaccount:team-a:default" cannot patch resource "configmaps" in API group "" in the namespace "team-a" (missing permission; add the rule {apiGroups: [""], resources: ["configmaps"], verbs: ["create", "patch"]} for system:serviceaccount:team-a:default in namespace team-a)
         do         give system:serviceaccount:team-a:default the missing right: typekro rbac prints all rules that a definition or a Graph needs

      the controller reports: apply "web": configmaps "web" is forbidden: User "system:serviceaccount:team-a:default" cannot patch resource "configmaps" in API group "" in the namespace "team-a""
    `);
  });

  test('the spec does not compile', async () => {
    await apply(graph(map('web', '${naming.ap}', 'k: v') + '- {id: naming, def: {app: shop}}'));
    expect(await shown('why')).toMatchInlineSnapshot(`
      "Graph team-a/g   ERROR 2s
      error: undefined field 'ap' [cel/unknown-field]
        at spec.nodes[0].template.metadata.name
        hint: did you mean "app"?

      ✗ Accepted  False: compile node "web": variable at "metadata.name" ("naming.ap"): ERROR: <input>:1:7: undefined field 'ap' | naming.ap | ......^
         do         correct the spec of the Graph as the message says, and apply it again; typekro validate FILE checks it first

      nothing is done, and the objects stay as they are"
    `);
    expect(await shown('tree')).toMatchInlineSnapshot(`
      "Graph team-a/g   ERROR 2s
      error: undefined field 'ap' [cel/unknown-field]
        at spec.nodes[0].template.metadata.name
        hint: did you mean "app"?"
    `);
  });

  test('the kind is missing', async () => {
    const widget = '{apiVersion: "example.com/${d.v}", kind: Widget, metadata: {name: w}}';
    await apply(graph(`- {id: d, def: {v: v1}}\n- {id: w, template: ${widget}}`));
    expect(await shown('why')).toMatchInlineSnapshot(`
      "Graph team-a/g   IN_PROGRESS 2s   1 of 2 nodes ready

      · w  pending: waits for the type example.com/v1, Kind=Widget, which the API server does not serve
         do         create the CRD of the type, or correct apiVersion and kind

      the controller reports: apply "w": example.com/v1, Kind=Widget: executor: target GVK not yet known to the cluster (executor: node not ready)"
    `);
    await apply(graph(`- {id: w, template: ${widget.replace('${d.v}', 'v1')}}`));
    expect(await shown('why')).toMatchInlineSnapshot(`
      "Graph team-a/g   ERROR 4s
      error: the kind Widget of "example.com/v1" is not known [graph/unknown-kind]
        at spec.nodes[0].template.apiVersion
        hint: install its CustomResourceDefinition in the cluster, or correct apiVersion and kind

      ✗ Accepted  False: build node "w": resolve schema for example.com/v1, Kind=Widget: cannot resolve group version "example.com/v1": schema not found
         do         correct the spec of the Graph as the message says, and apply it again; typekro validate FILE checks it first

      nothing is done, and the objects stay as they are"
    `);
  });

  test('the finalizer of another program delays the deletion of the Graph', async () => {
    const held = graph(map('web', 'web', 'k: v'));
    await apply({ ...held, metadata: { ...held.metadata, finalizers: ['example.com/hold'] } });
    await world.user.delete(GRAPH);
    await world.advance(2000);
    expect(await shown('why')).toMatchInlineSnapshot(`
      "Graph team-a/g   DELETING 4s   being deleted for 2s   1 of 1 nodes deleted
        blocked by  the finalizer example.com/hold of another program has delayed the deletion since 2026-01-01T00:00:02Z
         do         find out why the program that owns example.com/hold does not finish: its log names the cause; remove the finalizer by hand (kubectl edit) only when that program no longer exists"
    `);
  });

  test('the account lost its right to delete the objects', async () => {
    await apply(graph(map('web', 'web', 'k: v')));
    await world.apply(...rights(['get', 'list', 'watch']));
    await world.user.delete(GRAPH);
    await world.advance(2000);
    expect(await shown('why')).toMatchInlineSnapshot(`
      "Graph team-a/g   DELETING 2s   being deleted for 2s   0 of 1 nodes deleted
        blocked by  delete v1/ConfigMap team-a/web: configmaps "web" is forbidden: User "system:serviceaccount:team-a:default" cannot delete resource "configmaps" in API group "" in the namespace "team-a"
         do         give system:serviceaccount:team-a:default the missing right: typekro rbac prints all rules that a definition or a Graph needs

      ✗ web  failed: the API server refuses the deletion of ConfigMap team-a/web: configmaps "web" is forbidden: User "system:serviceaccount:team-a:default" cannot delete resource "configmaps" in API group "" in the namespace "team-a" (missing permission; add the rule {apiGroups: [""], resources: ["configmaps"], verbs: ["delete"]} for system:serviceaccount:team-a:default in namespace team-a)
         do         give system:serviceaccount:team-a:default the missing right: typekro rbac prints all rules that a definition or a Graph needs
         look       kubectl describe configmap web -n team-a

      the controller reports: delete v1/ConfigMap team-a/web: configmaps "web" is forbidden: User "system:serviceaccount:team-a:default" cannot delete resource "configmaps" in API group "" in the namespace "team-a""
    `);
    expect(await shown('tree')).toMatchInlineSnapshot(`
      "Graph team-a/g   DELETING 2s   being deleted for 2s   0 of 1 nodes deleted
      └─ ✗ web  ConfigMap team-a/web  failed: the API server refuses the deletion of ConfigMap team-a/web: configmaps "web" is forbidden: User "system:serviceaccount:team-a:default" cannot delete resource "configmaps" in API group "" in the namespace "team-a" (missing permission; add the rule {apiGroups: [""], resources: ["configmaps"], verbs: ["delete"]} for system:serviceaccount:team-a:default in namespace team-a)"
    `);
  });

  test('another Graph or an instance writes the field', async () => {
    const first = graph(mark('red').replace(', data: {extra: x}', ''));
    await apply(
      configMap('target', { own: 'y' }),
      { ...first, metadata: { ...first.metadata, name: 'first' } },
      graph(mark('blue')),
    );
    for (const view of ['why', 'tree', 'status'] as const)
      expect(await shown(view)).toContain('fields of ConfigMap v1 team-a/target that Graph team-a/first owns');
    const template = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'own', labels: { color: 'red' } } };
    await apply(potDefinition([{ id: 'own', template }]));
    await apply(
      { ...pot('p'), metadata: { name: 'p', namespace: 'team-a' } },
      graph(mark('blue').replace('target', 'own')),
    );
    expect(await shown('why')).toContain('let Pot team-a/p stop writing them');
  });

  test('another Graph owns the object', async () => {
    const other = graph(map('web', 'web', 'k: v'));
    await apply({ ...other, metadata: { ...other.metadata, name: 'first' } });
    await apply(graph(map('web', 'web', 'k: other')));
    expect(await shown('why')).toContain('which another Graph writes: Graph team-a/first\n');
  });
});

describe('for the pods of a Graph', () => {
  const POD = { containers: [{ name: 'main', image: 'shop' }] };
  const labels = { app: 'shop' };
  const deployment = `- id: inner
  graph:
    nodes:
      - {id: web, template: {apiVersion: apps/v1, kind: Deployment, metadata: {name: shop}, spec: ${JSON.stringify({
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: POD },
      })}}}
`;
  const ownedBy = async (ref: Parameters<VirtualWorld['user']['get']>[0]) => {
    const { uid = '' } = (await world.user.get(ref)).metadata;
    return { ownerReferences: [{ apiVersion: ref.apiVersion, kind: ref.kind, name: ref.name, uid, controller: true }] };
  };
  const apps = (kind: string, name: string) => ({ apiVersion: 'apps/v1', kind, name, namespace: 'team-a' });

  beforeEach(async () => {
    const role = rights(['*'])[0] as KubeObject;
    await world.apply({ ...role, rules: [{ apiGroups: ['', 'apps'], resources: ['*'], verbs: ['*'] }] });
    await apply(graph(deployment));
    const set = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'shop-1', namespace: 'team-a', labels },
    };
    const owner = await ownedBy(apps('Deployment', 'shop'));
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: POD } };
    await world.apply({ ...set, metadata: { ...set.metadata, ...owner }, spec });
    const pod = { name: 'shop-1-a', namespace: 'team-a', labels, ...(await ownedBy(apps('ReplicaSet', 'shop-1'))) };
    await world.apply({ apiVersion: 'v1', kind: 'Pod', metadata: pod, spec: POD });
  });

  test('typekro logs lists the containers, also of one node of a subgraph', async () => {
    for (const text of ['graph/team-a/g', 'graph/team-a/g/inner/web']) {
      const sources = await logSources(world.user, await look(text), undefined, NEVER);
      expect(sources).toEqual([{ namespace: 'team-a', pod: 'shop-1-a', container: 'main' }]);
    }
  });

  test('typekro events lists only the events of the Graph, of its objects and of the objects that these own', async () => {
    const seen = await look();
    const filter = new InstanceEventFilter(world.user, seen, NEVER);
    const about = async (ref: Parameters<VirtualWorld['user']['get']>[0]) => {
      const { uid } = (await world.user.get(ref)).metadata;
      const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'team-a' }, reason: 'Why' };
      return filter.accept({ ...event, involvedObject: { ...ref, uid: uid ?? '' } });
    };
    const pod = { apiVersion: 'v1', kind: 'Pod', name: 'shop-1-a', namespace: 'team-a' };
    for (const ref of [GRAPH, apps('Deployment', 'shop'), apps('ReplicaSet', 'shop-1'), pod]) {
      expect(await about(ref)).toMatchObject({ reason: 'Why', object: { name: ref.name } });
    }
    await world.apply(configMap('other', {}));
    expect(await about(mapRef('other'))).toBeUndefined();
  });

  test.each([
    ['shop-1-b', true],
    ['other-shop-1', false],
  ])(
    'if the user may not read pods, the name of a pod decides whether its events belong to the Graph: %s, %s',
    async (name, isOwn) => {
      const refuse = () => Promise.reject(new KubeError('no', { status: 403, reason: 'Forbidden' }));
      const api = Object.assign(Object.create(world.user) as typeof world.user, { find: refuse });
      const filter = new InstanceEventFilter(api, await look(), NEVER);
      const involvedObject = { apiVersion: 'v1', kind: 'Pod', name, namespace: 'team-a', uid: 'u' };
      const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'team-a' }, involvedObject };
      expect((await filter.accept(event)) !== undefined).toBe(isOwn);
    },
  );
});
