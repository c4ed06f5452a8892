import { expect, test } from 'vitest';
import type { DefinitionObject } from '../definition/definition-object.ts';
import { ServedKinds } from '../served-kinds.ts';
import { createMetrics } from './metrics.ts';
import { MetricsObserver } from './metrics-observer.ts';
import { exposition } from './exposition.ts';

test('the metrics keep the deletion counts of only the last hundred deleted definitions', () => {
  const metrics = createMetrics();
  const clock = { now: () => 0, setTimer: () => ({ cancel: () => undefined }) };
  const observer = new MetricsObserver(metrics, new ServedKinds(), clock);
  const released = (name: string) => {
    const metadata = { name, deletionTimestamp: '1970-01-01T00:00:00Z' };
    const definition = { name, object: { metadata } } as unknown as DefinitionObject;
    observer.listen({ kind: 'definition-released', definition, orphans: 0 });
  };
  for (let number = 0; number < 150; number += 1) released(`made-${number}`);
  released('made-60');
  released('one-more');
  const { definitionDeletions, definitionDeletionSeconds } = metrics;
  const lines = exposition([definitionDeletions])
    .split('\n')
    .filter((line) => line.startsWith('rgd_deletions_total{'));
  expect(lines).toHaveLength(100);
  expect(lines).toContain('rgd_deletions_total{name="made-60"} 2');
  expect([definitionDeletions, definitionDeletionSeconds].map((metric) => metric.valueOf({ name: 'made-50' }))).toEqual(
    [0, 0],
  );
});
