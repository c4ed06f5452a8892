import { describe, expect, test } from 'vitest';
import { controllerCrds, controllerManifests } from '@typekro/controller/controller';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { deployedController } from '../controllers/controller-container.ts';
import type { ControllerDeployment } from '../controllers/running-controllers.ts';
import type { ClusterFacts, Conversion, Right, ServiceState, Webhook, WebhookTarget } from './cluster-facts.ts';
import { diagnose } from './diagnosis.ts';
import { writtenKinds } from './read-facts.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

function controller(more: Partial<ControllerDeployment> = {}, container: JsonObject = {}): ControllerDeployment {
  const deployment = controllerManifests({ image: 'acme.test/typekro:1.0.0' }).find(
    ({ kind }) => kind === 'Deployment',
  );
  if (deployment?.spec === undefined) throw new Error('the manifests have a Deployment');
  const object = structuredClone(deployment);
  const { containers } = (object.spec as { template: { spec: { containers: JsonObject[] } } }).template.spec;
  containers[0] = { ...containers[0], ...container };
  const found = deployedController(object);
  if (found === undefined) throw new Error('the Deployment runs the controller');
  return { ...found, namespace: 'kro-system', name: 'typekro', wanted: 1, replicas: 1, object, ...more };
}

const lease = (spec: JsonObject = {}, namespace = 'kro-system'): KubeObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'controller.kro.run', namespace },
  spec: { holderIdentity: 'pod-1', leaseDurationSeconds: 15, renewTime: ago(2), ...spec },
});

const crds = (change: (crd: KubeObject) => KubeObject | undefined = (crd) => crd) =>
  new Map(
    controllerCrds().flatMap((crd) => {
      const changed = change(structuredClone(crd));
      return changed === undefined ? [] : [[crd.metadata.name ?? '', changed] as const];
    }),
  );
const onlyGraphs = (change: Partial<KubeObject>) =>
  crds((crd) => (crd.metadata.name === 'resourcegraphdefinitions.kro.run' ? { ...crd, ...change } : crd));

const definition = (more: Partial<KubeObject> = {}, metadata: KubeObject['metadata'] = {}): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'webapps', ...metadata },
  spec: { schema: { apiVersion: 'v1', kind: 'WebApp', group: 'acme.test' } },
  status: { state: 'Active' },
  ...more,
});

const serviceWith = (value: ServiceState): WebhookTarget => ({
  service: { namespace: 'policy', name: 'webhook' },
  state: { value },
});

const webhook = (more: Partial<Webhook> = {}): Webhook => ({
  configuration: 'ValidatingWebhookConfiguration policy',
  name: 'check.acme.test',
  blocks: true,
  rules: [{ groups: ['acme.test'], resources: ['*'], operations: ['*'] }],
  target: serviceWith({ exists: true, ready: 0 }),
  ...more,
});

const conversion = (more: Partial<Conversion> = {}): Conversion => ({
  crd: 'boats.acme.test',
  version: 'v1',
  storedVersions: ['v1'],
  servedVersions: ['v1', 'v2'],
  lists: new Map(),
  target: serviceWith({ exists: true, ready: 0 }),
  ...more,
});

const right = (more: Partial<Right> = {}): Right => ({
  account: 'kro-system/typekro',
  controller: 'kro-system/typekro',
  verb: 'list',
  group: 'apps',
  resource: 'deployments',
  neededBy: 'ResourceGraphDefinition webapps',
  allowed: false,
  ...more,
});

const healthy: ClusterFacts = {
  server: { version: 'v1.36.1', minor: 36, now: NOW, aheadMs: 100, watchLists: { value: true } },
  crds: { value: crds() },
  definitions: { value: [definition()] },
  instances: new Map([['webapps', { value: [] }]]),
  controllers: { value: [controller()] },
  pods: { value: [] },
  leases: { value: [lease()] },
  writtenKinds: [
    ...writtenKinds([], []),
    {
      group: 'acme.test',
      version: 'v1',
      resource: 'webapps',
      writesStatus: true,
      operations: ['UPDATE'],
      definition: 'webapps',
    },
  ],
  webhooks: { value: [webhook({ target: serviceWith({ exists: true, ready: 1 }) })] },
  conversions: { value: [conversion({ target: serviceWith({ exists: true, ready: 1 }) })] },
  rights: { value: [right({ allowed: true })] },
  version: '1.0.0',
};

