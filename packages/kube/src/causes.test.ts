import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { causesOf, causeText } from './causes.ts';

interface Parts {
  readonly owner?: KubeObject;
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  readonly annotations?: Record<string, string>;
}

/** An object whose UID is composed of its kind and name. */
function object(apiVersion: string, kind: string, name: string, parts: Parts = {}): KubeObject {
  const { owner, spec = {}, status = {}, annotations = {} } = parts;
  const owners =
    owner === undefined
      ? []
      : [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name ?? '', uid: uidOf(owner) }];
  const metadata = { name, namespace: 'shop', uid: `${kind}/${name}`, annotations, ownerReferences: owners };
  return { apiVersion, kind, metadata, spec, status };
}

const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? '';

const web = object('apps/v1', 'Deployment', 'web', { spec: { replicas: 2 } });
const set = object('apps/v1', 'ReplicaSet', 'web-5d', { owner: web, spec: { replicas: 2 } });
const job = object('batch/v1', 'Job', 'migrate', {
  status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' }] },
});
const claim = object('v1', 'PersistentVolumeClaim', 'disk', { status: { phase: 'Pending' } });

const pod = (name: string, status: JsonObject, parts: Parts = {}): KubeObject =>
  object('v1', 'Pod', name, { owner: set, ...parts, status });
const waits = (reason: string, message = '', more: JsonObject = {}): JsonObject => ({
  phase: 'Pending',
  containerStatuses: [{ name: 'c', state: { waiting: { reason, message } }, ...more }],
});
const ended = (exitCode: number, reason = 'Error'): JsonObject => ({ terminated: { exitCode, reason } });
const ready: JsonObject = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

let events = 0;
const event = (
  about: KubeObject | JsonObject,
  reason: string,
  message: string,
  type = 'Warning',
  lastTimestamp = '2026-01-01T00:00:00Z',
): KubeObject => {
  const involvedObject =
    'metadata' in about
      ? {
          kind: about['kind'] as string,
          namespace: 'shop',
          name: (about as KubeObject).metadata.name ?? '',
          uid: uidOf(about as KubeObject),
        }
      : about;
  events += 1;
  const metadata = { name: `e${events}`, namespace: 'shop' };
  return { apiVersion: 'v1', kind: 'Event', metadata, involvedObject, reason, message, type, lastTimestamp };
};

const quota = 'Error creating: pods "web-5d-a" is forbidden: exceeded quota: small, requested: pods=1';

test.each<
  [what: string, root: KubeObject, objects: KubeObject[], events: KubeObject[], texts: string[], remedy?: RegExp]
