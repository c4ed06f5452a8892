import { describe, expect, test } from 'vitest';
import type { Decision } from '../runtime/index.ts';
import { logsCommand, describeLeftovers } from './failure-report.ts';

const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' };

test.each([
  [web, 'kubectl logs -n shop deployment/web --all-containers'],
  [{ apiVersion: 'v1', kind: 'Pod', name: 'p' }, 'kubectl logs -n default pod/p --all-containers'],
  [{ apiVersion: 'v1', kind: 'Service', name: 's' }, undefined],
])('the logs command of %o', (ref, expected) => {
  expect(logsCommand(ref)).toBe(expected);
});

describe('the description of leftovers', () => {
  const decision = (names: readonly string[]): Decision =>
    ({
      nodes: names.map((name) => ({
        because: { kind: 'ready' },
        objects: [{ object: { ...web, name }, state: 'present' }],
      })),
    }) as unknown as Decision;

  test('has the objects and the remedies', () => {
    const [objects, ways] = describeLeftovers(decision(['a', 'b']));
    expect(objects).toContain('shop/a');
    expect(ways).toContain('rollback()');
  });

  test('counts the objects beyond the limit of a line', () => {
    const many = Array.from({ length: 12 }, (_, index) => `n${index}`);
    expect(describeLeftovers(decision(many))[0]).toMatch(/and 2 more$/);
  });

  test('is empty without objects', () => {
    expect(describeLeftovers(decision([]))).toEqual([]);
  });
});
