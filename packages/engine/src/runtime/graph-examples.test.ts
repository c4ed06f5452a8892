import { describe, expect, it } from 'vitest';
import type { LoopOptions } from '../../test-support/direct-loop.ts';
import { GraphObjects, map } from '../../test-support/graph-objects.ts';
import { patchManager, templateManager } from './objects/field-managers.ts';
import { StepMemory } from './step-memory.ts';

const CONVERGED = 'True Applied all nodes applied and ready';
const READY = 'True Ready ';

const MODES: readonly (readonly [string, LoopOptions])[] = [
  ['whole objects', {}],
  ['projections', { mode: 'projection' }],
  ['projections that a read must load first', { mode: 'projection', lazy: true }],
  ['projections, with a memory', { mode: 'projection', step: { memory: new StepMemory() } }],
];

describe.each(MODES)('examples of the kind Graph, with a view of %s', (_view, mode) => {
  it('E1: makes one object and records it', () => {
    const graphs = new GraphObjects({}, mode);
    graphs.apply(map('web', 'web-cfg', 'color: blue'));
    const { metadata } = graphs.map('web-cfg') ?? {};
    expect(metadata?.labels).toEqual({ 'kro.run/node-id': 'web' });
    expect(metadata?.annotations).toEqual({ 'internal.kro.run/apply-order': '1', 'internal.kro.run/node-path': 'web' });
    expect(metadata?.managedFields).toMatchObject([{ manager: templateManager(graphs.get()?.metadata.uid ?? '') }]);
    expect(graphs.get()?.metadata.finalizers).toEqual(['kro.run/graph-finalizer']);
    expect(graphs.get()?.status).toEqual({
      appliedServiceAccount: 'system:serviceaccount:team-a:default',
      conditions: [
        expect.objectContaining({ type: 'Accepted', status: 'True', reason: 'Compiled', message: 'compiled 1 nodes' }),
        expect.objectContaining({ type: 'ResourcesConverged', status: 'True', reason: 'Applied' }),
        expect.objectContaining({ type: 'Ready', status: 'True', reason: 'Ready', message: '' }),
      ],
      managedResources: [
        {
          nodeID: 'web',
          apiVersion: 'v1',
          kind: 'ConfigMap',
          namespace: 'team-a',
          name: 'web-cfg',
          uid: metadata?.uid,
        },
      ],
    });
  });

  it('E2: a def feeds a template', () => {
    const graphs = new GraphObjects({}, mode);
    const naming = '- {id: naming, def: {team: red, app: shop}}\n';
    graphs.apply(naming + map('cfg', "${naming.team + '-' + naming.app}", 'k: v'));
    expect(graphs.maps()).toEqual(['red-shop']);
    expect(graphs.map('red-shop')?.metadata.annotations).toMatchObject({ 'internal.kro.run/apply-order': '1' });
    graphs.apply(naming + map('cfg', '${naming.ap}', 'k: v'));
    expect(graphs.condition('Accepted')).toMatch(/^False InvalidGraph .*undefined field 'ap'/s);
    expect(graphs.maps()).toEqual(['red-shop']);
  });

  it('E3: in a chain of nodes that read observed fields, the object of the last node is deleted first', () => {
    const graphs = new GraphObjects({}, mode);
    graphs.apply(`
${map('a', 'a', 'ip: "10.0.0.1"')}
${map('b', 'b', 'ip: "${a.data.ip}"')}`);
    expect(graphs.data('b')).toEqual({ ip: '10.0.0.1' });
    expect(graphs.map('b')?.metadata.annotations).toMatchObject({ 'internal.kro.run/apply-order': '2' });
    graphs.delete();
    const deletions = graphs.cluster.log.filter((line) => line.startsWith('delete'));
    expect(deletions).toEqual(['delete ConfigMap/team-a/b', 'delete ConfigMap/team-a/a']);
    expect(graphs.get()).toBeUndefined();
  });

  it('E4: a node is ready when its readyWhen is true, and its readers do not wait for that', () => {
    const graphs = new GraphObjects({}, mode);
    graphs.apply(`
${map('dep', 'd', 'k: v', "readyWhen: [\"${dep.data.?ready.orValue('') == 'yes'}\"], ")}
${map('note', 'note', 'd: "${dep.metadata.name}"')}`);
    expect(graphs.maps()).toEqual(['d', 'note']);
    expect(graphs.condition('ResourcesConverged')).toBe(
      `False WaitingForReadiness apply "dep": node "dep": readyWhen "dep.data.?ready.orValue('') == 'yes'" is false: waiting for readiness (executor: node not ready)`,
    );
    graphs.cluster.edit(
      'ConfigMap/team-a/d',
      (object) => void Object.assign(object, { data: { k: 'v', ready: 'yes' } }),
    );
    graphs.settle();
    expect(graphs.condition('Ready')).toBe(READY);
  });

  it('E5: while the object of a ref is missing, the objects of its readers are not created, and existing ones stay', () => {
    const graphs = new GraphObjects({}, mode);
    const nodes = `
- {id: src, ref: {apiVersion: v1, kind: ConfigMap, metadata: {name: region}}}
${map('copy', 'copy', 'r: "${src.data.region}"')}`;
    graphs.apply(nodes);
    const missing =
      'False WaitingForReadiness apply "src" (ref): external ref ConfigMap "team-a/region" not found: executor: node not ready';
    expect(graphs.condition('ResourcesConverged')).toBe(missing);
    expect(graphs.maps()).toEqual([]);
    graphs.putMap('region', { region: 'eu' });
    graphs.settle();
    expect(graphs.data('copy')).toEqual({ r: 'eu' });
    graphs.cluster.remove('ConfigMap/team-a/region');
    graphs.settle();
    expect(graphs.condition('ResourcesConverged')).toBe(missing);
    expect(graphs.recorded()).toEqual([`copy copy ${graphs.map('copy')?.metadata.uid}`]);
  });

  it('E6: an object exists while the selector that its includeWhen reads matches at least one other object', () => {
    const graphs = new GraphObjects({}, mode);
    graphs.apply(`
- {id: feeds, ref: {apiVersion: v1, kind: ConfigMap, metadata: {namespace: team-a, selector: {matchLabels: {feed: "yes"}}}}}
${map('sum', 'sum', 'n: "${string(feeds.size())}", names: "${feeds.map(f, f.metadata.name).join(\',\')}"', 'includeWhen: ["${feeds.size() > 0}"], ')}`);
    expect(graphs.condition('Ready')).toBe(READY);
    expect(graphs.maps()).toEqual([]);
    graphs.putMap('one', {}, { feed: 'yes' });
    graphs.putMap('two', {}, { feed: 'yes' });
    graphs.settle();
    expect(graphs.data('sum')).toEqual({ n: '2', names: 'one,two' });
    for (const name of ['one', 'two']) {
      graphs.cluster.edit(`ConfigMap/team-a/${name}`, ({ metadata }) => void (metadata.labels = {}));
    }
    graphs.settle();
    expect(graphs.maps()).toEqual(['one', 'two']);
    expect(graphs.condition('Ready')).toBe(READY);
  });

  it('E7: objects follow a forEach that grows, shrinks and is removed', () => {
    const graphs = new GraphObjects({}, mode);
    const nodes = (names: string) => `
- {id: cfg, def: {names: ${names}}}
${map('part', "${'item-' + n}", 'v: "x"', 'forEach: [{n: "${cfg.names}"}], readyWhen: ["${each.data.v == \'x\'}"], ')}`;
    graphs.apply(nodes('[a, b, c]'));
    expect(graphs.maps()).toEqual(['item-a', 'item-b', 'item-c']);
    expect(graphs.map('item-b')?.metadata.labels).toEqual({
      'kro.run/node-id': 'part',
      'kro.run/collection-index': '1',
      'kro.run/collection-size': '3',
      'kro.run/instance-id': graphs.get()?.metadata.uid,
    });
    graphs.apply(nodes('[a, c]'));
    expect(graphs.maps()).toEqual(['item-a', 'item-c']);
    expect(graphs.map('item-c')?.metadata.labels).toMatchObject({ 'kro.run/collection-size': '2' });
    graphs.apply(nodes('[]'));
    expect(graphs.maps()).toEqual([]);
    expect(graphs.condition('Ready')).toBe(READY);
    expect(graphs.get()?.status).not.toHaveProperty('managedResources');
  });

  it('E8: a forEach over two axes makes each combination, and equal names are refused', () => {
    const graphs = new GraphObjects({}, mode);
    const nodes = (regions: string) => `
- {id: d, def: {regions: ${regions}, tiers: [hot, cold]}}
${map('x', "${r + '-' + t}", 'k: v', 'forEach: [{r: "${d.regions}"}, {t: "${d.tiers}"}], ')}`;
    graphs.apply(nodes('[us, eu]'));
    const index = (name: string) => graphs.map(name)?.metadata.labels?.['kro.run/collection-index'];
    expect(['us-hot', 'us-cold', 'eu-hot', 'eu-cold'].map(index)).toEqual(['0', '1', '2', '3']);
    graphs.apply(nodes('[us, us]'));
    expect(graphs.condition('ResourcesConverged')).toBe(
      'False ApplyFailed apply "x": resolve: node "x": duplicate identity in collection: /v1/ConfigMap//us-hot',
    );
    expect(graphs.maps()).toHaveLength(4);
    expect(graphs.recorded()).toHaveLength(4);
  });

  it('E9: the readers of an excluded node are also excluded', () => {
    const graphs = new GraphObjects({}, mode);
    const nodes = (on: boolean) => `
- {id: f, def: {"on": ${on}}}
${map('a', 'a', 'k: v', 'includeWhen: ["${f.on}"], ')}
${map('b', 'b', 'up: "${a.metadata.name}"')}
${map('c', 'c', 'k: v')}`;
    graphs.apply(nodes(false));
    expect([graphs.maps(), graphs.condition('Ready')]).toEqual([['c'], READY]);
    graphs.apply(nodes(true));
    expect(graphs.maps()).toEqual(['a', 'b', 'c']);
    graphs.cluster.log.length = 0;
    graphs.apply(nodes(false));
    expect(graphs.cluster.log.filter((line) => line.startsWith('delete'))).toEqual([
      'delete ConfigMap/team-a/b',
      'delete ConfigMap/team-a/a',
    ]);
    expect([graphs.maps(), graphs.condition('Ready')]).toEqual([['c'], READY]);
  });

  it('E10: a patch of labels is released when its node is removed', () => {
    const graphs = new GraphObjects({}, mode);
    graphs.cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a', labels: { kept: 'yes' } } });
    graphs.apply(
      '[{id: mark, patch: {apiVersion: v1, kind: Namespace, metadata: {name: team-a, labels: {tier: gold}}}}]',
    );
    const labels = () => graphs.cluster.get('Namespace//team-a')?.metadata.labels;
    expect(labels()).toEqual({ kept: 'yes', tier: 'gold' });
    const fieldManager = patchManager(graphs.get()?.metadata.uid ?? '', 'mark');
    expect(graphs.get()?.status?.['contributions']).toEqual([
      { apiVersion: 'v1', kind: 'Namespace', name: 'team-a', fieldManager },
    ]);
    graphs.apply('[{id: other, def: {x: "1"}}]');
    expect(labels()).toEqual({ kept: 'yes' });
    expect(graphs.get()?.status).not.toHaveProperty('contributions');
  });

  it('E10: a patch waits while another applier owns the same field', () => {
    const graphs = new GraphObjects({}, mode);
    const metadata = { name: 'team-a', labels: { tier: 'silver' } };
    graphs.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata }, 'other');
    graphs.apply(
      '[{id: mark, patch: {apiVersion: v1, kind: Namespace, metadata: {name: team-a, labels: {tier: gold}}}}]',
    );
    expect(graphs.condition('ResourcesConverged')).toBe(
      'False FieldManagerConflict apply "mark" (patch): patch field conflict on Namespace "team-a": Apply failed with 1 conflict: conflict with "other": .metadata.labels.tier (executor: field owned by a foreign field manager) (executor: node not ready)',
    );
    expect(graphs.cluster.get('Namespace//team-a')?.metadata.labels).toEqual({ tier: 'silver' });
    // The other applier releases the field, which creates a new version of the object.
    graphs.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } }, 'other');
    graphs.settle();
    expect(graphs.cluster.get('Namespace//team-a')?.metadata.labels).toEqual({ tier: 'gold' });
    graphs.delete();
    expect(graphs.cluster.get('Namespace//team-a')?.metadata.labels ?? {}).toEqual({});
  });

  it('E11: a patch writes the status of each object of a selector', () => {
    const graphs = new GraphObjects({}, mode);
    for (const name of ['one', 'two']) {
      graphs.cluster.put({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, namespace: 'team-a' } });
    }
    graphs.apply(`
- {id: ws, ref: {apiVersion: example.com/v1, kind: Widget, metadata: {namespace: team-a, selector: {}}}}
- {id: st, forEach: [{w: "\${ws}"}], patch: {apiVersion: example.com/v1, kind: Widget, metadata: {name: "\${w.metadata.name}", namespace: "\${w.metadata.namespace}"}, status: {seen: true}}}`);
    expect(graphs.condition('Ready')).toBe(READY);
    expect(graphs.cluster.get('Widget.example.com/team-a/one')?.status).toEqual({ seen: true });
    expect(graphs.get()?.status?.['contributions']).toMatchObject([
      { name: 'one', subresource: 'status' },
      { name: 'two', subresource: 'status' },
    ]);
    graphs.delete();
    expect(graphs.cluster.get('Widget.example.com/team-a/two')?.status ?? {}).toEqual({});
  });

  it('E12: of two Graphs that claim one object, the first keeps the object until this Graph is deleted', () => {
    const graphs = new GraphObjects({}, mode);
    graphs.apply(map('s', 'shared', 'from: g1'), 'g1');
    graphs.apply(map('s', 'shared', 'from: g2'), 'g2');
    expect(graphs.condition('ResourcesConverged', 'g2')).toBe(
      `False FieldManagerConflict apply "s": template ConfigMap "team-a/shared" owned by a peer kro Graph's template manager; refusing to co-manage: executor: field owned by a foreign field manager (executor: node not ready)`,
    );
    expect([graphs.data('shared'), graphs.recorded('g2')]).toEqual([{ from: 'g1' }, ['s shared']]);
    graphs.settle('g1');
    expect(graphs.condition('Ready', 'g1')).toBe(READY);
    graphs.delete('g1');
    expect(graphs.maps()).toEqual([]);
    graphs.settle('g2');
    expect([graphs.data('shared'), graphs.condition('Ready', 'g2')]).toEqual([{ from: 'g2' }, READY]);
  });

  it('E13: a subgraph reads an outer node, unless a node of the subgraph has the same id', () => {
    const graphs = new GraphObjects({}, mode);
    const nodes = (env: string) => `
- {id: env, def: {name: prod}}
- id: inner
  graph:
    nodes:
    ${env}
    ${map('cm', "${env.name + '-in'}", 'k: v')}
${map('out', "${inner.cm.metadata.name + '-out'}", 'k: v')}`;
    graphs.apply(nodes('- {id: env, def: {name: dev}}'));
    expect(graphs.maps()).toEqual(['dev-in', 'dev-in-out']);
    expect(graphs.map('dev-in')?.metadata).toMatchObject({
      labels: { 'kro.run/node-id': 'inner.cm' },
      annotations: { 'internal.kro.run/node-path': 'inner/cm', 'internal.kro.run/apply-order': '1' },
    });
    expect(graphs.map('dev-in-out')?.metadata.annotations).toMatchObject({ 'internal.kro.run/apply-order': '2' });
    expect(graphs.condition('Accepted')).toBe('True Compiled compiled 3 nodes');
    expect(graphs.recorded().map((entry) => entry.split(' ')[0])).toEqual(['inner/cm', 'out']);
    graphs.apply(nodes(''));
    expect(graphs.maps()).toEqual(['prod-in', 'prod-in-out']);
  });

  it('E14: a Graph makes another Graph, which evaluates its own expressions', () => {
    const graphs = new GraphObjects({}, mode);
    graphs.apply(`
- {id: t, def: {team: red}}
- id: child
  readyWhen: ["\${child.?status.?conditions.orValue([]).exists(c, c.type == 'Ready' && c.status == 'True')}"]
  template:
    apiVersion: kro.run/v1alpha1
    kind: Graph
    metadata: {name: "\${t.team + '-graph'}"}
    spec:
      nodes:
      - {id: "n", def: {x: "\${t.team}"}}
      - {id: cm, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${'\${n.x + \\"-cm\\"}'}"}, data: {k: v}}}`);
    expect(graphs.get('red-graph')?.spec).toMatchObject({
      nodes: [{ id: 'n', def: { x: 'red' } }, { template: { metadata: { name: '${n.x + "-cm"}' } } }],
    });
    expect(graphs.condition('ResourcesConverged')).toMatch(/^False WaitingForReadiness/);
    graphs.settle('red-graph');
    graphs.settle();
    expect([graphs.maps(), graphs.condition('Ready')]).toEqual([['red-cm'], READY]);
    graphs.delete();
    expect(graphs.get()).toBeUndefined();
    graphs.settle('red-graph');
    expect(graphs.cluster.keys()).toEqual([]);
  });

  it('E15: a node with a computed type waits until the cluster serves the type', () => {
    const served = { plural: 'widgets', namespaced: true };
    let isServed = false;
    const graphs = new GraphObjects(
      { kinds: ({ kind }) => (isServed && kind === 'Widget' ? served : undefined) },
      mode,
    );
    graphs.apply(`
- {id: d, def: {api: example.com/v1}}
- {id: w, template: {apiVersion: "\${d.api}", kind: Widget, metadata: {name: w}}}`);
    expect(graphs.condition('ResourcesConverged')).toBe(
      'False WaitingForReadiness apply "w": example.com/v1, Kind=Widget: executor: target GVK not yet known to the cluster (executor: node not ready)',
    );
    isServed = true;
    graphs.settle();
    expect(graphs.cluster.get('Widget.example.com/team-a/w')).toBeDefined();
    expect(graphs.condition('Ready')).toBe(READY);
  });

  it('an external reference with a computed type is read', () => {
    const served = { plural: 'configmaps', namespaced: true };
    const graphs = new GraphObjects({ kinds: ({ kind }) => (kind === 'ConfigMap' ? served : undefined) }, mode);
    graphs.putMap('source', { v: '1' });
    graphs.apply(`
- {id: d, def: {kind: ConfigMap}}
- {id: r, ref: {apiVersion: v1, kind: "\${d.kind}", metadata: {name: source}}}
${map('copy', 'copy', 'v: "${r.data.v}"')}`);
    expect([graphs.data('copy'), graphs.condition('Ready')]).toEqual([{ v: '1' }, READY]);
  });

  it('E17: when a node renders a new name, the object with this name is created before the object with the old name is deleted', () => {
    const graphs = new GraphObjects({}, mode);
    graphs.apply(map('a', 'old', 'k: v'));
    graphs.cluster.log.length = 0;
    graphs.apply(map('a', 'new', 'k: v'));
    expect(graphs.cluster.log).toEqual([
      'apply ConfigMap/team-a/new',
      'delete ConfigMap/team-a/old',
      'gone ConfigMap/team-a/old',
    ]);
    expect(graphs.recorded()).toEqual([`a new ${graphs.map('new')?.metadata.uid}`]);
    expect(graphs.condition('ResourcesConverged')).toBe(CONVERGED);
  });

  it('E18: a cycle is refused', () => {
    const graphs = new GraphObjects({}, mode);
    graphs.apply(`
${map('a', '${b.metadata.name}', 'k: v')}
${map('b', '${a.metadata.name}', 'k: v')}`);
    expect(graphs.condition('Accepted')).toMatch(
      /^False InvalidGraph build dependency graph: .*graph contains a cycle: a -> b -> a/,
    );
    expect(graphs.condition('ResourcesConverged')).toMatch(/^Unknown AwaitingReconciliation/);
    expect(graphs.get()?.metadata.finalizers).toEqual(['kro.run/graph-finalizer']);
  });
});
