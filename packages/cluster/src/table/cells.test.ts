import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { columnsOf } from './columns.ts';

// The expected cells equal the cells of kube-apiserver (pkg/printers/internalversion).

const NOW = Date.parse('2026-01-01T00:10:00Z');
const cellsOf = (type: string, parts: JsonObject, metadata: JsonObject = {}): readonly JsonValue[] => {
  const object = {
    apiVersion: '',
    kind: '',
    metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    ...parts,
  };
  const slash = type.lastIndexOf('/');
  const source = { apiVersion: type.slice(0, slash), plural: type.slice(slash + 1), custom: undefined };
  return columnsOf(source).cells(object, NOW);
};

const END = '2026-01-01T00:05:00Z';
const running = (more: JsonObject = {}): JsonObject => ({
  state: { running: {} },
  ready: true,
  started: true,
  ...more,
});
const ended = (exitCode: number, more: JsonObject = {}): JsonObject => ({
  state: { terminated: { exitCode, ...more } },
});
const lastEnd = (finishedAt: string): JsonObject => ({ lastState: { terminated: { exitCode: 1, finishedAt } } });
const init = (name: string, status: JsonObject): JsonObject => ({ name, ...status });

interface PodParts {
  readonly phase?: string;
  readonly inits?: readonly JsonObject[];
  readonly containers?: readonly JsonObject[];
  readonly conditions?: readonly JsonObject[];
  readonly metadata?: JsonObject;
}

/** The cells for readiness, status and restarts. The init container `side` is a sidecar. */
const podText = ({ phase = 'Running', inits = [], containers = [], conditions = [], metadata }: PodParts): string => {
  const initContainers = inits.map(({ name = '' }) => ({
    name,
    ...(name === 'side' ? { restartPolicy: 'Always' } : {}),
  }));
  const names = ['c', 'd'].slice(0, Math.max(1, containers.length));
  const spec = { initContainers, containers: names.map((name) => ({ name })) };
  const status = {
    phase,
    conditions: [...conditions],
    initContainerStatuses: [...inits],
    containerStatuses: containers.map((entry, index) => ({ name: names[index] ?? '', ...entry })),
  };
  return cellsOf('v1/pods', { spec, status }, metadata).slice(1, 4).join(' | ');
};

