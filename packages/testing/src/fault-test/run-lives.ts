import type { GraphTestBase } from '../graph-test/graph-world.ts';
import type { GraphTest } from '../graph-test/steps.ts';
import { chooseTest, seedOfLife } from './life-plan.ts';
import type { FaultTestResult, LifeFailure, LifeNote } from './fault-test-result.ts';
import { type LifeRecord, playLife } from './play-life.ts';

/** The number and the seeds of the lives of a run. A life is one instance, from its creation to its deletion. */
export interface LivesOptions {
  readonly lives: number;
  /** The seed of the first life, at most `MAX_SEED`. Each following life has the next number. */
  readonly seed: number;
  /** After an abort, no further life starts. */
  readonly signal?: Pick<AbortSignal, 'aborted'>;
}

/**
 * Runs instances of a graph under faults, each from creation to deletion. Each life begins with the `given` of one
 * test, and carries out the steps of this test. The result is compared with the same life without faults, which runs
 * once per test.
 */
export async function runLives(
  base: GraphTestBase,
  tests: readonly GraphTest[],
  { lives, seed: first, signal }: LivesOptions,
): Promise<FaultTestResult> {
  const started = performance.now();
  const failures: LifeFailure[] = [];
  const notes: LifeNote[] = [];
  // A test whose instance the server refuses has no lives.
  const candidates = tests.filter(({ expect }) => expect?.refused === undefined);
  const faultlessLives = new Map<GraphTest, LifeRecord>();
  const isStopped = () => signal?.aborted === true;
  let played = 0;
  for (let index = 0; index < lives && !isStopped(); index += 1) {
    const seed = seedOfLife(first, index);
    const test = chooseTest(seed, candidates);
    if (test === undefined) break;
    let faultless = faultlessLives.get(test);
    if (faultless === undefined) {
      faultless = await playLife({ base, test });
      faultlessLives.set(test, faultless);
      failures.push(...faultless.findings.map((finding) => ({ ...finding, test: test.name })));
      notes.push(...notesOf(test, faultless));
    }
    if (faultless.findings.length > 0) continue;
    const { findings } = await playLife({ base, test, seed, faultless });
    played += 1;
    failures.push(...findings.map((finding) => ({ ...finding, test: test.name, seed })));
  }
  if (candidates.length === 0)
    notes.push({ test: '', text: 'no test creates an instance, so there is nothing to run under faults' });
  return { planned: lives, lives: played, seed: first, failures, notes, milliseconds: performance.now() - started };
}

function notesOf({ name }: GraphTest, { findings, wasReady, waiting }: LifeRecord): LifeNote[] {
  if (findings.length > 0) return [{ test: name, text: 'does not run under faults, because it fails without them' }];
  if (wasReady) return [];
  const reasons = waiting.length === 0 ? '' : `: ${waiting.join('; ')}`;
  return [{ test: name, text: `never gets ready, even without faults${reasons}` }];
}
