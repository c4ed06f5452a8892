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

describe('what is left', () => {
  const decision = (names: readonly string[]): Decision =>
    ({
      nodes: names.map((name) => ({
        because: { kind: 'ready' },
        objects: [{ object: { ...web, name }, state: 'present' }],
      })),
    }) as unknown as Decision;

  test('names objects and ways on', () => {
    const [objects, ways] = describeLeftovers(decision(['a', 'b']));
    expect(objects).toContain('shop/a');
    expect(ways).toContain('rollback()');
  });

  test('counts what would make the line long', () => {
    const many = Array.from({ length: 12 }, (_, index) => `n${index}`);
    expect(describeLeftovers(decision(many))[0]).toMatch(/and 2 more$/);
  });

  test('is nothing when nothing was made', () => {
    expect(describeLeftovers(decision([]))).toEqual([]);
  });
});
