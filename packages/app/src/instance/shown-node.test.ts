import { expect, test } from 'vitest';
import type { NodeReport, Reports } from '@typekro/engine/runtime';
import { compile } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { shownNodes } from './shown-node.ts';
import { fieldOrigins } from './field-origins.ts';

const report = (id: string, state: Reports.NodeState, because: Reports.Because): NodeReport => ({
  id,
  state,
  because,
  objects: [],
});
const unreadable = (id: string, code: number): NodeReport =>
  report(id, 'failed', { kind: 'read-failed', failure: { code, reason: '', message: 'no' } });
const dependent = (
  id: string,
  state: Reports.NodeState,
  ...nodes: [id: string, state: Reports.NodeState][]
): NodeReport => report(id, state, { kind: 'dependency', nodes: nodes.map(([each, of]) => ({ id: each, state: of })) });

/** Objects that are no longer wanted, and wait for other nodes before they are deleted. */
const retired = (...heldBy: string[]): NodeReport => {
  const objects = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'n' }];
  const because: Reports.Because = { kind: 'retired', objects, ...(heldBy.length === 0 ? {} : { heldBy }) };
  return { ...report('svc', heldBy.length === 0 ? 'deleting' : 'blocked', because), retired: true };
};

const hidden = unreadable('hidden', 403);
const ready = report('ready', 'ready', { kind: 'ready' });
const late = report('late', 'waiting', { kind: 'items-missing', present: 1, wanted: 2 });
const broken = unreadable('broken', 500);

test.each<[title: string, nodes: NodeReport[], shown: string[]]>([
  [
    'nodes that depend on an unknown node are unknown',
    [hidden, dependent('a', 'blocked', ['hidden', 'failed']), dependent('b', 'blocked', ['a', 'blocked'])],
    [
      'unknown: cannot be read with your rights: no',
      'unknown: depends on hidden (unknown)',
      'unknown: depends on a (unknown)',
    ],
  ],
  [
    'a node that waits for an unknown node and a node in progress is pending, and so are its dependents',
    [
      hidden,
      late,
      dependent('a', 'blocked', ['hidden', 'failed'], ['late', 'waiting']),
      dependent('b', 'blocked', ['a', 'blocked']),
    ],
    [
      'unknown: cannot be read with your rights: no',
      'waiting: has 1 of 2 objects',
      'pending: waits for hidden (unknown), late (waiting)',
      'pending: waits for a (pending)',
    ],
  ],
  [
    'a node that waits for an unknown node and a failed node is blocked',
    [hidden, broken, dependent('a', 'blocked', ['hidden', 'failed'], ['broken', 'failed'])],
    [
      'unknown: cannot be read with your rights: no',
      'failed: cannot be read: no',
      'blocked: waits for hidden (unknown), broken (failed)',
    ],
  ],
  [
    'a retired node with the same id changes the shown state of neither a node nor its dependents',
    [ready, broken, dependent('a', 'blocked', ['broken', 'failed']), { ...hidden, id: 'broken', retired: true }],
    [
      'ready: is as wanted and ready',
      'failed: cannot be read: no',
      'blocked: waits for broken (failed)',
      'unknown: cannot be read with your rights: no',
    ],
  ],
])('the shown states: %s', (_title, nodes, expected) => {
  const shown = shownNodes(nodes);
  expect(nodes.map((node) => shown.of(node)).map(({ state, reason }) => `${state}: ${reason}`)).toEqual(expected);
});

