import { relative } from 'node:path';
import type { Clock } from '../../kube/index.ts';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../command.ts';
import { createModuleReader } from '../dev/module-reader.ts';
import type { FolderEvents } from '../dev/watch-files.ts';
import { nextChange, statesOf } from '../dev/watch-files.ts';
import type { TestFileResult } from './run-test-file.ts';

/** What `watchTests` works with. */
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
 * Runs all tests once, and after each save the test files that the save affects. A test file depends on itself, its
 * snapshots, its definition, and the files that the definition imports. Ends with the signal of the context.
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

/** The test files that depend on changed files; `undefined`: all. */
function affected(
  sources: ReadonlyMap<string, readonly string[]>,
  named: readonly string[],
  changed: readonly string[],
): ReadonlySet<string> | undefined {
  const isOnlyNamed = changed.some((path) => named.includes(path) && !sources.has(path));
  if (isOnlyNamed) return undefined;
  return new Set([...sources].filter(([, own]) => own.some((path) => changed.includes(path))).map(([path]) => path));
}

/** Runs a task with a context that loads modules in a process of their own, so that a saved module is read anew. */
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
