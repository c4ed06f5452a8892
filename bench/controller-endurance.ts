/**
 * Measures the growth of the controller in real time: two processes with one leader, 1,000 instances × 5 children over
 * HTTPS, and an embedded cluster in another process. Users change, delete and create instances. Other clients change
 * and delete children. Requests fail, responses are lost, watches are late and expire. Regularly the leader changes, a
 * definition is updated, a kind comes and goes, and all credentials are rotated. Run:
 * `npm run bench -- controller-endurance [--minutes N] [--instances N] [--rate N]`; by default one minute, 1,000
 * instances and ten changes a second. `docs/controller-figures.md` has the figures of a run of 60 minutes.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeClient, loadKubeConfig } from '../dist/kube/index.js';
import { message } from './support/child-messages.ts';
import { pause } from './support/controller-run.ts';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';
import { type LoopFigures, type ProbeSample, ProbedController } from './support/probed-controller.ts';
import type { ClusterOrder } from './support/rotating-cluster.ts';
import { SteadyLoad } from './support/steady-load.ts';
import { growthOfThirds } from './support/trend.ts';

const { minutes, instances, rate } = readOptions({ minutes: 1, instances: 1000, rate: 10 });
const MIB = 2 ** 20;
const MINUTE_MS = 60_000;
/** How long the leader cannot reach the Lease. The Lease expires after 15 s, and another process takes it. */
const CUT_OFF_MS = 20_000;
/** The time in which the controller must reach the desired state after the last fault. */
const MAX_SETTLE_MS = 5 * MINUTE_MS;

interface Sample {
  readonly minute: number;
  readonly leader: string;
  readonly of: Readonly<Record<string, ProbeSample>>;
}

const folder = mkdtempSync(join(tmpdir(), 'typekro-endurance-'));
const cluster = fork(new URL('support/rotating-cluster.ts', import.meta.url), [folder], {
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
});
await message(cluster);
const order = (what: ClusterOrder): Promise<number> => message<number>(cluster, what);
const client = new KubeClient({ config: await loadKubeConfig({ path: join(folder, 'load.yaml') }), userAgent: 'load' });
const load = new SteadyLoad(client, instances);
const controllers = [
  await ProbedController.start('a', folder, ['--leader-elect']),
  await ProbedController.start('b', folder, ['--leader-elect']),
];

async function leader(): Promise<string> {
  for (const controller of controllers) if (await controller.leads()) return controller.name;
  return '';
}

async function sample(began: number): Promise<Sample> {
  const of: Record<string, ProbeSample> = {};
  for (const controller of controllers) of[controller.name] = await controller.sample();
  return { minute: (performance.now() - began) / MINUTE_MS, leader: await leader(), of };
}

/** Starts the work every `everyMs` milliseconds until `end`. Returns the number of runs. */
async function repeat(end: number, everyMs: number, work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  for (let next = performance.now() + everyMs; next < end; next += everyMs) {
    await pause(Math.max(0, next - performance.now()));
    await work();
    count += 1;
  }
  return count;
}

let leaderChanges = 0;
let lastLeader = '';

async function changeLeader(): Promise<void> {
  const before = await leader();
  if (before === '') return;
  await order({ cutOff: before, ms: CUT_OFF_MS });
}

function noteLeader({ leader: name }: Sample): void {
  if (name !== '' && lastLeader !== '' && name !== lastLeader) leaderChanges += 1;
  if (name !== '') lastLeader = name;
}

/** Waits until the cluster has the desired state. Returns the differences that remain at the time limit. */
async function settle(): Promise<string[]> {
  await load.end();
  for (const until = performance.now() + MAX_SETTLE_MS; ; await pause(1000)) {
    await load.end();
    const problems = await load.problems();
    if (problems.length === 0 || performance.now() > until) return problems;
  }
}

const mib = (bytes: number) => (bytes / MIB).toFixed(1);
const sockets = ({ resources }: ProbeSample) => resources['TCPSocketWrap'] ?? 0;
const timers = ({ resources }: ProbeSample) => resources['Timeout'] ?? 0;

function row(what: string, goal: string, measured: string, isMet?: boolean): void {
  if (isMet === false) process.exitCode = 1;
  console.log(`| ${what} | ${goal} | ${measured} | ${isMet === undefined ? '' : isMet ? 'met' : '**missed**'} |`);
}

function printSample({ minute, leader: name, of }: Sample): void {
  const cells = controllers.flatMap((controller) => {
    const measured = of[controller.name];
    if (measured === undefined) return [];
    const { heap, rss, loop } = measured;
    return [
      mib(heap),
      mib(rss),
      `${sockets(measured)}, ${timers(measured)}`,
      `${loop.p99.toFixed(0)}, ${loop.max.toFixed(0)}`,
      `${loop.busyP99.toFixed(0)}, ${loop.busyMax.toFixed(0)}`,
    ];
  });
  console.log(`| ${minute.toFixed(1)} | ${name} | ${cells.join(' | ')} |`);
}

