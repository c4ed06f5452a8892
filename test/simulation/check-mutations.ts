import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutation } from './mutations.ts';
import { MUTATIONS } from './mutations.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** So many seeds are tried before a mutation counts as unnoticed. */
const MOST_SEEDS = 60;

/** The file with the mutation in it. */
export function mutate({ file, find, replace }: Mutation): string {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} places like: ${find}`);
  return parts.join(replace);
}

/** Tries all mutations, so many at a time; gives the number of those that nothing tells of. Lines are those of a table. */
export async function checkMutations(jobs: number, say: (line: string) => void): Promise<number> {
  say('| broken on purpose | rule | first seed | what is told |');
  say('|---|---|---|---|');
  const queue = [...MUTATIONS];
  let unnoticed = 0;
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const found = await firstSeed(next);
      if (found === undefined) unnoticed += 1;
      const told = found === undefined ? `nothing within ${MOST_SEEDS} seeds` : found.problem.replaceAll('|', '/');
      say(`| ${next.name} | ${next.rule} | ${found?.seed ?? '-'} | ${told} |`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return unnoticed;
}

/** The first seed that tells of a mutation in the expected words, in a process of its own on a copy of the source. */
async function firstSeed(mutation: Mutation): Promise<{ seed: number; problem: string } | undefined> {
  const copy = mkdtempSync(join(tmpdir(), 'typekro-mutation-'));
  try {
    for (const folder of ['src', 'test/simulation'])
      cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
    for (const name of ['data', 'node_modules', 'package.json', 'tsconfig.json']) {
      symlinkSync(join(ROOT, name), join(copy, name));
    }
    writeFileSync(join(copy, mutation.file), mutate(mutation));
    const args = [
      '--import',
      'tsx',
      join(copy, 'test/simulation/first-failure.ts'),
      String(MOST_SEEDS),
      mutation.told.source,
    ];
    const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    await new Promise((resolve) => child.once('close', resolve));
    return output === '' ? undefined : (JSON.parse(output) as { seed: number; problem: string });
  } finally {
    rmSync(copy, { recursive: true });
  }
}