>([
  ['no pod and no event is known', web, [set], [], []],
  ['a container that starts is not a cause', web, [set, pod('web-5d-a', waits('ContainerCreating'))], [], []],
  [
    'an image that cannot be pulled: one cause for all pods, with the message of the kubelet',
    web,
    [
      set,
      pod('web-5d-a', waits('ImagePullBackOff', 'Back-off pulling image "a:1"'), {
        spec: { containers: [{ image: 'a:1' }] },
      }),
      pod('web-5d-b', waits('ImagePullBackOff', 'Back-off pulling image "a:1"')),
    ],
    [
      event(pod('web-5d-a', {}), 'Failed', 'Failed to pull image "a:1": not found'),
      event(pod('web-5d-a', {}), 'Failed', 'Error: ImagePullBackOff'),
      event(pod('web-5d-a', {}), 'BackOff', 'Back-off pulling image "a:1"'),
    ],
    [
      'ImagePullBackOff (Pod shop/web-5d-a and 1 more): container c waits; Back-off pulling image "a:1"',
      'Failed (Pod shop/web-5d-a): Failed to pull image "a:1": not found',
    ],
    /^correct registry, name and tag of the image a:1; .*imagePullSecrets$/,
  ],
  [
    'a container that crashes, with its exit code',
    web,
    [set, pod('web-5d-a', waits('CrashLoopBackOff', 'back-off 10s', { lastState: ended(2) }))],
    [],
    ['CrashLoopBackOff (Pod shop/web-5d-a): container c ended with exit code 2; back-off 10s'],
    /^correct command, args, env/,
  ],
  [
    'a container that cannot start, next to a container that succeeded',
    web,
    [
      set,
      pod('web-5d-a', {
        phase: 'Pending',
        containerStatuses: [
          { name: 'c', state: ended(0, 'Completed') },
          { name: 'd', state: { waiting: { reason: 'ImagePullBackOff' } } },
        ],
      }),
    ],
    [],
    ['ImagePullBackOff (Pod shop/web-5d-a): container d waits'],
    /./,
  ],
  [
    'a container without enough memory',
    web,
    [set, pod('web-5d-a', waits('CrashLoopBackOff', '', { lastState: ended(137, 'OOMKilled') }))],
    [],
    ['OOMKilled (Pod shop/web-5d-a): container c ended with exit code 137'],
    /limits\.memory/,
  ],
  [
    'a quota: the condition of the Deployment and the event of its ReplicaSet are one cause',
    object('apps/v1', 'Deployment', 'web', {
      spec: { replicas: 2 },
      status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: quota }] },
    }),
    [set],
    [event(set, 'FailedCreate', quota)],
    [`FailedCreate (Deployment shop/web): ${quota}`],
    /^request at most what the quota still allows/,
  ],
  [
    'a LimitRange',
    web,
    [set],
    [event(set, 'FailedCreate', 'forbidden: maximum memory usage per Container is 1Gi, but limit is 4Gi')],
    ['FailedCreate (ReplicaSet shop/web-5d): forbidden: maximum memory usage per Container is 1Gi, but limit is 4Gi'],
    /^stay within the limits/,
  ],
  [
    'a pod that fits on no node',
    web,
    [
      set,
      pod('web-5d-a', {
        phase: 'Pending',
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1: Insufficient cpu.' },
        ],
      }),
    ],
    [],
    ['Unschedulable (Pod shop/web-5d-a): 0/1: Insufficient cpu.'],
    /resources\.requests/,
  ],
  [
    'a claim whose class does not exist',
    claim,
    [],
    [event(claim, 'ProvisioningFailed', 'storageclass.storage.k8s.io "fast" not found')],
    ['ProvisioningFailed (PersistentVolumeClaim shop/disk): storageclass.storage.k8s.io "fast" not found'],
    /^set storageClassName/,
  ],
  [
    'a claim without an owner, which a pod mounts',
    web,
    [
      set,
      claim,
      pod('web-5d-a', { phase: 'Pending' }, { spec: { volumes: [{ persistentVolumeClaim: { claimName: 'disk' } }] } }),
    ],
    [event(claim, 'FailedBinding', 'no volumes and no storage class is set', 'Normal')],
    ['FailedBinding (PersistentVolumeClaim shop/disk): no volumes and no storage class is set'],
    /^set storageClassName/,
  ],
  [
    'a Job that has failed: the causes of its pods come first',
    job,
    [pod('migrate-x', { phase: 'Failed', containerStatuses: [{ name: 'c', state: ended(1) }] }, { owner: job })],
    [event(job, 'BackoffLimitExceeded', 'too often')],
    [
      'Error (Pod shop/migrate-x): container c ended with exit code 1',
      'BackoffLimitExceeded (Job shop/migrate): too often',
    ],
  ],
  [
    'a Job whose pods were deleted',
    job,
    [],
    [],
    ['BackoffLimitExceeded (Job shop/migrate): too often'],
    /backoffLimit/,
  ],
  [
    'a deleted pod, whose name begins with the name of its owner',
    web,
    [set],
    [
      event({ kind: 'Pod', namespace: 'shop', name: 'web-5d-z', apiVersion: 'v1' }, 'Evicted', 'low on memory'),
      event(
        { kind: 'Pod', namespace: 'shop', name: 'web-api-7c-z', apiVersion: 'v1' },
        'Other',
        'of another Deployment',
      ),
    ],
    ['Evicted (Pod shop/web-5d-z): low on memory'],
  ],
  [
    'events of ready objects are not causes',
    web,
    [set, pod('web-5d-a', ready)],
    [event(pod('web-5d-a', {}), 'Unhealthy', 'Readiness probe failed')],
    [],
  ],
  [
    'events of an earlier object of the same name are not causes',
    claim,
    [],
    [event({ kind: 'PersistentVolumeClaim', name: 'disk', uid: 'older' }, 'ProvisioningFailed', 'old')],
    [],
  ],
  ['pods of other owners are ignored', web, [set, pod('other', waits('ErrImagePull'), { owner: job })], [], []],
  [
    'the newest events come first, and there are three causes at most',
    claim,
    [],
    ['A', 'B', 'C', 'D'].map((reason, index) => event(claim, reason, '', 'Warning', `2026-01-01T00:00:0${index}Z`)),
    ['D', 'C', 'B'].map((reason) => `${reason} (PersistentVolumeClaim shop/disk)`),
  ],
  // The texts of the following rows are those of a kubelet and a scheduler of 1.36.
  [
    'a registry that refuses: its events repeat the state',
    web,
    [set, pod('web-5d-a', waits('ImagePullBackOff', 'Back-off pulling image "r:5000/a:1": ErrImagePull: refused'))],
    [event(pod('web-5d-a', {}), 'Failed', 'Error: ErrImagePull')],
    [
      'ImagePullBackOff (Pod shop/web-5d-a): container c waits; Back-off pulling image "r:5000/a:1": ErrImagePull: refused',
    ],
  ],
  [
    'an image that may not be pulled',
    web,
    [
      set,
      pod('web-5d-a', waits('ErrImageNeverPull', 'Container image "a:1" is not present with pull policy of Never')),
    ],
    [event(pod('web-5d-a', {}), 'ErrImageNeverPull', 'Container image "a:1" is not present with pull policy of Never')],
    [
      'ErrImageNeverPull (Pod shop/web-5d-a): container c waits; Container image "a:1" is not present with pull policy of Never',
    ],
    /^put the image on the node, or set imagePullPolicy/,
  ],
  [
    'a command that the image lacks',
    web,
    [
      set,
      pod(
        'web-5d-a',
        waits('RunContainerError', 'exec: "/x": stat /x: no such file or directory', {
          lastState: ended(128, 'StartError'),
        }),
      ),
    ],
    [event(pod('web-5d-a', {}), 'Failed', 'Error: exec: "/x": stat /x: no such file or directory')],
    [
      'RunContainerError (Pod shop/web-5d-a): container c ended with exit code 128; exec: "/x": stat /x: no such file or directory',
    ],
    /^correct command, image, mounts or securityContext/,
  ],
  [
    'an image whose user is root',
    web,
    [
      set,
      pod('web-5d-a', waits('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root')),
    ],
    [event(pod('web-5d-a', {}), 'Failed', 'Error: container has runAsNonRoot and image will run as root')],
    [
      'CreateContainerConfigError (Pod shop/web-5d-a): container c waits; container has runAsNonRoot and image will run as root',
    ],
    /^set runAsUser to a number other than 0/,
  ],
  [
    'a liveness probe that fails',
    web,
    [set, pod('web-5d-a', waits('CrashLoopBackOff', 'back-off 40s', { lastState: ended(2) }))],
    [event(pod('web-5d-a', {}), 'Unhealthy', 'Liveness probe failed: HTTP probe failed with statuscode: 500')],
    [
      'CrashLoopBackOff (Pod shop/web-5d-a): container c ended with exit code 2; back-off 40s',
      'Unhealthy (Pod shop/web-5d-a): Liveness probe failed: HTTP probe failed with statuscode: 500',
    ],
    /^correct port, path and times of the probe/,
  ],
  [
    'a pod that no node takes: the event of the scheduler repeats the condition',
    web,
    [
      set,
      pod('web-5d-a', {
        phase: 'Pending',
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1: 1 Insufficient cpu.' },
        ],
      }),
    ],
    [event(pod('web-5d-a', {}), 'FailedScheduling', '0/2 nodes are available: 2 Insufficient cpu.')],
    ['Unschedulable (Pod shop/web-5d-a): 0/1: 1 Insufficient cpu.'],
    /^request less/,
  ],
  [
    'the search ends for owners in a cycle',
    { ...web, metadata: { ...web.metadata, ownerReferences: set.metadata.ownerReferences ?? [] } },
    [web, set],
    [],
    [],
  ],
])('the causes of an object are as expected: %s', (_what, root, objects, happened, texts, remedy) => {
  const causes = causesOf(root, { objects, events: happened });
  expect(causes.map(causeText)).toEqual(texts);
  if (remedy !== undefined) expect(causes[0]?.remedy).toMatch(remedy);
});

