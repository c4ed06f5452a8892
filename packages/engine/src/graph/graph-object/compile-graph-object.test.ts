import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type JsonObject, type JsonValue, formatDiagnostic } from '@typekro/kit/core';
import { type Graph, compile, compileGraphObject, parseDefinitions } from '../index.ts';
import { warningCodes } from '../codes/codes-warnings.ts';
import { builtinSource } from '../../schema/index.ts';

const sources = builtinSource();

function graphOf(nodes: JsonValue): JsonValue {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name: 'g', namespace: 'team-a' },
    spec: { nodes },
  };
}

function compiled(nodes: JsonValue): Graph {
  const { graph, diagnostics } = compileGraphObject(graphOf(nodes), { sources });
  expect(diagnostics).toEqual([]);
  return graph as Graph;
}

/** kro's messages about all problems, in kro's order. */
function texts(nodes: JsonValue): (string | undefined)[] {
  return compileGraphObject(graphOf(nodes), { sources }).diagnostics.map(({ kroMessage }) => kroMessage);
}

const map = (name: string, data: JsonValue = { k: 'v' }): JsonValue => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

describe('a compiled Graph', () => {
  const graph = compiled([
    { id: 'env', def: { name: 'prod', size: 3 } },
    {
      id: 'inner',
      graph: {
        nodes: [
          { id: 'own', def: { name: '${env.name}' } },
          { id: 'cm', template: map("${own.name + '-in'}", { all: "${[1, 2].map(own, string(own)).join(',')}" }) },
          { id: 'later', template: map('${cm.metadata.name}-2') },
        ],
      },
    },
    { id: 'out', template: map('${inner.cm.metadata.name}-out') },
    { id: 'mark', patch: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a', labels: { a: 'b' } } } },
    { id: 'dyn', template: { apiVersion: '${env.name}/v1', kind: 'Widget', metadata: { name: 'w' } } },
  ]);

  test('identifies its nodes by paths of ids', () => {
    expect([...graph.nodes.keys()]).toEqual([
      'env',
      'inner',
      'out',
      'mark',
      'dyn',
      'inner/own',
      'inner/cm',
      'inner/later',
    ]);
    expect(graph.definedBy).toBe('graph');
    expect(graph.instance.crd.metadata.name).toBe('graphs.kro.run');
  });

  test('makes a child depend on the outer nodes that its subgraph reads, and orders the children directly before the subgraph', () => {
    expect(graph.nodes.get('inner')?.dependsOn).toEqual(['env']);
    expect(graph.nodes.get('inner/cm')?.dependsOn).toEqual(['env', 'inner/own']);
    expect(graph.nodes.get('out')?.dependsOn).toEqual(['inner']);
    expect(graph.order).toEqual(['env', 'inner/own', 'inner/cm', 'inner/later', 'inner', 'out', 'mark', 'dyn']);
  });

  test('counts waves from 1 in each frame, and ignores defs', () => {
    const waves = [...graph.applyOrder].filter(([id]) => !['env', 'inner/own'].includes(id));
    expect(Object.fromEntries(waves)).toEqual({ inner: 1, 'inner/cm': 1, 'inner/later': 2, out: 2, mark: 1, dyn: 1 });
  });

  test('puts a reader of a def into wave 1, even when the def reads an object', () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'api' }, spec: { ports: [{ port: 80 }] } };
    const chain = compiled([
      { id: 'svc', template: service },
      { id: 'calc', def: { host: '${svc.metadata.name}' } },
      { id: 'out', template: map('out', { host: '${calc.host}' }) },
    ]);
    expect(chain.applyOrder.get('svc')).toBe(1);
    expect(chain.applyOrder.get('out')).toBe(1);
  });

  test('reads a node in an expression by its path of ids, and does not confuse it with a loop variable of the same name', () => {
    const [name, all] = graph.nodes.get('inner/cm')?.template.holes ?? [];
    expect(name?.expression.references).toEqual(['inner/own']);
    const result = all?.expression.program.evaluate(new Map([['inner/own', { name: 'x' }]]));
    expect(result).toMatchObject({ value: '1,2' });
    const made = name?.expression.program.evaluate(new Map([['inner/own', { name: 'x' }]]));
    expect(made).toMatchObject({ value: 'x-in' });
  });

  test('counts the reads in the filter of a forEach dimension', () => {
    const { reads } = compiled([
      { id: 'maps', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { selector: {} } } },
      { id: 'settings', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } } },
      {
        id: 'chosen',
        forEach: [{ map: '${maps.filter(m, m.data["on"] == settings.data.on)}' }],
        template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${map.metadata.name}-y' } },
      },
    ]);
    expect(reads.get('maps')).toEqual([
      ['data', 'on'],
      ['metadata', 'name'],
    ]);
    expect(reads.get('settings')).toEqual([['data', 'on']]);
  });

  test('counts reads through a subgraph as reads of its child', () => {
    expect(graph.reads.get('inner/cm')).toEqual([['metadata', 'name']]);
    expect(graph.reads.has('inner')).toBe(false);
  });

  test('leaves the type of a node undefined when an expression computes it', () => {
    const node = graph.nodes.get('dyn');
    expect(node?.type).toBeUndefined();
    expect(node?.template.holes.map(({ pathText }) => pathText)).toEqual(['apiVersion']);
  });
});

