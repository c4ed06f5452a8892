import { expect, test } from 'vitest';
import type { ClusterView } from './cluster-view.ts';
import { clusterStatusLines, tableLines } from './cluster-view.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const view: ClusterView = {
  name: 'dev',
  state: 'running',
  url: 'https://127.0.0.1:1',
  startedAt: '2026-01-01T00:00:00Z',
  data: true,
  kubeconfig: '/k',
  log: '/l',
};

test.each([
  ['running', { objects: 3 }],
  ['impaired', { objects: 3, problem: 'the disk is full' }],
  ['no response', { problem: 'no answer in 5 seconds' }],
])('a cluster is shown as "%s" in the list', (word, more) => {
  const [, row = ''] = tableLines([{ ...view, ...more }], NOW);
  expect(row.split(/ {3,}/)[1]).toBe(word);
});

test('the status shows the problem of a running cluster', () => {
  expect(clusterStatusLines({ ...view, objects: 3, problem: 'the disk is full' }, NOW).at(-1)).toBe(
    '  the disk is full',
  );
});
