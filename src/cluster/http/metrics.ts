import type { Api } from '../api.ts';

/** Figures of the cluster in the text form that Prometheus reads. */
export function metricsText(api: Api): string {
  const lines = [
    '# HELP apiserver_storage_objects Number of stored objects by resource.',
    '# TYPE apiserver_storage_objects gauge',
  ];
  for (const collection of api.store.collections()) {
    const name = collection.group === '' ? collection.plural : `${collection.plural}.${collection.group}`;
    lines.push(`apiserver_storage_objects{resource="${name}"} ${collection.size}`);
  }
  lines.push(
    '# HELP apiserver_longrunning_requests Number of open watches.',
    '# TYPE apiserver_longrunning_requests gauge',
    `apiserver_longrunning_requests{verb="WATCH"} ${api.streams.size}`,
    '# HELP process_resident_memory_bytes Resident memory of the process.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
  );
  return `${lines.join('\n')}\n`;
}
