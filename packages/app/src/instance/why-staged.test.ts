import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { assumedSettings } from '@typekro/controller/controller';
import { crdOf } from '@typekro/kit/test-support/crd';
import { mapResource, pot, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { type JsonObject, type KubeObject, refOf } from '@typekro/kit/core';
import { readSession } from '@typekro/kube';
import { readConditions } from '@typekro/engine/runtime';
import { controllerCrds } from '@typekro/engine/graph';
import { whyOf } from './evidence.ts';
import { observe } from './observation.ts';
import { whyLines } from './why-view.ts';
import { type DefinitionWhyReport, definitionWhyLines, explainDefinition } from './why-definition.ts';

let world: VirtualWorld;
afterEach(() => world.close());

const NEVER = new AbortController().signal;

async function why(): Promise<string> {
  const session = readSession(world.user);
  const seen = await observe(session, 'shop', 'default', NEVER, { settings: assumedSettings('this test') });
  return whyLines(seen, await whyOf(seen, session, NEVER), world.clock.now(), false).join('\n');
}

/** Returns a node with a Deployment of one container. The node waits until the Deployment is ready. */
function deployment(annotations: JsonObject, spec: JsonObject = {}, container: JsonObject = {}): JsonObject {
  return {
    id: 'web',
    readyWhen: ['${web.status.readyReplicas == 1}'],
    template: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' }, annotations },
          spec: { ...spec, containers: [{ name: 'main', image: 'nginx', ...container }] },
        },
      },
    },
  };
}

const failing = (reason: string) => deployment({ 'typekro.dev/simulate-failure': reason });

const service = (annotations: JsonObject, port: number | string = 80): JsonObject => ({
  id: 'service',
  readyWhen: ["${service.status.loadBalancer.ingress[0].ip != ''}"],
  template: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', annotations },
    spec: { type: 'LoadBalancer', ports: [{ port }] },
  },
});

/** An Ingress. In a cluster with `workloads: false`, no controller gives it an address. */
const ingress: JsonObject = {
  id: 'ingress',
  readyWhen: ["${ingress.status.loadBalancer.ingress[0].hostname != ''}"],
  template: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web' },
    spec: { ingressClassName: 'nginx', defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
  },
};

const collection = (list: string, name = '${name}'): JsonObject => ({
  id: 'parts',
  forEach: [{ name: list }],
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
});

const noPods: KubeObject = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'no-pods', namespace: 'default' },
  spec: { hard: { pods: '0' } },
};

interface Stage {
  readonly before?: readonly KubeObject[];
  readonly resources: JsonObject[];
  readonly annotations?: Record<string, string>;
  readonly instance?: KubeObject;
  /** False when no controller of the cluster works on Services, Ingresses and pods. Default true. */
  readonly workloads?: boolean;
}