describe('the first message is that of kro', () => {
  test.each<[string, JsonValue, string]>([
    ['reserved id', [{ id: 'item', def: {} }], 'invalid graph: node[0]: id "item" is reserved'],
    [
      'self reference',
      [{ id: 'a', template: map('${a.metadata.name}') }],
      'build dependency graph: node "a": register deps: self references are not allowed',
    ],
    [
      'cycle',
      [
        { id: 'b', template: map('${a.metadata.name}') },
        { id: 'a', template: map('${b.metadata.name}') },
      ],
      'build dependency graph: node "b": register deps: graph contains a cycle: a -> b -> a',
    ],
    [
      'unknown function',
      [{ id: 'a', template: map('a', { v: '${nofunc()}' }) }],
      'build dependency graph: node "a": variable at "data.v": uses unknown functions: [{nofunc}]',
    ],
    [
      'unknown name',
      [{ id: 'a', template: map('a', { v: '${zz.x}' }) }],
      'build dependency graph: node "a": variable at "data.v": references unknown identifier "zz"',
    ],
    [
      'unknown field of the kind',
      [{ id: 'a', template: { ...(map('a') as object), bogus: 1 } }],
      'build node "a": parse template payload: error getting field schema for path .bogus: schema not found for field bogus',
    ],
    ['empty template', [{ id: 'a', template: {} }], 'build node "a": missing required field "apiVersion"'],
    [
      'unknown kind',
      [{ id: 'a', template: { apiVersion: 'v1', kind: 'ConfigMapp', metadata: { name: 'a' } } }],
      'build node "a": resolve schema for /v1, Kind=ConfigMapp: cannot resolve group version kind "/v1, Kind=ConfigMapp": schema not found',
    ],
    [
      'unknown key of an inner node',
      [{ id: 's', graph: { nodes: [{ id: 'a', def: {}, bogus: 1 }] } }],
      'build node "s": parse subgraph: unmarshal: error unmarshaling JSON: while decoding JSON: json: unknown field "bogus"',
    ],
    [
      'an includeWhen that reads its own node',
      [{ id: 'a', def: { x: true }, includeWhen: ['${a.x}'] }],
      'build dependency graph: node "a": node "a": includeWhen references its own id "a", which can never be satisfied',
    ],
    [
      'wrong type of a condition',
      [{ id: 'a', template: map('a'), includeWhen: ["${'yes'}"] }],
      `compile node "a": node "a": includeWhen[0] ("'yes'") must return bool, got string`,
    ],
    [
      'forEach over a text',
      [{ id: 'a', forEach: [{ n: "${'x'}" }], template: map('${n}') }],
      'compile node "a": forEach "n" must return a list, got "string": type "string" is not a list type',
    ],
    [
      'wrong type of a field',
      [
        { id: 'd', def: { n: 1 } },
        { id: 'a', template: map('a', { v: '${d.n}' }) },
      ],
      'compile node "a": type mismatch in node "a" at path "data.v": expression "d.n" returns "int" but expected "string": type kind mismatch: got "int", expected "string"',
    ],
    [
      'text around an expression',
      [{ id: 'a', def: {}, includeWhen: ['x${true}'] }],
      'build node "a": includeWhen: only standalone expressions are allowed',
    ],
    [
      'an expression without an end',
      [{ id: 'a', template: map('a', { v: 'x ${b' }) }],
      'build node "a": parse template payload: unterminated expression starting at offset 2',
    ],
    [
      'readyWhen of a patch that reads the patch',
      [{ id: 'p', patch: map('p'), readyWhen: ['${p.data.k == "v"}'] }],
      'build dependency graph: node "p": readyWhen[0]: patch node "p" does not publish a value into scope and cannot be referenced in CEL expressions',
    ],
    [
      'typo in a read of a def',
      [
        { id: 'n', def: { prefix: 'a', other: '${1}' } },
        { id: 'a', template: map('${n.prefxi}') },
      ],
      'compile node "a": variable at "metadata.name" ("n.prefxi"): ERROR: <input>:1:2: undefined field \'prefxi\'\n | n.prefxi\n | .^',
    ],
    [
      'nodes of two frames in one expression',
      [
        { id: 'o', def: { n: 'a' } },
        {
          id: 's',
          graph: {
            nodes: [
              { id: 'i', def: { n: 'b' } },
              { id: 'c', template: map('${o.n + i.n}') },
            ],
          },
        },
      ],
      'build node "s": build dependency graph: node "c": variable at "metadata.name": expression "o.n + i.n" mixes node references from different graph scopes (references must belong to a single scope)',
    ],
  ])('%s', (_title, nodes, text) => {
    expect(texts(nodes)[0]).toBe(text);
  });
});

