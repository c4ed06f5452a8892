import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The file with the inputs of a target: a line for each input, in base64. */
const fileOf = (target: string): URL => new URL(`corpus/${target}.base64`, import.meta.url);

/**
 * The maximum total size of a target's inputs, in bytes. The size is limited because the corpus is part of the
 * repository.
 */
export const MAX_CORPUS_BYTES = 64 * 1024;

/** The inputs of a target, in the order of their lines. */
export function readCorpus(target: string): Buffer[] {
  if (!existsSync(fileOf(target))) return [];
  const lines = readFileSync(fileOf(target), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => Buffer.from(line, 'base64'));
}

/**
 * Replaces the inputs of a target. `inputs` begins with the most important ones, because inputs that exceed the maximum
 * size of the corpus are left out. Returns the number of written inputs.
 */
export function writeCorpus(target: string, inputs: readonly Buffer[]): number {
  const written: Buffer[] = [];
  let left = MAX_CORPUS_BYTES;
  for (const input of inputs) {
    if (input.length > left) continue;
    left -= input.length;
    written.push(input);
  }
  // The lines are sorted, so that a new input changes one line.
  const lines = written.map((input) => `${input.toString('base64')}\n`).sort();
  writeFileSync(fileOf(target), lines.join(''));
  return written.length;
}