describe('the cells equal those of kube-apiserver: a pod', () => {
  const waiting = { state: { waiting: { reason: 'PodInitializing' } } };
  test.each<[string, PodParts, string]>([
    ['runs', { containers: [running()] }, '1/1 | Running | 0'],
    ['has restarted', { containers: [running({ restartCount: 3, ...lastEnd(END) })] }, '1/1 | Running | 3 (5m ago)'],
    [
      'has restarted, but whose last end is unknown',
      { containers: [running({ restartCount: 3 })] },
      '1/1 | Running | 3',
    ],
    [
      'has several containers that have restarted',
      {
        containers: [
          running({ restartCount: 1, ...lastEnd('2026-01-01T00:09:00Z') }),
          running({ restartCount: 2, ...lastEnd(END) }),
        ],
      },
      '2/2 | Running | 3 (60s ago)',
    ],
    ['has a container that has ended', { containers: [ended(0, { reason: 'Completed' })] }, '0/1 | Completed | 0'],
    [
      'waits for an init container',
      {
        phase: 'Pending',
        inits: [init('i', { state: { running: {} }, started: true, restartCount: 2, ...lastEnd(END) })],
        containers: [{ ...waiting, restartCount: 7 }],
      },
      '0/1 | Init:0/1 | 2 (5m ago)',
    ],
    [
      'has an init container that failed',
      { phase: 'Pending', inits: [init('i', ended(3)), init('j', waiting)], containers: [waiting] },
      '0/1 | Init:ExitCode:3 | 0',
    ],
    [
      'has completed init containers',
      { inits: [init('i', { ...ended(0), restartCount: 4, ...lastEnd(END) })], containers: [running()] },
      '1/1 | Running | 0',
    ],
    [
      'has a sidecar',
      { inits: [init('side', running({ restartCount: 1, ...lastEnd(END) }))], containers: [running()] },
      '2/2 | Running | 1 (5m ago)',
    ],
    [
      'has a sidecar that is not ready',
      { inits: [init('side', running({ ready: false }))], containers: [running()] },
      '1/2 | Running | 0',
    ],
    [
      'has a sidecar that restarts after the initialization',
      {
        inits: [init('side', { state: { waiting: { reason: 'CrashLoopBackOff' } } })],
        containers: [running()],
        conditions: [{ type: 'Initialized', status: 'True' }],
      },
      '1/2 | Init:CrashLoopBackOff | 0',
    ],
    ['is being deleted', { containers: [running()], metadata: { deletionTimestamp: END } }, '1/1 | Terminating | 0'],
    [
      'has completed and is being deleted',
      { phase: 'Succeeded', containers: [ended(0, { reason: 'Completed' })], metadata: { deletionTimestamp: END } },
      '0/1 | Completed | 0',
    ],
    [
      'has scheduling gates',
      { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
      '0/1 | SchedulingGated | 0',
    ],
  ])('that %s', (_, parts, text) => {
    expect(podText(parts)).toBe(text);
  });
});

const ingress = (addresses: readonly JsonObject[]) => ({ status: { loadBalancer: { ingress: [...addresses] } } });
const hosts = (...names: readonly string[]) => ({
  spec: { rules: names.map((host) => (host === '' ? {} : { host })) },
});
const ADDRESSES = [{ ip: '10.0.0.2' }, { hostname: 'lb' }, { ip: '10.0.0.1', hostname: 'x' }, { hostname: 'lb' }, {}];

const metric = (type: string, source: JsonObject) => ({ type, [type.charAt(0).toLowerCase() + type.slice(1)]: source });
const targets = (...metrics: readonly JsonObject[]) => ({ spec: { metrics: [...metrics] } });
const cpu = (target: JsonObject) => metric('Resource', { name: 'cpu', target });

test.each<[type: string, column: number, cell: JsonValue, parts: JsonObject, metadata?: JsonObject]>([
  ['networking.k8s.io/v1/ingresses', 2, '*', hosts('')],
  ['networking.k8s.io/v1/ingresses', 2, 'a,b,c', hosts('', 'a', 'b', 'c')],
  ['networking.k8s.io/v1/ingresses', 2, 'a,b,c + 1 more...', hosts('a', 'b', 'c', '')],
  ['networking.k8s.io/v1/ingresses', 2, 'a,a,a + 2 more...', hosts('a', 'a', '', 'a', 'b')],
  ['networking.k8s.io/v1/ingresses', 3, '10.0.0.1,10.0.0.2,lb', ingress(ADDRESSES)],
  ['v1/services', 3, '10.0.0.1,10.0.0.2,lb', { spec: { type: 'LoadBalancer' }, ...ingress(ADDRESSES) }],
  ['v1/services', 3, '<pending>', { spec: { type: 'LoadBalancer' } }],
  ['v1/endpoints', 1, '<none>', {}],
  ['v1/endpoints', 1, '', { subsets: [{ ports: [{ port: 1 }] }] }],
  ['v1/endpoints', 1, '10.0.0.1,10.0.0.2', { subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] }] }],
  [
    'v1/endpoints',
    1,
    '10.0.0.1:80,[::1]:80,10.0.0.1:443 + 1 more...',
    { subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '::1' }], ports: [{ port: 80 }, { port: 443 }] }] },
  ],
  ['discovery.k8s.io/v1/endpointslices', 2, '80,http,*', { ports: [{ port: 80, name: 'x' }, { name: 'http' }, {}] }],
  ['discovery.k8s.io/v1/endpointslices', 3, '<unset>', { endpoints: [{ addresses: [] }] }],
  [
    'v1/nodes',
    2,
    'a,b,c',
    {},
    { labels: { 'node-role.kubernetes.io/c': '', 'node-role.kubernetes.io/a': '', 'kubernetes.io/role': 'b' } },
  ],
  ['v1/nodes', 2, '<none>', {}, { labels: { 'node-role.kubernetes.io/': 'x' } }],
  ['v1/events', 5, 'scheduler, scheduler-1', { reportingComponent: 'scheduler', reportingInstance: 'scheduler-1' }],
  [
    'v1/events',
    5,
    'kubelet, node',
    { source: { component: 'kubelet', host: 'node' }, reportingComponent: 'x', reportingInstance: 'y' },
  ],
  [
    'storage.k8s.io/v1/storageclasses',
    0,
    'a (default)',
    {},
    { annotations: { 'storageclass.beta.kubernetes.io/is-default-class': 'true' } },
  ],
  ['autoscaling/v2/horizontalpodautoscalers', 2, '<none>', targets()],
  ['autoscaling/v2/horizontalpodautoscalers', 2, 'cpu: <unknown>/80%', targets(cpu({ averageUtilization: 80 }))],
  [
    'autoscaling/v2/horizontalpodautoscalers',
    2,
    'cpu: 10%/80%, memory: 1Gi/2Gi + 1 more...',
    {
      spec: {
        metrics: [
          cpu({ averageUtilization: 80 }),
          metric('ContainerResource', { name: 'memory', target: { averageValue: '2Gi' } }),
          cpu({}),
        ],
      },
      status: {
        currentMetrics: [
          metric('Resource', { current: { averageUtilization: 10 } }),
          metric('ContainerResource', { current: { averageValue: '1Gi' } }),
        ],
      },
    },
  ],
  [
    'autoscaling/v2/horizontalpodautoscalers',
    2,
    '3/5, <unknown>/7 (avg)',
    {
      spec: {
        metrics: [
          metric('Pods', { target: { averageValue: '5' } }),
          metric('External', { target: { averageValue: '7' } }),
        ],
      },
      status: { currentMetrics: [metric('Pods', { current: { averageValue: '3' } })] },
    },
  ],
  ['autoscaling/v2/horizontalpodautoscalers', 2, '<unknown>/9', targets(metric('Object', { target: { value: '9' } }))],
  ['autoscaling/v2/horizontalpodautoscalers', 2, '<unknown type>', targets({ type: 'Other' })],
])('%s: the cell %i is %j', (type, column, cell, parts, metadata) => {
  expect(cellsOf(type, parts, metadata)[column]).toBe(cell);
});
