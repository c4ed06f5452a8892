import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('corpus', import.meta.url));

/**
 * The maximum total size of a target's inputs, in bytes. The size is limited because the corpus is part of the
 * repository.
 */
export const MAX_CORPUS_BYTES = 64 * 1024;

/** An input of the corpus and the name of its file. */
export interface CorpusEntry {
  readonly file: string;
  readonly input: Buffer;
}

/** The name of an input's file: the beginning of its digest. */
const nameOf = (input: Buffer): string => `${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`;

/** The inputs in the folder of a target, sorted by file name. */
export function readCorpus(target: string): CorpusEntry[] {
  const folder = join(ROOT, target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => ({ file, input: readFileSync(join(folder, file)) }));
}

/**
 * Replaces the inputs in the folder of a target. `inputs` begins with the most important ones, because inputs that
 * exceed the maximum size of the corpus are left out. Returns the number of written inputs.
 */
export function writeCorpus(target: string, inputs: readonly Buffer[]): number {
  const folder = join(ROOT, target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  let left = MAX_CORPUS_BYTES;
  let written = 0;
  for (const input of inputs) {
    if (input.length > left) continue;
    left -= input.length;
    writeFileSync(join(folder, nameOf(input)), input);
    written += 1;
  }
  return written;
}
