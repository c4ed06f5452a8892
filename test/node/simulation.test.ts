import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEmbeddedCluster } from '@typekro/cluster';
import { type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { objectsAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { KubeClient } from '@typekro/kube';
import { eventually, realNode } from './world.ts';

// The same objects on the node and in the embedded cluster: their conditions, fields of the status and events.

const server = { name: 'web', image: 'typekro.test/web:1' };
const labels = { app: 'web' };

/** A pod with an annotation that makes the simulated kubelet do what its containers do on the node. */
const pod = (spec: object, simulate: Readonly<Record<string, string>> = {}) => ({
  metadata: {
    labels,
    annotations: Object.fromEntries(
      Object.entries(simulate).map(([key, value]) => [`typekro.dev/simulate-${key}`, value]),
    ),
  },
  spec: { terminationGracePeriodSeconds: 1, containers: [server], ...spec },
});
const deployment = (template: object, replicas = 1) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { replicas, selector: { matchLabels: labels }, template },
});
const job = (args: readonly string[], simulate: Readonly<Record<string, string>>) => ({
  backoffLimit: 0,
  template: pod({ restartPolicy: 'Never', containers: [{ ...server, args }] }, simulate),
});
const service = (spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: labels, ports: [{ port: 80 }], ...spec },
});
const claim = (spec: object) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});

interface Case {
  readonly objects: readonly object[];
  /** Lines that both have before they are compared. */
  readonly until: readonly RegExp[];
  /** Deletes the Deployment and waits for its dependents, which a finalizer of the pod keeps. */
  readonly isDeleted?: true;
}

const CASES: Readonly<Record<string, Case>> = {
  deployment: {
    objects: [deployment(pod({}), 2), service({})],
    until: [/Deployment condition Available=True/, /EndpointSlice endpoints.conditions.ready=true/],
  },
  image: {
    objects: [
      deployment(
        pod({ containers: [{ ...server, image: '192.0.2.10:5000/none:1' }] }, { failure: 'ImagePullBackOff' }),
      ),
    ],
    until: [/waiting.reason=ImagePullBackOff/, /event Warning Failed/, /event Normal BackOff/],
  },
  crash: {
    objects: [deployment(pod({ containers: [{ ...server, args: ['crash'] }] }, { 'exit-code': '1' }))],
    until: [/lastState.terminated.reason=Error/, /Pod condition Ready=False/, /event Warning BackOff/],
  },
  memory: {
    objects: [
      deployment(
        pod(
          { containers: [{ ...server, args: ['fill'], resources: { limits: { memory: '16Mi' } } }] },
          { failure: 'OOMKilled' },
        ),
      ),
    ],
    until: [/lastState.terminated.reason=OOMKilled/, /Pod condition Ready=False/, /event Warning BackOff/],
  },
  probe: {
    objects: [
      deployment(
        pod(
          { containers: [{ ...server, readinessProbe: { httpGet: { path: '/fail', port: 80 }, periodSeconds: 1 } }] },
          { ready: 'false' },
        ),
      ),
      service({}),
    ],
    until: [/event Warning Unhealthy/, /EndpointSlice endpoints.conditions.ready=false/],
  },
  unschedulable: {
    objects: [deployment(pod({ nodeSelector: { disk: 'fast' } }))],
    until: [/event Warning FailedScheduling/],
  },
  job: {
    objects: [
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'web' }, spec: job(['end'], { 'exit-code': '0' }) },
    ],
    until: [/Job condition Complete=True/],
  },
  'failing-job': {
    objects: [
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'web' }, spec: job(['crash'], { 'exit-code': '1' }) },
    ],
    until: [/Job condition Failed=True/],
  },
  statefulset: {
    objects: [
      service({ clusterIP: 'None' }),
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'web' },
        spec: { replicas: 2, serviceName: 'web', selector: { matchLabels: labels }, template: pod({}) },
      },
    ],
    until: [/StatefulSet status readyReplicas=2/],
  },
  cronjob: {
    objects: [
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'web' },
        spec: { schedule: '* * * * *', jobTemplate: { spec: job(['end'], { 'exit-code': '0' }) } },
      },
    ],
    until: [/CronJob status lastSuccessfulTime/, /CronJob event Normal SawCompletedJob/],
  },
  claim: {
    objects: [
      claim({ storageClassName: 'absent' }),
      deployment(pod({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] })),
    ],
    until: [/PersistentVolumeClaim event/, /Deployment condition/],
  },
  autoscaler: {
    objects: [
      deployment(pod({})),
      {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'web' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
          maxReplicas: 3,
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
          ],
        },
      },
    ],
    until: [/HorizontalPodAutoscaler condition ScalingActive=False/, /event Warning FailedComputeMetricsReplicas/],
  },
  deletion: {
    objects: [deployment({ ...pod({}), metadata: { labels, finalizers: ['typekro.test/hold'] } })],
    until: [/Pod deleting typekro.test\/hold/, /ReplicaSet deleting foregroundDeletion/, /Deployment deleting/],
    isDeleted: true,
  },
};

