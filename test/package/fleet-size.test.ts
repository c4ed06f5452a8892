import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fleetSize } from '../../scripts/fleet-size.ts';

const page = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');

/** The measurements of the page: the rows that begin with `N instances × C`, each with the rows that follow it. */
const measured = [
  ...page.matchAll(
    /\| (\d+) instances × (\d+): all ACTIVE \| [\d.]+ s; (\d+) requests.*\n\| … CPU: controller, cluster \| ([\d.]+) s.*\n.*\n\| … restart \| [\d.]+ s; \d+ requests, ([\d.]+) s CPU; peak (\d+), at rest ([\d.]+) MB/g,
  ),
].map(([, ...numbers]) => numbers.map(Number));

test('the page has measurements of at least four fleets', () => {
  expect(measured.length).toBeGreaterThanOrEqual(4);
});

test.each(measured)(
  'the size of %i instances × %i is that of the measurement',
  (instances, children, requests, cpu, restartCpu, peak, rest) => {
    const size = fleetSize({ instances, children, changesPerHour: instances });
    const ratios = {
      requests: size.requestsPerHour / requests,
      cpu: (size.cores * size.processes * 3600) / cpu,
      restartCpu: size.restartCpuSeconds / restartCpu,
      peak: size.peakMb / peak,
      rest: size.restMb / rest,
    };
    expect(size.processes).toBe(1);
    // Times differ more from run to run than sizes of memory.
    for (const [what, limit] of [
      ['requests', 0.01],
      ['rest', 0.05],
      ['peak', 0.12],
      ['cpu', 0.3],
      ['restartCpu', 0.3],
    ] as const) {
      expect(Math.abs(ratios[what] - 1), `${what} × ${ratios[what]}`).toBeLessThanOrEqual(limit);
    }
  },
);

test.each([
  ['many changes', { instances: 1000, children: 5, changesPerHour: 600_000 }, 3],
  ['many objects', { instances: 100_000, children: 5, changesPerHour: 0 }, 3],
  ['nothing', { instances: 0, children: 0, changesPerHour: 0 }, 1],
])('%s decide the number of processes', (_title, fleet, processes) => {
  expect(fleetSize(fleet).processes).toBe(processes);
});
