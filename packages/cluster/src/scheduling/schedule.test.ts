import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { boundNodeOf, NodeLedger } from './node-ledger.ts';
import { demandOf } from './node-usage.ts';
import { type SchedulingDecision, isWorthTrying, schedule } from './schedule.ts';

interface PodOptions {
  readonly cpu?: string;
  readonly priority?: number;
  readonly node?: string;
  readonly start?: string;
  readonly labels?: Record<string, string>;
  readonly nominated?: string;
  readonly ending?: boolean;
  readonly spec?: JsonObject;
}

const pod = (
  name: string,
  { cpu = '1', priority = 0, node, start, labels, nominated, ending, spec }: PodOptions = {},
) => {
  const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      ...(labels === undefined ? {} : { labels }),
      ...(ending === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      containers: [{ name: 'c', resources: { requests: { cpu } } }],
      priority,
      ...(node === undefined ? {} : { nodeName: node }),
      ...spec,
    },
    status: {
      ...(start === undefined ? {} : { startTime: `2026-01-01T00:00:${start}Z` }),
      ...(nominated === undefined ? {} : { nominatedNodeName: nominated }),
      ...(ending === true ? { conditions } : {}),
    },
  } satisfies KubeObject;
};
const node = (name: string, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec,
  status: { allocatable: { cpu: '2', pods: '10' } },
});

interface World {
  readonly nodes?: readonly KubeObject[];
  readonly pods?: readonly KubeObject[];
  readonly waiting?: readonly KubeObject[];
  readonly budgets?: readonly KubeObject[];
  readonly problem?: string;
  readonly choice?: number;
  /** The CPUs of the new pod. Default: 1. */
  readonly cpu?: string;
}

/** The decision in a short form: the node, or the message, the victims and whether the nomination is cleared. */
function decide(candidate: KubeObject, { nodes = [node('a')], pods = [], waiting = [], budgets = [], ...more }: World) {
  const ledger = new NodeLedger(boundNodeOf);
  for (const each of pods) ledger.take(each.metadata.name ?? '', each);
  const view = {
    nodes,
    account: (name: string) => ledger.account(name),
    nominated: (name: string) =>
      waiting.filter(({ status }) => status?.['nominatedNodeName'] === name).map((each) => demandOf(each)),
    budgets: () => budgets,
  };
  return briefly(schedule(demandOf(candidate), view, more.choice ?? 0, more.problem));
}

function briefly(decision: SchedulingDecision): unknown {
  if (decision.action === 'bind') return decision.node;
  const { message, victims, clearsNomination } = decision;
  return {
    message,
    ...(victims === undefined
      ? {}
      : {
          evict: victims.pods.map((each) => each.pod.metadata.name),
          on: victims.node,
          violations: victims.violations,
        }),
    ...(clearsNomination === true ? { clears: true } : {}),
  };
}

const NEVER = 'no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.';

describe('a pod that fits', () => {
  test.each<[string, World, string]>([
    ['gets the only node', {}, 'a'],
    ['gets one of several nodes by `choice`', { nodes: [node('a'), node('b')], choice: 3 }, 'b'],
    [
      'gets the node that has enough resources',
      { nodes: [node('a'), node('b')], pods: [pod('p', { cpu: '2', node: 'a' })] },
      'b',
    ],
    [
      'gets the resources of a completed pod',
      { pods: [{ ...pod('p', { cpu: '2', node: 'a' }), status: { phase: 'Failed' } }] },
      'a',
    ],
    [
      'gets resources that are reserved for a nominated pod of lower priority',
      { waiting: [pod('w', { cpu: '2', priority: -1, nominated: 'a' })] },
      'a',
    ],
  ])('%s', (_, world, expected) => {
    expect(decide(pod('new'), world)).toBe(expected);
  });

  test('gets the node for which it is nominated', () => {
    const nodes = [node('a'), node('b'), node('c')];
    expect(decide(pod('new', { nominated: 'b' }), { nodes, choice: 2 })).toBe('b');
  });
});

