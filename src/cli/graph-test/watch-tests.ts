import { relative } from 'node:path';
import type { Clock } from '../../kube/index.ts';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../command.ts';
import { createModuleReader } from '../dev/module-reader.ts';
import type { FolderEvents } from '../dev/watch-files.ts';
import { nextChange, statesOf } from '../dev/watch-files.ts';
import type { TestFileResult } from './run-test-file.ts';

/** The dependencies of `watchTests`. */
export interface WatchTestsOptions {
  readonly context: CommandContext;
  /**
   * Absolute paths of the files and folders that the user named. When an entry directly in a named folder appears or
   * disappears, all tests run.
   */
  readonly named: readonly string[];
  /** Runs the given test files, or all test files without an argument, and prints their results. */
  readonly run: (only: ReadonlySet<string> | undefined) => Promise<readonly TestFileResult[]>;
  readonly events: FolderEvents;
  readonly clock: Clock;
}

/**
 * Runs all tests once, and after each save the test files that the save affects. A save affects a test file when it
 * changes the file, its snapshots, its definition, or a file that the definition imports. Returns the exit code when
 * the signal of the context aborts.
 */
export async function watchTests({ context, named, run, events, clock }: WatchTestsOptions): Promise<number> {
  const sources = new Map<string, readonly string[]>();
  let only: ReadonlySet<string> | undefined;
  while (!context.signal.aborted) {
    // Takes the states before the run, so that a save during the run counts as a change. Files that this run reads for
    // the first time are not covered.
    const before = statesOf([...named, ...[...sources.values()].flat()]);
    for (const { path, sources: own } of await run(only)) sources.set(path, own);
    const states = new Map([...statesOf([...sources.values()].flat()), ...before]);
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

/** Runs a task whose modules are loaded in a new child process, so that each run reads saved modules again. */
export async function withFreshModules(
  context: CommandContext,
  task: (context: CommandContext) => Promise<TestFileResult>,
): Promise<TestFileResult> {
  const modules = createModuleReader((text) => context.printError(text), context.signal);
  try {
    const result = await task({ ...context, loadModule: modules.load });
    return { ...result, sources: [...new Set([...result.sources, ...modules.imported])] };
  } finally {
    modules.close();
  }
}
