import { describe, expect, it } from 'vitest';
import { GraphObjects, def, graph, map, patch, ref } from '../../test-support/graph-objects.ts';

const ELEVEN = Array.from({ length: 11 }, (_, index) => `a${index}`);

describe('the condition ResourcesConverged', () => {
  it.each([
    [
      'an includeWhen that is not a boolean fails',
      graph(def('s', 'v: "yes"'), def('d', 'flag: "${s.v}"'), map('a', 'a', 'k: v', 'includeWhen: ["${d.flag}"], ')),
      'ApplyFailed apply "a": node "a": includeWhen "d.flag" returned string, want bool',
    ],
    [
      'a readyWhen that is not a boolean fails',
      graph(def('s', 'v: "yes"'), '- {id: d, readyWhen: ["${d.flag}"], def: {flag: "${s.v}"}}'),
      'ApplyFailed apply "d": node "d": readyWhen "d.flag" returned string, want bool',
    ],
    [
      'an includeWhen waits while its data is missing, and the message names only the first node that waits',
      graph(
        def('d', 'x: "${s.data.k}"'),
        ref('s', 's'),
        map('a', 'a', 'k: v', 'includeWhen: ["${s.data.on == \'y\'}"], '),
      ),
      'DataPending apply "d": resolve: node "d": eval "s.data.k" at "x": eval "s.data.k": no such key: k (data pending) (executor: node not ready)',
    ],
    [
      'a readyWhen waits while a field of its own node is missing',
      graph(map('b', 'b', 'k: v', 'readyWhen: ["${b.data.missing == \'x\'}"], ')),
      `WaitingForReadiness apply "b": node "b": readyWhen "b.data.missing == 'x'": eval "b.data.missing == 'x'": no such key: missing (waiting for readiness) (executor: node not ready)`,
    ],
    [
      'the readiness of a def is reported',
      graph(
        def('flag', 'ok: false').replace('{id: flag', '{id: flag, readyWhen: ["${flag.ok}"]'),
        map('a', 'a', 'k: v'),
      ),
      'WaitingForReadiness apply "flag": node "flag": readyWhen "flag.ok" is false: waiting for readiness (executor: node not ready)',
    ],
    [
      'a forEach with eleven dimensions fails',
      map(
        'x',
        ELEVEN.map((name) => `\${${name}}`).join('-'),
        'k: v',
        `forEach: [${ELEVEN.map((name) => `{${name}: "\${['v']}"}`).join(', ')}], `,
      ),
      'ApplyFailed apply "x": resolve: node "x": collection has 11 forEach dimensions, exceeds the maximum of 10',
    ],
    [
      'the message names two failures, one per line, and omits the reason to wait',
      graph(
        def('d', 'x: "no"'),
        ref('r', 'nowhere'),
        map('p', 'p', 'v: "${string(int(d.x))}"'),
        map('q', 'q', 'v: "${string(int(d.x))}"'),
      ),
      `ApplyFailed apply "p": resolve: node "p": eval "string(int(d.x))" at "data.v": eval "string(int(d.x))": type conversion error from 'string' to 'int'\napply "q": resolve: node "q": eval "string(int(d.x))" at "data.v": eval "string(int(d.x))": type conversion error from 'string' to 'int'`,
    ],
    [
      'the second of two nodes that render one object fails',
      graph(map('a', 'same', 'k: a'), map('b', 'same', 'k: b')),
      'ApplyFailed apply "b": executor: duplicate resource identity across nodes: nodes "a" and "b" both render v1/ConfigMap/team-a/same',
    ],
    [
      'a subgraph prefixes the reasons of its children',
      `- id: s\n  graph: {nodes: [{id: ext, ref: {apiVersion: v1, kind: ConfigMap, metadata: {name: late}}}]}`,
      'WaitingForReadiness apply "s" (subgraph): apply "ext" (ref): external ref ConfigMap "team-a/late" not found: executor: node not ready',
    ],
    [
      'a patch waits for its target',
      graph(patch('mark', 'absent', 'k: v')),
      'WaitingForReadiness apply "mark" (patch): patch target ConfigMap "team-a/absent" not found: executor: node not ready',
    ],
    [
      'a computed type without a version fails',
      graph(def('d', 'api: ""'), '- {id: a, template: {apiVersion: "${d.api}", kind: ConfigMap, metadata: {name: a}}}'),
      'ApplyFailed apply "a": dynamic template resolved to incomplete GVK "/, Kind=ConfigMap"',
    ],
    [
      'a template that writes its own Graph fails',
      '- {id: me, template: {apiVersion: kro.run/v1alpha1, kind: Graph, metadata: {name: g}, spec: {nodes: []}}}',
      'ApplyFailed apply "me": resolve: node "me" writes the Graph that contains it',
    ],
    [
      'a patch that writes its own Graph fails',
      '- {id: me, patch: {apiVersion: kro.run/v1alpha1, kind: Graph, metadata: {name: g, labels: {a: b}}}}',
      'ApplyFailed apply "me" (patch): resolve: node "me" writes the Graph that contains it',
    ],
  ])('%s', (_title, nodes, expected) => {
    const graphs = new GraphObjects();
    graphs.putMap('s', {});
    graphs.apply(nodes);
    expect(graphs.condition('ResourcesConverged')).toBe(`False ${expected}`);
    expect(graphs.condition('Ready')).toBe(`False ${expected}`);
  });

  it('names a conflict rather than an earlier reason to wait', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('s', 'shared', 'k: v'), 'first');
    graphs.apply(graph(ref('r', 'nowhere'), map('s', 'shared', 'k: v')));
    expect(graphs.condition('ResourcesConverged')).toMatch(/^False FieldManagerConflict apply "s": template/);
  });

  it('an object that is being deleted makes its node wait, and independent nodes continue', () => {
    const graphs = new GraphObjects();
    graphs.cluster.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'team-a', finalizers: ['x/y'] },
    });
    graphs.cluster.remove('ConfigMap/team-a/a');
    graphs.apply(graph(map('a', 'a', 'k: v'), map('b', 'b', 'k: v')));
    expect(graphs.condition('ResourcesConverged')).toMatch(
      /^False WaitingForReadiness apply "a": resource "team-a\/a" for node "a" is currently being deleted; waiting for deletion/,
    );
    expect(graphs.data('b')).toEqual({ k: 'v' });
  });

  it('a refused Graph names the reason, and its objects stay', () => {
    const graphs = new GraphObjects();
    graphs.apply(map('a', 'a', 'k: v'));
    graphs.refuse('refusing to apply: Graph would impersonate the controller');
    expect(graphs.condition('Accepted')).toBe(
      'False InvalidGraph refusing to apply: Graph would impersonate the controller',
    );
    expect([graphs.maps(), graphs.recorded().length]).toEqual([['a'], 1]);
  });

  it('a Graph with more objects than its status can record writes none', () => {
    const graphs = new GraphObjects({ maxCollectionSize: 6000 });
    graphs.apply(
      graph(
        def('d', `l: ${JSON.stringify(Array.from({ length: 5001 }, (_, index) => `n${index}`))}`),
        map('c', '${n}', 'k: v', 'forEach: [{n: "${d.l}"}], '),
      ),
    );
    expect(graphs.condition('ResourcesConverged')).toMatch(/^False ApplyFailed the Graph has 5001 objects/);
    expect(graphs.maps()).toEqual([]);
  });
});