test('all problems are reported together, with line, column and remedy', () => {
  const text = `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: {name: g}
spec:
  nodes:
    - id: naming
      def: {prefix: a}
    - id: web
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "\${naming.prefxi}"}
        dat: {}
    - id: sub
      graph:
        nodes:
          - id: my-node
            def: {}
`;
  const { documents } = parseDefinitions(text, 'g.yaml');
  const { diagnostics } = compileGraphObject(documents[0] ?? null, { sources });
  expect(diagnostics.map((each) => formatDiagnostic(each).split('\n').slice(0, 1).join(''))).toMatchInlineSnapshot(`
    [
      "g.yaml:13:9: error: the schema has no field "dat" here [graph/unknown-field]",
      "g.yaml:17:17: error: the id "my-node" must begin with a letter and contain only ASCII letters and digits [graph/invalid-id]",
      "g.yaml:12:36: error: undefined field 'prefxi' [cel/unknown-field]",
    ]
  `);
});

describe('hostile Graphs', () => {
  test.each<[string, JsonValue, string[]]>([
    ['nodes that are no list', 'x', ['graph/invalid-graph', 'graph/no-nodes']],
    ['a node that is a string', ['x'], ['graph/invalid-graph', 'graph/invalid-id', 'graph/node-payload']],
    ['an id that is a member of Object.prototype', [{ id: '__proto__', def: {} }], ['graph/invalid-id']],
    [
      'an iterator with a dash in its name',
      [{ id: 'a', def: {}, forEach: [{ 'to-string': '${[1]}' }] }],
      ['graph/invalid-iterator-name'],
    ],
    [
      'members of Object.prototype as an id and as a key',
      [
        { id: 'constructor', def: { toString: 'x' } },
        { id: 'a', def: { v: '${constructor.toString}' } },
      ],
      [],
    ],
    [
      'a read of an Object.prototype name',
      [{ id: 'a', def: { v: '${hasOwnProperty}' } }],
      ['graph/unknown-identifier'],
    ],
    [
      'an unknown field that is a member of Object.prototype',
      [
        { id: 'd', def: { a: 1 } },
        { id: 'a', def: { v: '${d.constructor}' } },
      ],
      ['cel/unknown-field'],
    ],
    [
      'a Graph that templates itself',
      [
        {
          id: 'a',
          template: { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'g' }, spec: { nodes: [] } },
        },
      ],
      [],
    ],
    [
      'a child that reads its subgraph',
      [{ id: 's', graph: { nodes: [{ id: 'c', def: { v: '${s.c.v}' } }] } }],
      ['graph/self-reference'],
    ],
    [
      'a cycle over two subgraphs',
      [
        { id: 's', graph: { nodes: [{ id: 'c', def: { v: '${t.c.v}' } }] } },
        { id: 't', graph: { nodes: [{ id: 'c', def: { v: '${s.c.v}' } }] } },
      ],
      ['graph/cycle'],
    ],
  ])('for %s, only the expected problems are reported', (_title, nodes, codes) => {
    expect(compileGraphObject(graphOf(nodes), { sources }).diagnostics.map(({ code }) => code)).toEqual(codes);
  });

  test('every field of the spec that a Graph does not have is a problem', () => {
    const spec = {
      nodes: [{ id: 'a', def: { v: 1 }, retries: 1 }],
      paused: true,
      __proto__x: 1,
      serviceAccountName: 'a',
    };
    const { graph, diagnostics } = compileGraphObject({ ...(graphOf([]) as JsonObject), spec }, { sources });
    expect(graph).toBeUndefined();
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'a Graph has no field "paused"',
      'a Graph has no field "__proto__x"',
      'a node has no field "retries"',
    ]);
  });

  test.each([
    [
      'a child that reads its subgraph',
      [{ id: 's', graph: { nodes: [{ id: 'c', def: { v: '${s.c.v}' } }] } }],
      'spec.nodes[0].graph.nodes[0].def.v',
    ],
    [
      'a cycle over two subgraphs',
      [
        { id: 's', graph: { nodes: [{ id: 'c', graph: { nodes: [{ id: 'd', def: { v: '${t.c.v}' } }] } }] } },
        { id: 't', graph: { nodes: [{ id: 'c', def: { v: '${s.c.v}' } }] } },
      ],
      'spec.nodes[0].graph.nodes[0].graph.nodes[0].def.v',
    ],
    [
      'a cycle over a subgraph and a node',
      [
        { id: 's', graph: { nodes: [{ id: 'c', includeWhen: ['${t.v}'], def: { v: 'x' } }] } },
        { id: 't', def: { v: '${s.c.v}' } },
      ],
      'spec.nodes[0].graph.nodes[0].includeWhen[0]',
    ],
  ])('the problem with %s is reported at the expression that reads the other node', (_title, nodes, path) => {
    expect(compileGraphObject(graphOf(nodes), { sources }).diagnostics.map((each) => each.path)).toEqual([path]);
  });

  test('30 levels of subgraphs compile', () => {
    let nodes: JsonValue = [{ id: 'leaf', template: map('${top.name}') }];
    for (let level = 0; level < 30; level += 1) nodes = [{ id: `l${level}`, graph: { nodes } }];
    const graph = compiled([{ id: 'top', def: { name: 'x' } }, ...nodes]);
    expect(graph.nodes.size).toBe(32);
    expect(graph.nodes.get('l29')?.dependsOn).toEqual(['top']);
  });

  test('300 levels are refused', () => {
    let nodes: JsonValue = [{ id: 'leaf', def: {} }];
    for (let level = 0; level < 300; level += 1) nodes = [{ id: 's', graph: { nodes } }];
    const { diagnostics } = compileGraphObject(graphOf(nodes), { sources });
    expect(diagnostics.map(({ code }) => code)).toEqual(['yaml/too-deep']);
  });

  test('a chain of 1,000 nodes compiles, and a ring of 1,000 nodes is reported as one cycle', () => {
    const node = (index: number, reads: number): JsonValue => ({
      id: `n${index}`,
      template: map(`\${n${reads}.metadata.name}x`),
    });
    const chain = Array.from({ length: 999 }, (_, index) => node(index + 1, index));
    expect(compiled([{ id: 'n0', template: map('a') }, ...chain]).order).toHaveLength(1000);
    const ring = [node(0, 999), ...chain];
    expect(compileGraphObject(graphOf(ring), { sources }).diagnostics.map(({ code }) => code)).toEqual(['graph/cycle']);
  });
});

