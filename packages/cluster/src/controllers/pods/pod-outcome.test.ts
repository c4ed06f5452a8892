import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import fc from 'fast-check';
import { annotatedRules } from '../../pods/pod-rules.ts';
import { type PodPlan, planPod } from './pod-outcome.ts';
import { planEphemeral } from './ephemeral-containers.ts';
import { endedOutcome, remainingLife } from './pod-end.ts';
import { simulatedReport } from './simulated-report.ts';

type Settings = Readonly<
  Partial<
    Record<
      'crashes' | 'exit-code' | 'failure' | 'ready' | 'ready-after-seconds' | 'run-seconds' | 'start-after-seconds',
      string
    >
  >
>;

function pod(settings: Settings, restartPolicy = 'Always', owner = 'ReplicaSet'): KubeObject {
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([setting, value]) => [`typekro.dev/simulate-${setting}`, value]),
  );
  const ownerReferences = [{ apiVersion: 'v1', kind: owner, name: 'o', uid: 'u', controller: true }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', annotations, ownerReferences },
    spec: { restartPolicy },
  };
}

/** Returns a pod of a Job whose container runs the program of an image. */
const imaged = (image: string): KubeObject => {
  const job = pod({}, 'Never', 'Job');
  return { ...job, spec: { ...job.spec, containers: [{ name: 'c', image }] } };
};

/** Returns a pod of a Job whose container runs a command. */
const commanded = (...command: string[]): KubeObject => {
  const job = pod({}, 'Never', 'Job');
  return { ...job, spec: { ...job.spec, containers: [{ name: 'c', image: 'i', command }] } };
};

const planOf = (given: KubeObject, elapsedMs: number): PodPlan =>
  planPod(given, annotatedRules(given).rules, elapsedMs);

const running = (ready: boolean) => ({ state: 'running', ready });
const crashing = (reason: string, restarts: number, pauseSeconds: number) => ({
  state: 'crashing',
  reason,
  restarts,
  pauseSeconds,
});

describe('a pod', () => {
  test.each<[string, KubeObject, number, object, number | undefined]>([
    ['is ready at once', pod({}), 0, running(true), undefined],
    ['becomes ready later', pod({ 'ready-after-seconds': '30' }), 10, running(false), 20],
    ['is ready after its delay', pod({ 'ready-after-seconds': '30' }), 30, running(true), undefined],
    ['ignores a delay that is not a number', pod({ 'ready-after-seconds': 'soon' }), 0, running(true), undefined],
    [
      'waits for its image',
      pod({ failure: 'ImagePullBackOff' }),
      99,
      { state: 'waiting', reason: 'ImagePullBackOff' },
      undefined,
    ],
    ['never becomes ready with an unhealthy container', pod({ failure: 'Unhealthy' }), 99, running(false), undefined],
    ['crashes', pod({ failure: 'CrashLoopBackOff' }), 0, crashing('Error', 0, 10), 10],
    ['has crashed again', pod({ failure: 'OOMKilled' }), 10, crashing('OOMKilled', 1, 20), 20],
    ['crashes after a while', pod({ failure: 'Error', 'run-seconds': '60' }), 50, running(true), 10],
    ['fails without restarts', pod({ failure: 'Error' }, 'Never'), 0, { state: 'failed', reason: 'Error' }, undefined],
    ['of a Job succeeds immediately', pod({}, 'Never', 'Job'), 0, { state: 'succeeded' }, undefined],
    [
      'of a Job fails when its command fails',
      commanded('sh', '-c', 'exit 3'),
      0,
      { state: 'failed', exitCode: 3 },
      undefined,
    ],
    ['of a Job runs as long as its command', commanded('sleep', '30'), 10, running(true), 20],
    [
      'of a Job succeeds immediately when its program is not known',
      commanded('work'),
      0,
      { state: 'succeeded' },
      undefined,
    ],
    ['of a Job keeps running with the image pause', imaged('registry.k8s.io/pause:3.10'), 99, running(true), undefined],
    [
      'of a Job ends if the name of its image has further characters after pause',
      imaged('registry.k8s.io/pause-tool'),
      0,
      { state: 'succeeded' },
      undefined,
    ],
    ['of a Job runs before it succeeds', pod({ 'run-seconds': '5' }, 'OnFailure', 'Job'), 4, running(true), 1],
    ['succeeds after its run time', pod({ 'run-seconds': '5' }, 'Never'), 5, { state: 'succeeded' }, undefined],
    [
      'has not started yet',
      pod({ 'start-after-seconds': '5' }),
      4,
      { state: 'waiting', reason: 'ContainerCreating' },
      1,
    ],
    [
      'becomes ready some time after its start',
      pod({ 'start-after-seconds': '5', 'ready-after-seconds': '5' }),
      6,
      running(false),
      4,
    ],
    ['is never ready', pod({ ready: 'false' }), 99, running(false), undefined],
    [
      'fails with an exit code',
      pod({ 'exit-code': '3', 'run-seconds': '5' }, 'Never'),
      5,
      { state: 'failed', reason: 'Error', exitCode: 3 },
      undefined,
    ],
    ['ends with the exit code 0', pod({ 'exit-code': '0' }, 'OnFailure'), 0, { state: 'succeeded' }, undefined],
    ['is restarted after its end', pod({ 'exit-code': '0' }), 0, { ...crashing('Completed', 0, 10), exitCode: 0 }, 10],
    [
      'runs between two crashes',
      pod({ 'exit-code': '3', 'run-seconds': '60' }),
      75,
      { ...running(true), restarts: 1, earlier: { reason: 'Error', exitCode: 3 } },
      55,
    ],
    ['crashes a number of times', pod({ crashes: '2' }), 29, { ...crashing('Error', 1, 20), exitCode: 1 }, 1],
    [
      'keeps running after its last crash',
      pod({ crashes: '2' }),
      1000,
      { ...running(true), restarts: 2, earlier: { reason: 'Error', exitCode: 1 } },
      undefined,
    ],
    [
      'pauses for ten seconds after a long run',
      pod({ failure: 'Error', 'run-seconds': '600' }),
      1825,
      crashing('Error', 2, 10),
      5,
    ],
    ['runs without end when its restart policy is Always', pod({ 'run-seconds': '5' }), 50, running(true), undefined],
  ])('%s', (_, given, seconds, outcome, next) => {
    expect(planOf(given, seconds * 1000)).toMatchObject({
      outcome,
      next: next === undefined ? undefined : next * 1000,
    });
  });

  test('waits before each restart twice as long as before the previous one, up to five minutes', () => {
    const restarts = [0, 10, 30, 70, 150, 310, 610, 909, 910].map((seconds) => {
      const { outcome } = planOf(pod({ failure: 'Error' }), seconds * 1000);
      return outcome.state === 'crashing' ? outcome.restarts : undefined;
    });
    expect(restarts).toEqual([0, 1, 2, 3, 4, 5, 6, 6, 7]);
  });

  test('that has crashed for a year gets its restart count without a long loop', () => {
    const { outcome, next } = planOf(pod({ failure: 'Error' }), 365 * 86_400_000);
    expect(outcome).toMatchObject({ restarts: 105_123, pauseSeconds: 300 });
    expect(next).toBeGreaterThan(0);
  });
});

