import { describe, expect, it } from 'vitest';
import { GraphObjects, def, graph, map, patch, ref } from '../../test-support/graph-objects.ts';
import type { JsonObject } from '@typekro/kit/core';
import { patchManager, patchPrefix } from './objects/field-managers.ts';
import { nodeLabel } from './objects/labels.ts';

const READY = 'True Ready ';
const uidOf = (graphs: GraphObjects, name = 'g') => graphs.get(name)?.metadata.uid ?? '';

describe('ownership', () => {
  it('an object of an ApplySet is refused', () => {
    const graphs = new GraphObjects();
    graphs.putMap('shared', { k: 'theirs' }, { 'applyset.kubernetes.io/part-of': 'applyset-a' });
    graphs.apply(map('s', 'shared', 'k: v'));
    expect(graphs.condition('ResourcesConverged')).toBe(
      'False ApplyFailed apply "s": resource belongs to a different ApplySet: team-a/shared (/v1, Kind=ConfigMap) belongs to ApplySet "applyset-a", cannot reassign to ""',
    );
    expect([graphs.data('shared'), graphs.recorded()]).toEqual([{ k: 'theirs' }, ['s shared']]);
    graphs.delete();
    expect(graphs.maps()).toEqual(['shared']);
  });

  it('an object without an owner is adopted, and deleted with the Graph', () => {
    const graphs = new GraphObjects();
    graphs.putMap('a', { theirs: 'yes' });
    graphs.apply(map('a', 'a', 'k: v'));
    expect(graphs.data('a')).toEqual({ theirs: 'yes', k: 'v' });
    graphs.delete();
    expect(graphs.maps()).toEqual([]);
  });

  it('fields of another client are taken over', () => {
    const graphs = new GraphObjects();
    const metadata = { name: 'a', namespace: 'team-a' };
    graphs.cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { k: 'theirs' } }, 'kubectl');
    graphs.apply(map('a', 'a', 'k: v'));
    expect([graphs.data('a'), graphs.condition('Ready')]).toEqual([{ k: 'v' }, READY]);
  });

  it('a field that is removed from the template is removed from the object', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'one: "1", two: "2"'));
    graphs.apply(map('a', 'a', 'one: "1"'));
    expect(graphs.data('a')).toEqual({ one: '1' });
  });

  it('a changed field is restored', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'k: v'));
    graphs.cluster.edit('ConfigMap/team-a/a', (object) => void Object.assign(object, { data: { k: 'theirs' } }));
    graphs.settle();
    expect(graphs.data('a')).toEqual({ k: 'v' });
    graphs.cluster.log.length = 0;
    expect([graphs.settle().quiet, graphs.cluster.log]).toEqual([true, []]);
  });
});

describe('patch nodes', () => {
  it('two nodes write one object with two managers, and a removed node releases only its own fields', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t', { theirs: '0' });
    graphs.apply(graph(patch('one', 't', 'a: "1"'), patch('two', 't', 'b: "2"')));
    expect([graphs.data('t'), graphs.condition('Ready')]).toEqual([{ theirs: '0', a: '1', b: '2' }, READY]);
    expect(graphs.get()?.status?.['contributions']).toHaveLength(2);
    graphs.apply(patch('two', 't', 'b: "2"'));
    expect(graphs.data('t')).toEqual({ theirs: '0', b: '2' });
    expect(graphs.get()?.status).not.toHaveProperty('managedResources');
  });

  it('the second of two nodes that conflict with each other does not write', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t', {});
    graphs.apply(graph(patch('one', 't', 'a: "1"'), patch('two', 't', 'a: "2"')));
    expect(graphs.condition('ResourcesConverged')).toMatch(
      /^False FieldManagerConflict apply "two" \(patch\): patch field/,
    );
    expect(graphs.data('t')).toEqual({ a: '1' });
  });

  it('a new node takes over the fields of a removed node', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t', {});
    graphs.apply(patch('gone', 't', 'a: "1"'));
    const stale = patchPrefix(uidOf(graphs));
    graphs.apply(patch('fresh', 't', 'a: "2"'));
    expect([graphs.data('t'), graphs.condition('Ready')]).toEqual([{ a: '2' }, READY]);
    const managers = graphs.map('t')?.metadata.managedFields?.map((entry) => (entry as JsonObject)['manager']);
    expect(managers).toEqual([patchManager(uidOf(graphs), 'fresh')]);
    expect(managers?.every((manager) => String(manager).startsWith(stale))).toBe(true);
  });

  it('a patch that has a target but no fields sets nothing, and releases the fields that it set earlier', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t', { theirs: '0' });
    const target = (name: string, labels = '') =>
      graph(
        def('d', `labels: {${labels}}`),
        `- {id: p, patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, labels: "\${d.labels}"}}}`,
      );
    graphs.apply(target('t', 'mine: "1"'));
    expect(graphs.map('t')?.metadata.labels).toEqual({ mine: '1' });
    graphs.cluster.log.length = 0;
    graphs.apply(target('t'));
    expect([graphs.data('t'), graphs.condition('Ready')]).toEqual([{ theirs: '0' }, READY]);
    expect(graphs.map('t')?.metadata.managedFields).toEqual([]);
    expect(graphs.cluster.log).toEqual(['apply ConfigMap/team-a/t']);
    expect(graphs.get()?.status).not.toHaveProperty('contributions');
    graphs.apply(target('absent'));
    expect(graphs.condition('ResourcesConverged')).toMatch(/patch target ConfigMap "team-a\/absent" not found/);
  });

  it('a missing target of a patch does not affect the other targets', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t-a', {});
    graphs.apply(graph(def('d', 'l: [a, b]'), patch('p', "${'t-' + x}", 'k: v', 'forEach: [{x: "${d.l}"}], ')));
    expect(graphs.data('t-a')).toEqual({ k: 'v' });
    expect(graphs.condition('ResourcesConverged')).toMatch(/patch target ConfigMap "team-a\/t-b" not found/);
    expect(graphs.get()?.status?.['contributions']).toMatchObject([{ name: 't-a' }]);
  });

  it('a target that is being deleted is not written', () => {
    const graphs = new GraphObjects();
    graphs.cluster.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 't', namespace: 'team-a', finalizers: ['x/y'] },
    });
    graphs.cluster.remove('ConfigMap/team-a/t');
    graphs.apply(patch('p', 't', 'a: "1"'));
    expect(graphs.condition('ResourcesConverged')).toMatch(
      /^False WaitingForReadiness apply "p" \(patch\): resource "team-a\/t"/,
    );
    expect(graphs.data('t')).toBeUndefined();
  });

  it('a waiting node does not rewrite the status', () => {
    const graphs = new GraphObjects();
    graphs.cluster.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 't', namespace: 'team-a' }, data: { a: '0' } },
      'other',
    );
    graphs.apply(graph(patch('p', 't', 'a: "1"'), patch('q', 'absent', 'a: "1"')));
    for (let pass = 0; pass < 3; pass += 1) {
      const decision = graphs.settle();
      expect([decision.quiet, decision.statusChanged]).toEqual([true, false]);
    }
    expect(graphs.get()?.status?.['contributions']).toMatchObject([{ name: 't' }]);
  });

  it('the manager of a patch in a subgraph contains the node path, and the fields are released with the subgraph', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t', { theirs: '0' });
    graphs.apply(
      `- id: s\n  graph: {nodes: [{id: p, patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: t}, data: {a: "1"}}}]}`,
    );
    expect(graphs.get()?.status?.['contributions']).toMatchObject([
      { fieldManager: patchManager(uidOf(graphs), 's/p') },
    ]);
    graphs.apply(def('d', 'x: "1"'));
    expect(graphs.data('t')).toEqual({ theirs: '0' });
  });
});

