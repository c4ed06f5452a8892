import { describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { DeferredCompactor } from './deferred-compactor.ts';

function compactor() {
  const clock = new TestClock();
  const compacted: string[] = [];
  return { clock, compacted, compactor: new DeferredCompactor(clock, (key) => compacted.push(key)) };
}

describe('DeferredCompactor', () => {
  it('compacts each key once, after a delay', async () => {
    const { clock, compacted, compactor: all } = compactor();
    all.add('a');
    await clock.advance(600);
    all.add('b');
    await clock.advance(1399);
    expect(compacted).toEqual([]);
    await clock.advance(1);
    expect(compacted).toEqual(['a', 'b']);
    await clock.advance(60_000);
    expect(compacted).toEqual(['a', 'b']);
  });

  it('restarts the delay of a key that is added again', async () => {
    const { clock, compacted, compactor: all } = compactor();
    all.add('a');
    await clock.advance(1500);
    all.add('a');
    await clock.advance(1400);
    expect(compacted).toEqual([]);
    await clock.advance(100);
    expect(compacted).toEqual(['a']);
  });

  it('compacts many keys in several batches', async () => {
    const { clock, compacted, compactor: all } = compactor();
    const keys = Array.from({ length: 200 }, (_, index) => String(index));
    for (const key of keys) all.add(key);
    await clock.advance(1000);
    expect(compacted).toEqual([]);
    const steps: number[] = [];
    const count = () => void steps.push(compacted.length);
    for (const at of [1000, 1001]) clock.setTimer(at, count);
    await clock.advance(2000);
    expect(steps[0]).toBeLessThan(200);
    expect(compacted).toEqual(keys);
  });

  it('skips an object that is too deep for the call stack, and compacts the others', async () => {
    const clock = new TestClock();
    const compacted: string[] = [];
    const all = new DeferredCompactor(clock, (key) => {
      if (key === 'deep') throw new RangeError('Maximum call stack size exceeded');
      compacted.push(key);
    });
    for (const key of ['a', 'deep', 'b']) all.add(key);
    await clock.advance(2000);
    all.add('c');
    await clock.advance(2000);
    expect(compacted).toEqual(['a', 'b', 'c']);
  });

  it('does nothing after stop', async () => {
    const { clock, compacted, compactor: all } = compactor();
    all.add('a');
    all.stop();
    await clock.advance(60_000);
    expect(compacted).toEqual([]);
  });
});