/** The findings as `severity check where: what`. */
const findings = (facts: Partial<ClusterFacts>) =>
  diagnose({ ...healthy, ...facts }).findings.map(
    ({ severity, check, where, what }) => `${severity} ${check} ${where}: ${what}`,
  );

const instance = (seconds: number): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind: 'WebApp',
  metadata: { name: 'shop', namespace: 'team', deletionTimestamp: ago(seconds), finalizers: ['kro.run/finalizer'] },
});
const pod = (status: JsonObject): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'typekro-1', namespace: 'kro-system' },
  status: { containerStatuses: [{ name: 'controller', restartCount: 0, ...status }] },
});
const kro = controller({ project: 'kro', namespace: 'kro', name: 'kro' });

test('a healthy cluster passes all checks', () => {
  expect(diagnose(healthy)).toEqual({
    findings: [],
    skipped: [],
    passed: [
      'server',
      'clock',
      'crds',
      'controllers',
      'leases',
      'rights',
      'webhooks',
      'conversions',
      'pods',
      'objects',
    ],
    empty: [],
  });
});

test('a check without objects is reported as empty and not as passed', () => {
  const none = { value: [] };
  const instances = new Map<string, never>();
  const facts = { controllers: none, definitions: none, rights: none, webhooks: none, conversions: none, instances };
  const { passed, empty } = diagnose({ ...healthy, ...facts });
  expect(passed).toEqual(['server', 'clock', 'crds', 'leases']);
  expect(empty).toEqual(['controllers', 'rights', 'webhooks', 'conversions', 'pods', 'objects']);
});

