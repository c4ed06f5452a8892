/** Simulates the controller under faults. Exits 1 when a rule is broken. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { exhaust, runSeries, SCENARIOS, SERIES } from '../test/simulation/exhaustive.ts';
import { checkMutations } from '../test/simulation/check-mutations.ts';
import { divided, shrink, simulate, STORIES } from '../test/simulation/simulate.ts';
import { REQUEST_FAULTS } from '../packages/testing/src/simulation/fault-schedule.ts';

const USAGE = `npm run simulate -- --seed N              one seed with its log, and the fewest disruptions with which it fails
npm run simulate -- --seed N --only LIST  with these disruptions only, as a shrunken run names them
npm run simulate -- --from A --to B       a range of seeds
npm run simulate -- --exhaustive          short stories with every fault at every request
npm run simulate -- --mutations           changes copies of the code on purpose, and shows the problems that this causes
npm run simulate -- --mutations --only X  those with X in their names

With --graphs the stories are about objects of the kind Graph, beside a definition.
With --shards the processes of each seed divide the work among themselves.
Ranges and exhaustive runs are shared among --jobs processes (default: one per core).`;

const OPTIONS = {
  help: { type: 'boolean', default: false },
  seed: { type: 'string' },
  from: { type: 'string', default: '1' },
  to: { type: 'string', default: '100' },
  only: { type: 'string' },
  shards: { type: 'boolean', default: false },
  graphs: { type: 'boolean', default: false },
  exhaustive: { type: 'boolean', default: false },
  mutations: { type: 'boolean', default: false },
  jobs: { type: 'string', default: String(availableParallelism()) },
  job: { type: 'string' },
} as const;

/** Parses the options. Ends the process with the usage when an option is wrong. */
function readOptions() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (thrown) {
    console.error(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${USAGE}`);
    process.exit(2);
  }
}

const values = readOptions();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

function integer(name: 'seed' | 'from' | 'to' | 'jobs' | 'job'): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 0) {
    console.error(`--${name} takes a whole number`);
    process.exit(2);
  }
  return number;
}

/** With `--shards`, the replicas and shards of a seed. */
const processesOf = (seed: number) => (values.shards ? divided(seed) : undefined);

const stories = values.graphs ? STORIES.graphs : STORIES.definitions;

/** Runs one seed and prints its log, its problems, and the smallest set of disruptions that causes them. */
async function replay(seed: number): Promise<number> {
  const only = values.only === undefined ? undefined : new Set(values.only.split(',').map((name) => name.trim()));
  const { problems, log, happened } = await simulate(seed, only, processesOf(seed), stories);
  console.log(log.join('\n'));
  printProblems(`seed ${seed}`, problems);
  if (problems.length > 0 && only === undefined) {
    const left = await shrink(seed, happened, processesOf(seed), stories);
    console.log(
      left.length === 0
        ? 'The seed fails without disruptions, too.'
        : `The seed fails with --only "${left.join(',')}", too.`,
    );
  }
  return problems.length === 0 ? 0 : 1;
}

/**
 * Runs the seeds of a range. Each block of 20 seeds runs in one process, because seeds with the same story share the
 * reference run without faults.
 */
async function range(from: number, to: number, share: { index: number; of: number }): Promise<number> {
  let failed = 0;
  for (let seed = from; seed <= to; seed += 1) {
    if (Math.floor((seed - from) / 20) % share.of !== share.index) continue;
    const { problems } = await simulate(seed, undefined, processesOf(seed), stories);
    printProblems(`seed ${seed}`, problems);
    if (problems.length > 0) failed += 1;
  }
  return failed;
}

async function exhaustive(share: { index: number; of: number }): Promise<number> {
  let failed = 0;
  for (const [name, actions] of SCENARIOS) {
    const { requests, runs, failures } = await exhaust(actions, REQUEST_FAULTS, share);
    for (const { fault, request, problems } of failures)
      printProblems(`${name}: ${fault} at request ${request}`, problems);
    console.log(`${name}: ${requests} requests, ${runs} runs, ${failures.length} failed`);
    failed += failures.length;
  }
  for (const [index, [name, series]] of Object.entries(SERIES).entries()) {
    if (index % share.of !== share.index) continue;
    const { runs, failures } = await runSeries(series);
    for (const { what, problems } of failures) printProblems(`${name}: ${what}`, problems);
    console.log(`${name}: ${runs} runs, ${failures.length} failed`);
    failed += failures.length;
  }
  return failed;
}

function printProblems(what: string, problems: readonly string[]): void {
  if (problems.length > 0) console.log([`${what}:`, ...problems.map((problem) => `  ${problem}`)].join('\n'));
}

/** Runs this command in one process for each share. Returns the number of failed processes. */
async function share(jobs: number): Promise<number> {
  const codes = Array.from({ length: jobs }, (_, index) => {
    const args = ['--import', 'tsx', ...process.argv.slice(1), '--jobs', String(jobs), '--job', String(index)];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    return new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  });
  return (await Promise.all(codes)).filter((code) => code !== 0).length;
}

async function main(): Promise<number> {
  if (values.seed !== undefined) return replay(integer('seed'));
  const jobs = Math.max(1, integer('jobs'));
  if (values.mutations) return checkMutations(jobs, (line) => console.log(line), values.only);
  if (values.job === undefined && jobs > 1) return share(jobs);
  const part = { index: values.job === undefined ? 0 : integer('job'), of: jobs };
  if (values.exhaustive) return exhaustive(part);
  const [from, to] = [integer('from'), integer('to')];
  const failed = await range(from, to, part);
  console.log(`${failed} failed`);
  return failed;
}

process.exit((await main()) === 0 ? 0 : 1);