describe('a pod that fits no node waits', () => {
  const full = [pod('p', { cpu: '2', node: 'a' })];
  test.each<[string, KubeObject, World, unknown]>([
    [
      'because the cluster has no nodes',
      pod('new'),
      { nodes: [] },
      { message: 'no nodes available to schedule pods', clears: true },
    ],
    [
      'because pods of the same priority use the resources',
      pod('new'),
      { pods: full },
      {
        message:
          '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
        clears: true,
      },
    ],
    [
      'because its nodes are full or unschedulable',
      pod('new'),
      { nodes: [node('a'), node('b', { unschedulable: true }), node('c', { unschedulable: true })], pods: full },
      {
        message:
          '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. no new claims to deallocate, preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
        clears: true,
      },
    ],
    [
      'because it is larger than each node',
      pod('new', { cpu: '3', priority: 9 }),
      { pods: full },
      {
        message:
          '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
        clears: true,
      },
    ],
    [
      'because its affinity names a node that does not exist',
      pod('new', {
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['x'] }] }],
              },
            },
          },
        },
      }),
      {},
      {
        message:
          "0/1 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
        clears: true,
      },
    ],
    [
      'because the terms of its affinity contradict each other',
      pod('new', {
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [
                  {
                    matchFields: [
                      { key: 'metadata.name', operator: 'In', values: ['a'] },
                      { key: 'metadata.name', operator: 'In', values: ['b'] },
                    ],
                  },
                ],
              },
            },
          },
        },
      }),
      { problem: 'pod has unbound immediate PersistentVolumeClaims' },
      { message: '0/1 nodes are available: pod affinity terms conflict. not found', clears: true },
    ],
    [
      'because of its volumes',
      pod('new'),
      { problem: 'pod has unbound immediate PersistentVolumeClaims' },
      { message: '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found', clears: true },
    ],
    [
      'because its preemptionPolicy forbids evictions',
      pod('new', { priority: 9, spec: { preemptionPolicy: 'Never' } }),
      { pods: full },
      { message: `0/1 nodes are available: 1 Insufficient cpu. ${NEVER}` },
    ],
    [
      'because the resources are reserved for a nominated pod of the same priority',
      pod('new'),
      { waiting: [pod('w', { cpu: '2', nominated: 'a' })] },
      {
        message:
          '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
        clears: true,
      },
    ],
    [
      'because its victim is still terminating',
      pod('new', { priority: 9, nominated: 'a' }),
      { pods: [pod('p', { cpu: '2', node: 'a', ending: true })] },
      {
        message:
          '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to a terminating pod on the nominated node.',
      },
    ],
    [
      'and gets a new nomination when its nominated node is gone',
      pod('new', { priority: 9, nominated: 'gone' }),
      { pods: full },
      { message: '0/1 nodes are available: 1 Insufficient cpu.', evict: ['p'], on: 'a', violations: 0 },
    ],
  ])('%s', (_, candidate, world, expected) => {
    expect(decide(candidate, world)).toEqual(expected);
  });
});

describe('a pod of higher priority evicts', () => {
  const budget = (name: string, disruptionsAllowed: number, more: JsonObject = {}): KubeObject => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: { app: name } } },
    status: { disruptionsAllowed, ...more },
  });
  const on = (place: string, name: string, priority: number, more: PodOptions = {}) =>
    pod(name, { node: place, priority, ...more });
  const two = [node('a'), node('b')];
  const app = { app: 'x' };

  test.each<[string, World, readonly string[], string?, number?]>([
    ['the pod with the lowest priority', { pods: [on('a', 'p', 1), on('a', 'q', 0)] }, ['q']],
    [
      'the pod that started last',
      { pods: [on('a', 'p', 0, { start: '02' }), on('a', 'q', 0, { start: '01' })] },
      ['p'],
    ],
    [
      'only as many pods as necessary',
      { pods: [on('a', 'p', 1, { cpu: '1500m' }), on('a', 'q', 0, { cpu: '500m' })] },
      ['p'],
    ],
    ['several pods', { pods: [on('a', 'p', 1), on('a', 'q', 5)], cpu: '2' }, ['q', 'p']],
    [
      'a pod that no budget protects',
      { pods: [on('a', 'p', 0, { labels: app }), on('a', 'q', 1)], budgets: [budget('x', 0)] },
      ['q'],
    ],
    [
      'a pod whose budget allows the disruption',
      { pods: [on('a', 'p', 0, { labels: app }), on('a', 'q', 1)], budgets: [budget('x', 1)] },
      ['p'],
    ],
    [
      'a pod that a budget protects, if no other eviction suffices',
      { pods: [on('a', 'p', 0, { labels: app, cpu: '2' })], budgets: [budget('x', 0)] },
      ['p'],
      'a',
      1,
    ],
    [
      'a pod whose disruption its budget has already counted',
      {
        pods: [on('a', 'p', 0, { labels: app, cpu: '2' })],
        budgets: [budget('x', 0, { disruptedPods: { p: 'now' } })],
      },
      ['p'],
    ],
    [
      'the pods of the node where no budget is violated',
      {
        nodes: two,
        pods: [on('a', 'p', 0, { labels: app, cpu: '2' }), on('b', 'q', 5, { cpu: '2' })],
        budgets: [budget('x', 0)],
      },
      ['q'],
      'b',
    ],
    [
      'the pods of the node with the lowest maximum priority',
      { nodes: two, pods: [on('a', 'p', 5, { cpu: '2' }), on('b', 'q', 4, { cpu: '2' })] },
      ['q'],
      'b',
    ],
    [
      'the pods of the node with the lower sum of priorities',
      { nodes: two, pods: [on('a', 'p', 4), on('a', 'o', 4), on('b', 'q', 4), on('b', 'r', 3)], cpu: '2' },
      ['q', 'r'],
      'b',
    ],
    [
      'the pods of the node with the fewest victims, if the sums of priorities are equal',
      { nodes: two, pods: [on('a', 'p', 4), on('a', 'o', -(2 ** 31)), on('b', 'q', 4, { cpu: '2' })], cpu: '2' },
      ['q'],
      'b',
    ],
    [
      'the pods of the node whose victims started latest',
      { nodes: two, pods: [on('a', 'p', 4, { cpu: '2', start: '01' }), on('b', 'q', 4, { cpu: '2', start: '02' })] },
      ['q'],
      'b',
    ],
    ['a pod that is already terminating', { pods: [on('a', 'p', 0, { cpu: '2', ending: true })] }, ['p']],
  ])('%s', (_, world, evict, place = 'a', violations = 0) => {
    expect(decide(pod('new', { priority: 9, cpu: world.cpu ?? '1' }), world)).toMatchObject({
      message: expect.stringMatching(/^0\/\d nodes are available: \d Insufficient cpu\.$/) as string,
      evict,
      on: place,
      violations,
    });
  });
});

