import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createManualClock, createSteadyClock, systemClusterClock } from './cluster-clock.ts';
import { createEmbeddedCluster } from './cluster.ts';
import { KubeClient } from '@typekro/kube';

const DAY_MS = 24 * 3600 * 1000;

describe('a timer of the machine’s clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([0, 1000, 24 * DAY_MS, 25 * DAY_MS, 100 * DAY_MS])('fires after %i ms, once', (milliseconds) => {
    const fired = vi.fn();
    systemClusterClock.setTimer(milliseconds, fired);
    vi.advanceTimersByTime(Math.max(0, milliseconds - 1));
    expect(fired).toHaveBeenCalledTimes(milliseconds === 0 ? 1 : 0);
    vi.advanceTimersByTime(1 + 30 * DAY_MS);
    expect(fired).toHaveBeenCalledTimes(1);
  });

  test('that is longer than setTimeout accepts can be cancelled at any time', () => {
    const fired = vi.fn();
    const timer = systemClusterClock.setTimer(100 * DAY_MS, fired);
    vi.advanceTimersByTime(60 * DAY_MS);
    timer.cancel();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(fired).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a steady clock', () => {
  /** Each step is the change of the machine's time, and the time that has really passed, both in milliseconds. */
  const HOUR = 3_600_000;
  test.each([
    [
      'shows the machine’s time',
      [
        [10, 10],
        [20, 20],
      ],
      [10, 30],
    ],
    ['follows a jump forward', [[2 * HOUR, 10]], [2 * HOUR]],
    [
      'goes on when the machine’s time is set back',
      [
        [10, 10],
        [-5 * HOUR, 20],
        [30, 30],
      ],
      [10, 30, 60],
    ],
    [
      'shows the machine’s time again when it has caught up',
      [
        [-HOUR, 10],
        [2 * HOUR, 10],
      ],
      [10, HOUR],
    ],
    [
      'waits for a small adjustment instead of going back',
      [
        [500, 500],
        [-400, 100],
        [600, 100],
      ],
      [500, 500, 700],
    ],
    [
      'does not run ahead when the machine’s time is adjusted slowly',
      [
        [900, 1000],
        [900, 1000],
      ],
      [900, 1800],
    ],
  ] as const)('%s', (_, steps, expected) => {
    let [wall, steady] = [1_000_000, 5];
    const clock = createSteadyClock(
      () => wall,
      () => steady,
    );
    const shown = steps.map(([jump, passed]) => {
      [wall, steady] = [wall + jump, steady + passed];
      return clock.now() - 1_000_000;
    });
    expect(shown).toEqual(expected);
  });
});

test.each([
  ['forward and back', [2, -2, -5, 5]],
  ['back', [-5]],
  ['back twice and forward', [-1, -1, 8]],
])('pods become ready in their own time while the machine’s time jumps %s', async (_, jumpsOfHours) => {
  const passed = createManualClock(Date.UTC(2026, 0, 1));
  let jumpedMs = 0;
  const steady = createSteadyClock(
    () => passed.now() + jumpedMs,
    () => passed.now(),
  );
  const cluster = await createEmbeddedCluster({ clock: { ...passed, now: () => steady.now() } });
  const client = new KubeClient({ transport: cluster.transport() });
  const container = { name: 'a', image: 'a', readinessProbe: { initialDelaySeconds: 5, tcpSocket: { port: 80 } } };
  const labels = { app: 'a' };
  const spec = {
    replicas: 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [container] } },
  };
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', namespace: 'default' };
  await client.create({
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: { name: 'a', namespace: 'default' },
    spec,
  });
  await cluster.idle();
  for (const hours of jumpsOfHours) {
    passed.advance(1000);
    jumpedMs += hours * 3_600_000;
    const { metadata } =
      (await client.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'default' })).items[0] ?? {};
    await client.patch(
      { apiVersion: 'v1', kind: 'Pod', name: metadata?.name ?? '', namespace: 'default' },
      { metadata: { annotations: { at: String(jumpedMs) } } },
    );
    await cluster.idle();
  }
  for (let second = 0; second < 10; second += 1) {
    passed.advance(1000);
    await cluster.idle();
  }
  expect((await client.get(ref)).status).toMatchObject({ readyReplicas: 2, availableReplicas: 2 });
  await client.close();
  await cluster.close();
});
