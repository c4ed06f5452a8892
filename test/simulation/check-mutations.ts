import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree, mutate } from '../mutations/mutate.ts';
import { type Mutation, MUTATIONS } from './mutations.ts';

/** The maximum number of seeds per mutation. If no seed has a matching problem, the mutation counts as unnoticed. */
const MAX_SEEDS = 60;

/**
 * Runs the simulation with each mutation whose name contains `part`, `jobs` mutations at a time. Writes a Markdown
 * table to `print`, line by line. Returns the number of mutations that no run notices.
 */
export async function checkMutations(jobs: number, print: (line: string) => void, part = ''): Promise<number> {
  print('| broken on purpose | rule | seed, or series | message |');
  print('|---|---|---|---|');
  const queue = MUTATIONS.filter(({ name }) => name.includes(part));
  if (queue.length === 0) throw new Error(`no mutation has "${part}" in its name`);
  let unnoticed = 0;
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const found = await firstRun(next);
      if (found === undefined) unnoticed += 1;
      const result = found === undefined ? `nothing within ${MAX_SEEDS} seeds` : found.problem.replaceAll('|', '/');
      print(`| ${next.name} | ${next.rule} | ${found?.run ?? '-'} | ${result} |`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return unnoticed;
}

/**
 * Finds the first run with a problem that matches the mutation's pattern. One child process carries out the runs, on a
 * mutated copy of the tree.
 */
async function firstRun(mutation: Mutation): Promise<{ run: string; problem: string } | undefined> {
  const copy = copyTree();
  try {
    writeFileSync(join(copy, mutation.file), mutate(mutation));
    const args = [
      '--import',
      'tsx',
      join(copy, 'test/simulation/first-failure.ts'),
      String(mutation.first ?? 1),
      String(MAX_SEEDS),
      mutation.problem.source,
    ];
    const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`the runs of "${mutation.name}" ended with ${String(code)}`);
    return output === '' ? undefined : (JSON.parse(output) as { run: string; problem: string });
  } finally {
    rmSync(copy, { recursive: true });
  }
}
