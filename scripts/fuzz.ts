/**
 * Runs generated input against one part of the system, for a given time: `npm run fuzz -- cel --seconds 60 [--seed N]`.
 * Prints a line for each kind, and every problem with the seed that reproduces it. Exits 1 when there is a problem.
 */
import { parseArgs } from 'node:util';
import { seededChoices } from '../test/support/choices.ts';

/** One kind of input. `run` returns the problem with the input of this seed, if there is one. */
interface Kind {
  readonly name: string;
  readonly run: (seed: number) => { readonly input: string; readonly problem: string | undefined };
}

/** The parts of the system. Each is loaded on demand. */
const CAMPAIGNS: Readonly<Record<string, () => Promise<readonly Kind[]>>> = {
  async cel() {
    const { CEL_KINDS, examine, fuzzEnvironment } = await import('../test/support/cel-fuzz.ts');
    const environment = fuzzEnvironment();
    return CEL_KINDS.map(({ name, expression }) => ({
      name,
      run: (seed) => {
        const choices = seededChoices(seed);
        const input = expression(choices);
        return { input, problem: examine(environment, input, choices) };
      },
    }));
  },
  async compose() {
    const { conditionalProblem, conditionalSourceOf, fuzzedSource, problemOf } =
      await import('../test/support/compose-fuzz.ts');
    const { compare } = await import('../test/property/compose/differential.ts');
    const { makeProgram } = await import('../test/property/compose/program.ts');
    return [
      {
        name: 'programs',
        run(seed) {
          const input = makeProgram(seed).source;
          const verdict = compare(input);
          return { input, problem: verdict.kind === 'differs' ? verdict.text : undefined };
        },
      },
      {
        name: 'conditional resources',
        run(seed) {
          const input = conditionalSourceOf(seed);
          return { input, problem: conditionalProblem(input) };
        },
      },
      {
        name: 'sources',
        run(seed) {
          const input = fuzzedSource(seed);
          return { input, problem: problemOf(input) };
        },
      },
    ];
  },
};

interface Tally {
  runs: number;
  problems: number;
  slowestMs: number;
}

/** The maximum number of problems that are printed for a kind of input. Further problems are counted only. */
const MAX_PRINTED_PROBLEMS = 20;

function runKind(kind: Kind, seed: number, seconds: number): Tally {
  const tally: Tally = { runs: 0, problems: 0, slowestMs: 0 };
  const end = performance.now() + seconds * 1000;
  for (let next = seed; performance.now() < end; next++) {
    const began = performance.now();
    const { input, problem } = kind.run(next);
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - began);
    tally.runs += 1;
    if (problem === undefined) continue;
    tally.problems += 1;
    if (tally.problems <= MAX_PRINTED_PROBLEMS)
      console.log(`${kind.name}, seed ${next}: ${JSON.stringify(input)}\n  ${problem}`);
  }
  return tally;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
  });
  const [name = ''] = positionals;
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  const campaign = Object.hasOwn(CAMPAIGNS, name) ? CAMPAIGNS[name] : undefined;
  if (campaign === undefined || !(seconds > 0) || !Number.isSafeInteger(seed)) {
    console.error(`usage: npm run fuzz -- ${Object.keys(CAMPAIGNS).join('|')} [--seconds N] [--seed N]`);
    return 2;
  }
  const kinds = await campaign();
  const rows: [string, Tally][] = [];
  for (const kind of kinds) rows.push([kind.name, runKind(kind, seed, seconds / kinds.length)]);
  console.log(`\n| kind | inputs | problems | slowest, ms |\n|---|---|---|---|`);
  for (const [kind, { runs, problems, slowestMs }] of rows) {
    console.log(`| ${kind} | ${runs} | ${problems} | ${slowestMs.toFixed(1)} |`);
  }
  return rows.some(([, { problems }]) => problems > 0) ? 1 : 0;
}

process.exitCode = await main();
