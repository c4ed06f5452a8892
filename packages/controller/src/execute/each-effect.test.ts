import { describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { eachEffect } from './each-effect.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Effects that the test ends one by one. */
function effects(count: number) {
  const clock = new TestClock();
  const ends = new Map<number, () => void>();
  const begun: number[] = [];
  const all = eachEffect(clock, numbers(count), (item) => {
    begun.push(item);
    return new Promise((resolve) => ends.set(item, resolve));
  });
  return { clock, begun, all, end: (item: number) => ends.get(item)?.() };
}

describe('eachEffect', () => {
  it('starts some effects at once, and the next one when one ends', async () => {
    const { clock, begun, end } = effects(40);
    expect(begun).toEqual(numbers(16));
    end(3);
    await clock.advance(0);
    expect(begun).toEqual(numbers(17));
  });

  it('starts additional effects while the running ones hang, up to the limit', async () => {
    const { clock, begun } = effects(500);
    await clock.advance(999);
    expect(begun).toHaveLength(16);
    await clock.advance(1);
    expect(begun).toHaveLength(32);
    await clock.advance(60_000);
    expect(begun).toHaveLength(128);
  });

  it('waits for the effects that it started later', async () => {
    const { clock, all, end } = effects(20);
    let isDone = false;
    void all.then(() => (isDone = true));
    await clock.advance(1000);
    for (const item of numbers(19)) end(item);
    await clock.advance(0);
    expect(isDone).toBe(false);
    end(19);
    await clock.advance(0);
    expect(isDone).toBe(true);
  });

  it('carries out all effects when some fail, and throws the first error', async () => {
    const done: number[] = [];
    const failing = eachEffect(new TestClock(), numbers(30), async (item) => {
      if (item % 10 === 7) throw new Error(`failed ${item}`);
      done.push(item);
    });
    await expect(failing).rejects.toThrow('failed 7');
    expect(done).toHaveLength(27);
  });

  it('carries out all effects when all fail', async () => {
    let begun = 0;
    const failing = eachEffect(new TestClock(), numbers(40), (item) => {
      begun += 1;
      return Promise.reject(new Error(`failed ${item}`));
    });
    await expect(failing).rejects.toThrow('failed 0');
    expect(begun).toBe(40);
  });
});
