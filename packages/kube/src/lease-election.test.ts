import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { KubeError } from './kube-error.ts';
import { runElection } from './lease.ts';
import type { KubernetesApi } from './kube-api.ts';

const TIMES = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 };

/** A server with one Lease, a clock that the test advances, and a candidate. */
function setup(isEligible?: () => boolean) {
  let now = 0;
  const timers = new Set<{ due: number; callback: () => void }>();
  const clock = {
    now: () => now,
    setTimer(milliseconds: number, callback: () => void) {
      const timer = { due: now + milliseconds, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
  };
  const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
  const advance = async (milliseconds: number) => {
    const end = now + milliseconds;
    for (;;) {
      await turn();
      const [next] = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      timers.delete(next);
      now = next.due;
      next.callback();
    }
    now = end;
    await turn();
  };
  const server: { lease: KubeObject | undefined; answers: boolean; conflicts: number } = {
    lease: undefined,
    answers: true,
    conflicts: 0,
  };
  const answer = (signal: AbortSignal | undefined, work: () => KubeObject | undefined) =>
    server.answers
      ? Promise.resolve(work())
      : new Promise<never>((_, reject) => {
          signal?.addEventListener('abort', () => reject(new KubeError('given up', { status: 0, reason: 'Aborted' })));
        });
  const write = (lease: KubeObject, options: { signal?: AbortSignal } = {}) => {
    server.conflicts -= 1;
    if (server.conflicts >= 0) return Promise.reject(new KubeError('changed', { status: 409, reason: 'Conflict' }));
    return answer(options.signal, () => (server.lease = lease));
  };
  const api = {
    find: (_: unknown, options: { signal?: AbortSignal } = {}) => answer(options.signal, () => server.lease),
    create: write,
    update: write,
  } as unknown as KubernetesApi;
  const stop = new AbortController();
  const events: string[] = [];
  let finish = () => {};
  let isHeld = () => false;
  const ended = runElection({
    api,
    clock,
    namespace: 'kro-system',
    name: 'lease',
    identity: 'me',
    times: TIMES,
    signal: stop.signal,
    ...(isEligible === undefined ? {} : { isEligible }),
    onLeading(ending, lost, holds) {
      isHeld = holds;
      events.push(`leading at ${now}`);
      ending.addEventListener('abort', () => events.push(`ending at ${now}`));
      lost.addEventListener('abort', () => events.push(`lost at ${now}`));
      return new Promise((resolve) => (finish = resolve));
    },
  });
  return {
    server,
    stop,
    events,
    ended,
    advance,
    holder: () => server.lease?.spec?.['holderIdentity'],
    finish: () => finish(),
    holds: () => isHeld(),
    /** Moves the time as a pause of the process does: no timer fires. */
    pause: (milliseconds: number) => (now += milliseconds),
  };
}

describe('a candidate in runElection', () => {
  it('is no longer the leader after the deadline, even if the server never responds', async () => {
    const { server, stop, events, ended, advance, finish } = setup();
    await advance(4000);
    server.answers = false;
    await advance(60_000);
    // The last successful renewal was sent at 4 s.
    expect(events).toEqual(['leading at 0', 'ending at 14000', 'lost at 14000']);
    finish();
    stop.abort();
    await advance(20_000);
    await ended;
  });

  it('does not hold the lease after a pause of the process, before any timer has fired', async () => {
    const { stop, events, ended, advance, finish, holds, pause } = setup();
    await advance(4000);
    expect(holds()).toBe(true);
    pause(9999);
    expect(holds()).toBe(true);
    pause(1);
    expect([holds(), events]).toEqual([false, ['leading at 0']]);
    finish();
    stop.abort();
    await advance(20_000);
    await ended;
    expect(holds()).toBe(false);
  });

  it('keeps the lease until the running work has ended, and then releases it', async () => {
    const { stop, events, ended, advance, finish, holder, server } = setup();
    await advance(1000);
    stop.abort();
    await advance(30_000);
    expect(events).toEqual(['leading at 0', 'ending at 1000']);
    expect(holder()).toBe('me');
    expect(server.lease?.spec?.['renewTime']).toBe('1970-01-01T00:00:30.000000Z');
    finish();
    await ended;
    expect(holder()).toBe('');
  });

  it('is the leader only while it is eligible: otherwise it ends its work and releases the lease, and it can become the leader again', async () => {
    let isWanted = false;
    const { stop, events, ended, advance, finish, holder } = setup(() => isWanted);
    await advance(5000);
    expect(events).toEqual([]);
    isWanted = true;
    await advance(1000);
    expect(events).toEqual(['leading at 6000']);
    isWanted = false;
    await advance(20_000);
    // The candidate keeps the lease until the running work has ended.
    expect(events).toEqual(['leading at 6000', 'ending at 8000']);
    expect(holder()).toBe('me');
    finish();
    await advance(2000);
    expect(holder()).toBe('');
    isWanted = true;
    await advance(2000);
    expect(events.at(-1)).toMatch(/^leading at/);
    stop.abort();
    finish();
    await ended;
    expect(holder()).toBe('');
  });

  it('releases a lease that still names it as the holder, when it is no longer the leader and its work has ended', async () => {
    let isWanted = true;
    const { server, stop, events, ended, advance, finish, holder } = setup(() => isWanted);
    await advance(1000);
    server.answers = false;
    await advance(12_000);
    expect(events).toEqual(['leading at 0', 'ending at 10000', 'lost at 10000']);
    isWanted = false;
    server.answers = true;
    await advance(20_000);
    expect(holder()).toBe('me');
    finish();
    await advance(2000);
    expect(holder()).toBe('');
    stop.abort();
    await ended;
  });

  it('becomes the leader again if it is eligible again before its work has ended', async () => {
    let isWanted = true;
    const { stop, events, ended, advance, finish } = setup(() => isWanted);
    await advance(1000);
    isWanted = false;
    await advance(2000);
    isWanted = true;
    await advance(2000);
    finish();
    await advance(5000);
    expect(events.filter((text) => text.startsWith('leading'))).toHaveLength(2);
    stop.abort();
    finish();
    await ended;
  });

  it('reads the lease again at once after a conflict', async () => {
    const { server, stop, events, ended, advance, finish } = setup();
    server.conflicts = 2;
    await advance(0);
    expect(events).toEqual(['leading at 0']);
    stop.abort();
    finish();
    await ended;
  });
});
