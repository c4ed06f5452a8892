import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fleetSize, sizeInProcesses } from '../../scripts/fleet-size.ts';

const page = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');

/** The numbers that a pattern captures in `docs/scale.md`, without commas. The pattern must match at most once. */
function numbersOf(pattern: RegExp): number[] {
  const [match, ...others] = page.matchAll(pattern);
  expect(others).toEqual([]);
  return (match ?? []).slice(1).map((number) => Number(number.replaceAll(',', '')));
}

/** Fails when a computed value differs from the measured value by more than `limit`, a fraction of 1. */
function expectNear(computed: number, found: number | undefined, limit: number): void {
  expect(Math.abs(computed / (found ?? Number.NaN) - 1), `${computed} for ${found}`).toBeLessThanOrEqual(limit);
}

/**
 * The measurements in `docs/scale.md`. A measurement is a row that begins with `N instances × C`, and the rows below
 * it.
 */
const measured = [
  ...page.matchAll(
    /\| (\d+) instances × (\d+): all ACTIVE \| [\d.]+ s; (\d+) requests.*\n\| … CPU: controller, cluster \| ([\d.]+) s.*\n.*\n\| … restart \| [\d.]+ s; \d+ requests, ([\d.]+) s CPU; peak (\d+), at rest ([\d.]+) MB/g,
  ),
].map(([, ...numbers]) => numbers.map(Number));

test('the page has measurements of at least four fleets', () => {
  expect(measured.length).toBeGreaterThanOrEqual(4);
});

test.each(measured)(
  'the computed size of %i instances × %i is near the measurement',
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
    // Times vary more from run to run than memory sizes. Therefore their limits are higher.
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

test('the computed size of the largest fleet in one process is near the measurement', () => {
  const [instances = 0, children = 0, requests, cpu, peakFirst, , restartCpu, peak, rest, heap] = numbersOf(
    /\| (\d+) instances × (\d+) \| measured \|.*\n.*\n\| all ACTIVE \| [\d.]+ s; ([\d,]+) requests.*\n\| CPU of the controller \| ([\d.]+) s.*\n\| memory: peak, at rest \| (\d+), (\d+) MB.*\n\| restart \| [\d.]+ s, ([\d.]+) s CPU.*\n\| memory of the restart: peak, at rest, live heap \| (\d+), (\d+), (\d+) MB/g,
  );
  expect(heap).toBeGreaterThan(0);
  const size = sizeInProcesses({ instances, children, changesPerHour: instances }, 1);
  expectNear(size.requestsPerHour, requests, 0.01);
  expectNear(size.cores * 3600, cpu, 0.3);
  expectNear(size.restartCpuSeconds, restartCpu, 0.3);
  expectNear(size.restMb, rest, 0.05);
  expectNear(size.peakMb, Math.max(peak ?? 0, peakFirst ?? 0), 0.12);
});

test('the computed size of a fleet with many definitions is near the measurement', () => {
  const [definitions = 0, each = 0, children = 0, requests = 0, cpu = 0, peak, rest] = numbersOf(
    /\| (\d+) definitions: all Active .*\n\| … (\d+) instances × (\d+) of each: all ACTIVE \| [\d.]+ s; (\d+) requests.*\n\| … CPU; memory: peak, at rest \| ([\d.]+) s; (\d+), ([\d.]+) MB/g,
  );
  const instances = definitions * each;
  const size = sizeInProcesses({ instances, children, definitions, changesPerHour: instances }, 1);
  expectNear(size.restMb, rest, 0.05);
  expectNear(size.peakMb, peak, 0.12);
  const ofDefinition = [
    (requests - size.requestsPerHour) / definitions,
    ((cpu - size.cores * 3600) * 1000) / definitions,
  ];
  const [first, second] = ofDefinition.map((value) => Math.round(value));
  expect(page).toContain(`It takes ${first} requests and ${second} ms of processor time`);
});

test('the tests compare every table of fleets on the page', () => {
  // The rows about lists and shards do not measure a whole fleet in one process.
  const tables =
    page.match(/^\| .*\d+ (?:instances × \d+(?: of each)?(?:: all ACTIVE)?|definitions: all Active) \|/gm) ?? [];
  expect(tables).toHaveLength(measured.length + 3);
});

test.each([
  ['many changes', { instances: 1000, children: 5, changesPerHour: 600_000, definitions: 10 }, 3],
  ['many objects', { instances: 100_000, children: 5, changesPerHour: 0, definitions: 10 }, 3],
  ['one definition, which processes cannot divide,', { instances: 100_000, children: 5, changesPerHour: 600_000 }, 1],
  [
    'two definitions, which two processes divide,',
    { instances: 1e6, children: 5, changesPerHour: 0, definitions: 2 },
    2,
  ],
  ['nothing', { instances: 0, children: 0, changesPerHour: 0 }, 1],
])('a fleet with %s needs the expected number of processes', (_title, fleet, processes) => {
  expect(fleetSize(fleet).processes).toBe(processes);
});

test.each([
  [100_000, 0],
  [100_000, 1],
  [600_000, 0],
])('the peak of %i instances with %i children is not below the memory at rest', (instances, children) => {
  const { restMb, peakMb, limitMi } = sizeInProcesses({ instances, children, changesPerHour: 0 }, 1);
  expect(peakMb).toBeGreaterThanOrEqual(restMb);
  expect(limitMi).toBeGreaterThan(restMb);
});