describe('def nodes and subgraphs', () => {
  it('a def with forEach publishes each element once', () => {
    const graphs = new GraphObjects();
    graphs.apply(
      graph(
        def('d', 'names: [a, b, c]'),
        '- {id: rows, forEach: [{x: "${d.names}"}], def: {key: "${x}"}}',
        map('out', 'out', 'v: "${rows.map(r, r.key).join(\',\')}"'),
      ),
    );
    expect(graphs.data('out')).toEqual({ v: 'a,b,c' });
  });

  it('readers of a subgraph read children that have a value while other children wait', () => {
    const graphs = new GraphObjects();
    graphs.apply(`
- id: s
  graph:
    nodes:
    ${ref('ext', 'late')}
    ${map('dep', 'dep', 'v: "${ext.data.v}"')}
    ${map('free', 'free', 'k: v')}
${map('reader', 'reader', 'v: "${s.free.metadata.name}"')}
${map('reader2', 'reader2', 'v: "${s.dep.data.v}"')}`);
    expect(graphs.maps()).toEqual(['free', 'reader']);
    graphs.putMap('late', { v: '7' });
    graphs.settle();
    expect([graphs.data('reader2'), graphs.condition('Ready')]).toEqual([{ v: '7' }, READY]);
  });

  it('a subgraph that reads an excluded node outside of it is excluded as a whole', () => {
    const graphs = new GraphObjects();
    const nodes = (on: boolean) => `
${def('f', `"on": ${on}`)}
${map('a', 'a', 'k: v', 'includeWhen: ["${f.on}"], ')}
- id: s
  graph:
    nodes:
    ${map('b', 'b', 'v: "${a.metadata.name}"')}
    ${map('c', 'c', 'k: v')}
${map('d', 'd', 'v: "${s.c.metadata.name}"')}`;
    graphs.apply(nodes(true));
    expect(graphs.maps()).toEqual(['a', 'b', 'c', 'd']);
    graphs.apply(nodes(false));
    expect([graphs.maps(), graphs.condition('Ready')]).toEqual([[], READY]);
  });

  it('a failed child keeps the readers of its subgraph waiting', () => {
    const graphs = new GraphObjects();
    graphs.apply(`
${def('d', 'x: "no"')}
- id: s
  graph: {nodes: [{id: bad, def: {v: "\${int(d.x)}"}}, {id: good, def: {v: "1"}}]}
${map('reader', 'reader', 'v: "${s.good.v}"')}`);
    expect(graphs.maps()).toEqual([]);
    expect(graphs.condition('ResourcesConverged')).toMatch(
      /^False ApplyFailed apply "s" \(subgraph\): apply "bad": resolve: node "bad"/,
    );
  });

  it.each([
    ['sub/res', 'sub.res'],
    ['a', 'a'],
    [`${'a'.repeat(40)}/${'b'.repeat(40)}`, 'h-a5710c34e5369dda128f7aefdc48bb5c3d3408b2'],
  ])('the label of node %s is %s', (path, expected) => {
    expect(nodeLabel(path, '0.10')).toBe(expected);
  });
});
