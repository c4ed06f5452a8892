import { describe, expect, it } from 'vitest';
import { TestClock } from '../../../test/support/test-clock.ts';
import type { ApplyAction } from '../../runtime/index.ts';
import { MAX_REWRITES, Rewrites } from './rewrites.ts';

type Why = ApplyAction['why'];
const KEY = 'ConfigMap/default/a';
const OWNER = {};

/** Counts writes of one object. Returns the contest after them. */
async function contestAfter(
  whys: readonly Why[],
  pauseMs: number,
  options: { readonly owners?: readonly object[]; readonly samples?: readonly string[] } = {},
) {
  const clock = new TestClock();
  const rewrites = new Rewrites(clock);
  const { owners = [OWNER], samples = ['1 1'] } = options;
  const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;
  for (const [at, why] of whys.entries()) {
    rewrites.note(pick(owners, at), pick(samples, at), KEY, { why });
    await clock.advance(pauseMs);
  }
  return rewrites.contest(OWNER, '1 1', KEY, clock.now());
}
const times = (count: number, why: Why = 'change'): Why[] => Array.from({ length: count }, () => why);

describe('a contest of the controller with itself', () => {
  it.each<[string, ReturnType<typeof contestAfter>, boolean]>([
    ['begins with the last allowed write', contestAfter(times(MAX_REWRITES), 0), true],
    ['does not begin before', contestAfter(times(MAX_REWRITES - 1), 0), false],
    ['counts an object that is made again', contestAfter(times(MAX_REWRITES, 'create'), 0), true],
    ['does not count the repair of drift', contestAfter(times(MAX_REWRITES, 'drift'), 0), false],
    ['does not count slow writes', contestAfter(times(MAX_REWRITES), 10_000), false],
    ['counts each instance of a name on its own', contestAfter(times(MAX_REWRITES), 0, { owners: [OWNER, {}] }), false],
    ['begins again with another spec', contestAfter(times(MAX_REWRITES), 0, { samples: ['2 1', '1 1'] }), false],
  ])('%s', async (_title, contest, isContest) => {
    expect((await contest) !== undefined).toBe(isContest);
  });

  it('ends after its pause and a minute without a write', async () => {
    const clock = new TestClock();
    const rewrites = new Rewrites(clock);
    for (const why of times(MAX_REWRITES)) rewrites.note(OWNER, '1 1', KEY, { why });
    const contest = rewrites.contest(OWNER, '1 1', KEY, clock.now());
    expect(contest).toMatchObject({ isOwn: true, fields: [], managers: [] });
    await clock.advance((contest?.endsAt ?? 0) - clock.now());
    expect(rewrites.contest(OWNER, '1 1', KEY, clock.now())).toBeUndefined();
  });
});
