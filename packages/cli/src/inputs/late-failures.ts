import { type Diagnostic, formatDiagnostic } from '@typekro/kit/core';
import { textOf } from './source-text.ts';
import { isInternal } from './thrown-problem.ts';

/**
 * The last loaded module. An error without a stack frame in the user's code is reported at the first line of the
 * module.
 */
let module: { readonly path: string; readonly cwd: string } | undefined;
const waiting: unknown[] = [];
let report: ((problem: Diagnostic) => void) | undefined;

/**
 * Catches errors that a module throws after it was loaded, in a timer or an unawaited promise. These errors become
 * problems of the user's file instead of ending the process. Must be called for each module.
 */
export function catchLateFailures(path: string, cwd: string): void {
  if (module === undefined) {
    process.on('unhandledRejection', onFailure);
    process.on('uncaughtException', onFailure);
  }
  module = { path, cwd };
}

function onFailure(error: unknown): void {
  // An error of this package's own code is rethrown, so that Node prints it and ends the process.
  if (module === undefined || isInternal(error, module.path)) {
    process.off('uncaughtException', onFailure);
    throw error;
  }
  if (report === undefined) waiting.push(error);
  else void printFailure(error, report);
}

async function printFailure(error: unknown, print: (problem: Diagnostic) => void): Promise<void> {
  for (const each of await problemsOf(error)) print(each);
}

async function problemsOf(error: unknown): Promise<readonly Diagnostic[]> {
  if (module === undefined) return [];
  const { moduleProblems } = await import('./module-problems.ts');
  const problems = await moduleProblems(error, module);
  return problems.map((each) => ({
    ...each,
    message: each.message.replace(
      /^the module throws while it is loaded:/,
      'the module throws where nothing catches it:',
    ),
  }));
}

/**
 * Returns the problems of the failures so far.
 *
 * @param print called with later failures, while a long-running command continues
 * @param columns the width of the terminal to which `print` writes
 */
export async function lateFailures(print: (text: string) => void, columns?: number): Promise<readonly Diagnostic[]> {
  // Node reports rejections and runs timers in a later turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve));
  report = (problem) => print(formatDiagnostic(problem, textOf(problem.source?.file ?? ''), columns));
  const found = await Promise.all(waiting.splice(0).map(problemsOf));
  return found.flat();
}
