import type { GraphTestBase } from '../graph-test/graph-world.ts';
import type { GraphTest } from '../graph-test/steps.ts';
import type { FaultTestResult, LifeFailure } from './fault-test-result.ts';
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

/**
 * The lines below the title of a failure: the expectation, the received state, the reason, the time, and the last
 * events.
 */
export function lifeFailureLines(
  { expected, received, because, atMs, events }: LifeFailure,
  paint: { readonly good: (text: string) => string; readonly bad: (text: string) => string },
): string[] {
  return [
    `     expected  ${paint.good(expected)}`,
    `     received  ${paint.bad(received)}`,
    ...(because === undefined ? [] : [`     because   ${because}`]),
    `     when      at t=${atMs / 1000}s of virtual time`,
    ...events.map(
      ({ atMs: at, text }, index) => `     ${index === 0 ? 'before  ' : '        '}  t=${at / 1000}s  ${text}`,
    ),
  ];
}
