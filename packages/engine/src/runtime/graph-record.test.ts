import { describe, expect, it } from 'vitest';
import { GraphObjects, def, graph, graphObjectOf, map, patch, ref } from '../../test-support/graph-objects.ts';
import type { JsonObject } from '@typekro/kit/core';
import { templateManager } from './objects/field-managers.ts';
import { stepGraphDeletion } from './graph-deletion.ts';
import type { Observed } from './observed-state.ts';
import { step } from './step.ts';

const FORBIDDEN = { code: 403, reason: 'Forbidden', message: 'configmaps "b" is forbidden' };
const uidOf = (graphs: GraphObjects, name = 'g') => graphs.get(name)?.metadata.uid ?? '';

describe('the record of objects', () => {
  it('contains a new object, without its UID, before the object is written', () => {
    const graphs = new GraphObjects();
    const tracked: unknown[] = [];
    const onDecision = ({ parent, apply }: { parent: object; apply: readonly unknown[] }) => {
      if (apply.length > 0) tracked.push(parent);
    };
    graphs.cluster.refuse.set('ConfigMap/team-a/b', FORBIDDEN);
    graphs.apply(map('a', 'a', 'k: v'));
    graphs.cluster.edit('Graph.kro.run/team-a/g', (object) => {
      object.spec = {
        nodes: [{ id: 'b', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } } }],
      };
    });
    graphs.settle('g', { onDecision });
    expect(tracked).toEqual([
      {
        tracking: {
          managedResources: [
            expect.objectContaining({ name: 'a', uid: expect.any(String) }),
            expect.not.objectContaining({ uid: expect.anything() }),
          ],
          contributions: [],
        },
      },
    ]);
    // A failed write keeps the old object and both entries.
    expect(graphs.recorded()).toEqual(['b b', `a a ${graphs.map('a')?.metadata.uid}`]);
    expect(graphs.condition('ResourcesConverged')).toBe('False ApplyFailed apply "b": configmaps "b" is forbidden');
  });

  it('needs one status write for a chain of nodes whose names are known', () => {
    const graphs = new GraphObjects();
    let writes = 0;
    graphs.apply(def('d', 'x: "1"'));
    graphs.cluster.edit('Graph.kro.run/team-a/g', (object) => {
      const node = (id: string, from: string) => ({
        id,
        template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id }, data: { v: from } },
      });
      object.spec = { nodes: [node('a', 'x'), node('b', '${a.data.v}'), node('c', '${b.data.v}')] };
    });
    graphs.settle('g', { onDecision: ({ parent }) => void (writes += parent.tracking === undefined ? 0 : 1) });
    expect([graphs.maps(), writes]).toEqual([['a', 'b', 'c'], 1]);
  });

  it('names the account after the first pass without a failure, and keeps it', () => {
    const graphs = new GraphObjects();
    const bad = graph(def('d', 'x: "no"'), map('p', 'p', 'v: "${string(int(d.x))}"'));
    graphs.apply(bad);
    expect(graphs.get()?.status).not.toHaveProperty('appliedServiceAccount');
    graphs.apply(map('a', 'a', 'k: v'));
    graphs.apply(bad);
    expect(graphs.get()?.status?.['appliedServiceAccount']).toBe('system:serviceaccount:team-a:default');
  });

  const account = 'system:serviceaccount:team-a:default';
  const refusal = { type: 'Accepted', status: 'False', reason: 'InvalidGraph', message: 'nodes[0]' };
  it.each([
    ['a Graph that had no status has no account in its status', undefined, undefined],
    ['a Graph that was refused before has the account in its status', { conditions: [refusal] }, account],
  ])(
    'the decision that applies objects has the account, and after the failed pass, %s',
    (_title, status, afterwards) => {
      const graphs = new GraphObjects();
      const accounts: unknown[] = [];
      graphs.cluster.refuse.set('ConfigMap/team-a/b', FORBIDDEN);
      graphs.apply(def('d', 'x: "1"'));
      graphs.cluster.edit('Graph.kro.run/team-a/g', (object) => {
        delete object.status;
        if (status !== undefined) object.status = status;
        object.spec = graphs.specOf(graph(map('a', 'a', 'k: v'), map('b', 'b', 'k: v')));
      });
      graphs.settle('g', {
        onDecision: ({ parent, apply }) => void (apply.length > 0 && accounts.push(parent.account)),
      });
      expect(accounts).toEqual([account]);
      expect(graphs.get()?.status?.['appliedServiceAccount']).toBe(afterwards);
    },
  );

  it('keeps the objects of waiting nodes and prunes the objects of removed nodes', () => {
    const graphs = new GraphObjects();
    graphs.putMap('late', { v: '1' });
    graphs.apply(graph(ref('r', 'late'), map('x', 'x', 'v: "${r.data.v}"'), map('old', 'old', 'k: v')));
    graphs.cluster.remove('ConfigMap/team-a/late');
    graphs.apply(graph(ref('r', 'late'), map('x', 'x', 'v: "${r.data.v}"'), map('new', 'new', 'k: v')));
    expect(graphs.maps()).toEqual(['new', 'x']);
    expect(graphs.recorded().map((entry) => entry.split(' ')[0])).toEqual(['new', 'x']);
  });

  it('nothing is pruned while any node fails', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('old', 'old', 'k: v'));
    graphs.apply(graph(def('d', 'x: "no"'), map('p', 'p', 'v: "${string(int(d.x))}"')));
    expect([graphs.maps(), graphs.recorded().length]).toEqual([['old'], 1]);
  });

  it.each([
    [
      'stays while only watches report the absence of the object, and the object is read',
      false,
      ['whole-object'],
      ['x'],
    ],
    ['is removed once the API server has confirmed the absence of the object', true, [], []],
  ])('the entry of an object that a waiting node never created %s', (_title, isConfirmed, reads, names) => {
    const graphs = new GraphObjects();
    const nodes = graph(ref('r', 'late'), map('x', 'x', 'v: "${r.data.v}"'));
    graphs.apply(nodes);
    graphs.cluster.edit('Graph.kro.run/team-a/g', (object) => {
      const entry = { nodeID: 'x', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team-a', name: 'x' };
      object.status = { ...object.status, managedResources: [entry] };
    });
    const compiled = graphObjectOf(nodes);
    const object = graphs.get();
    if (object === undefined) throw new Error('no Graph');
    const observed = { ...graphs.cluster.view(compiled), isConfirmed: () => isConfirmed };
    const { read, status } = step(compiled, object, observed, { now: Date.parse('2026-11-01T00:00:00Z') });
    const entries = (status['managedResources'] ?? []) as JsonObject[];
    expect([read.map(({ kind }) => kind), entries.map(({ name }) => name)]).toEqual([reads, names]);
  });

  it('an object that moved to another node is not deleted', () => {
    const graphs = new GraphObjects();
    graphs.apply(graph(map('a', 'one', 'v: a'), map('b', 'two', 'v: b')));
    const uid = graphs.map('one')?.metadata.uid;
    graphs.apply(graph(map('a', 'two', 'v: a'), map('b', 'one', 'v: b')));
    expect([graphs.data('one'), graphs.map('one')?.metadata.uid]).toEqual([{ v: 'b' }, uid]);
    expect(graphs.recorded().map((entry) => entry.slice(0, 5))).toEqual(['a two', 'b one']);
  });

  it('an object that was replaced by another client is not deleted', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'k: v'));
    graphs.cluster.remove('ConfigMap/team-a/a');
    graphs.putMap('a', { k: 'theirs' });
    graphs.delete();
    expect([graphs.maps(), graphs.get()]).toEqual([['a'], undefined]);
  });

  it.each<[string, boolean, string | undefined, string[]]>([
    ['the field manager of the Graph owns fields', true, undefined, []],
    ['another client made the object', false, undefined, ['a']],
    ['the field manager of the Graph owns fields, and the record has the UID of an earlier object', true, 'former', []],
    ['another client created the object after an earlier one was deleted', false, 'former', ['a']],
  ])(
    'an object whose UID is not in the record is deleted only if the Graph wrote it: %s',
    (_title, isOwn, uid, expected) => {
      const graphs = new GraphObjects();
      graphs.apply(def('d', 'x: "1"'));
      const metadata = { name: 'a', namespace: 'team-a', labels: { x: 'y' } };
      graphs.cluster.apply(
        { apiVersion: 'v1', kind: 'ConfigMap', metadata },
        isOwn ? templateManager(uidOf(graphs)) : 'kubectl',
      );
      graphs.cluster.edit('Graph.kro.run/team-a/g', (object) => {
        const entry = { nodeID: 'a', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team-a', name: 'a' };
        object.status = { ...object.status, managedResources: [uid === undefined ? entry : { ...entry, uid }] };
      });
      graphs.settle();
      expect([graphs.maps(), graphs.recorded()]).toEqual([expected, []]);
    },
  );

  it('the object of a renamed node that waits is not deleted', () => {
    const graphs = new GraphObjects();
    graphs.apply(graph(map('before', 'a', 'k: v'), map('gone', 'gone', 'k: v')));
    const uid = graphs.map('a')?.metadata.uid;
    const renamed = graph(ref('r', 'late'), map('after', 'a', 'k: "${r.data.v}"'));
    graphs.apply(renamed);
    expect([graphs.maps(), graphs.recorded()]).toEqual([['a'], [`before a ${uid}`]]);
    graphs.putMap('late', { v: '1' });
    graphs.apply(renamed);
    expect([graphs.data('a'), graphs.recorded()]).toEqual([{ k: '1' }, [`after a ${uid}`]]);
  });

  it.each([
    ['the view has the objects', false],
    ['the view does not have the objects yet', true],
  ])(
    'an object that an instance took over is kept when its node is removed or the Graph is deleted: %s',
    (_title, lazy) => {
      const graphs = new GraphObjects({}, { lazy });
      graphs.apply(graph(map('a', 'a', 'k: v'), map('b', 'b', 'k: v'), map('c', 'c', 'k: v')));
      const takeOver = (name: string) => {
        graphs.cluster.edit(`ConfigMap/team-a/${name}`, ({ metadata }) => {
          metadata.labels = { 'applyset.kubernetes.io/part-of': 'applyset-of-an-instance' };
        });
        graphs.cluster.forget();
      };
      takeOver('a');
      graphs.apply(graph(map('b', 'b', 'k: v'), map('c', 'c', 'k: v')));
      expect(graphs.recorded().map((entry) => entry.split(' ')[0])).toEqual(['b', 'c']);
      takeOver('b');
      graphs.delete();
      expect([graphs.maps(), graphs.get()]).toEqual([['a', 'b'], undefined]);
      // An instance refuses to write an object while a Graph owns fields of the object.
      for (const name of ['a', 'b'])
        expect(JSON.stringify(graphs.map(name)?.metadata.managedFields)).not.toMatch(/tmpl/);
    },
  );

  it('of a Graph with too many objects does not change, and the status has the reason', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'k: v'));
    const recorded = graphs.recorded();
    const letters = Array.from({ length: 30 }, (_, index) => `i${index}`).join(', ');
    const forEach = 'forEach: [{x: "${d.l}"}, {y: "${d.l}"}], ';
    const collections = Array.from({ length: 6 }, (_, index) =>
      map(`c${index}`, `c${index}-\${x}-\${y}`, 'k: v', forEach),
    );
    graphs.apply(graph(map('a', 'a', 'k: v'), def('d', `l: [${letters}]`), ...collections));
    expect(graphs.condition('ResourcesConverged')).toBe(
      'False ApplyFailed the Graph has 5401 objects, and status.managedResources can record 5000: divide it into several Graphs',
    );
    expect([graphs.recorded(), graphs.maps()]).toEqual([recorded, ['a']]);
  });

  it('keeps the objects of removed nodes watched while another node fails', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t', {});
    graphs.apply(graph(map('old', 'old', 'k: v'), patch('p', 't', 'x: "1"')));
    graphs.cluster.refuse.set('ConfigMap/team-a/new', FORBIDDEN);
    const { watch } = graphs.apply(map('new', 'new', 'k: v'));
    expect(watch.map(({ target }) => 'name' in target && target.name)).toEqual(['new', 'old', 't']);
  });

  it('a refused deletion keeps the entry and names the reason', () => {
    const graphs = new GraphObjects();
    graphs.apply(graph(map('a', 'a', 'k: v'), map('b', 'b', 'k: v')));
    graphs.cluster.refuse.set('ConfigMap/team-a/b', FORBIDDEN);
    graphs.apply(map('a', 'a', 'k: v'));
    expect(graphs.condition('ResourcesConverged')).toBe(
      'False PruneFailed delete v1/ConfigMap team-a/b: configmaps "b" is forbidden',
    );
    expect(graphs.recorded()).toHaveLength(2);
  });
});