test.each<[title: string, nodes: NodeReport[], shown: string[]]>([
  [
    'a node whose write is refused is failed, and the nodes that wait for it are blocked',
    [
      report('svc', 'applying', { kind: 'write', action: 'create', count: 1 }),
      dependent('a', 'pending', ['svc', 'applying']),
      dependent('b', 'pending', ['a', 'pending']),
    ],
    ['failed: the server refuses it', 'blocked: waits for svc (failed)', 'blocked: waits for a (blocked)'],
  ],
  [
    'a node without a pending write keeps its state, as does a retired node with the same id',
    [
      report('svc', 'ready', { kind: 'ready' }),
      { ...report('svc', 'applying', { kind: 'write', action: 'change', count: 1 }), retired: true },
    ],
    ['ready: is as wanted and ready', 'applying: changes its object'],
  ],
  ['retired objects whose deletion is refused are failed', [retired()], ['failed: the server refuses it']],
  ...[['db'], ['db', 'web']].map((heldBy): [string, NodeReport[], string[]] => [
    `retired objects that ${heldBy.join(' and ')} hold keep their state`,
    [retired(...heldBy)],
    [`blocked: waits for ${heldBy.join(', ')} before it deletes objects that are no longer wanted: Pod v1 n/p`],
  ]),
])('the shown states when the server refuses a write: %s', (title, nodes, expected) => {
  const refusal = { problem: 'the server refuses it', remedy: 'do it' };
  const key = title.startsWith('retired') ? 'svc retired' : 'svc';
  const shown = shownNodes(nodes, new Map([[key, refusal]]));
  expect(nodes.map((node) => shown.of(node)).map(({ state, reason }) => `${state}: ${reason}`)).toEqual(expected);
});

test('the remedy of a refusal replaces the remedy of the reason', () => {
  const svc = report('svc', 'applying', { kind: 'write', action: 'create', count: 1 });
  const refused = new Map([['svc', { problem: 'no', remedy: 'do it' }]]);
  expect(shownNodes([svc], refused).of(svc).remedy).toBe('do it');
});

test('counts include the number of unknown nodes only if there are any', () => {
  const nodes = [ready, hidden, dependent('a', 'blocked', ['hidden', 'failed'])];
  expect(shownNodes(nodes).count(nodes)).toMatchObject({ nodes: 3, ready: 1, unknown: 2 });
  expect(shownNodes([ready, broken]).count([ready, broken])).not.toHaveProperty('unknown');
});

const { graph } = compile(
  {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'pier' },
    spec: {
      schema: { apiVersion: 'v1', kind: 'Pier', spec: { port: 'integer', labels: 'map[string]string' } },
      resources: [
        {
          id: 'service',
          template: {
            apiVersion: 'v1',
            kind: 'Service',
            metadata: { name: 'pier-${schema.metadata.name}', labels: '${schema.spec.labels}' },
            spec: { ports: [{ port: '${schema.spec.port}', targetPort: '${schema.spec.port + 1}' }, { port: 81 }] },
          },
        },
      ],
    },
  },
  { sources: builtinSource(), target: 'typekro' },
);

test.each([
  ['spec.ports[0].port', 'spec.ports[0].port is ${schema.spec.port}', 'correct spec.port of the instance'],
  [
    'spec.ports[0].targetPort',
    'spec.ports[0].targetPort is ${schema.spec.port + 1}',
    'correct the expression of spec.ports[0].targetPort, or the data that it reads',
  ],
  [
    'metadata.name',
    'metadata.name is pier-${schema.metadata.name}',
    'correct the expression of metadata.name, or the data that it reads',
  ],
  ['metadata.labels.a', 'metadata.labels is ${schema.spec.labels}', 'correct spec.labels of the instance'],
])('for the field %s, the expression and a remedy are returned', (path, text, remedy) => {
  expect(fieldOrigins(graph?.nodes.get('service'), [path])).toEqual([{ text, remedy }]);
});

test.each(['spec.ports[1].port', 'spec.port', 'spec.ports[0].portal', ''])('%j has no expression', (path) => {
  expect(fieldOrigins(graph?.nodes.get('service'), [path])).toEqual([]);
});

test('each expression is listed once, and at most three expressions are listed', () => {
  const paths = [
    'metadata.labels.a',
    'metadata.labels.b',
    'spec.ports[0].port',
    'spec.ports[0].targetPort',
    'metadata.name',
  ];
  expect(fieldOrigins(graph?.nodes.get('service'), paths).map(({ text }) => text.split(' ')[0])).toEqual([
    'metadata.labels',
    'spec.ports[0].port',
    'spec.ports[0].targetPort',
  ]);
});
