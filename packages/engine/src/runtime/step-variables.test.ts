import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { putInstance, settle, statesOf } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';

const MAP = 'ConfigMap/ns/a';

describe('a variable of a definition', () => {
  test('has no object, and templates and the status read its value', () => {
    const graph = graphOf(`
schema: {spec: {app: string}, status: {full: "\${names.full}"}}
resources:
  - {id: names, variable: {full: "\${schema.spec.app + '-x'}", team: red}}
  - id: map
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}"}, data: {full: "\${names.full}", team: "\${names.team}"}}
`);
    const cluster = new FakeCluster();
    const { decision, instance } = settle(graph, putInstance(graph, cluster, 'a', { app: 'shop' }), cluster);
    expect(statesOf(decision)).toEqual({ names: 'ready: ready', map: 'ready: ready' });
    expect(cluster.get(MAP)?.['data']).toEqual({ full: 'shop-x', team: 'red' });
    expect(instance?.status).toMatchObject({ state: 'ACTIVE', full: 'shop-x' });
    expect(cluster.log.filter((entry) => entry.startsWith('apply ') && !entry.includes('App'))).toEqual([
      `apply ${MAP}`,
    ]);
  });

  test('with forEach is a list with one value for each element, in the order of the elements', () => {
    const graph = graphOf(`
schema: {spec: {tags: "[]string"}}
resources:
  - {id: names, forEach: [{tag: "\${schema.spec.tags}"}], variable: {name: "\${tag + '!'}"}}
  - id: map
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {all: "\${names.map(n, n.name).join(',')}"}}
`);
    const cluster = new FakeCluster();
    settle(graph, putInstance(graph, cluster, 'a', { tags: ['x', 'y'] }), cluster);
    expect(cluster.get(MAP)?.['data']).toEqual({ all: 'x!,y!' });
  });

  const CONDITIONAL = graphOf(`
schema: {spec: {on: boolean, ok: boolean}}
resources:
  - {id: names, includeWhen: ["\${schema.spec.on}"], readyWhen: ["\${names.ok}"], variable: {ok: "\${schema.spec.ok}", name: n}}
  - id: map
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {name: "\${names.name}"}}
`);

  test.each([
    [
      { on: false, ok: true },
      { names: 'skipped: excluded', map: 'skipped: dependency-skipped' },
    ],
    [
      { on: true, ok: false },
      { names: 'waiting: not-ready', map: 'pending: dependency' },
    ],
    [
      { on: true, ok: true },
      { names: 'ready: ready', map: 'ready: ready' },
    ],
  ])('with includeWhen and readyWhen is read by other nodes only if both are true: %j', (spec, states) => {
    const cluster = new FakeCluster();
    const { decision } = settle(CONDITIONAL, putInstance(CONDITIONAL, cluster, 'a', spec), cluster);
    expect(statesOf(decision)).toEqual(states);
    expect(cluster.get(MAP) !== undefined).toBe(spec.on && spec.ok);
  });

  const WAITING = (extra: string) => `
schema: {spec: {}}
resources:
  - {id: pump, template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}}}
  - {id: names, variable: {phase: "\${pump.status.phase}"}${extra}}
`;

  test.each([
    [
      '0.9',
      '',
      'node "names": failed to evaluate expression: eval "pump.status.phase": no such key: status (data pending)',
    ],
    [
      '0.9',
      ', includeWhen: ["${pump.status.level > 1}"]',
      'node "names": includeWhen "pump.status.level > 1": eval "pump.status.level > 1": no such key: status (data pending)',
    ],
    [
      '0.10',
      '',
      'apply "names": resolve: node "names": eval "pump.status.phase" at "phase": eval "pump.status.phase": no such key: status (data pending) (executor: node not ready)',
    ],
  ] as const)('waits at level %s for missing data of its expression%s', (level, extra, text) => {
    const graph = graphOf(WAITING(extra), { kroCompatibility: level });
    const cluster = new FakeCluster();
    const { decision } = settle(graph, putInstance(graph, cluster, 'a', {}), cluster);
    const node = decision.nodes.find(({ id }) => id === 'names');
    expect([node?.state, node?.message]).toEqual(['pending', text]);
  });
});
