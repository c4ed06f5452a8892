import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { copyTree } from './mutate.ts';
import type { Mutation } from './picked.ts';

/** The result of one mutation. The name is empty for the run without a mutation. */
export interface BatchLine {
  readonly name: string;
  /** The first test that failed. Undefined when the mutation survives. */
  readonly failure?: string;
}

/**
 * If no mutation has a result within this time, the current one has caused an endless loop and counts as caught. In
 * milliseconds.
 */
const MAX_SILENCE_MS = 120_000;
/** The same limit for the run without a mutation, which runs the tests of all mutations. In milliseconds. */
const MAX_FIRST_SILENCE_MS = 900_000;

/**
 * Runs the tests of each mutation in a copy of the tree. Returns the mutations that survive. Writes a Markdown table line
 * by line.
 *
 * @throws Error when a test fails without a mutation.
 */
export async function checkMutations(
  chosen: readonly Mutation[],
  say: (line: string) => void,
): Promise<readonly string[]> {
  const copy = copyTree();
  const results = new Map<string, string | undefined>();
  const left = () => chosen.filter(({ name }) => !results.has(name));
  say('| room | broken on purpose | caught by |');
  say('|---|---|---|');
  const take = ({ name, failure }: BatchLine) => {
    if (name === '' && failure !== undefined) throw new Error(`a test fails without a mutation: ${failure}`);
    const mutation = chosen.find((one) => one.name === name);
    if (mutation === undefined) return;
    results.set(name, failure);
    say(`| ${mutation.room} | ${name} | ${(failure ?? '**survives**').replaceAll('|', '/').slice(0, 200)} |`);
  };
  try {
    for (let isFirst = true; left().length > 0; isFirst = false) {
      const isHung = await runBatch(copy, left(), isFirst, take);
      const [current] = left();
      if (!isHung && current !== undefined) throw new Error(`the process ended before: ${current.name}`);
      if (isHung && isFirst && results.size === 0) throw new Error('the tests do not end without a mutation');
      if (isHung && current !== undefined) take({ name: current.name, failure: 'the tests do not end' });
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
  const survivors = chosen.filter(({ name }) => results.get(name) === undefined);
  say('');
  say(`${chosen.length - survivors.length} of ${chosen.length} caught, ${survivors.length} survive`);
  return survivors.map(({ name }) => name);
}

/**
 * Runs the mutations in order in one process. Kills the process if it writes nothing for too long, and returns true in
 * this case.
 */
async function runBatch(
  copy: string,
  mutations: readonly Mutation[],
  isFirst: boolean,
  take: (line: BatchLine) => void,
): Promise<boolean> {
  const argument = JSON.stringify([mutations.map(({ name }) => name), isFirst]);
  const child = spawn(process.execPath, ['--import', 'tsx', `${copy}/test/mutations/batch.ts`, argument], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Starts a new process group, so that a kill also reaches vitest's workers.
    detached: true,
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let isHung = false;
  const kill = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const tooLong = () => {
    isHung = true;
    kill();
  };
  let timer = setTimeout(tooLong, isFirst ? MAX_FIRST_SILENCE_MS : MAX_SILENCE_MS);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      clearTimeout(timer);
      timer = setTimeout(tooLong, MAX_SILENCE_MS);
      take(JSON.parse(line) as BatchLine);
    }
    await ended;
  } finally {
    clearTimeout(timer);
    kill();
  }
  return isHung;
}
