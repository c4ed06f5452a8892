import type { GraphTestBase } from '../graph-test/graph-world.ts';
import type { GraphTest } from '../graph-test/model.ts';
import type { FaultTestResult } from './model.ts';
import type { LivesOptions } from './run-lives.ts';

/** Like `runLives`, but loads the code on the first call. */
export async function runLivesLate(
  base: GraphTestBase,
  tests: readonly GraphTest[],
  options: LivesOptions,
): Promise<FaultTestResult> {
  const { runLives } = await import('./run-lives.ts');
  return runLives(base, tests, options);
}
