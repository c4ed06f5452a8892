import { describe, expect, it } from 'vitest';
import { TestClock } from '../../../test/support/test-clock.ts';
import type { ApplyAction } from '../../runtime/index.ts';
import type { RewriteHistory } from './rewrites.ts';
import {
  isRewrite,
  MAX_REWRITES,
  rewriteContestAt,
  RewriteSweep,
  withoutPastRewrites,
  withRewrite,
} from './rewrites.ts';

type Why = ApplyAction['why'];

/** The history after writes of one object, with a pause after each, and the time at the end. */
function historyAfter(whys: readonly Why[], pauseMs: number, samples: readonly string[] = ['1 1']) {
  let history: RewriteHistory | undefined;
  let now = 0;
  for (const [at, why] of whys.entries()) {
    if (isRewrite({ why })) history = withRewrite(history, samples[at % samples.length] ?? '', now);
    now += pauseMs;
  }
  return { history, now };
}
const times = (count: number, why: Why = 'change'): Why[] => Array.from({ length: count }, () => why);

describe('a contest of the controller with itself', () => {
  it.each<[string, ReturnType<typeof historyAfter>, boolean]>([
    ['begins with the last allowed write', historyAfter(times(MAX_REWRITES), 0), true],
    ['does not begin before', historyAfter(times(MAX_REWRITES - 1), 0), false],
    ['counts an object that is made again', historyAfter(times(MAX_REWRITES, 'create'), 0), true],
    ['does not count the repair of drift', historyAfter(times(MAX_REWRITES, 'drift'), 0), false],
    ['does not count an adoption', historyAfter(times(MAX_REWRITES, 'adopt'), 0), false],
    ['does not count slow writes', historyAfter(times(MAX_REWRITES), 10_000), false],
    ['begins again with another spec', historyAfter(times(MAX_REWRITES), 0, ['2 1', '1 1']), false],
    ['is not that of another spec', historyAfter(times(MAX_REWRITES), 0, ['2 1']), false],
  ])('%s', (_title, { history, now }, isContest) => {
    expect(rewriteContestAt(history, '1 1', now) !== undefined).toBe(isContest);
  });

  it('has a longer pause after each further write', () => {
    const { history } = historyAfter(times(MAX_REWRITES), 0);
    const next = withRewrite(history, '1 1', 5000);
    const last = withRewrite(next, '1 1', 15_000);
    expect([next, last].map((each) => rewriteContestAt(each, '1 1', 15_000)?.retryAt)).toEqual([15_000, 35_000]);
  });

  it('ends after its pause and a minute without a write', () => {
    const { history } = historyAfter(times(MAX_REWRITES), 0);
    const contest = rewriteContestAt(history, '1 1', 0);
    expect(contest).toMatchObject({ isOwn: true, fields: [], managers: [], retryAt: 5000, endsAt: 65_000 });
    expect(rewriteContestAt(history, '1 1', 64_999)).toBe(contest);
    expect(rewriteContestAt(history, '1 1', 65_000)).toBeUndefined();
  });
});

describe('past histories', () => {
  it.each<[string, number, number, readonly string[] | undefined]>([
    ['stay within the window', 1, 60_000, ['a']],
    ['are deleted after the window', 1, 60_001, undefined],
    ['stay during a contest', MAX_REWRITES, 64_999, ['a']],
    ['are deleted after a contest', MAX_REWRITES, 65_000, undefined],
  ])('%s', (_title, writes, now, keys) => {
    const rewrites = new Map([['a', historyAfter(times(writes), 0).history as RewriteHistory]]);
    const left = withoutPastRewrites(rewrites, now);
    expect(left === undefined ? undefined : [...left.keys()]).toEqual(keys);
  });

  const ownersAt = (clock: TestClock) => {
    const owners = [0, 1].map(() => ({ rewrites: new Map([['a', withRewrite(undefined, '1 1', clock.now())]]) }));
    return owners as { rewrites: Map<string, RewriteHistory> | undefined }[];
  };

  it('are swept from owners at rest', async () => {
    const clock = new TestClock();
    const owners = ownersAt(clock);
    const sweep = new RewriteSweep(clock, () => owners);
    sweep.schedule();
    await clock.advance(120_000);
    expect([owners.map(({ rewrites }) => rewrites), clock.timers]).toEqual([[undefined, undefined], 0]);
  });

  it('are swept again while any owner has one', async () => {
    const clock = new TestClock();
    const [busy] = ownersAt(clock);
    const owners = [busy ?? { rewrites: undefined }, { rewrites: undefined }];
    const sweep = new RewriteSweep(clock, () => owners);
    sweep.schedule();
    await clock.advance(60_000);
    expect([owners[0]?.rewrites?.size, clock.timers]).toEqual([1, 1]);
    await clock.advance(60_000);
    expect([owners[0]?.rewrites, clock.timers]).toEqual([undefined, 0]);
  });

  it('are not swept after a stop, which leaves no timer', () => {
    const clock = new TestClock();
    const sweep = new RewriteSweep(clock, () => ownersAt(clock));
    sweep.schedule();
    sweep.schedule();
    expect(clock.timers).toBe(1);
    sweep.stop();
    sweep.schedule();
    expect(clock.timers).toBe(0);
  });
});
