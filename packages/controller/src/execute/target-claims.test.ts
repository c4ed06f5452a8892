import { expect, test } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { TargetClaims } from './target-claims.ts';

function claimsWith() {
  const clock = new TestClock();
  const claims = new TargetClaims(clock);
  const seen: string[] = [];
  /** Writes as the owner, and ends when `end` resolves. */
  const write = (owner: string, key = 'map', end: Promise<boolean> = Promise.resolve(true)) =>
    claims.run(key, owner, (isContested) => {
      seen.push(`${owner} ${isContested ? 'contested' : 'free'}`);
      return end;
    });
  return { clock, seen, write };
}

test('the writes of one object are made one after the other, and the later ones know the earlier ones', async () => {
  const { seen, write } = claimsWith();
  let end: (isWritten: boolean) => void = () => undefined;
  const first = write('a', 'map', new Promise((resolve) => (end = resolve)));
  const others = [write('b'), write('c'), write('a', 'other')];
  await others[2];
  expect(seen).toEqual(['a free', 'a free']);
  end(true);
  await Promise.all([first, ...others]);
  expect(seen).toEqual(['a free', 'a free', 'b contested', 'c contested']);
});

test.each<[what: string, owner: string, isWritten: boolean, wait: number, expected: string]>([
  ['another instance', 'b', true, 0, 'b contested'],
  ['another instance, if the first write failed', 'b', false, 0, 'b free'],
  ['the same instance', 'a', true, 0, 'a free'],
  ['another instance after all watches have the object', 'b', true, 30_000, 'b free'],
])('after a write, an object is known to %s', async (_what, owner, isWritten, wait, expected) => {
  const { clock, seen, write } = claimsWith();
  await write('a', 'map', Promise.resolve(isWritten));
  await clock.advance(wait);
  await write(owner);
  expect(seen.at(-1)).toBe(expected);
});

test('a write that throws does not stop the next one', async () => {
  const { seen, write } = claimsWith();
  const first = write('a', 'map', Promise.reject(new Error('no')));
  const next = write('b');
  await expect(first).rejects.toThrow('no');
  await next;
  expect(seen).toEqual(['a free', 'b free']);
});
