import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { type Transport, createEmbeddedCluster } from '../index.ts';
import type { ReviewAnswer, ReviewRequest } from '../../test-support/webhook-server.ts';
import { openWebhookServer, patchAnswer } from '../../test-support/webhook-server.ts';
import { call, CONFIGURATIONS } from '../../test-support/webhook-cluster.ts';

const PODS = '/api/v1/namespaces/default/pods';
const REPLICA_SETS = '/apis/apps/v1/namespaces/default/replicasets';
const labels = { app: 'web' };
const replicaSet = (replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
});

const podsRule = (operations: readonly string[], resources: readonly string[] = ['pods']) => ({
  operations,
  apiGroups: [''],
  apiVersions: ['v1'],
  resources,
});

async function podsOf(transport: Transport) {
  const { body } = await call(transport, 'GET', PODS);
  return body['items'] as { metadata: { name: string; labels: JsonObject } }[];
}

async function withHook(
  kind: 'Mutating' | 'Validating',
  decide: (request: ReviewRequest) => ReviewAnswer,
  run: (transport: Transport, seen: () => ReviewRequest[], idle: () => Promise<void>) => Promise<void>,
  rule = podsRule(['CREATE']),
) {
  await using server = await openWebhookServer(decide);
  await using cluster = await createEmbeddedCluster();
  const transport = cluster.transport();
  await cluster.idle();
  await call(transport, 'POST', `${CONFIGURATIONS}/${kind.toLowerCase()}webhookconfigurations`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name: 'h' },
    webhooks: [
      {
        name: 'h.example.com',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        clientConfig: { url: server.url, caBundle: server.caBundle },
        rules: [rule],
      },
    ],
  });
  await run(
    transport,
    () => server.seen.map(({ request }) => request),
    () => cluster.idle(),
  );
}

test('a mutating webhook changes the pods of a controller, and sees each of them once', async () => {
  const patch = () => patchAnswer([{ op: 'add', path: '/metadata/labels/patched', value: 'yes' }]);
  await withHook('Mutating', patch, async (transport, seen, idle) => {
    await call(transport, 'POST', REPLICA_SETS, replicaSet(3));
    await idle();
    const pods = await podsOf(transport);
    expect(pods.map(({ metadata }) => metadata.labels['patched'])).toEqual(['yes', 'yes', 'yes']);
    expect(seen()).toHaveLength(3);
    expect(seen()[0]?.userInfo['username']).toBe('system:serviceaccount:kube-system:replicaset-controller');
  });
});

test('controllers create their Events, even if their writes and the Events wait for webhooks', async () => {
  const rule = podsRule(['*'], ['*']);
  const seeEvents = async (transport: Transport, _: () => ReviewRequest[], idle: () => Promise<void>) => {
    await call(transport, 'POST', REPLICA_SETS, replicaSet(2));
    await idle();
    const { body } = await call(transport, 'GET', '/api/v1/namespaces/default/events');
    const events = (body['items'] as { reason: string; count: number }[]).map(
      ({ reason, count }) => `${reason} ${count}`,
    );
    const each = ['Created 1', 'Pulled 1', 'Scheduled 1', 'Simulated 1', 'Started 1', 'SuccessfulCreate 1'];
    expect(events.toSorted()).toEqual([...each, ...each].toSorted());
  };
  await withHook('Validating', () => ({ allowed: true }), seeEvents, rule);
});

test('the status of a terminating pod is written once, even if the write waits for a webhook', async () => {
  const rule = podsRule(['UPDATE'], ['pods/status']);
  const seeStatus = async (transport: Transport, seen: () => ReviewRequest[], idle: () => Promise<void>) => {
    const metadata = { name: 'p', annotations: { 'typekro.dev/simulate-stop-seconds': '20' } };
    const spec = { containers: [{ name: 'c', image: 'i' }] };
    await call(transport, 'POST', PODS, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    await idle();
    const before = seen().length;
    await call(transport, 'DELETE', `${PODS}/p`);
    await idle();
    const { body } = await call(transport, 'GET', `${PODS}/p`);
    expect(body).toMatchObject({ metadata: { generation: 2 }, status: { observedGeneration: 2 } });
    expect(seen()).toHaveLength(before + 1);
  };
  await withHook('Validating', () => ({ allowed: true }), seeStatus, rule);
});

test('an autoscaler scales its target, even if the write waits for a webhook', async () => {
  const rule = { ...podsRule(['UPDATE'], ['deployments/scale']), apiGroups: ['apps'] };
  const seeScale = async (transport: Transport, seen: () => ReviewRequest[], idle: () => Promise<void>) => {
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    const annotations = { 'typekro.dev/simulate-cpu': '200m' };
    const resources = { requests: { cpu: '100m' } };
    await call(transport, 'POST', deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations }, spec: { containers: [{ name: 'c', image: 'i', resources }] } },
      },
    });
    await idle();
    const target = { type: 'Utilization', averageUtilization: 100 };
    await call(transport, 'POST', '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        maxReplicas: 2,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
      },
    });
    await idle();
    const { body } = await call(transport, 'GET', `${deployments}/web`);
    expect(body['spec']).toMatchObject({ replicas: 2 });
    expect(seen()).toHaveLength(1);
  };
  await withHook('Validating', () => ({ allowed: true }), seeScale, rule);
});

