import { withGroup } from '@typekro/kit/core';
import type { OpenStreams } from '../protocol/open-streams.ts';
import type { Store } from '../store/store.ts';

/** The parts of the cluster that the metrics describe. */
export interface MetricsContext {
  readonly store: Store;
  readonly streams: OpenStreams;
}

/** Metrics of the cluster in the text format of Prometheus. */
export function metricsText({ store, streams }: MetricsContext): string {
  const lines = [
    '# HELP apiserver_storage_objects Number of stored objects by resource.',
    '# TYPE apiserver_storage_objects gauge',
  ];
  for (const collection of store.collections()) {
    const name = withGroup(collection.plural, collection.group);
    lines.push(`apiserver_storage_objects{resource="${name}"} ${collection.size}`);
  }
  const watches = [...streams].filter(({ isWatch }) => isWatch).length;
  lines.push(
    '# HELP apiserver_longrunning_requests Number of open watches.',
    '# TYPE apiserver_longrunning_requests gauge',
    `apiserver_longrunning_requests{verb="WATCH"} ${watches}`,
    '# HELP process_resident_memory_bytes Resident memory of the process.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
  );
  return `${lines.join('\n')}\n`;
}
