import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type WorkKey, WorkQueue } from './work-queue.ts';

const work = (group: string, key: string) => ({ group, key });

/** Takes all due work and finishes each key at once. Returns the keys. */
function drain(queue: WorkQueue, now: number): string {
  const taken: string[] = [];
  for (let next = queue.take(now); next !== undefined; next = queue.take(now)) {
    taken.push(next.group + next.key);
    queue.done(next, now);
  }
  return taken.join(' ');
}

/**
 * The order of turns, as a plain model: the groups in a `Map`, whose first group has the turn. The model needs time in
 * proportion to the number of groups that were taken.
 */
class Turns {
  readonly #groups = new Map<string, string[]>();

  add({ group, key }: WorkKey): void {
    this.#groups.set(group, [...(this.#groups.get(group) ?? []), key]);
  }

  take(): WorkKey | undefined {
    for (const [group, [key = '', ...rest]] of this.#groups) {
      this.#groups.delete(group);
      if (rest.length > 0) this.#groups.set(group, rest);
      return { group, key };
    }
    return undefined;
  }
}

describe('WorkQueue', () => {
  it('lets groups take turns', () => {
    const queue = new WorkQueue();
    for (const key of ['1', '2', '3']) queue.add(work('a', key), 0, 0);
    queue.add(work('b', '1'), 0, 0);
    queue.add(work('c', '1'), 0, 0);
    expect(drain(queue, 0)).toBe('a1 b1 c1 a2 a3');
  });

  it('gives the groups the same turns as a plain model, in any order of requests and takes', () => {
    const step = fc.option(fc.tuple(fc.nat(5), fc.nat(3)), { freq: 2 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const queue = new WorkQueue();
        const model = new Turns();
        const takeBoth = () => {
          const taken = queue.take(0);
          expect(taken).toEqual(model.take());
          if (taken !== undefined) queue.done(taken, 0);
          return taken !== undefined;
        };
        for (const request of steps) {
          if (request === null) takeBoth();
          else {
            const [group, key] = request;
            const { ready } = queue;
            queue.add(work(String(group), String(key)), 0, 0);
            // A request for a key that is already due changes nothing.
            if (queue.ready > ready) model.add(work(String(group), String(key)));
          }
        }
        while (takeBoth());
        expect([queue.ready, queue.size]).toEqual([0, 0]);
      }),
    );
  });

  it('takes the work of 200,000 groups, each a Graph', { timeout: 10_000 }, () => {
    const queue = new WorkQueue();
    const groups = 200_000;
    for (let group = 0; group < groups; group += 1) queue.add(work(String(group), 'g'), 0, 0);
    let taken = 0;
    for (let next = queue.take(0); next !== undefined; next = queue.take(0)) {
      if (next.group !== String(taken)) break;
      queue.done(next, 0);
      taken += 1;
    }
    expect(taken).toBe(groups);
  });

  it('does not return a running key, and keeps a request for it', () => {
    const queue = new WorkQueue();
    queue.add(work('a', '1'), 0, 0);
    const taken = queue.take(0);
    queue.add(work('a', '1'), 0, 0);
    expect(queue.take(0)).toBeUndefined();
    if (taken !== undefined) queue.done(taken, 1);
    expect(drain(queue, 1)).toBe('a1');
    expect(queue.size).toBe(0);
  });

  it('returns a key once, at the earliest of its requested times', () => {
    const queue = new WorkQueue();
    queue.add(work('a', '1'), 100, 0);
    queue.add(work('a', '1'), 50, 0);
    queue.add(work('a', '1'), 70, 0);
    expect(drain(queue, 49)).toBe('');
    expect(queue.nextDue(49)).toBe(50);
    expect(drain(queue, 50)).toBe('a1');
    expect(drain(queue, 200)).toBe('');
  });

  it('returns a due key once when an earlier time is requested for it', () => {
    const queue = new WorkQueue();
    queue.add(work('a', '1'), 5, 5);
    queue.add(work('a', '1'), 3, 5);
    expect(queue.ready).toBe(1);
    expect(drain(queue, 5)).toBe('a1');
    expect(queue.add(work('a', '1'), 6, 6)).toBe(true);
    expect(drain(queue, 6)).toBe('a1');
  });

  it('makes a waiting key due when a new request needs it at once', () => {
    const queue = new WorkQueue();
    queue.add(work('a', '1'), 100, 0);
    queue.add(work('a', '1'), 0, 10);
    expect(drain(queue, 10)).toBe('a1');
    expect(queue.nextDue(10)).toBeUndefined();
  });

  it('loses no request and never returns a running key, in any order of operations', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key: fc.nat(4), delay: fc.nat(20) }),
      fc.record({ do: fc.constant('take' as const) }),
      fc.record({ do: fc.constant('done' as const) }),
      fc.record({ do: fc.constant('tick' as const), by: fc.nat(10) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new WorkQueue();
        const running: { group: string; key: string }[] = [];
        const requested = new Set<string>();
        let now = 0;
        for (const action of steps) {
          if (action.do === 'tick') now += action.by;
          if (action.do === 'add') {
            queue.add(work(String(action.key % 2), String(action.key)), now + action.delay, now);
            requested.add(String(action.key));
          }
          if (action.do === 'take') {
            const next = queue.take(now);
            if (next === undefined) continue;
            expect(running.map(({ key }) => key)).not.toContain(next.key);
            expect(requested).toContain(next.key);
            requested.delete(next.key);
            running.push(next);
          }
          if (action.do === 'done') {
            const ended = running.shift();
            if (ended !== undefined) queue.done(ended, now);
          }
        }
        for (const ended of running) queue.done(ended, now);
        for (const taken of drain(queue, now + 1000).split(' ')) requested.delete(taken.slice(1));
        expect([...requested]).toEqual([]);
        expect(queue.size).toBe(0);
      }),
    );
  });
});
