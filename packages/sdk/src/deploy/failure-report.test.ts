import { describe, expect, test } from 'vitest';
import type { Graph } from '@typekro/engine/graph';
import type { Decision } from '@typekro/engine/runtime';
import { podLogsCommand, describeLeftovers } from './failure-report.ts';

const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' };

test.each([
  [web, 'kubectl logs -n shop deployment/web --all-containers'],
  [{ apiVersion: 'v1', kind: 'Pod', name: 'p' }, 'kubectl logs -n default pod/p --all-containers'],
  [{ apiVersion: 'v1', kind: 'Service', name: 's' }, undefined],
])('the command for the logs of %o is known only for kinds with logs', (ref, expected) => {
  expect(podLogsCommand(ref)).toBe(expected);
});

describe('the description of leftovers', () => {
  const decision = (names: readonly string[]): Decision =>
    ({
      nodes: names.map((name) => ({
        id: name,
        because: { kind: 'ready' },
        objects: [{ object: { ...web, name }, state: 'present' }],
      })),
    }) as unknown as Decision;

  const graphOf = (nodeType: string, ...names: string[]) =>
    ({ nodes: new Map(names.map((id) => [id, { id, nodeType }])) }) as unknown as Pick<Graph, 'nodes'>;
  const graph = graphOf('resource');

  test.each(['external', 'externalCollection', 'patch'])('leaves out the object of a node of type %s', (nodeType) => {
    expect(describeLeftovers(decision(['a', 'b']), graphOf(nodeType, 'a'))[0]).toBe(
      'in the cluster: Deployment apps/v1 shop/b',
    );
  });

  test('has the objects and the remedies', () => {
    const [objects, ways] = describeLeftovers(decision(['a', 'b']), graph);
    expect(objects).toContain('shop/a');
    expect(ways).toContain('rollback()');
  });

  test('counts the objects beyond the limit of a line', () => {
    const many = Array.from({ length: 12 }, (_, index) => `n${index}`);
    expect(describeLeftovers(decision(many), graph)[0]).toMatch(/and 2 more$/);
  });

  test('is empty without objects', () => {
    expect(describeLeftovers(decision([]), graph)).toEqual([]);
  });
});
