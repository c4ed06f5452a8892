import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A text of one file, and what stands in its place when the code is broken on purpose. */
export interface TextChange {
  /** Path below the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** A second place in the same file, where two guards cover for each other. */
  readonly also?: { readonly find: string; readonly replace: string };
}

/** A mistake that a review would look for, written into the code on purpose. */
export interface MutationRow extends TextChange {
  /** What it breaks, as a sentence. Unique among all rooms. */
  readonly name: string;
  /** Test files of which at least one has to fail; a few seconds all together. */
  readonly tests: readonly string[];
}

/**
 * The text of a file with the change in it.
 *
 * @throws Error when a text does not stand in the file exactly once.
 */
export function mutate(change: TextChange): string {
  let text = readFileSync(join(ROOT, change.file), 'utf8');
  for (const { find, replace } of [change, change.also ?? []].flat()) {
    const parts = text.split(find);
    if (parts.length !== 2) throw new Error(`${change.file} has ${parts.length - 1} places like: ${find}`);
    text = parts.join(replace);
  }
  return text;
}

/** Folders that hold imported TypeScript. A link would lead an import back to the source that is not broken. */
const COPIED = new Set(['src', 'test', 'examples', 'scripts', 'vitest.config.ts']);
const LEFT_OUT = new Set(['.git', 'temp', 'coverage']);

/** Makes a folder in which the tests of the repository run, and gives its path: a mutation is written there only. */
export function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'typekro-mutation-'));
  for (const name of readdirSync(ROOT)) {
    if (LEFT_OUT.has(name)) continue;
    if (COPIED.has(name)) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    else symlinkSync(join(ROOT, name), join(copy, name));
  }
  return copy;
}
