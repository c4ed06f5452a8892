import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { sendJson } from '../../test-support/send-json.ts';
import { type Cluster, createEmbeddedCluster } from '../index.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
});
afterAll(() => cluster.close());

interface Status {
  readonly code?: number;
  readonly details?: { readonly causes?: readonly { readonly field: string; readonly message: string }[] };
}

const send = (method: string, path: string, body: JsonObject, type?: string) =>
  sendJson<JsonObject & Status>(cluster, method, path, { body, type });

const PATHS = {
  ControllerRevision: ['apps/v1', '/apis/apps/v1/namespaces/default/controllerrevisions'],
  Namespace: ['v1', '/api/v1/namespaces'],
  RoleBinding: ['rbac.authorization.k8s.io/v1', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings'],
  Job: ['batch/v1', '/apis/batch/v1/namespaces/default/jobs'],
  PersistentVolumeClaim: ['v1', '/api/v1/namespaces/default/persistentvolumeclaims'],
  Pod: ['v1', '/api/v1/namespaces/default/pods'],
  Endpoints: ['v1', '/api/v1/namespaces/default/endpoints'],
  NetworkPolicy: ['networking.k8s.io/v1', '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies'],
  EndpointSlice: ['discovery.k8s.io/v1', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'],
  Lease: ['coordination.k8s.io/v1', '/apis/coordination.k8s.io/v1/namespaces/default/leases'],
  LimitRange: ['v1', '/api/v1/namespaces/default/limitranges'],
  MutatingWebhookConfiguration: [
    'admissionregistration.k8s.io/v1',
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  ],
  PersistentVolume: ['v1', '/api/v1/persistentvolumes'],
  PodDisruptionBudget: ['policy/v1', '/apis/policy/v1/namespaces/default/poddisruptionbudgets'],
  PriorityClass: ['scheduling.k8s.io/v1', '/apis/scheduling.k8s.io/v1/priorityclasses'],
  ResourceQuota: ['v1', '/api/v1/namespaces/default/resourcequotas'],
  RuntimeClass: ['node.k8s.io/v1', '/apis/node.k8s.io/v1/runtimeclasses'],
  StorageClass: ['storage.k8s.io/v1', '/apis/storage.k8s.io/v1/storageclasses'],
} as const;
type Kind = keyof typeof PATHS;

const make = (kind: Kind, content: JsonObject): JsonObject => ({
  apiVersion: PATHS[kind][0],
  kind,
  metadata: { name: 'x' },
  ...content,
});
const causes = (body: Status) => (body.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);

const volume = (more: JsonObject): JsonObject => ({
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...more },
});
const policyOf = (ipBlock: JsonObject): JsonObject => ({
  spec: { podSelector: {}, ingress: [{ from: [{ ipBlock }] }] },
});
const limits = (more: JsonObject): JsonObject => ({ spec: { limits: [{ type: 'Container', ...more }] } });
const hook = (more: JsonObject): JsonObject => ({
  webhooks: [
    {
      name: 'a.b.c',
      clientConfig: { url: 'https://x.y/z' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      rules: [{ apiGroups: ['a.b'], apiVersions: ['v1'], resources: ['x'], operations: ['CREATE'] }],
      ...more,
    },
  ],
});

test.each(
  Object.entries<[Kind, JsonObject, string[]]>({
    'a percentage above 100': [
      'PodDisruptionBudget',
      { spec: { maxUnavailable: '101%' } },
      ['spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    'an unknown eviction policy': [
      'PodDisruptionBudget',
      { spec: { minAvailable: 1, unhealthyPodEvictionPolicy: 'X' } },
      ['spec.unhealthyPodEvictionPolicy: Unsupported value: "X": supported values: "AlwaysAllow", "IfHealthyBudget"'],
    ],
    'a quota with a fraction of a pod': [
      'ResourceQuota',
      { spec: { hard: { pods: '1.5' } } },
      ['spec.hard[pods]: Invalid value: "1500m": must be an integer'],
    ],
    'a quota with scopes that exclude each other': [
      'ResourceQuota',
      { spec: { hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] } },
      ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
    ],
    'a quota with a scope that its resource does not support': [
      'ResourceQuota',
      { spec: { hard: { services: '1' }, scopes: ['BestEffort'] } },
      ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
    ],
    'a quota with a scope selector without values': [
      'ResourceQuota',
      { spec: { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } } },
      [
        "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      ],
    ],
    'a limit range with a minimum above its maximum and its defaults': [
      'LimitRange',
      limits({ min: { cpu: '2' }, max: { cpu: '1' } }),
      [
        'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
        'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
      ],
    ],
    'a ratio below one': [
      'LimitRange',
      limits({ maxLimitRequestRatio: { cpu: '0.5' } }),
      ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1'],
    ],
    'a limit range for claims without a minimum and a maximum': [
      'LimitRange',
      { spec: { limits: [{ type: 'PersistentVolumeClaim' }] } },
      [
        'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
      ],
    ],
    'a volume without a source': ['PersistentVolume', volume({}), ['spec: Required value: must specify a volume type']],
    'a volume with two sources': [
      'PersistentVolume',
      volume({ hostPath: { path: '/x' }, nfs: { server: 's', path: '/x' } }),
      ['spec.nfs: Forbidden: may not specify more than 1 volume type'],
    ],
    'a local volume without a node': [
      'PersistentVolume',
      volume({ local: { path: '/x' } }),
      ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
    ],
    'a volume without a storage capacity': [
      'PersistentVolume',
      volume({ capacity: { cpu: '1' }, hostPath: { path: '/x' } }),
      ['spec.capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"'],
    ],
    'a storage class with the reclaim policy Recycle': [
      'StorageClass',
      { provisioner: 'a.b/c', reclaimPolicy: 'Recycle' },
      ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
    ],
    'a topology without values': [
      'StorageClass',
      { provisioner: 'a.b/c', allowedTopologies: [{ matchLabelExpressions: [{ key: 'a', values: [] }] }] },
      ['allowedTopologies[0].matchLabelExpressions[0].values: Required value'],
    ],
    'a priority class above the maximum for users': [
      'PriorityClass',
      { value: 2_000_000_000 },
      ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
    ],
    'a slice with an invalid address, a loopback address and an address of another family': [
      'EndpointSlice',
      { addressType: 'IPv4', endpoints: [{ addresses: ['x', '127.0.0.1', '2001:db8::1'] }] },
      [
        'endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'endpoints[0].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'endpoints[0].addresses: Invalid value: "2001:db8::1": must be an IPv4 address',
      ],
    ],
    'a network policy whose CIDR ranges contain an IPv6 zone': [
      'NetworkPolicy',
      policyOf({ cidr: 'fe80::1%eth0/64', except: ['fe80::1:0:0:0/80', 'fe80::2%eth0/80'] }),
      [
        'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "fe80::1%eth0/64": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "fe80::2%eth0/80": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    'a network policy with an exception but no range': [
      'NetworkPolicy',
      policyOf({ except: ['10.0.0.0/8'] }),
      ['spec.ingress[0].from[0].ipBlock.cidr: Required value'],
    ],
    'two ports with one name': [
      'EndpointSlice',
      { addressType: 'IPv4', endpoints: [], ports: [{ name: 'a' }, { name: 'a' }] },
      ['ports[1].name: Duplicate value: "a"'],
    ],
    'several ports without names': [
      'Endpoints',
      { subsets: [{ addresses: [{ ip: '1.2.3.4' }], ports: [{ port: 80 }, { port: 79, name: 'a' }] }] },
      ['subsets[0].ports[0].name: Required value'],
    ],
    'a lease with a duration and transitions out of range': [
      'Lease',
      { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } },
      [
        'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
        'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    'a namespace with a finalizer without a domain': [
      'Namespace',
      { spec: { finalizers: ['x'] } },
      ['spec.finalizers: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified'],
    ],
    'a role binding with a subject of another API group': [
      'RoleBinding',
      {
        roleRef: { kind: 'Role', name: 'x', apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [
          { kind: 'User', name: 'x', apiGroup: 'bad' },
          { kind: 'ServiceAccount', name: 'a', apiGroup: 'x' },
        ],
      },
      [
        'subjects[0].apiGroup: Unsupported value: "bad": supported values: "rbac.authorization.k8s.io"',
        'subjects[1].apiGroup: Unsupported value: "x": supported values: ""',
      ],
    ],
    'a runtime class without a handler': ['RuntimeClass', { handler: '' }, ['handler: Required value']],
    'an empty webhook': [
      'MutatingWebhookConfiguration',
      { webhooks: [{}] },
      [
        'webhooks[0].name: Required value',
        'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun',
        'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
        'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1',
      ],
    ],
    'a webhook whose URL has the scheme http, a user and a query': [
      'MutatingWebhookConfiguration',
      hook({ clientConfig: { url: 'http://u@x/y?q' } }),
      [
        `webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
        'webhooks[0].clientConfig.url: Invalid value: "u": user information is not permitted in the URL',
        'webhooks[0].clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL',
      ],
    ],
    'a webhook with a rule that names both a wildcard and single values': [
      'MutatingWebhookConfiguration',
      hook({ rules: [{ apiGroups: ['*', 'a'], apiVersions: ['v1'], resources: ['*', 'x'], operations: ['X'] }] }),
      [
        `webhooks[0].rules[0].apiGroups: Invalid value: ["*","a"]: if '*' is present, must not specify other API groups`,
        'webhooks[0].rules[0].operations[0]: Unsupported value: "X": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
        `webhooks[0].rules[0].resources: Invalid value: ["*","x"]: if '*' is present, must not specify other resources without subresources`,
      ],
    ],
  }),
)('%s is refused', async (_title, [kind, content, expected]) => {
  const { status, body } = await send('POST', PATHS[kind][1], make(kind, content));
  expect(status).toBe(422);
  expect(causes(body).sort()).toEqual([...expected].sort());
});

test('a webhook rule may name a resource before the wildcard *, although a resource after the wildcard is refused', async () => {
  const rules = [{ apiGroups: ['a.b'], apiVersions: ['v1'], resources: ['x', '*'], operations: ['CREATE'] }];
  const path = `${PATHS.MutatingWebhookConfiguration[1]}?dryRun=All`;
  const { status } = await send('POST', path, make('MutatingWebhookConfiguration', hook({ rules })));
  expect(status).toBe(201);
});

test('a webhook gets its default values', async () => {
  const content = hook({ clientConfig: { service: { name: 's', namespace: 'n' } } });
  const { status, body } = await send(
    'POST',
    `${PATHS.MutatingWebhookConfiguration[1]}?dryRun=All`,
    make('MutatingWebhookConfiguration', content),
  );
  expect(status).toBe(201);
  expect(body['webhooks']).toMatchObject([
    {
      clientConfig: { service: { port: 443 } },
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      reinvocationPolicy: 'Never',
      timeoutSeconds: 10,
      namespaceSelector: {},
      objectSelector: {},
      rules: [{ scope: '*' }],
    },
  ]);
});

test.each<[Kind, JsonObject, JsonObject, string]>([
  [
    'PersistentVolume',
    volume({ hostPath: { path: '/x' } }),
    { spec: { volumeMode: 'Block' } },
    'volumeMode: Invalid value: "Block": field is immutable',
  ],
  [
    'StorageClass',
    { provisioner: 'a.b/c' },
    { reclaimPolicy: 'Retain' },
    'reclaimPolicy: Invalid value: "Retain": field is immutable',
  ],
  [
    'PriorityClass',
    { value: 5 },
    { preemptionPolicy: 'Never' },
    'preemptionPolicy: Invalid value: "Never": field is immutable',
  ],
  [
    'ControllerRevision',
    { revision: 1, data: { a: 1 } },
    { data: { a: 2 } },
    'data: Invalid value: {"a":2}: field is immutable',
  ],
  ['RuntimeClass', { handler: 'x' }, { handler: 'y' }, 'handler: Invalid value: "y": field is immutable'],
  [
    'ResourceQuota',
    { spec: { hard: { pods: '1' } } },
    { spec: { scopes: ['BestEffort'] } },
    'spec.scopes: Invalid value: ["BestEffort"]: field is immutable',
  ],
])('a field of a %s is immutable', async (kind, content, change, expected) => {
  const path = PATHS[kind][1];
  expect((await send('POST', path, make(kind, content))).status).toBe(201);
  const { status, body } = await send('PATCH', `${path}/x`, change, 'application/merge-patch+json');
  expect(status).toBe(422);
  expect(causes(body)).toEqual([expected]);
});

const CONTAINERS = [{ name: 'c', image: 'i' }];
const job = (more: JsonObject): JsonObject => ({
  spec: { template: { spec: { restartPolicy: 'Never', containers: CONTAINERS } }, ...more },
});
const place = { spec: { template: { spec: { nodeSelector: { a: 'b' } } } } };
const claim: JsonObject = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
const gated: JsonObject = { spec: { containers: CONTAINERS, schedulingGates: [{ name: 'a' }] } };

test.each(
  Object.entries<[Kind, JsonObject, JsonObject, string[]]>({
    'a suspended Job can change its node selector': ['Job', job({ suspend: true }), place, []],
    'a running Job cannot change its node selector': [
      'Job',
      job({}),
      place,
      ['spec.template: Invalid value: {"labels":{"batch.kubernetes.io/contr'],
    ],
    'a suspended Job cannot change its image': [
      'Job',
      job({ suspend: true }),
      { spec: { template: { spec: { containers: [{ name: 'c', image: 'j' }] } } } },
      ['spec.template.spec: Invalid value: {"Volumes":null,"InitContainers":null,"Containers":[{"Name":"c","Imag'],
    ],
    'a claim without a class can get a class': [
      'PersistentVolumeClaim',
      claim,
      { spec: { storageClassName: 'x' } },
      [],
    ],
    'a claim without a volume can get a volume': ['PersistentVolumeClaim', claim, { spec: { volumeName: 'x' } }, []],
    'a claim without a volume cannot grow': [
      'PersistentVolumeClaim',
      claim,
      { spec: { resources: { requests: { storage: '2Gi' } } } },
      ['spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassNam'],
    ],
    'scheduling gates can be removed': ['Pod', gated, { spec: { schedulingGates: null } }, []],
    'scheduling gates cannot be added': [
      'Pod',
      gated,
      { spec: { schedulingGates: [{ name: 'z' }] } },
      ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'z'"],
    ],
    'a pod with scheduling gates can get a node selector': ['Pod', gated, { spec: { nodeSelector: { a: 'b' } } }, []],
    'a pod cannot increase its active deadline': [
      'Pod',
      { spec: { containers: CONTAINERS, activeDeadlineSeconds: 5 } },
      { spec: { activeDeadlineSeconds: 9 } },
      ['spec.activeDeadlineSeconds: Invalid value: 9: must be less than or equal to previous value'],
    ],
  }),
)('%s', async (title, [kind, content, change, expected]) => {
  const path = PATHS[kind][1];
  const name = title.toLowerCase().replaceAll(' ', '-');
  const { status: made } = await send('POST', path, { ...make(kind, content), metadata: { name } });
  expect(made).toBe(201);
  const { status, body } = await send('PATCH', `${path}/${name}`, change, 'application/strategic-merge-patch+json');
  // Messages end with the whole refused value, so only their beginnings are compared.
  expect(causes(body).map((text, index) => text.slice(0, expected[index]?.length))).toEqual(expected);
  expect(status).toBe(expected.length === 0 ? 200 : 422);
});

const CLAIM = { kind: 'PersistentVolumeClaim', name: 'c' };
const OTHER = { apiGroup: 'a.b', kind: 'Foo', name: 'f' };
const bare = { apiGroup: null, ...CLAIM };

test.each(
  Object.entries<[JsonObject, JsonObject]>({
    'a claim in dataSource is copied to dataSourceRef': [
      { dataSource: CLAIM },
      { dataSource: bare, dataSourceRef: bare },
    ],
    'an object of another kind in dataSource is dropped': [{ dataSource: OTHER }, {}],
    'an object in dataSourceRef is copied to dataSource': [
      { dataSourceRef: OTHER },
      { dataSource: OTHER, dataSourceRef: OTHER },
    ],
    'an object of another namespace is not copied from dataSourceRef to dataSource': [
      { dataSourceRef: { ...OTHER, namespace: 'n' } },
      { dataSourceRef: { ...OTHER, namespace: 'n' } },
    ],
  }),
)('%s', async (_title, [sources, expected]) => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...sources };
  const path = `${PATHS.PersistentVolumeClaim[1]}?dryRun=All`;
  const { status, body } = await send('POST', path, make('PersistentVolumeClaim', { spec }));
  expect(status).toBe(201);
  const { dataSource, dataSourceRef } = body['spec'] as JsonObject;
  expect({ dataSource, dataSourceRef }).toEqual({ dataSource: undefined, dataSourceRef: undefined, ...expected });
});

test.each([
  ['ConfigMap', 'configmaps', { data: { a: 'é'.repeat(524_288) } }, 201],
  ['ConfigMap', 'configmaps', { data: { b: `${'é'.repeat(524_288)}x` } }, 422],
  ['ConfigMap', 'configmaps', { binaryData: { a: Buffer.alloc(1_048_576).toString('base64') } }, 201],
  ['Secret', 'secrets', { data: { a: Buffer.alloc(1_048_576).toString('base64') } }, 201],
  ['Secret', 'secrets', { stringData: { a: 'x'.repeat(1_048_577) } }, 422],
])('the size limit of a %s counts decoded bytes', async (kind, plural, content, status) => {
  const path = `/api/v1/namespaces/default/${plural}`;
  const metadata = { generateName: 'large-' };
  expect((await send('POST', path, { apiVersion: 'v1', kind, metadata, ...content })).status).toBe(status);
});