test.each<[string, Partial<ClusterFacts>, readonly string[]]>([
  [
    'an old server without streamed lists',
    { server: { ...healthy.server, version: 'v1.33.0', minor: 33, watchLists: { value: false } } },
    [
      'error server API server v1.33.0: is older than Kubernetes 1.34',
      'info server API server v1.33.0: does not stream lists (feature gate WatchList)',
    ],
  ],
  [
    'a clock that is ahead',
    { server: { ...healthy.server, aheadMs: 90_000 } },
    ["warning clock this machine: its clock is 90 s ahead of the API server's"],
  ],
  [
    'a clock that is behind',
    { server: { ...healthy.server, aheadMs: -6000 } },
    ["warning clock this machine: its clock is 6 s behind the API server's"],
  ],
  ['a clock within the limit', { server: { ...healthy.server, aheadMs: 5000 } }, []],
  [
    'missing CRDs',
    { crds: { value: new Map() } },
    [
      'error crds CustomResourceDefinition resourcegraphdefinitions.kro.run: does not exist',
      'error crds CustomResourceDefinition graphrevisions.internal.kro.run: does not exist',
      'info crds CustomResourceDefinition graphs.kro.run: does not exist',
    ],
  ],
  [
    'a CRD in deletion',
    { crds: { value: onlyGraphs({ metadata: { name: 'x', deletionTimestamp: ago(9) } }) } },
    [
      'error crds CustomResourceDefinition resourcegraphdefinitions.kro.run: is being deleted (since 2026-01-01T11:59:51.000Z)',
    ],
  ],
  [
    'a CRD whose names are taken, with objects in an old version',
    {
      crds: {
        value: onlyGraphs({
          status: {
            storedVersions: ['v1alpha0', 'v1alpha1'],
            conditions: [{ type: 'NamesAccepted', status: 'False', message: '"rgd" is already in use' }],
          },
        }),
      },
    },
    [
      'error crds CustomResourceDefinition resourcegraphdefinitions.kro.run: is not NamesAccepted: "rgd" is already in use',
      'warning crds CustomResourceDefinition resourcegraphdefinitions.kro.run: has objects that may be stored in v1alpha0',
    ],
  ],
  [
    'no controller, and definitions that a controller has read',
    { controllers: { value: [] }, leases: { value: [] } },
    [
      'warning controllers the cluster: no Deployment of a controller has replicas, and no Lease of a controller is renewed',
    ],
  ],
  [
    'no controller, and a definition that changed after a controller had read it',
    {
      controllers: { value: [] },
      leases: { value: [] },
      definitions: {
        value: [
          definition(
            { status: { state: 'Active', conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }] } },
            { generation: 2 },
          ),
        ],
      },
    },
    [
      'error controllers the cluster: no Deployment of a controller has replicas, and no Lease of a controller is renewed',
    ],
  ],
  ['a controller outside the cluster, which holds the Lease', { controllers: { value: [] } }, []],
  [
    'kro in another namespace',
    { controllers: { value: [controller(), kro] } },
    ['error controllers Deployment kro/kro: runs kro, and Deployment kro-system/typekro runs typekro'],
  ],
  [
    'kro in the same namespace',
    { controllers: { value: [controller(), { ...kro, namespace: 'kro-system' }] } },
    ['warning controllers Deployment kro-system/kro: runs kro, and Deployment kro-system/typekro runs typekro'],
  ],
  ['kro without replicas', { controllers: { value: [controller(), { ...kro, replicas: 0 }] } }, []],
  [
    'a controller of another version',
    { version: '1.1.0' },
    ['warning controllers Deployment kro-system/typekro: runs the version 1.0.0; this program is 1.1.0'],
  ],
  [
    'a controller whose image tag has only two numbers, of another version',
    { version: '1.1.0', controllers: { value: [controller({ image: 'typekro:v1.0@sha256:1' })] } },
    ['warning controllers Deployment kro-system/typekro: runs the version 1.0; this program is 1.1.0'],
  ],
  [
    'a controller whose image tag has only two numbers, of the same version',
    { version: '1.1.0', controllers: { value: [controller({ image: 'typekro:1.1' })] } },
    [],
  ],
  [
    'a Lease without a holder',
    { leases: { value: [lease({ holderIdentity: '' })] } },
    ['error leases Lease kro-system/controller.kro.run: has no holder'],
  ],
  [
    'a Lease that is not renewed',
    { leases: { value: [lease({ renewTime: ago(21) })] } },
    ['error leases Lease kro-system/controller.kro.run: pod-1 has not renewed it since 2026-01-01T11:59:39.000Z'],
  ],
  [
    'a Lease whose last renewal has the maximum allowed age',
    { leases: { value: [lease({ renewTime: ago(20) })] } },
    [],
  ],
  [
    'a renewal in the future',
    { leases: { value: [lease({ renewTime: ago(-30) })] } },
    ['warning leases Lease kro-system/controller.kro.run: was renewed 30 s ahead of the clock of the API server'],
  ],
  [
    'two leaders',
    { leases: { value: [lease(), lease({ holderIdentity: 'pod-2' }, 'kro')] } },
    [
      'error leases Lease kro/controller.kro.run: pod-2 leads by this Lease, and pod-1 leads by Lease kro-system/controller.kro.run',
    ],
  ],
  [
    'missing rights',
    { rights: { value: [right(), right({ verb: 'watch' }), right({ verb: 'get', allowed: true })] } },
    ['error rights ServiceAccount kro-system/typekro: may not list, watch deployments.apps'],
  ],
  [
    'a webhook without endpoints',
    { webhooks: { value: [webhook()] } },
    [
      'error webhooks ValidatingWebhookConfiguration policy: the webhook check.acme.test has no ready endpoint: Service policy/webhook',
    ],
  ],
  [
    'a conversion webhook without endpoints',
    { conversions: { value: [conversion()] } },
    [
      'warning conversions CustomResourceDefinition boats.acme.test: its conversion webhook has no ready endpoint: Service policy/webhook',
    ],
  ],
  [
    'a container without a limit',
    { controllers: { value: [controller({}, { resources: {} })] } },
    ['warning pods Deployment kro-system/typekro: the container controller has no memory limit'],
  ],
  [
    'a container with a small limit',
    { controllers: { value: [controller({}, { resources: { limits: { memory: '64Mi' } } })] } },
    ['warning pods Deployment kro-system/typekro: the container controller has a memory limit of 64Mi'],
  ],
  [
    'a pod that was killed for its memory',
    { pods: { value: [pod({ lastState: { terminated: { reason: 'OOMKilled', finishedAt: ago(60) } } })] } },
    ['error pods Pod kro-system/typekro-1: exceeded its memory limit and was killed at 2026-01-01T11:59:00.000Z'],
  ],
  [
    'a pod whose image cannot be pulled',
    { pods: { value: [pod({ state: { waiting: { reason: 'ImagePullBackOff' } } })] } },
    ['error pods Pod kro-system/typekro-1: waits: ImagePullBackOff'],
  ],
  [
    'a pod that works again after it was killed for its memory',
    {
      pods: {
        value: [
          pod({ state: { running: {} }, lastState: { terminated: { reason: 'OOMKilled', finishedAt: ago(60) } } }),
        ],
      },
    },
    ['warning pods Pod kro-system/typekro-1: exceeded its memory limit and was killed at 2026-01-01T11:59:00.000Z'],
  ],
  [
    'a pod that starts',
    { pods: { value: [pod({ state: { waiting: { reason: 'ContainerCreating' } } })] } },
    ['warning pods Pod kro-system/typekro-1: starts: ContainerCreating'],
  ],
  ['a pod that restarted twice', { pods: { value: [pod({ restartCount: 2 })] } }, []],
  [
    'a pod that restarted three times',
    { pods: { value: [pod({ restartCount: 3 })] } },
    ['warning pods Pod kro-system/typekro-1: has restarted 3 times'],
  ],
  [
    'a definition that is not served',
    {
      definitions: {
        value: [
          definition({
            status: { state: 'Inactive', conditions: [{ type: 'GraphAccepted', status: 'False', message: 'a cycle' }] },
          }),
        ],
      },
    },
    ['warning objects ResourceGraphDefinition webapps: its present spec is not served: GraphAccepted: a cycle'],
  ],
  [
    'a definition whose revision is not compiled yet',
    {
      definitions: {
        value: [
          definition({
            status: {
              state: 'Inactive',
              conditions: [
                { type: 'Ready', status: 'Unknown', message: 'awaiting compilation' },
                { type: 'GraphRevisionsResolved', status: 'Unknown', message: 'awaiting compilation' },
                { type: 'KindReady', status: 'True' },
              ],
            },
          }),
        ],
      },
    },
    ['warning objects ResourceGraphDefinition webapps: is not ready yet: GraphRevisionsResolved: awaiting compilation'],
  ],
  [
    'a definition without a status',
    { definitions: { value: [definition({ status: {} })] } },
    ['warning objects ResourceGraphDefinition webapps: no controller has written its status'],
  ],
  [
    'a deletion that takes long',
    { instances: new Map([['webapps', { value: [instance(600)] }]]) },
    ['warning objects WebApp team/shop: has been terminating for 10 min, with the finalizers kro.run/finalizer'],
  ],
  ['a deletion that has just begun', { instances: new Map([['webapps', { value: [instance(300)] }]]) }, []],
])('the diagnosis has the expected findings: %s', (_title, facts, expected) => {
  expect(findings(facts)).toEqual(expected);
});

