import { describe, expect, test } from 'vitest';
import { sendJson } from '../../test-support/send-json.ts';
import { type ClusterStory, podTemplate, startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const labels = { app: 'web' };
const CLAIM = 'v1 PersistentVolumeClaim';

const deployment = (spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { selector: { matchLabels: labels }, template: podTemplate(labels), ...spec },
});

const conditionOf = ({ status }: KubeObject, type: string) =>
  ((status?.['conditions'] ?? []) as { type: string }[]).find((condition) => condition.type === type);

describe('volumes', () => {
  const claim = (spec: JsonObject = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, ...spec },
  });
  const volume = (name: string, storage: string, spec: JsonObject = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage },
      accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
      hostPath: { path: '/x' },
      storageClassName: 'manual',
      ...spec,
    },
  });
  const create = async (story: ClusterStory, ...objects: readonly KubeObject[]) => {
    for (const object of objects) await story.client.create(object);
    await story.cluster.idle();
  };
  const boundTo = async (story: ClusterStory) => (await story.get(CLAIM, 'c')).spec?.['volumeName'];
  const phaseOf = async (story: ClusterStory, name: string) =>
    (await story.client.find({ apiVersion: 'v1', kind: 'PersistentVolume', name }))?.status?.['phase'];

  test('a claim without a class gets a new volume of the default class, and the volume is deleted with the claim', async () => {
    await using story = await startClusterStory();
    await story.create(claim());
    const found = await story.get(CLAIM, 'c');
    expect(found.spec).toMatchObject({ storageClassName: 'standard' });
    expect(found.status).toMatchObject({ phase: 'Bound', capacity: { storage: '2Gi' } });
    await story.patch(CLAIM, 'c', { spec: { resources: { requests: { storage: '3Gi' } } } });
    expect((await story.get(CLAIM, 'c')).status).toMatchObject({ capacity: { storage: '3Gi' } });
    await story.remove(CLAIM, 'c');
    expect(await story.list('v1 PersistentVolume')).toEqual([]);
  });

  test('a claim takes the smallest volume that is large enough', async () => {
    await using story = await startClusterStory();
    await create(story, volume('small', '1Gi'), volume('large', '10Gi'), volume('middle', '5Gi'));
    await story.create(claim({ storageClassName: 'manual' }));
    expect(await boundTo(story)).toBe('middle');
    expect([await phaseOf(story, 'small'), await phaseOf(story, 'middle')]).toEqual(['Available', 'Bound']);
  });

  test('a volume with a claimRef waits for its claim', async () => {
    await using story = await startClusterStory();
    await create(story, volume('other', '2Gi', { claimRef: { namespace: 'default', name: 'x' } }));
    await create(story, volume('mine', '9Gi', { claimRef: { namespace: 'default', name: 'c' } }));
    await story.create(claim({ storageClassName: 'manual' }));
    expect(await boundTo(story)).toBe('mine');
  });

  test('a claim that names a volume waits for this volume', async () => {
    await using story = await startClusterStory();
    await story.create(claim({ volumeName: 'mine' }));
    expect((await story.get(CLAIM, 'c')).status).toEqual({ phase: 'Pending' });
    expect(await story.list('v1 PersistentVolume')).toEqual([]);
    await create(story, volume('other', '2Gi', { storageClassName: 'standard' }));
    expect((await story.get(CLAIM, 'c')).status).toEqual({ phase: 'Pending' });
    await create(story, volume('mine', '2Gi', { storageClassName: 'standard' }));
    expect((await story.get(CLAIM, 'c')).status).toMatchObject({ phase: 'Bound' });
  });

  test('a claim becomes Lost when its volume is deleted', async () => {
    await using story = await startClusterStory();
    await story.create(claim());
    const name = String(await boundTo(story));
    const ref = { apiVersion: 'v1', kind: 'PersistentVolume', name };
    await story.client.delete(ref);
    await story.client.patch(ref, { metadata: { finalizers: null } });
    await story.cluster.idle();
    expect(await story.list('v1 PersistentVolume')).toEqual([]);
    expect((await story.get(CLAIM, 'c')).status).toMatchObject({ phase: 'Lost' });
  });

  test.each([
    ['requires an access mode that no volume has', { accessModes: ['ReadWriteMany'] }],
    ['is too large', { resources: { requests: { storage: '11Gi' } } }],
    ['selects other labels', { selector: { matchLabels: { disk: 'fast' } } }],
    ['requires a block device', { volumeMode: 'Block' }],
  ])('a claim stays Pending if it %s', async (_, spec) => {
    await using story = await startClusterStory();
    await create(story, volume('v', '10Gi'));
    await story.create(claim({ storageClassName: 'manual', ...spec }));
    expect((await story.get(CLAIM, 'c')).status).toEqual({ phase: 'Pending' });
  });

  test('with WaitForFirstConsumer a claim is bound when the first pod uses it', async () => {
    await using story = await startClusterStory();
    await create(story, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'late' },
      provisioner: 'typekro.dev/simulated',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    await story.create(claim({ storageClassName: 'late' }));
    expect(await story.reasons('c')).toEqual(['WaitForFirstConsumer']);
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }];
    await story.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { volumes, containers: [{ name: 'c', image: 'i' }] },
    });
    expect((await story.get(CLAIM, 'c')).status).toMatchObject({ phase: 'Bound' });
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ phase: 'Running' });
    // A claim that is in use stays until the pod is deleted.
    await story.remove(CLAIM, 'c');
    expect(await story.names(CLAIM)).toEqual(['c']);
    await story.remove('v1 Pod', 'p');
    expect(await story.names(CLAIM)).toEqual([]);
  });

  test('a pod waits for a claim that does not exist', async () => {
    await using story = await startClusterStory();
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }];
    await story.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { volumes, containers: [{ name: 'c', image: 'i' }] },
    });
    expect(conditionOf(await story.get('v1 Pod', 'p'), 'PodScheduled')).toMatchObject({
      reason: 'Unschedulable',
      message: '0/1 nodes are available: persistentvolumeclaim "c" not found. not found',
    });
    await story.create(claim());
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ phase: 'Running' });
  });
});

