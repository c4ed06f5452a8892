import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A part of a source file, and a replacement that breaks the code. */
export interface TextChange {
  /** Path below the root of the repository. */
  readonly file: string;
  /** The source text to replace. It occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /**
   * A second change in the same file. It is necessary when the code has two guards, and each guard alone prevents the
   * defect.
   */
  readonly also?: { readonly find: string; readonly replace: string };
}

/** A deliberate defect that the tests must detect. */
export interface MutationRow extends TextChange {
  /** The broken behaviour as a sentence. Unique among all rooms. */
  readonly name: string;
  /** The test files to run. At least one of them must fail. Together they take a few seconds. */
  readonly tests: readonly string[];
}

/**
 * Returns the content of the file with the change.
 *
 * @throws Error when `find` does not occur in the file exactly once.
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

/**
 * The folders from which tests import. They are copied instead of linked, because an import through a symbolic link
 * would resolve to the unchanged source.
 */
const COPIED = new Set(['packages', 'test', 'examples', 'scripts', 'vitest.config.ts']);
const LEFT_OUT = new Set(['.git', 'temp', 'coverage', 'node_modules']);

/**
 * Creates a copy of the source tree, and returns its path. The tests run in the copy, and mutations change only the
 * copy.
 */
export function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'typekro-mutation-'));
  for (const name of readdirSync(ROOT)) {
    if (LEFT_OUT.has(name)) continue;
    if (COPIED.has(name)) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    else symlinkSync(join(ROOT, name), join(copy, name));
  }
  // The packages of the workspace are those of the copy, so the folder of all packages cannot be a link.
  mkdirSync(join(copy, 'node_modules/@typekro'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@typekro') symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
  }
  for (const name of readdirSync(join(ROOT, 'packages'))) {
    symlinkSync(join(copy, 'packages', name), join(copy, 'node_modules/@typekro', name));
  }
  return copy;
}