test.each([
  ['that never started', 0, 'kubectl describe pod -n kro-system typekro-1'],
  ['that restarted', 3, 'kubectl logs --previous -n kro-system typekro-1'],
])('the remedy for a waiting container %s names the command that shows the cause', (_, restartCount, remedy) => {
  const waiting = pod({ restartCount, state: { waiting: { reason: 'CreateContainerError' } } });
  const { findings: found } = diagnose({ ...healthy, pods: { value: [waiting] } });
  expect(found.map((each) => each.remedy)).toEqual([remedy]);
});

test('without a controller, a deletion with a finalizer is an error, because it never ends', () => {
  const found = findings({
    controllers: { value: [] },
    leases: { value: [] },
    definitions: { value: [] },
    instances: new Map([['webapps', { value: [instance(600)] }]]),
  });
  expect(found.map((text) => text.split(' ', 2).join(' '))).toEqual(['warning controllers', 'error objects']);
});

describe('without the right to read', () => {
  const unread = { unread: 'forbidden' };
  const target: WebhookTarget = { service: { namespace: 'policy', name: 'webhook' }, state: unread };

  test.each([
    ['crds', ['crds']],
    ['controllers', ['controllers', 'pods']],
    ['leases', ['leases']],
    ['rights', ['rights']],
    ['webhooks', ['webhooks']],
    ['conversions', ['conversions']],
    ['pods', ['pods']],
    ['definitions', ['objects']],
  ] as const)('%s, the checks %j are reported as skipped, and there are no findings', (fact, checks) => {
    const { findings: found, skipped, passed } = diagnose({ ...healthy, [fact]: unread });
    expect(found).toEqual([]);
    expect(skipped).toEqual(checks.map((check) => ({ check, because: 'forbidden' })));
    expect(passed).not.toContain(checks[0]);
  });

  test.each([
    ['if there is no Deployment', []],
    ['if its Deployment has no replicas', [controller({ replicas: 0 })]],
  ])('controllers of other namespaces, a missing controller is not reported %s', (_, value) => {
    const facts = { controllers: { value }, controllersLimit: 'forbidden', leases: unread };
    const { findings: found, skipped } = diagnose({ ...healthy, ...facts });
    expect(found).toEqual([]);
    expect(skipped).toContainEqual({ check: 'controllers', because: 'forbidden' });
  });

  test.each([
    ['all Deployments', { controllers: unread }],
    ['the Deployments of other namespaces', { controllers: { value: [] }, controllersLimit: 'forbidden' }],
  ])('%s, a Lease without a holder is a warning', (_, facts) => {
    const leases = { value: [lease({ holderIdentity: '' })] };
    const { findings: found } = diagnose({ ...healthy, ...facts, leases });
    expect(found.map(({ severity, why }) => `${severity} ${why}`)).toEqual([
      'warning if a controller runs, none of its replicas works',
    ]);
  });

  test('Leases, the report about a missing controller has no sentence about Leases', () => {
    const { findings: found } = diagnose({ ...healthy, controllers: { value: [] }, leases: unread });
    expect(found).toEqual([
      {
        check: 'controllers',
        severity: 'warning',
        where: 'the cluster',
        what: 'no Deployment of a controller has replicas',
        why: 'unless a controller works outside the cluster, changes have no effect',
        remedy: 'typekro bootstrap, or typekro controller on this machine',
      },
    ]);
  });

  test('the endpoints of a webhook that selects the kinds of instances, the check is skipped', () => {
    const { skipped } = diagnose({ ...healthy, webhooks: { value: [webhook({ target })] } });
    expect(skipped).toEqual([
      { check: 'webhooks', because: 'endpoints of ValidatingWebhookConfiguration policy: forbidden' },
    ]);
  });

  test('the endpoints of a conversion webhook, the check is skipped', () => {
    const { findings: found, skipped } = diagnose({ ...healthy, conversions: { value: [conversion({ target })] } });
    expect(found).toEqual([]);
    expect(skipped).toEqual([
      { check: 'conversions', because: 'endpoints of the conversion of boats.acme.test: forbidden' },
    ]);
  });

  test('the kinds of children, checks of webhooks that may select them are skipped', () => {
    const checks = (facts: Partial<ClusterFacts>) =>
      diagnose({ ...healthy, kindsLimit: 'forbidden', ...facts }).skipped.map(({ check }) => check);
    expect(checks({})).toEqual(['webhooks', 'conversions']);
    expect(checks({ webhooks: { value: [webhook({ blocks: false })] } })).toEqual(['conversions']);
  });
});