test.each([
  'graph/job-runs-again',
  'graph/replicas-of-autoscaler',
  'graph/selector-mismatch',
  'graph/selector-matches-nothing',
  'graph/duplicate-identity',
])('the nodes of a Graph and of a subgraph have the warning %s of a definition', (code) => {
  const example = warningCodes.find((each) => each.code === code)?.example ?? '';
  const { resources: nodes } = (parse(example) as { readonly spec: { readonly resources: JsonObject[] } }).spec;
  const own = (definition: JsonValue, compiler: typeof compile) =>
    compiler(definition as JsonObject, { sources: builtinSource() })
      .diagnostics.filter((each) => each.code === code)
      .map(({ path, message }) => `${(path ?? '').replace(/^.*(?:resources|nodes)/, '')}: ${message}`);
  const expected = own(parse(example) as JsonValue, compile);
  expect(expected).toHaveLength(1);
  expect(own(graphOf(nodes), compileGraphObject)).toEqual(expected);
  expect(own(graphOf([{ id: 'sub', graph: { nodes } }]), compileGraphObject)).toEqual(expected);
});

test('the number of replicas belongs to the autoscaler of the same Graph', () => {
  const graph = compiled(
    parse(`
- id: app
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: a}
    spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: i}]}}}
- id: hpa
  template:
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: a}
    spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "\${app.metadata.name}"}}
`) as JsonValue,
  );
  expect([...graph.nodes.values()].map((node) => 'isScaled' in node && node.isScaled)).toEqual([true, false]);
});