const START = Date.parse('2026-01-01T12:00:00Z');
const seconds = fc.integer({ min: 0, max: 40 });

test('containers that need time to stop end by themselves within the grace period, and are killed at its end', () => {
  fc.assert(
    fc.property(
      seconds,
      seconds,
      fc.integer({ min: 0, max: 999 }),
      fc.integer({ min: 0, max: 50_000 }),
      (grace, stop, fraction, passed) => {
        const metadata = { name: 'p', deletionTimestamp: new Date(START + grace * 1000).toISOString() };
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata, status: { phase: 'Running' } };
        const since = START + fraction;
        const life = remainingLife(pod, stop, since, since + passed);
        const left = Math.max(0, Math.min(grace, stop) * 1000 - passed);
        expect(life).toEqual({ leftMs: left, isKilled: stop > grace });
        const exitCode = stop > grace ? 137 : 143;
        expect(endedOutcome(pod, life.isKilled)).toEqual({ state: 'failed', reason: 'Error', exitCode });
        const waiting = { ...pod, status: { phase: 'Pending' } };
        expect(remainingLife(waiting, stop, since, since + passed)).toEqual({ leftMs: 0, isKilled: false });
        expect(endedOutcome(waiting, false)).toMatchObject({ reason: 'ContainerStatusUnknown', exitCode: 137 });
      },
    ),
    { examples: [[30, 30, 0, 0]] },
  );
});

test('the statuses of containers are read once for a pod, and not for each container', () => {
  let reads = 0;
  const containers = Array.from({ length: 100 }, (_, index) => ({ name: `c${index}` }));
  const statuses = new Proxy(
    containers.map((container) => ({ ...container, restartCount: 3, state: {} })),
    { get: (list, key) => ((reads += 1), Reflect.get(list, key) as unknown) },
  );
  const spec = { containers, ephemeralContainers: containers };
  const status = { containerStatuses: statuses, ephemeralContainerStatuses: statuses };
  const wide: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec, status };
  const plan: PodPlan = { outcome: { state: 'succeeded' }, next: undefined, startedMs: 0 };
  expect(simulatedReport(wide, plan, '', 0).containers.map(({ restartCount }) => restartCount)).toContain(3);
  expect(planEphemeral(wide, 'active', 0).starting).toHaveLength(100);
  expect(reads).toBeLessThan(1000);
});
