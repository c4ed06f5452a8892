import { relative } from 'node:path';
import type { Clock } from '@typekro/kube';
import { type CommandContext, ExitCode } from '../command.ts';
import { createModuleReader } from '../dev/module-reader.ts';
import { type FolderEvents, nextChange, statesAsRead, statesOf } from '../dev/watch-files.ts';
import type { ReadTestFile, TestFileResult } from './run-test-file.ts';

/** The dependencies of `watchTests`. */
export interface WatchTestsOptions {
  readonly context: CommandContext;
  /**
   * Absolute paths of the files and folders that the user named. When an entry directly in a named folder appears or
   * disappears, all tests run.
   */
  readonly named: readonly string[];
  /** Runs the given test files and prints their results. `undefined` means all test files. */
  readonly run: (only: ReadonlySet<string> | undefined) => Promise<readonly TestFileResult[]>;
  readonly events: FolderEvents;
  readonly clock: Clock;
}

/**
 * Runs all tests once. After each save, runs the test files that the save affects. These are the files whose content,
 * snapshots, definition or imported modules changed. Returns the exit code when the signal of the context aborts.
 */
export async function watchTests({ context, named, run, events, clock }: WatchTestsOptions): Promise<number> {
  const sources = new Map<string, readonly string[]>();
  let only: ReadonlySet<string> | undefined;
  while (!context.signal.aborted) {
    // Records the file states before the run, so that a save during the run counts as a change.
    const beganMs = clock.now();
    const before = statesOf([...named, ...[...sources.values()].flat()]);
    for (const { path, sources: own } of await run(only)) sources.set(path, own);
    const states = new Map([...statesAsRead([...sources.values()].flat(), before, beganMs), ...before]);
    context.print(' waiting for a save; Ctrl-C ends');
    const changed = await nextChange(events, states, clock, context.signal);
    if (changed.length === 0) break;
    context.print(`\nchanged: ${changed.map((path) => relative(context.cwd, path)).join(', ')}`);
    only = affected(sources, named, changed);
  }
  return ExitCode.interrupted;
}

/** The test files that depend on changed files. `undefined` means all test files. */
function affected(
  sources: ReadonlyMap<string, readonly string[]>,
  named: readonly string[],
  changed: readonly string[],
): ReadonlySet<string> | undefined {
  const isOnlyNamed = changed.some((path) => named.includes(path) && !sources.has(path));
  if (isOnlyNamed) return undefined;
  return new Set([...sources].filter(([, own]) => own.some((path) => changed.includes(path))).map(([path]) => path));
}

/**
 * Reads a test file. A new child process imports the modules, because this process would reuse the versions that it
 * imported before.
 */
export async function withFreshModules(
  context: CommandContext,
  read: (context: CommandContext) => Promise<ReadTestFile>,
): Promise<ReadTestFile> {
  const modules = createModuleReader((text) => context.printError(text), context.signal);
  try {
    const { before, ...rest } = await read({ ...context, loadModule: modules.load });
    return { ...rest, before: { ...before, sources: [...new Set([...before.sources, ...modules.imported])] } };
  } finally {
    modules.close();
  }
}