test('a token is issued once, even if the write waits for a webhook', async () => {
  const rule = podsRule(['UPDATE'], ['secrets']);
  const seeTokens = async (transport: Transport, seen: () => ReviewRequest[], idle: () => Promise<void>) => {
    const path = '/api/v1/namespaces/default/secrets';
    const annotations = { 'kubernetes.io/service-account.name': 'default' };
    const metadata = { name: 't', annotations };
    const type = 'kubernetes.io/service-account-token';
    await call(transport, 'POST', path, { apiVersion: 'v1', kind: 'Secret', metadata, type });
    await idle();
    const { body } = await call(transport, 'GET', `${path}/t`);
    const reviewed = seen().map(({ object }) => (object?.['data'] as JsonObject | undefined)?.['token']);
    expect(new Set(reviewed)).toEqual(new Set([(body['data'] as JsonObject)['token']]));
    expect(reviewed[0]).toEqual(expect.any(String));
  };
  await withHook('Validating', () => ({ allowed: true }), seeTokens, rule);
});

test('a denied pod is not created, and an event contains the reason', async () => {
  const deny = () => ({ allowed: false, status: { message: 'no pods today' } });
  await withHook('Validating', deny, async (transport, seen, idle) => {
    await call(transport, 'POST', REPLICA_SETS, replicaSet(2));
    await idle();
    expect(await podsOf(transport)).toEqual([]);
    expect(seen().length).toBeGreaterThan(0);
    const events = await call(transport, 'GET', '/api/v1/namespaces/default/events');
    const messages = (events.body['items'] as { message: string }[]).map(({ message }) => message);
    expect(messages).toContainEqual(
      expect.stringContaining('admission webhook "h.example.com" denied the request: no pods today'),
    );
  });
});

test('a policy refuses the pods of a controller', async () => {
  await using cluster = await createEmbeddedCluster();
  const transport = cluster.transport();
  const add = (kind: string, plural: string, spec: object) =>
    call(transport, 'POST', `${CONFIGURATIONS}/${plural}`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind,
      metadata: { name: 'p' },
      spec,
    });
  await add('ValidatingAdmissionPolicy', 'validatingadmissionpolicies', {
    matchConstraints: { resourceRules: [podsRule(['CREATE'])] },
    validations: [{ expression: "object.spec.containers.all(c, c.image != 'i')", message: 'not this image' }],
  });
  await add('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings', {
    policyName: 'p',
    validationActions: ['Deny'],
  });
  await call(transport, 'POST', REPLICA_SETS, replicaSet(1));
  await cluster.idle();
  expect(await podsOf(transport)).toEqual([]);
  const { body } = await call(transport, 'GET', `${REPLICA_SETS}/web`);
  expect((body['status'] as JsonObject)['replicas']).toBe(0);
});

test('the status of a policy contains the type errors of its expressions', async () => {
  await using cluster = await createEmbeddedCluster();
  const transport = cluster.transport();
  const path = `${CONFIGURATIONS}/validatingadmissionpolicies`;
  const policy = (expression: string) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules: [podsRule(['CREATE'])] }, validations: [{ expression }] },
  });
  const statusOf = async () => {
    await cluster.idle();
    return (await call(transport, 'GET', `${path}/p`)).body['status'];
  };
  await call(transport, 'POST', path, policy('object.nope == 1'));
  expect(await statusOf()).toEqual({
    observedGeneration: 1,
    typeChecking: {
      expressionWarnings: [
        {
          fieldRef: 'spec.validations[0].expression',
          warning: "/v1, Kind=Pod: ERROR: <input>:1:7: undefined field 'nope'\n | object.nope == 1\n | ......^\n",
        },
      ],
    },
  });
  const changed = { spec: policy('object.spec.containers.size() > 0').spec };
  await call(transport, 'PATCH', `${path}/p`, changed, 'application/merge-patch+json');
  expect(await statusOf()).toEqual({ observedGeneration: 2, typeChecking: {} });
});

test('a reconcile sends each review at most twice, even if its later writes wait', async () => {
  const rule = {
    operations: ['*'],
    apiGroups: [''],
    apiVersions: ['v1'],
    resources: ['persistentvolumes/*', 'persistentvolumes', 'persistentvolumeclaims/*', 'persistentvolumeclaims'],
  };
  await withHook(
    'Validating',
    () => ({ allowed: true }),
    async (transport, seen, idle) => {
      const [first, second] = ['data-a', 'data-b'];
      for (const name of [first, second]) {
        await call(transport, 'POST', '/api/v1/namespaces/default/persistentvolumeclaims', {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        });
      }
      await idle();
      const { body } = await call(transport, 'GET', `/api/v1/namespaces/default/persistentvolumeclaims/${first}`);
      expect(body['status']).toMatchObject({ phase: 'Bound' });
      const reviews = seen().map(({ operation, resource, subResource, object, oldObject }) =>
        JSON.stringify({ operation, resource, subResource, object, oldObject }),
      );
      expect(reviews.length).toBeGreaterThan(4);
      // A later run of the reconcile reads the volume that an earlier run has created, so its next write is a new
      // write.
      const counts = reviews.map((review) => reviews.filter((each) => each === review).length);
      expect(Math.max(...counts)).toBeLessThanOrEqual(2);
    },
    rule,
  );
});