describe('the deletion of a Graph', () => {
  it('keeps the fields of another Graph, although the status of the deleted Graph names them', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t', { theirs: '0' });
    graphs.apply(patch('p', 't', 'x: "1"'));
    graphs.apply(patch('p', 't', 'y: "2"'), 'other');
    graphs.cluster.edit('Graph.kro.run/team-a/g', (object) => {
      const own = (object.status?.['contributions'] ?? []) as JsonObject[];
      const others = (graphs.get('other')?.status?.['contributions'] ?? []) as JsonObject[];
      object.status = { ...object.status, contributions: [...own, ...others] };
    });
    graphs.delete();
    expect([graphs.get(), graphs.data('t')]).toEqual([undefined, { theirs: '0', y: '2' }]);
  });

  it('does not wait for objects that have their own finalizers', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'k: v'));
    graphs.cluster.edit('ConfigMap/team-a/a', ({ metadata }) => void (metadata.finalizers = ['x/y']));
    graphs.delete();
    expect([graphs.maps(), graphs.get()]).toEqual([['a'], undefined]);
    expect(graphs.map('a')?.metadata.deletionTimestamp).toBeDefined();
  });

  it('needs no valid spec', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'k: v'));
    graphs.apply(map('a', '${nope}', 'k: v'));
    expect(graphs.condition('Accepted')).toMatch(/^False InvalidGraph/);
    graphs.delete();
    expect(graphs.cluster.keys()).toEqual([]);
  });

  it('keeps the finalizer while a deletion is refused', () => {
    const graphs = new GraphObjects();
    graphs.apply(graph(map('a', 'a', 'k: v'), map('b', 'b', 'k: v')));
    graphs.cluster.refuse.set('ConfigMap/team-a/b', FORBIDDEN);
    const decision = graphs.delete();
    expect(graphs.condition('ResourcesConverged')).toBe(
      'False DeleteFailed delete v1/ConfigMap team-a/b: configmaps "b" is forbidden',
    );
    expect([graphs.maps(), decision.finalizer, decision.blocked?.length]).toEqual([['b'], 'keep', 1]);
  });

  it('releases only the fields that its own patch nodes wrote, although the status names another field manager', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t', { theirs: '0' });
    graphs.apply(graph(map('a', 'a', 'k: v'), patch('p', 't', 'x: "1"')));
    const foreign = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team-a', name: 't', fieldManager: 'kubectl' };
    graphs.cluster.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 't', namespace: 'team-a' }, data: { mine: '2' } },
      'kubectl',
    );
    graphs.cluster.edit('Graph.kro.run/team-a/g', (object) => {
      const entries = (object.status?.['contributions'] ?? []) as JsonObject[];
      object.status = { ...object.status, contributions: [...entries, foreign] };
    });
    graphs.delete();
    expect([graphs.get(), graphs.data('t')]).toEqual([undefined, { theirs: '0', mine: '2' }]);
  });

  it('watches the targets of its patches while it deletes the objects', () => {
    const graphs = new GraphObjects();
    graphs.putMap('t', {});
    graphs.apply(graph(map('a', 'a', 'k: v'), patch('p', 't', 'x: "1"')));
    graphs.cluster.remove('Graph.kro.run/team-a/g');
    const object = graphs.get();
    if (object === undefined) throw new Error('no Graph');
    const view = graphs.cluster.view(graphObjectOf(def('d', 'x: "1"')));
    const { delete: deletions, watch } = stepGraphDeletion(object, view, { now: Date.parse('2026-11-01T00:00:00Z') });
    const names = watch.map(({ target }) => 'name' in target && target.name);
    expect([deletions.map(({ target }) => target.name), names]).toEqual([['a'], ['a', 't']]);
  });

  describe('with a record of an object and of fields that no longer exist', () => {
    const deleting = (more: Partial<Observed>) => {
      const graphs = new GraphObjects();
      graphs.putMap('t', {});
      graphs.apply(graph(map('a', 'a', 'k: v'), patch('p', 't', 'x: "1"')));
      graphs.cluster.remove('Graph.kro.run/team-a/g');
      const object = graphs.get();
      if (object === undefined) throw new Error('no Graph');
      graphs.cluster.remove('ConfigMap/team-a/a');
      graphs.cluster.remove('ConfigMap/team-a/t');
      const observed: Observed = { ...graphs.cluster.view(graphObjectOf(def('d', 'x: "1"'))), ...more };
      const decision = stepGraphDeletion(object, observed, { now: Date.parse('2026-11-01T00:00:00Z') });
      const read = decision.read.map((each) => `${each.kind} ${'name' in each.target ? each.target.name : ''}`);
      return [read, decision.finalizer, decision.blocked ?? []];
    };
    const failedRead = (code: number) => () => ({
      failure: { code, reason: 'X', message: 'unreadable' },
      retryAt: Date.parse('2026-11-01T00:01:00Z'),
    });
    const isConfirmed = () => false;
    it.each<{ name: string; view: Partial<Observed>; expected: unknown[] }>([
      { name: 'the view equals the state of the API server', view: {}, expected: [[], 'remove', []] },
      { name: 'only watches reported the state', view: { isConfirmed }, expected: [['whole-object a'], 'keep', []] },
      {
        name: 'the API server confirmed the absence of the object, but not that of the target',
        view: { isConfirmed: ({ name }) => name === 'a' },
        expected: [['whole-object t'], 'keep', []],
      },
      {
        name: 'the API server confirmed the absence of the object and of the target',
        view: { isConfirmed: () => true },
        expected: [[], 'remove', []],
      },
      {
        name: 'the reads are forbidden',
        view: { isConfirmed, failedRead: failedRead(403) },
        expected: [[], 'remove', []],
      },
      {
        name: 'the reads fail',
        view: { isConfirmed, failedRead: failedRead(500) },
        expected: [
          [],
          'keep',
          ['delete v1/ConfigMap team-a/a: unreadable', 'delete v1/ConfigMap team-a/t: unreadable'],
        ],
      },
    ])('reads objects, keeps or removes the finalizer, and names the reasons, when $name', ({ view, expected }) => {
      expect(deleting(view)).toEqual(expected);
    });
  });

  describe('with a record of fields whose target cannot be read', () => {
    const failing = (code: number) => {
      const graphs = new GraphObjects();
      graphs.putMap('t', {});
      graphs.apply(patch('p', 't', 'x: "1"'));
      graphs.cluster.remove('Graph.kro.run/team-a/g');
      const failure = { code, reason: 'Unreadable', message: 'unreadable' };
      const observed: Observed = {
        ...graphs.cluster.view(graphObjectOf(def('d', 'x: "1"'))),
        object: () => ({ state: 'failed', failure }),
      };
      const object = graphs.get();
      if (object === undefined) throw new Error('no Graph');
      return stepGraphDeletion(object, observed, { now: Date.parse('2026-11-01T00:00:00Z') });
    };

    it('keeps the finalizer, watches the target, and names the reason', () => {
      const { finalizer, watch, blocked } = failing(500);
      expect([finalizer, watch.map(({ target }) => 'name' in target && target.name)]).toEqual(['keep', ['t']]);
      expect(blocked).toEqual([expect.stringMatching(/^release .* t .*: unreadable$/)]);
    });

    it('removes the finalizer when the kind of the target is no longer served', () => {
      expect(failing(404).finalizer).toBe('remove');
    });
  });

  it.each<[string, number, 'keep' | 'remove']>([
    ['the kind of the object is not served any more', 404, 'remove'],
    ['the account may not read the object', 403, 'remove'],
    ['the API server fails', 500, 'keep'],
  ])('with an entry without UID, when %s (status %i): the finalizer action is %s', (_title, code, finalizer) => {
    const graphs = new GraphObjects();
    graphs.cluster.refuse.set('ConfigMap/team-a/a', FORBIDDEN);
    graphs.apply(map('a', 'a', 'k: v'));
    expect(graphs.recorded()).toEqual(['a a']);
    graphs.cluster.remove('Graph.kro.run/team-a/g');
    const failure = { code, reason: 'Unreadable', message: 'unreadable' };
    const observed: Observed = {
      ...graphs.cluster.view(graphObjectOf(def('d', 'x: "1"'))),
      object: () => ({ state: 'failed', failure }),
    };
    const object = graphs.get();
    if (object === undefined) throw new Error('no Graph');
    const decision = stepGraphDeletion(object, observed, { now: Date.parse('2026-11-01T00:00:00Z') });
    expect([decision.finalizer, decision.blocked ?? []]).toEqual([
      finalizer,
      finalizer === 'keep' ? ['delete v1/ConfigMap team-a/a: unreadable'] : [],
    ]);
  });

  it('leaves the object of a template behind with the policy orphan, and ends', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'k: v'));
    graphs.cluster.edit('Graph.kro.run/team-a/g', ({ metadata }) => {
      metadata.annotations = { 'typekro.dev/deletion-policy': 'orphan' };
    });
    graphs.delete();
    expect([graphs.maps(), graphs.get()]).toEqual([['a'], undefined]);
  });

  it('with the policy orphan, objects and fields stay, and the field managers of the Graph are removed', () => {
    const graphs = new GraphObjects();
    graphs.putMap('target', { other: 'x' });
    graphs.apply(graph(map('a', 'a', 'k: v'), patch('p', 'target', 'own: v')));
    graphs.cluster.edit('Graph.kro.run/team-a/g', ({ metadata }) => {
      metadata.annotations = { 'typekro.dev/deletion-policy': 'orphan' };
    });
    graphs.delete();
    expect([graphs.maps(), graphs.get()]).toEqual([['a', 'target'], undefined]);
    expect(graphs.map('a')).toMatchObject({ data: { k: 'v' }, metadata: { managedFields: [] } });
    expect(graphs.map('target')).toMatchObject({ data: { other: 'x', own: 'v' } });
    expect(JSON.stringify(graphs.map('target')?.metadata.managedFields)).not.toContain('kro-graphengine');
    // Another Graph now writes the object.
    graphs.apply(map('b', 'a', 'k: w'), 'next');
    expect(graphs.condition('ResourcesConverged', 'next')).toMatch(/^True/);
    expect(graphs.map('a')).toMatchObject({ data: { k: 'w' } });
  });

  it.each([
    ['the account of the Graph may not read the objects', 403, 'remove'],
    ['the kind is not served any more', 404, 'remove'],
    ['the API server fails', 500, 'keep'],
  ])('with the policy orphan, when %s (status %i): the action for the finalizer is %s', (_title, code, finalizer) => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'k: v'));
    const object = graphs.get();
    if (object === undefined) throw new Error('no Graph');
    object.metadata.annotations = { 'typekro.dev/deletion-policy': 'orphan' };
    const failure = { code, reason: 'Unreadable', message: 'unreadable' };
    const observed: Observed = {
      ...graphs.cluster.view(graphObjectOf(def('d', 'x: "1"'))),
      object: () => ({ state: 'failed', failure }),
    };
    expect(stepGraphDeletion(object, observed, { now: 0 }).finalizer).toBe(finalizer);
  });

  it('with the policy orphan, a Graph whose account is refused is deleted without a write', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'k: v'));
    const object = graphs.get();
    if (object === undefined) throw new Error('no Graph');
    object.metadata.annotations = { 'typekro.dev/deletion-policy': 'orphan' };
    const observed = graphs.cluster.view(graphObjectOf(map('a', 'a', 'k: v')));
    const { finalizer, release } = stepGraphDeletion(object, observed, { now: 0 }, undefined, 'refused');
    expect([finalizer, release]).toEqual(['remove', undefined]);
  });
});