const STAGED: readonly (readonly [title: string, stage: Stage, expected: readonly string[]])[] = [
  [
    'a container without enough memory',
    { resources: [failing('OOMKilled')] },
    ['└ because  OOMKilled (Pod default/web-', 'raise resources.limits.memory'],
  ],
  [
    'a pod that fits on no node',
    { resources: [deployment({}, { nodeSelector: { disk: 'fast' } })] },
    ['└ because  Unschedulable (Pod default/web-', 'correct nodeSelector and affinity'],
  ],
  [
    'a quota that forbids the pods of a Deployment',
    { before: [noPods], resources: [deployment({})] },
    [
      '└ because  FailedCreate (Deployment default/web)',
      'exceeded quota: no-pods',
      'request at most what the quota still allows',
    ],
  ],
  [
    'a webhook that does not answer',
    {
      before: [
        parse(`{ apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: { name: hook },
          webhooks: [{ name: deny.example.com, clientConfig: { url: "https://127.0.0.1:9/x" }, failurePolicy: Fail, sideEffects: None, admissionReviewVersions: [v1],
          rules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps] }] }] }`) as KubeObject,
      ],
      resources: [mapResource('map', { a: 'b' })],
    },
    ['failed calling webhook', 'do         make the webhook deny.example.com answer, or delete its configuration'],
  ],
  [
    'an autoscaler that fights for a field within the same second',
    {
      resources: [
        { ...deployment({}), readyWhen: ['${web.status.readyReplicas == web.spec.replicas}'] },
        {
          id: 'hpa',
          template: parse(`{ apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: { name: web },
            spec: { minReplicas: 4, maxReplicas: 6, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: "\${web.metadata.name}" } } }`) as JsonObject,
        },
      ],
    },
    [
      'spec.replicas repeatedly changed by kube-controller-manager',
      'do         leave the field out of the template, or stop the other manager',
    ],
  ],
  [
    'a load balancer that cannot be made',
    { resources: [service({ 'typekro.dev/simulate-failure': 'SyncLoadBalancerFailed' })] },
    ['└ because  SyncLoadBalancerFailed (Service default/web)'],
  ],
  [
    'an ingress without an address',
    {
      resources: [ingress, mapResource('map', { url: '${ingress.status.loadBalancer.ingress[0].hostname}' })],
      workloads: false,
    },
    [
      '└ because  NoAddress (Ingress default/web): no controller has published an address; the class of the Ingress is nginx',
      'do         make sure that the controller of the IngressClass runs',
      'waiting    map',
    ],
  ],
  [
    'a field that the server refuses',
    { resources: [service({}, '${schema.spec.count}')], instance: pot('shop', { count: 99_999 }) },
    ['the API server refuses Service default/web', 'spec.ports[0].port', 'must be between 1 and 65535'],
  ],
  [
    'an expression that fails',
    {
      resources: [mapResource('map', { a: '${string(int(schema.spec.text))}' })],
      instance: pot('shop', { text: 'none' }),
    },
    ['✗ map  failed: failed at data.a', 'correct the expression, or the value in the instance'],
  ],
  [
    'two items with one name',
    { resources: [collection("${['a', 'a']}")] },
    [
      'has two items with one identity: items 0 and 1 render ConfigMap v1 default/a',
      'do         give the objects different names',
    ],
  ],
  [
    'a collection that is too large',
    {
      resources: [collection('${lists.range(schema.spec.count)}', "${'p' + string(name)}")],
      instance: pot('shop', { count: 1100 }),
    },
    ['has 1100 items, more than the 1000 allowed', 'make the list shorter, or raise the limit'],
  ],
  [
    'an object in a namespace that the definition may not use',
    {
      resources: [mapResource('map', { a: 'b' }, { namespace: 'kube-system' })],
      annotations: { 'typekro.dev/namespaces': 'instance' },
    },
    [
      'needs ConfigMap v1 kube-system/shop-map, but may use only objects in namespace default',
      'typekro.dev/namespaces: any',
    ],
  ],
  [
    'an object that may not be adopted',
    {
      before: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shop-map', namespace: 'default' } }],
      resources: [mapResource('map', { a: 'b' })],
      annotations: { 'typekro.dev/adoption': 'refuse' },
    },
    ['may not adopt ConfigMap v1 default/shop-map', 'set an adoption policy'],
  ],
  [
    'a pin to a revision that does not exist',
    { resources: [mapResource('map', { a: 'b' })], instance: pot('shop', {}, { 'typekro.dev/revision': '9' }) },
    [
      'note: pinned graph revision 9 not available: the definition has no such revision; change or remove the annotation typekro.dev/revision',
      'do         typekro pin pot/default/shop --remove',
      'nothing is done, and the objects stay as they are',
    ],
  ],
  [
    'a value that the instance does not set',
    { resources: [mapResource('map', { a: '${schema.metadata.labels.team}' })] },
    ['schema.metadata.labels.team'],
  ],
];

test.each(STAGED)('why explains the failure: %s', async (_title, stage, expected) => {
  const { before = [], resources, annotations = {}, instance = pot('shop'), workloads = true } = stage;
  world = await virtualWorld({ cluster: { workloads } });
  await world.apply(...before, potDefinition(resources, annotations));
  await world.advance(2000);
  await world.apply(instance);
  await world.advance(30_000);
  const text = await why();
  for (const each of expected) expect(text).toContain(each);
});