describe('a PodDisruptionBudget', () => {
  test.each([
    [{ minAvailable: 2 }, { desiredHealthy: 2, disruptionsAllowed: 2 }],
    [{ minAvailable: '75%' }, { desiredHealthy: 3, disruptionsAllowed: 1 }],
    [{ minAvailable: '100%' }, { desiredHealthy: 4, disruptionsAllowed: 0 }],
    [{ maxUnavailable: 1 }, { desiredHealthy: 3, disruptionsAllowed: 1 }],
    [{ maxUnavailable: '50%' }, { desiredHealthy: 2, disruptionsAllowed: 2 }],
    // Of four pods, these percentages are no whole numbers, which are rounded up.
    ...[1, 26, 33, 67, 99].flatMap((percent): [JsonObject, JsonObject][] => {
      const count = Math.ceil((4 * percent) / 100);
      return [
        [{ minAvailable: `${percent}%` }, { desiredHealthy: count, disruptionsAllowed: 4 - count }],
        [{ maxUnavailable: `${percent}%` }, { desiredHealthy: 4 - count, disruptionsAllowed: count }],
      ];
    }),
  ])('with the spec %j has the status %j for four pods', async (spec, expected) => {
    await using story = await startClusterStory();
    await story.create(deployment({ replicas: 4 }));
    const selector = { matchLabels: labels };
    await story.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b' },
      spec: { selector, ...spec },
    });
    expect((await story.get('policy/v1 PodDisruptionBudget', 'b')).status).toMatchObject({
      currentHealthy: 4,
      expectedPods: 4,
      ...expected,
    });
  });
});

