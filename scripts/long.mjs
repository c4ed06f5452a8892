/**
 * Runs the tests that are too slow for `npm test`, one part after another:
 *
 * - the tests of clients (kubectl, helm, client-go, Python), which `npm test` skips when a client is not built
 * - one suite of controller-runtime, a different one each day
 * - generated programs and simulations with more cases than in `npm test`: each day another part of the cases of a full
 *   run
 * - the messages for mistakes in programs; each program runs in a process of its own
 * - the first pages of the documentation, with the packed package
 * - controllers that take over from each other while 200 instances are edited
 * - the steps of the Dockerfile, after which the built program must serve a definition, and the other tests of
 *   `test/long-only.json`
 * - the recorded scenarios of a controller
 * - the tests on all hosts; `npm run long -- hosts [--installed]` runs only these
 * - the tests with the package alchemy; `npm run long -- alchemy` runs only these
 * - a day of simulated time in one simulation, with a limit for the growth of the heap; the seed differs each day, and
 *   so does the number of processes (one or two)
 * - a sample of the mutations
 *
 * `npm run long -- full` runs the full counts of `test/budgets.json`, all suites of controller-runtime and all
 * mutations, which takes hours. `npm run long -- --minutes N` starts no part after N minutes, and prints the parts that
 * were not run; each day another part is the first one, so that the days together run all. When a part fails, the script
 * still runs the remaining parts, and prints the failed parts at the end.
 * `npm run long -- node` runs only the tests on a real node (`node.mjs`), which no other run has.
 * `TYPEKRO_DAY=N` repeats the run of a day. After a change of some packages (`affected.mjs`), the script runs only a sample
 * of a few files; `TYPEKRO_ALL=1` runs all parts.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { affected } from './affected.mjs';
import { main, runNode, succeeds } from './run.mjs';

const json = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));

/** The tests with larger counts, in parts of some minutes. */
const TESTS = {
  'generated programs': ['test/property'],
  simulations: ['test/simulation'],
  clients: ['test/e2e/clients'],
  'mistakes and packages': [
    'test/e2e/mistakes',
    'test/e2e/start-pages.test.ts',
    'test/image/dockerfile.test.ts',
    ...json('test/long-only.json').files,
  ],
};

const PARTS = ['hosts', 'alchemy', 'node'];
const USAGE = `usage: npm run long [-- full | --minutes N | ${PARTS.join(' | ')}]`;

function readWords() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { minutes: { type: 'string', default: '1440' }, installed: { type: 'boolean', default: false } },
    });
    const [part] = positionals;
    const isKnown = positionals.length === 0 || (positionals.length === 1 && ['full', ...PARTS].includes(part));
    if (isKnown && /^\d{1,4}$/.test(values.minutes) && (!values.installed || part === 'hosts')) {
      return { part, minutes: Number(values.minutes), flags: values.installed ? ['--installed'] : [] };
    }
  } catch (error) {
    console.error(error.message);
  }
  console.error(USAGE);
  process.exit(2);
}

/** The parts of a run, each with its name and the arguments for Node. */
function partsOf(size, day) {
  const seed = String(day);
  const days = ['--hours', '24', '--limit', '5', '--seed', seed, '--processes', String(1 + (day % 2))];
  const conformance = ['--import', 'tsx', 'scripts/conformance.ts', 'controller'];
  return {
    ...Object.fromEntries(
      Object.entries(TESTS).map(([name, paths]) => [name, ['node_modules/vitest/vitest.mjs', 'run', ...paths]]),
    ),
    'recordings of level 0.9': conformance,
    'recordings of level 0.10': [...conformance, 'test/conformance/controller-0.10', '--level', '0.10'],
    hosts: ['scripts/hosts.mjs'],
    alchemy: ['scripts/alchemy.mjs'],
    'simulated day': ['scripts/run-ts.mjs', 'bench', 'simulated-days', ...days],
    mutations: ['scripts/run-ts.mjs', 'scripts/mutations.ts', ...(size === 'full' ? ['--all'] : ['--seed', seed])],
  };
}

/** The suites of controller-runtime that a run has. */
function suitesOf(size, day) {
  if (size === 'full') return 'all';
  const names = Object.keys(json('test/e2e/clients/suites.json').suites);
  return names[day % names.length];
}

/** The number of test files of a sample. Each takes one to two minutes. */
const SAMPLE_FILES = 4;

/** Runs some of the tests with larger counts that a change needs, other ones each day. */
async function runSample({ paths }, day, env) {
  const files = paths.filter((path) => /^test\/(?:property|simulation)\/.*\.test\.ts$/.test(path));
  const step = Math.max(1, Math.ceil(files.length / SAMPLE_FILES));
  const chosen = files.filter((_, index) => index % step === day % step);
  console.log(`day ${day}: ${chosen.length} of ${files.length} files with larger counts; TYPEKRO_ALL=1 runs all parts`);
  const isPassed =
    chosen.length === 0 || (await succeeds(['node_modules/vitest/vitest.mjs', 'run', ...chosen], { env }));
  process.exit(isPassed ? 0 : 1);
}

async function runParts(size, minutes) {
  const day = Number(process.env.TYPEKRO_DAY ?? Math.floor(Date.now() / 86_400_000));
  const env = { TYPEKRO_SUITES: suitesOf(size, day), ...process.env, TYPEKRO_DAY: String(day), TYPEKRO_BUDGET: size };
  const change = size === 'long' ? affected() : undefined;
  if (change !== undefined) return runSample(change, day, env);
  const [failed, left] = [[], []];
  console.log(`day ${day}`);
  await runNode(['scripts/run-ts.mjs', 'scripts/clients.ts'], { env });
  // Counted from here, so that also a run with little time left has a part.
  const limitMs = performance.now() + minutes * 60_000;
  const parts = Object.entries(partsOf(size, day));
  const first = day % parts.length;
  for (const [name, args] of [...parts.slice(first), ...parts.slice(0, first)]) {
    const began = performance.now();
    if (began >= limitMs) {
      left.push(name);
      continue;
    }
    // Only the tests take their counts from `env`. The other parts have counts of their own.
    if (!(await succeeds(args, Object.hasOwn(TESTS, name) ? { env } : {}))) failed.push(name);
    console.log(`\n== ${name}: ${((performance.now() - began) / 60_000).toFixed(1)} minutes\n`);
  }
  if (left.length > 0) console.log(`Not run, because ${minutes} minutes have passed: ${left.join(', ')}`);
  if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`);
  process.exit(failed.length === 0 ? 0 : 1);
}

const { part, minutes, flags } = readWords();
await main(async () => {
  if (!PARTS.includes(part)) return runParts(part ?? 'long', minutes);
  await runNode(['scripts/setup.mjs']);
  return runNode([`scripts/${part}.mjs`, ...flags]);
});
