import type { Reading } from './metrics.ts';
import { Metric } from './registry.ts';

/** Metrics of the process, exposed also while no controller runs in it. */
export function createProcessMetrics(leads: () => Iterable<Reading> = () => []): Metric[] {
  const of = (name: string, type: 'counter' | 'gauge', help: string, ask: () => number) =>
    new Metric(name, type, help, { collect: () => [[{}, ask()]] });
  const startedAt = Date.now() / 1000 - process.uptime();
  return [
    new Metric('leader_election_master_status', 'gauge', 'Does this replica hold the Lease?', { collect: leads }),
    of('process_cpu_seconds_total', 'counter', 'Time of processors that the process took.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    of('process_resident_memory_bytes', 'gauge', 'Memory that the process takes.', () => process.memoryUsage.rss()),
    of('process_start_time_seconds', 'gauge', 'When the process began, since 1970.', () => startedAt),
  ];
}
