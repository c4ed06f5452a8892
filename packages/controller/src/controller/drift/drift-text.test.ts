import { expect, test } from 'vitest';
import { driftText } from './drift-text.ts';

const type = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const target = { type, name: 'a', namespace: 'ns' };

test.each([
  [1, 'data.x0 changed by kubectl-edit; the controller reverts the change'],
  [10, 'data.x9 changed by kubectl-edit; the controller reverts the change'],
  [11, 'data.x9 changed by kubectl-edit, and 1 more field; the controller reverts the change'],
  [12, 'data.x9 changed by kubectl-edit, and 2 more fields; the controller reverts the change'],
])('the text about %d changed fields names at most ten of them', (count, end) => {
  const differences = Array.from({ length: count }, (_, index) => ({
    path: `data.x${index}`,
    kind: 'differs' as const,
    managers: ['kubectl-edit'],
  }));
  const desired = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const text = driftText({ nodeId: 'map', target, desired, fingerprint: '', why: 'drift', differences });
  expect(text.startsWith('ConfigMap v1 ns/a (node map): data.x0')).toBe(true);
  expect(text.endsWith(end)).toBe(true);
});