/** Responses of the API server to the controller's writes of children. The dry run by the user succeeds. */
const AGAIN =
  'do         the controller tries again after a pause; typekro reconcile pot/default/shop makes it try at once';
const REFUSED: readonly (readonly [
  string,
  code: number,
  reason: string,
  message: string,
  expected: readonly string[],
])[] = [
  [
    'a right that the controller lacks',
    403,
    'Forbidden',
    'configmaps "shop-map" is forbidden: User "system:serviceaccount:kro-system:kro" cannot patch resource "configmaps" in API group "" in the namespace "default"',
    ['missing permission; add the rule', 'do         give system:serviceaccount:kro-system:kro the missing right'],
  ],
  [
    'a webhook that refuses the controller',
    403,
    'Forbidden',
    'admission webhook "policy.example.com" denied the request: no owner label',
    ['admission webhook "policy.example.com" denied the request: no owner label', AGAIN],
  ],
  ['an API server that is unavailable', 503, 'ServiceUnavailable', 'etcd has no leader', ['etcd has no leader', AGAIN]],
];

test.each(REFUSED)('why explains a failed write: %s', async (_title, code, reason, message, expected) => {
  world = await virtualWorld();
  world.intercept = ({ method, path }) => {
    if (method !== 'PATCH' || !path.includes('/configmaps/')) return undefined;
    const body = (async function* () {
      yield Buffer.from(JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message }));
    })();
    return { status: code, headers: { 'content-type': 'application/json' }, body };
  };
  await world.apply(potDefinition([mapResource('map', { a: 'b' })]));
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(30_000);
  const text = await why();
  expect(text).toContain('the API server would accept the write of ConfigMap default/shop-map from you');
  for (const each of expected) expect(text).toContain(each);
});

/** Conditions that operators set, and the lines that `why` prints for them. */
const CONDITIONS: readonly (readonly [title: string, kind: string, condition: JsonObject, expected: string])[] = [
  [
    'an expired certificate',
    'Certificate',
    { type: 'Ready', status: 'False', reason: 'Expired', message: 'Certificate expired on Sun, 1 Nov 2026' },
    '└ because  Expired (Certificate default/thing): Certificate expired on Sun, 1 Nov 2026',
  ],
  [
    'a release that cannot be installed',
    'HelmRelease',
    { type: 'Ready', status: 'False', reason: 'InstallFailed', message: 'timed out' },
    '└ because  InstallFailed (HelmRelease default/thing): timed out',
  ],
  [
    'a composite resource that is not synced',
    'Composite',
    { type: 'Synced', status: 'False', reason: 'ReconcileError', message: 'no such bucket' },
    '└ because  ReconcileError (Composite default/thing): no such bucket',
  ],
  [
    'a cloud resource whose requests are throttled',
    'Bucket',
    { type: 'ACK.Recoverable', status: 'True', reason: 'Throttled', message: 'rate exceeded' },
    '└ because  Throttled (Bucket default/thing): rate exceeded',
  ],
];

test.each(CONDITIONS)('why prints the condition of %s', async (_title, kind, condition, expected) => {
  world = await virtualWorld();
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;
  await world.apply(crdOf(kind, schema, { fields: { subresources: { status: {} } } }));
  const template = { apiVersion: 'example.com/v1', kind, metadata: { name: 'thing' } };
  await world.apply(potDefinition([{ id: 'thing', readyWhen: ['${thing.status.done == true}'], template }]));
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(2000);
  const ref = { apiVersion: 'example.com/v1', kind, name: 'thing', namespace: 'default' };
  await world.user.patch(ref, { status: { conditions: [condition] } }, { subresource: 'status' });
  await world.advance(2000);
  expect(await why()).toContain(expected);
});