const revisions = { currentRevision: 'a', updateRevision: 'b' };
const scheduled = { updatedNumberScheduled: 1, desiredNumberScheduled: 3 };
const rolling = { updateStrategy: { rollingUpdate: { partition: 2 } } };

/** Rows: the kind, its spec and status, and the cause; empty when nothing holds the object. */
test.each<[string, JsonObject, JsonObject, string]>([
  ['Deployment', { paused: true }, {}, 'spec.paused is true: it does not roll out its template'],
  ['Deployment', { paused: false, replicas: 1 }, {}, ''],
  ['StatefulSet', { replicas: 0 }, {}, 'spec.replicas is 0: it wants no pod'],
  ['CronJob', { suspend: true }, {}, 'spec.suspend is true: it starts no pod'],
  ['StatefulSet', rolling, revisions, 'spec.updateStrategy.rollingUpdate.partition is 2: pods with a lower'],
  ['StatefulSet', rolling, { ...revisions, currentRevision: 'b' }, ''],
  [
    'StatefulSet',
    { updateStrategy: { type: 'OnDelete' } },
    revisions,
    'spec.updateStrategy.type is OnDelete: a pod gets',
  ],
  [
    'DaemonSet',
    { updateStrategy: { type: 'OnDelete' } },
    scheduled,
    'spec.updateStrategy.type is OnDelete: a pod gets',
  ],
  ['DaemonSet', { updateStrategy: { type: 'RollingUpdate' } }, scheduled, ''],
  ['Ingress', { ingressClassName: 'x' }, {}, 'no controller has published an address; the class of the Ingress is x'],
])('a %s with %j and the status %j has the field as its cause', (kind, spec, status, message) => {
  const [cause] = causesOf(object('v1', kind, 'a', { spec, status }), { objects: [], events: [] });
  expect(cause?.message ?? '').toContain(message);
  expect(cause === undefined).toBe(message === '');
});

describe('a malformed event', () => {
  test.each<[JsonObject]>([
    [{}],
    [{ involvedObject: 3 }],
    [{ involvedObject: { name: 'disk' } }],
    [{ reason: 4, message: {} }],
  ])('%j is not a cause', (parts) => {
    const broken = { apiVersion: 'v1', kind: 'Event', metadata: {}, type: 'Warning', ...parts } as KubeObject;
    expect(causesOf(claim, { objects: [], events: [broken] })).toEqual([]);
  });
});

test.each<[where: string, imageID: string, isNamed: boolean]>([
  ['embedded cluster', 'simulated://a', true],
  ['real cluster', 'docker://sha256:1', false],
])('a remedy names the simulating annotation only if the failure is simulated: %s', (_where, imageID, isNamed) => {
  const failing = pod('web-5d-a', waits('ErrImagePull', '', { imageID }), {
    annotations: { 'typekro.dev/simulate-failure': 'ErrImagePull' },
  });
  const [cause] = causesOf(web, { objects: [set, failing], events: [] });
  expect(cause?.remedy?.includes('typekro.dev/simulate-failure')).toBe(isNamed);
});