describe('the number of expected pods of a PodDisruptionBudget', () => {
  const budget = (spec: JsonObject): KubeObject => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b' },
    spec: { selector: { matchLabels: labels }, ...spec },
  });
  const status = async (story: ClusterStory) => (await story.get('policy/v1 PodDisruptionBudget', 'b')).status;

  test.each([{ maxUnavailable: 1 }, { minAvailable: '50%' }])(
    'with the spec %j does not include pods without an owner',
    async (spec) => {
      await using story = await startClusterStory();
      for (const name of ['p', 'q']) {
        await story.create({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, labels },
          spec: { containers: [{ name: 'c', image: 'i' }] },
        });
      }
      await story.create(budget(spec));
      expect(await status(story)).toMatchObject({ currentHealthy: 2, expectedPods: 0, disruptionsAllowed: 0 });
      expect(await story.reasons('b')).toContain('UnmanagedPods');
    },
  );

  const uid = '11111111-1111-4111-8111-111111111111';
  test.each([
    ['apps/v1', 'DaemonSet', 'daemonsets.apps does not implement the scale subresource'],
    ['batch/v1', 'Job', 'jobs.batch does not implement the scale subresource'],
    ['v1', 'ConfigMap', 'configmaps does not implement the scale subresource'],
    ['apps/v1', 'ReplicaSet', 'found no controllers for pod "p"'],
    ['example.com/v1', 'Web', 'no matches for kind "Web" in version "example.com/v1"'],
  ])(
    'with maxUnavailable cannot be computed for a pod whose owner (%s %s) has no readable Scale',
    async (apiVersion, kind, message) => {
      await using story = await startClusterStory({ controllers: { disable: ['generic-garbage-collector'] } });
      await story.create(budget({ minAvailable: 0 }));
      const ownerReferences = [{ apiVersion, kind, name: 'o', uid, controller: true }];
      await story.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', labels, ownerReferences },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      });
      expect(await status(story)).toMatchObject({ expectedPods: 1, disruptionsAllowed: 1 });
      await story.patch('policy/v1 PodDisruptionBudget', 'b', { spec: { minAvailable: null, maxUnavailable: 1 } });
      expect(await status(story)).toEqual({
        currentHealthy: 1,
        desiredHealthy: 0,
        disruptionsAllowed: 0,
        expectedPods: 1,
        observedGeneration: 1,
        conditions: [
          {
            type: 'DisruptionAllowed',
            status: 'False',
            observedGeneration: 1,
            lastTransitionTime: '2026-01-01T12:00:00Z',
            reason: 'SyncFailed',
            message,
          },
        ],
      });
      expect(await story.reasons('b')).toContain('CalculateExpectedPodCountFailed');
    },
  );

  test('still includes a pod that has completed', async () => {
    await using story = await startClusterStory();
    await story.create(budget({ minAvailable: 1 }));
    expect(await story.reasons('b')).toEqual(['NoPods']);
    const ending = { 'typekro.dev/simulate-run-seconds': '10' };
    for (const [name, annotations] of [
      ['p', {}],
      ['q', ending],
    ] as const) {
      await story.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, labels, annotations },
        spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
      });
    }
    expect(await status(story)).toMatchObject({ currentHealthy: 2, expectedPods: 2 });
    await story.advance(10);
    expect(await status(story)).toMatchObject({ currentHealthy: 1, expectedPods: 2, disruptionsAllowed: 0 });
  });

  test('is the number of replicas of the Deployment, also during a rollout', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ replicas: 4 }));
    await story.create(budget({ maxUnavailable: 1 }));
    await story.patch('apps/v1 Deployment', 'web', {
      spec: { template: { metadata: { annotations: { 'typekro.dev/simulate-failure': 'ImagePullBackOff' } } } },
    });
    expect((await story.get('apps/v1 Deployment', 'web')).status).toMatchObject({ replicas: 5 });
    expect(await status(story)).toMatchObject({ expectedPods: 4, desiredHealthy: 3 });
  });
});