const FINE: DefinitionWhyReport = {
  schemaVersion: 1,
  definition: { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'shops' },
  kind: 'Shop',
  state: 'Active',
  refusals: [],
  problems: [],
  instances: 0,
  notActive: [],
  notes: [],
};

const SERVED = 'nothing is wrong with the definition: the controller serves it';

test.each([
  ['a definition that is Active', FINE, true],
  ['a definition that no controller has accepted', { ...FINE, state: 'Inactive' }, false],
  ['a definition without a state', { ...FINE, state: '' }, false],
  ['a definition with a condition that is not known', { ...FINE, notes: ['KindReady is not known yet'] }, false],
])('only an Active definition with known conditions counts as served: %s', (_name, report, isServed) => {
  expect(definitionWhyLines(report, 0, false).includes(SERVED)).toBe(isServed);
});

test('of many instances, only the first five are named, followed by the number of the others', () => {
  const notActive = Array.from({ length: 7 }, (_, index) => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Shop',
    namespace: 'team',
    name: `s${index}`,
  }));
  expect(definitionWhyLines({ ...FINE, instances: 9, notActive }, 0, false)).toEqual([
    'ResourceGraphDefinition shops   Active   kind Shop   9 instances, 7 not ACTIVE',
    '',
    SERVED,
    '',
    'not ACTIVE: shop/team/s0, shop/team/s1, shop/team/s2, shop/team/s3, shop/team/s4 and 2 more',
    '   look       typekro why shop/team/s0',
  ]);
});

test.each([
  [{ omit: false }, ['graph/omit']],
  [undefined, []],
])('the compiler follows the gates %j of the controller', async (features, codes) => {
  world = await virtualWorld();
  const definition = potDefinition([mapResource('map', { text: '${schema.spec.count > 1 ? "a" : omit()}' })]);
  const settings = assumedSettings('this test', undefined, features);
  const { problems } = await explainDefinition(world.user, definition, NEVER, settings);
  expect(problems.map(({ code }) => code)).toEqual(codes);
});

/** Rows: a change of the definition, as a newer CRD allows it, and the fields that the reports name. */
test.each<readonly [string, (spec: JsonObject) => void, string | undefined]>([
  ['of the spec', (spec) => void (spec['rollback'] = 'auto'), 'spec.rollback'],
  ['of the schema', (spec) => void ((spec['schema'] as JsonObject)['scopes'] = []), 'spec.schema.scopes'],
  [
    'of two resources',
    ({ resources }) => {
      for (const each of resources as JsonObject[]) each['retries'] = 1;
    },
    'spec.resources[0].retries, spec.resources[1].retries',
  ],
  ['without unknown fields', () => undefined, undefined],
])('every field that the controller ignores is in a condition, and why names it: %s', async (_name, change, fields) => {
  world = await virtualWorld();
  const [crd] = controllerCrds().map((each) => structuredClone(each));
  if (crd === undefined) throw new Error('no CRD');
  const [version] = (crd.spec as { versions: { schema: { openAPIV3Schema: JsonObject } }[] }).versions;
  if (version === undefined) throw new Error('no version');
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const properties = version.schema.openAPIV3Schema['properties'] as JsonObject;
  version.schema.openAPIV3Schema['properties'] = { ...properties, spec: open };
  await world.apply(crd);
  const definition = potDefinition([mapResource('one', { a: '1' }), mapResource('two', { a: '1' })]);
  change(definition.spec as JsonObject);
  await world.apply(definition);
  await world.advance(3000);
  const live = await world.user.get(refOf(definition));
  const conditions = readConditions(live.status?.['conditions']);
  const message = conditions.find(({ type }) => type === 'FieldsKnown')?.message;
  expect(message).toBe(fields && `this controller does not know and ignores ${fields}`);
  // The definition is served as if it did not have the fields.
  expect(conditions.find(({ type }) => type === 'Ready')?.status).toBe('True');
  const settings = assumedSettings('this test');
  const { refusals } = await explainDefinition(world.user, live, NEVER, settings);
  expect(refusals.map((each) => each.message)).toEqual(message === undefined ? [] : [message]);
});