/** What only one of both says, with the reason. The page about the embedded cluster has the same list. */
const KNOWN: readonly (readonly [reason: string, lines: RegExp])[] = [
  ['no containers run', /^- Pod status containerStatuses\.(?:(?:\w+\.)*containerID|user\.|volumeMounts\.)/],
  ['the status has no resources', /^- Pod status (?:containerStatuses\.)?(?:allocatedResources|resources)\./],
  ['the simulation says so', /^\+ Pod event \S+ (?:Simulated|Unhealthy|Failed) by kubelet: .*simulated/],
  [
    'the texts of a probe and a registry',
    /^- Pod event Warning (?:Unhealthy.*(?:statuscode|refused)|Failed .*Failed to pull image)/,
  ],
  ['a container was ready before it crashed', /^- Deployment condition Progressing=True NewReplicaSetAvailable/],
  ['the kubelet reports a pause at its next pass', /^- Pod status containerStatuses\.state\.terminated\./],
  ['the simulation at once', /^\+ Pod status containerStatuses\.state\.waiting\.(?:message|reason=CrashLoopBackOff)/],
  ['a simulated one never was', /^\+ Deployment condition Progressing=True ReplicaSetUpdated/],
  ['the node has no metrics API', /^- HorizontalPodAutoscaler .*could not find the requested resource/],
  ['the embedded cluster has one', /^\+ HorizontalPodAutoscaler .*no metrics returned from resource metrics API/],
  ['the program ends with 0 after SIGTERM', /^- Pod .*(?:PodCompleted|phase=Succeeded|reason=Completed|exitCode=0)/],
  [
    'a simulated one has no such code',
    /^\+ Pod .*(?:PodFailed|Initialized=True|phase=Failed|reason=Error|exitCode=143)/,
  ],
];