test('the eviction of a pod that two budgets select is refused, and counts for neither budget', async () => {
  await using story = await startClusterStory();
  await story.create(deployment({ replicas: 2 }));
  const spec = { selector: { matchLabels: labels }, maxUnavailable: 1 };
  for (const name of ['a', 'b'])
    await story.create({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec });
  await story.cluster.idle();
  const [name = ''] = await story.names('v1 Pod');
  const { body } = await sendJson(story.cluster, 'POST', `/api/v1/namespaces/default/pods/${name}/eviction`, {
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
  });
  expect(body).toMatchObject({
    code: 500,
    message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  });
  for (const budget of ['a', 'b'])
    expect((await story.get('policy/v1 PodDisruptionBudget', budget)).status).toMatchObject({ disruptionsAllowed: 1 });
});

test('a budget allows at most maxUnavailable concurrent evictions', async () => {
  await using story = await startClusterStory();
  await story.create(deployment({ replicas: 4 }));
  const spec = { selector: { matchLabels: labels }, maxUnavailable: 2 };
  await story.create({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b' }, spec });
  const transport = story.cluster.transport();
  const evict = async (name: string) => {
    const { status } = await transport.request({
      method: 'POST',
      path: `/api/v1/namespaces/default/pods/${name}/eviction`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } }),
    });
    return status;
  };
  const statuses = await Promise.all((await story.names('v1 Pod')).map(evict));
  expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 201, 429, 429]);
  await story.cluster.idle();
  expect((await story.get('policy/v1 PodDisruptionBudget', 'b')).status).toMatchObject({ disruptionsAllowed: 2 });
  await transport.close();
});

describe('quotas, roles, Secrets, events and namespaces', () => {
  test('the used amount of a quota follows creations and deletions', async () => {
    await using story = await startClusterStory();
    const hard = { pods: '10', 'requests.cpu': '4', 'count/deployments.apps': '3', configmaps: '5' };
    await story.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard } });
    const used = async () => (await story.get('v1 ResourceQuota', 'q')).status?.['used'];
    const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '500m' } } }];
    await story.create(deployment({ replicas: 3, template: { metadata: { labels }, spec: { containers } } }));
    expect(await used()).toEqual({
      pods: '3',
      'requests.cpu': '1500m',
      'count/deployments.apps': '1',
      configmaps: '1',
    });
    await story.patch('apps/v1 Deployment', 'web', { spec: { replicas: 1 } });
    expect(await used()).toMatchObject({ pods: '1', 'requests.cpu': '500m' });
  });

  test('the rules of an aggregated role follow the selected roles', async () => {
    await using story = await startClusterStory();
    const role = (name: string, resource: string, roleLabels: Record<string, string>) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name, labels: roleLabels },
      rules: [{ apiGroups: [''], resources: [resource], verbs: ['get'] }],
    });
    const rulesOf = async (name: string) => {
      await story.cluster.idle();
      const found = await story.client.get({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name });
      return ((found['rules'] ?? []) as { resources?: string[] }[]).map(({ resources }) => resources?.[0]);
    };
    const clusterRoleSelectors = [{ matchLabels: { part: 'yes' } }];
    await story.client.create({ ...role('whole', '', {}), rules: null, aggregationRule: { clusterRoleSelectors } });
    await story.client.create(role('a', 'pods', { part: 'yes' }));
    await story.client.create(role('b', 'secrets', { part: 'yes' }));
    expect(await rulesOf('whole')).toEqual(['pods', 'secrets']);
    const ref = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'a' };
    await story.client.patch(ref, { metadata: { labels: { part: null } } });
    expect(await rulesOf('whole')).toEqual(['secrets']);
    // Some of the default roles of every cluster are also aggregated.
    await story.client.create(role('c', 'gadgets', { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }));
    expect(await rulesOf('view')).toContain('gadgets');
  });

  test('a token Secret authenticates its ServiceAccount, and is deleted with it', async () => {
    await using story = await startClusterStory();
    await story.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } });
    const annotations = { 'kubernetes.io/service-account.name': 'robot' };
    await story.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 't', annotations },
      type: 'kubernetes.io/service-account-token',
    });
    const secret = await story.get('v1 Secret', 't');
    const token = Buffer.from((secret['data'] as { token: string }).token, 'base64').toString();
    const review = await story.client.create({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: { token },
    });
    expect(review.status).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:robot' },
    });
    await story.remove('v1 ServiceAccount', 'robot');
    expect(await story.names('v1 Secret')).toEqual([]);
  });

  test('a pod has events of its lifecycle, which are deleted after an hour', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    expect(await story.reasons('p')).toEqual(['Scheduled', 'Pulled', 'Created', 'Started', 'Simulated']);
    await story.advance(3599);
    await story.remove('v1 Pod', 'p');
    await story.advance(1);
    expect(await story.reasons('p')).toEqual(['Killing']);
    await story.advance(3600);
    expect(await story.list('v1 Event')).toEqual([]);
  });
});