test('a preemption reads the selector of each budget only once, for all nodes and pods', () => {
  let reads = 0;
  const budget: KubeObject = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'default' },
    spec: {
      get selector() {
        reads += 1;
        return { matchLabels: { app: 'q' } };
      },
    },
    status: { disruptionsAllowed: 0 },
  };
  const nodes = ['a', 'b', 'c'];
  const pods = nodes.flatMap((name) =>
    ['p', 'q'].map((each) => pod(`${each}-${name}`, { node: name, labels: { app: each } })),
  );
  const world = { nodes: nodes.map((name) => node(name)), pods, budgets: [budget] };
  expect(decide(pod('new', { priority: 9 }), world)).toMatchObject({ evict: ['p-a'] });
  expect(reads).toBe(1);
});

describe('a change of the pods on a node is or is not relevant for a waiting pod', () => {
  const on = (name: string, priority: number, more: PodOptions = {}) => pod(name, { node: 'a', priority, ...more });
  const whole = (priority: number, more: PodOptions = {}) => pod('new', { cpu: '2', priority, ...more });
  test.each<[string, KubeObject, readonly KubeObject[], boolean]>([
    ['that fits', whole(0), [], true],
    ['that fits together with the other pods', pod('new'), [on('p', 0)], true],
    ['that can evict other pods', whole(9), [on('p', 0)], true],
    ['whose priority is not higher', whole(9), [on('p', 9)], false],
    ['that does not fit together with pods of its priority', whole(9), [on('p', 9), on('q', 0)], false],
    ['that is larger than the node', pod('new', { cpu: '3', priority: 9 }), [on('p', 0)], false],
    ['that may not evict other pods', whole(9, { spec: { preemptionPolicy: 'Never' } }), [on('p', 0)], false],
    ['that must run on another node', whole(9, { spec: { nodeSelector: { a: 'b' } } }), [on('p', 0)], false],
    ['with a victim that is still terminating', whole(9, { nominated: 'a' }), [on('p', 0, { ending: true })], false],
    ['that does not fit although its victims have ended', whole(9, { nominated: 'a' }), [on('p', 9)], true],
  ])('%s', (_, candidate, pods, expected) => {
    const ledger = new NodeLedger(boundNodeOf);
    for (const each of pods) ledger.take(each.metadata.name ?? '', each);
    const view = { account: (name: string) => ledger.account(name), nominated: () => [] };
    expect(isWorthTrying(demandOf(candidate), 'a', node('a'), view)).toBe(expected);
  });

  test.each([
    ['a', true],
    ['b', false],
  ])('that is nominated for %s: the loss of the node a is relevant: %s', (nominated, expected) => {
    const view = { account: (name: string) => new NodeLedger(boundNodeOf).account(name), nominated: () => [] };
    expect(isWorthTrying(demandOf(whole(9, { nominated })), 'a', undefined, view)).toBe(expected);
  });
});

test('a ledger drops completed and deleted pods, and returns the node on which resources became free', () => {
  const ledger = new NodeLedger(boundNodeOf);
  const bound = pod('p', { node: 'a', priority: 3 });
  expect(ledger.take('p', pod('p'))).toBeUndefined();
  expect(ledger.take('p', bound)).toBeUndefined();
  expect(ledger.take('p', { ...bound, status: { phase: 'Running' } })).toBeUndefined();
  expect(ledger.account('a').pods.get('p')?.pod.status).toEqual({ phase: 'Running' });
  expect([ledger.account('a').usage.pods, ledger.account('a').minPriority]).toEqual([1, 3]);
  expect(ledger.take('p', { ...bound, status: { phase: 'Succeeded' } })).toBe('a');
  expect([ledger.account('a').usage.pods, ledger.account('a').minPriority]).toEqual([0, undefined]);
  ledger.take('p', bound);
  expect(ledger.take('p', undefined)).toBe('a');
  expect(ledger.take('p', undefined)).toBeUndefined();
});