const KINDS: readonly (readonly [apiVersion: string, kind: string])[] = [
  ['v1', 'Pod'],
  ['v1', 'Service'],
  ['v1', 'PersistentVolumeClaim'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'ReplicaSet'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'ControllerRevision'],
  ['batch/v1', 'Job'],
  ['batch/v1', 'CronJob'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
];

/** What the objects and events of a namespace say, without what differs between two runs. */
async function linesOf(client: KubeClient, namespace: string): Promise<string[]> {
  const lists = await Promise.all(
    KINDS.map(async ([apiVersion, kind]) =>
      (await client.list({ apiVersion, kind }, { namespace })).items.map((each) => ({ ...each, kind })),
    ),
  );
  const objects = lists.flat();
  const generated = objects.filter(({ metadata }) => metadata.ownerReferences !== undefined);
  const named = (text: string): string =>
    generated
      .toSorted((a, b) => (b.metadata.name ?? '').length - (a.metadata.name ?? '').length)
      .reduce((rest, { kind, metadata }) => rest.replaceAll(metadata.name ?? '', `<${kind}>`), text);
  const events = (await client.list({ apiVersion: 'v1', kind: 'Event' }, { namespace })).items;
  const all = [
    ...objects.flatMap((each) => [...objectLines(each)]),
    ...events.map((each) => {
      const by = textAt(each, 'source', 'component') || textAt(each, 'reportingComponent');
      const head = ['type', 'reason'].map((key) => textAt(each, key)).join(' ');
      return `${textAt(each, 'involvedObject', 'kind')} event ${head} by ${by}: ${masked(textAt(each, 'message'))}`;
    }),
  ];
  return [...new Set(all.map(named))].sort();
}

function* objectLines({ kind, metadata, ...rest }: KubeObject): Generator<string> {
  if (metadata.deletionTimestamp !== undefined) yield `${kind} deleting ${metadata.finalizers?.join(' ')}`;
  for (const { type, status, reason = '', message = '' } of objectsAt(rest, 'status', 'conditions'))
    yield `${kind} condition ${[type, status].join('=')} ${String(reason)}: ${masked(String(message))}`;
  const { conditions: _, ...status } = rest['status'] ?? {};
  for (const line of fieldLines(status)) yield `${kind} status ${line}`;
  for (const each of objectsAt(rest, 'endpoints'))
    for (const line of fieldLines(each)) yield `${kind} endpoints.${line}`;
}

/** The paths of the fields. Reasons, phases, truth values and small numbers are followed by their values. */
function fieldLines(value: JsonValue | undefined, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => fieldLines(each, path));
  if (isJsonObject(value))
    return Object.entries(value).flatMap(([key, each]) => fieldLines(each, path === '' ? key : `${path}.${key}`));
  const isShown = typeof value === 'boolean' || /(?:reason|phase|type|Replicas|replicas|exitCode|qosClass)$/.test(path);
  return [isShown ? `${path}=${String(value)}` : path];
}

/** A message without numbers, except in names, which are replaced later. */
const masked = (text: string): string =>
  text
    .replaceAll(/\b(?:node-1|fake-0)\b/g, '<node>')
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uid>')
    .replaceAll(/(?<![\w-])\d+(?:\.\d+)*(?:m?s\b)?/g, 'N');

let cluster: Awaited<ReturnType<typeof createEmbeddedCluster>>;
let clients: readonly KubeClient[];
beforeAll(async () => {
  const node = await realNode();
  cluster = await createEmbeddedCluster();
  clients = [node.client, new KubeClient({ transport: cluster.transport() })];
  for (const [namespace, { objects, isDeleted }] of Object.entries(CASES))
    for (const client of clients) {
      const metadata = { name: `case-${namespace}` };
      await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata }, { fieldManager: 'user' });
      for (const each of objects as readonly KubeObject[])
        await client.apply(
          { ...each, metadata: { ...each.metadata, namespace: metadata.name } },
          { fieldManager: 'user' },
        );
      if (isDeleted === true)
        await eventually(async () => {
          const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: metadata.name, name: 'web' };
          expect(valueAt(await client.get(ref), 'status', 'readyReplicas')).toBe(1);
          await client.delete(ref, { propagationPolicy: 'Foreground' });
        });
    }
});
afterAll(async () => {
  for (const name of Object.keys(CASES))
    await clients[0]?.delete({ apiVersion: 'v1', kind: 'Namespace', name: `case-${name}` });
  await clients[1]?.close();
  await cluster.close();
});

test.concurrent.each(Object.entries(CASES))(
  'the simulated controllers do what the real ones do: %s',
  async (name, { until }) => {
    const [real = [], simulated = []] = await Promise.all(
      clients.map((client) =>
        eventually(async () => {
          const lines = await linesOf(client, `case-${name}`);
          for (const each of until) expect(lines).toContainEqual(expect.stringMatching(each));
          return lines;
        }),
      ),
    );
    const differences = [
      ...real.filter((line) => !simulated.includes(line)).map((line) => `- ${line}`),
      ...simulated.filter((line) => !real.includes(line)).map((line) => `+ ${line}`),
    ];
    expect(differences.filter((line) => !KNOWN.some(([, known]) => known.test(line)))).toEqual([]);
  },
);
