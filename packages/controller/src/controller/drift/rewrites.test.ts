import { describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import type { ApplyAction } from '@typekro/engine/runtime';
import type { RewriteHistory } from './rewrites.ts';
import {
  isRewrite,
  MAX_REWRITES,
  rewriteContestAt,
  Rewrites,
  RewriteSweep,
  withoutPastRewrites,
  withRewrite,
} from './rewrites.ts';

type Why = ApplyAction['why'];

/**
 * The history of an object after one write for each reason in `whys`, with a pause after each write, and the time at
 * the end.
 */
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
    ['begins with the write number MAX_REWRITES', historyAfter(times(MAX_REWRITES), 0), true],
    ['does not begin one write before the write number MAX_REWRITES', historyAfter(times(MAX_REWRITES - 1), 0), false],
    ['counts an object that is created again', historyAfter(times(MAX_REWRITES, 'create'), 0), true],
    ['does not count the repair of drift', historyAfter(times(MAX_REWRITES, 'drift'), 0), false],
    ['does not count an adoption', historyAfter(times(MAX_REWRITES, 'adopt'), 0), false],
    [
      'does not begin when the writes are spread over more than the window',
      historyAfter(times(MAX_REWRITES), 10_000),
      false,
    ],
    ['counts the writes of each spec separately', historyAfter(times(MAX_REWRITES), 0, ['2 1', '1 1']), false],
    ['does not apply to another spec', historyAfter(times(MAX_REWRITES), 0, ['2 1']), false],
  ])('%s', (_title, { history, now }, isContest) => {
    expect(rewriteContestAt(history, '1 1', now) !== undefined).toBe(isContest);
  });

  it('has a longer pause after each additional write', () => {
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

/** The rewrites of an owner after `writes` writes of each of its `objects` objects. */
function rewritesAfter(writes: number, { objects = 1, pauseMs = 0, samples = ['1 1'] } = {}) {
  const rewrites = new Rewrites();
  for (let at = 0; at < writes; at += 1) {
    for (let object = 0; object < objects; object += 1) {
      rewrites.add(keyOf(object), samples[at % samples.length] ?? '', at * pauseMs);
    }
  }
  return rewrites;
}
const keyOf = (object: number) => `ConfigMap/default/c${object}`;
/** The keys of the objects with a contest. */
const contested = (rewrites: Rewrites, objects: number, now = 0) =>
  Array.from({ length: objects }, (_, object) => keyOf(object)).filter((key) => rewrites.contestAt(key, '1 1', now));

describe('the rewrites of the objects of an owner', () => {
  it.each<[string, number, Parameters<typeof rewritesAfter>[1], number]>([
    ['one object, one write before MAX_REWRITES', MAX_REWRITES - 1, {}, 0],
    ['one object, after MAX_REWRITES writes', MAX_REWRITES, {}, 1],
    ['new objects, each written once', 1, { objects: 100 }, 0],
    ['100 objects, one write of each before MAX_REWRITES', MAX_REWRITES - 1, { objects: 100 }, 0],
    ['100 objects, after MAX_REWRITES writes of each', MAX_REWRITES, { objects: 100 }, 100],
    ['writes that are spread over more than the window', MAX_REWRITES, { pauseMs: 10_000 }, 0],
    ['writes for changing specs', MAX_REWRITES, { samples: ['2 1', '1 1'] }, 0],
    ['writes for another spec', MAX_REWRITES, { samples: ['2 1'] }, 0],
  ])('%s: the expected number of objects has a contest', (_title, writes, options, count) => {
    expect(contested(rewritesAfter(writes, options), 100)).toHaveLength(count);
  });

  it('do not count a first write that was for an earlier spec', () => {
    const rewrites = new Rewrites();
    rewrites.add('a', '1 1', 0);
    for (let write = 1; write < MAX_REWRITES; write += 1) rewrites.add('a', '2 1', 0);
    expect(rewrites.contestAt('a', '2 1', 0)).toBeUndefined();
    rewrites.add('a', '2 1', 0);
    expect(rewrites.contestAt('a', '2 1', 0)).toBeDefined();
  });

  it('do not count a first write from a minute ago', () => {
    const rewrites = new Rewrites();
    rewrites.add('a', '1 1', 0);
    for (let write = 1; write < MAX_REWRITES; write += 1) rewrites.add('a', '1 1', 60_001);
    expect(rewrites.contestAt('a', '1 1', 60_001)).toBeUndefined();
  });
});

describe('past rewrites', () => {
  it.each<[string, number, number, boolean]>([
    ['of an object that was written once are kept until the window ends', 1, 60_000, true],
    ['of an object that was written once are deleted after the window', 1, 60_001, false],
    ['are kept until the window ends', 2, 60_000, true],
    ['are deleted after the window', 2, 60_001, false],
    ['are kept during a contest', MAX_REWRITES, 64_999, true],
    ['are deleted after a contest', MAX_REWRITES, 65_000, false],
  ])('%s', (_title, writes, now, stays) => {
    expect(withoutPastRewrites(rewritesAfter(writes), now) !== undefined).toBe(stays);
  });

  const ownersAt = (clock: TestClock) =>
    [0, 1].map((): { rewrites: Rewrites | undefined } => {
      const rewrites = new Rewrites();
      rewrites.add('a', '1 1', clock.now());
      return { rewrites };
    });

  it('are swept from owners at rest', async () => {
    const clock = new TestClock();
    const owners = ownersAt(clock);
    const sweep = new RewriteSweep(clock, () => owners);
    sweep.schedule();
    await clock.advance(120_000);
    expect([owners.map(({ rewrites }) => rewrites), clock.timers]).toEqual([[undefined, undefined], 0]);
  });

  it('are swept again while any owner has a past rewrite', async () => {
    const clock = new TestClock();
    const [busy] = ownersAt(clock);
    const owners = [busy ?? { rewrites: undefined }, { rewrites: undefined }];
    const sweep = new RewriteSweep(clock, () => owners);
    sweep.schedule();
    await clock.advance(60_000);
    expect([owners[0]?.rewrites !== undefined, clock.timers]).toEqual([true, 1]);
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
