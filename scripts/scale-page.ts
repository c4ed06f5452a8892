import { type Fleet, fleetSize } from './fleet-size.ts';
import { markdownTable } from './markdown-table.ts';
import { withTables } from './written-tables.ts';

/** The fleets of the table. */
const FLEETS: readonly Fleet[] = [
  { instances: 100, children: 5, changesPerHour: 60 },
  { instances: 1000, children: 5, changesPerHour: 600 },
  { instances: 1000, children: 20, changesPerHour: 600 },
  { instances: 2000, children: 5, changesPerHour: 1200 },
  { instances: 5000, children: 5, changesPerHour: 3000 },
  { instances: 5000, children: 20, changesPerHour: 3000 },
  { instances: 10_000, children: 5, changesPerHour: 6000 },
  { instances: 10_000, children: 2, changesPerHour: 6000, definitions: 500 },
  { instances: 10_000, children: 20, changesPerHour: 60_000 },
  { instances: 50_000, children: 5, changesPerHour: 30_000 },
  { instances: 50_000, children: 5, changesPerHour: 30_000, definitions: 10 },
  { instances: 100_000, children: 5, changesPerHour: 600_000, definitions: 10 },
];

const whole = (value: number) => value.toLocaleString('en');

/** Returns the page `docs/scale.md` with its table of fleets. */
export function scalePage(page: string): string {
  const rows = FLEETS.map((fleet) => {
    const size = fleetSize(fleet);
    const { processes, restMb, peakMb, limitMi, cores, leastRequestMilli, requestsPerHour, restartCpuSeconds } = size;
    return [
      whole(fleet.instances),
      whole(fleet.children),
      whole(fleet.definitions ?? 1),
      whole(fleet.changesPerHour),
      whole(processes),
      `${restMb.toFixed(0)}, ${peakMb.toFixed(0)} MB`,
      `${limitMi}Mi`,
      cores.toFixed(3),
      `${leastRequestMilli}m`,
      whole(requestsPerHour),
      `${restartCpuSeconds.toFixed(1)} s`,
    ];
  });
  const header = [
    'instances',
    'children of each',
    'definitions',
    'changes an hour',
    'processes',
    'memory of each: at rest, peak',
    'memory limit',
    'CPU of each, average of the hour',
    'least CPU request',
    'API requests an hour',
    'CPU of a restart',
  ];
  return withTables(page, 'docs/scale.md', { fleets: markdownTable(header, rows) });
}
