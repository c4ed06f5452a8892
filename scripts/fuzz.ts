/**
 * Feeds generated and mutated inputs to one part of the system for a given time:
 * `npm run fuzz -- cel --seconds 60 [--seed N] [--save] [--input FILE]`. Inputs that execute new code, by V8's block
 * coverage, are mutated again. Prints a line per source of inputs, and each problem with its input. `--save` minimizes
 * the corpus in `test/fuzz/corpus`: of the old and new inputs, it keeps those that run a block that no input kept
 * before runs. `--input` runs one file only. Exits 1 when there is a problem.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { count, nounFor } from '@typekro/kit/core';
import { BlockCoverage } from '../test/fuzz/block-coverage.ts';
import { readCorpus, writeCorpus } from '../test/fuzz/corpus.ts';
import { type FuzzTarget, problemWith } from '../test/fuzz/fuzz-target.ts';
import { type GuidedResult, minimize, runGuided } from '../test/fuzz/guided.ts';
import { FUZZ_TARGETS } from '../test/fuzz/targets.ts';
import { Watchdog } from '../test/fuzz/watchdog.ts';

/** The code of the system, without tests and dependencies. */
const SOURCES = new URL('../packages/', import.meta.url).href;

function print({ tallies, findings, pool, covered }: GuidedResult): void {
  for (const { source, input, problem } of findings) {
    console.log(
      `${source}: ${JSON.stringify(input.toString('utf8'))} (base64 ${input.toString('base64')})\n  ${problem}`,
    );
  }
  console.log(`\n| source | inputs | with new blocks | problems | slowest, ms |\n|---|---|---|---|---|`);
  for (const [source, { inputs, kept, problems, slowestMs }] of tallies) {
    console.log(`| ${source} | ${inputs} | ${kept} | ${problems} | ${slowestMs.toFixed(1)} |`);
  }
  console.log(
    `\n${count(pool.length, 'input')} ${nounFor(pool.length, 'covers', 'cover')} ${count(covered, 'character')} of the source code.`,
  );
}

async function runFile(target: FuzzTarget, file: string): Promise<number> {
  const problem = await problemWith(target, readFileSync(file));
  console.log(problem ?? 'no problem');
  return problem === undefined ? 0 : 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      save: { type: 'boolean', default: false },
      input: { type: 'string' },
    },
  });
  const [name = ''] = positionals;
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  const load = Object.hasOwn(FUZZ_TARGETS, name) ? FUZZ_TARGETS[name] : undefined;
  if (load === undefined || !(seconds > 0) || !Number.isSafeInteger(seed)) {
    const targets = Object.keys(FUZZ_TARGETS).join('|');
    console.error(`usage: npm run fuzz -- ${targets} [--seconds N] [--seed N] [--save] [--input FILE]`);
    return 2;
  }
  // The measurement begins before the target's modules are compiled.
  using coverage = new BlockCoverage((url) => url.startsWith(SOURCES));
  await using watchdog = new Watchdog();
  const target = watchdog.watch((await load()).target);
  if (values.input !== undefined) return runFile(target, values.input);
  const corpus = readCorpus(name);
  const end = performance.now() + seconds * 1000;
  const result = await runGuided(target, coverage, { seed, corpus, isOver: () => performance.now() >= end });
  print(result);
  if (values.save) {
    const kept = await minimize(target, coverage, [...corpus, ...result.pool]);
    const written = writeCorpus(name, kept);
    console.log(`The corpus has ${count(written, 'input')}.`);
    const omitted = kept.length - written;
    if (omitted > 0) {
      const were = nounFor(omitted, 'was', 'were');
      console.log(`${omitted} more ${were} left out, because the corpus would become too large.`);
    }
  }
  return result.findings.length > 0 ? 1 : 0;
}

// Sockets of a target may be open. Nothing waits for them.
process.exit(await main());