test('controllers become idle with objects of many kinds in a namespace, and the namespace is deleted with its content', async () => {
  await using story = await startClusterStory();
  await story.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'all' } });
  const template = podTemplate(labels);
  const jobTemplate = { ...template, spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } };
  const selector = { matchLabels: labels };
  const claimTemplate = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const specs: readonly [apiVersion: string, kind: string, spec: JsonObject][] = [
    ['v1', 'ResourceQuota', { hard: { pods: '50', 'count/jobs.batch': '9' } }],
    ['apps/v1', 'Deployment', { replicas: 3, selector, template }],
    [
      'apps/v1',
      'StatefulSet',
      {
        replicas: 2,
        serviceName: 's',
        selector,
        template,
        volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: claimTemplate }],
      },
    ],
    ['apps/v1', 'DaemonSet', { selector, template }],
    ['batch/v1', 'Job', { completions: 2, template: jobTemplate }],
    ['batch/v1', 'CronJob', { schedule: '* * * * *', jobTemplate: { spec: { template: jobTemplate } } }],
    ['v1', 'Service', { selector: labels, type: 'LoadBalancer', ports: [{ port: 80 }] }],
    ['policy/v1', 'PodDisruptionBudget', { maxUnavailable: 1, selector }],
    [
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      {
        maxReplicas: 5,
        minReplicas: 4,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'deployment' },
      },
    ],
  ];
  for (const [apiVersion, kind, spec] of specs) {
    await story.client.create({ apiVersion, kind, metadata: { name: kind.toLowerCase(), namespace: 'all' }, spec });
  }
  await story.cluster.idle();
  for (let minute = 0; minute < 3; minute += 1) await story.advance(60);
  const phases = (await story.list('v1 Pod', 'all')).map(({ status }) => String(status?.['phase'])).toSorted();
  expect(phases).toEqual([
    ...Array.from({ length: 7 }, () => 'Running'),
    ...Array.from({ length: 5 }, () => 'Succeeded'),
  ]);
  await story.client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'all' });
  await story.cluster.idle();
  expect(await story.client.find({ apiVersion: 'v1', kind: 'Namespace', name: 'all' })).toBeUndefined();
  expect(await story.list('v1 PersistentVolume')).toEqual([]);
});

test('a namespace says which deletion is refused, and its other objects are deleted', async () => {
  await using story = await startClusterStory();
  const admission = 'admissionregistration.k8s.io/v1';
  const rule = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['DELETE'] };
  const spec = { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'false', message: 'kept' }] };
  await story.create({ apiVersion: admission, kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' }, spec });
  const binding = { policyName: 'p', validationActions: ['Deny'] };
  const kind = 'ValidatingAdmissionPolicyBinding';
  await story.create({ apiVersion: admission, kind, metadata: { name: 'p' }, spec: binding });
  await story.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
  await story.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'n' } });
  await story.client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'n' });
  await story.cluster.idle();
  const failure = conditionOf(await story.get('v1 Namespace', 'n'), 'NamespaceDeletionContentFailure');
  expect(failure).toMatchObject({ status: 'True', reason: 'ContentDeletionFailed' });
  expect(failure).toHaveProperty('message', expect.stringMatching(/^Failed to delete all .*1 remaining: .*kept/));
  expect(await story.list('v1 Secret', 'n')).toEqual([]);
  await story.client.delete({ apiVersion: admission, kind, name: 'p' });
  await story.advance(2);
  expect(await story.names('v1 Namespace')).not.toContain('n');
});