/**
 * Prints how much a figure grows from the second third of the run to the last third. The figure is the sum of both
 * processes.
 */
function growthRow(what: string, samples: readonly Sample[], figure: (sample: ProbeSample) => number): void {
  const sums = samples.map(({ of }) => Object.values(of).reduce((sum, each) => sum + figure(each), 0));
  const { from, to, growth } = growthOfThirds(sums);
  const measured = `${(growth * 100).toFixed(1)} %, from ${mib(from)} to ${mib(to)} MiB`;
  row(`${what}, both processes: growth`, '≤ 5 %', measured, growth <= 0.05);
}

/** Prints the rows of the leader: the delays of its event loop, and its garbage collections. */
function leaderRows(samples: readonly Sample[]): void {
  const series = samples.map(({ leader: name, of }) => of[name]).filter((each) => each !== undefined);
  const p99 = median(series.map(({ loop }) => loop.p99));
  const busyP99 = median(series.map(({ loop }) => loop.busyP99));
  const longest = (figure: (loop: LoopFigures) => number) => Math.max(...series.map(({ loop }) => figure(loop)));
  row(
    'delay of the event loop of the leader: p99, median of all samples; longest',
    '≤ 50 ms',
    `${p99.toFixed(0)} ms; ${longest(({ max }) => max).toFixed(0)} ms`,
    p99 <= 50,
  );
  row(
    '… in processor time',
    '≤ 50 ms',
    `${busyP99.toFixed(0)} ms; ${longest(({ busyMax }) => busyMax).toFixed(0)} ms`,
    busyP99 <= 50,
  );
  const pauses = series.flatMap((each) => each.pauses).sort((a, b) => a - b);
  const at = (share: number) => (pauses[Math.floor(pauses.length * share)] ?? 0).toFixed(1);
  const total = pauses.reduce((sum, ms) => sum + ms, 0) / 1000;
  row(
    '… collections of garbage: p50, p99, longest',
    '',
    `${at(0.5)}, ${at(0.99)}, ${(pauses.at(-1) ?? 0).toFixed(1)} ms; ${pauses.length}, ${total.toFixed(1)} s in all`,
  );
}

try {
  await load.populate();
  console.log(
    `| minute | leader |${' heap, MiB | RSS, MiB | sockets, timers | loop p99, max, ms | busy p99, max, ms |'.repeat(2)}`,
  );
  console.log(`|---|---|${'---|---|---|---|---|'.repeat(2)}`);
  const began = performance.now();
  const duration = minutes * MINUTE_MS;
  const end = began + duration;
  const samples: Sample[] = [];
  const takeSample = async () => {
    const taken = await sample(began);
    samples.push(taken);
    noteLeader(taken);
    printSample(taken);
  };
  const [changes, , updates, kinds, rotations] = await Promise.all([
    repeat(end, 1000 / rate, () => load.change()),
    repeat(end, duration / Math.max(3, Math.round(minutes / 3)), changeLeader),
    repeat(end, duration / Math.max(3, Math.round(minutes / 5)), () => load.updateDefinition()),
    repeat(end, duration / Math.max(3, minutes), () => load.comeAndGo()),
    repeat(end, duration / Math.max(3, Math.round(minutes / 4)), () => order('rotate')),
    repeat(end, duration / Math.max(30, minutes), takeSample),
  ]);
  const faults = await order('calm');
  const problems = await settle();
  for (const problem of problems.slice(0, 10)) console.error(problem);
  const left = (await Promise.all(controllers.map((controller) => controller.stop()))).flat();

  console.log('\n| what | goal | measured | |\n|---|---|---|---|');
  growthRow(`${minutes} min, ${instances} instances: live heap`, samples, ({ heap }) => heap);
  growthRow('… resident memory', samples, ({ rss }) => rss);
  leaderRows(samples);
  const seconds = Object.values(samples.at(-1)?.of ?? {}).map(({ cpu }) => `${cpu.toFixed(0)} s`);
  row('processor time of both processes', '', seconds.join(', '));
  row('differences from the desired state at the end', '0', String(problems.length), problems.length === 0);
  row('sockets and timers left after the end', 'none', left.join(', ') || 'none', left.length === 0);
  const counts = [
    `${changes} changes, ${faults} faults, ${leaderChanges} changes of the leader, ${updates} updates of the definition`,
    `${kinds} kinds that came and went, ${rotations} rotations of all credentials`,
  ].join(', ');
  row('this load', '', counts);
  await client.close();
} finally {
  for (const controller of controllers) controller.kill();
  cluster.disconnect();
  if (process.env['KEEP_LOGS'] === undefined) rmSync(folder, { recursive: true });
  else console.error(folder);
}
