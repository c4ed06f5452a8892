import { afterEach, describe, expect, test } from 'vitest';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import type { JsonObject, KubeObject, OwnerReference } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { KubeClient } from '@typekro/kube';
import { readinessOf } from '@typekro/engine/readiness';
import { type ManualClock, createManualClock } from '../../cluster-clock.ts';
import { type Cluster, createEmbeddedCluster } from '../../cluster.ts';
import type { StandIn, StandInName } from '../../stand-in.ts';

let clock: ManualClock;
let cluster: Cluster;
let client: KubeClient;

async function start(standIns: readonly (StandInName | StandIn)[], standInStepMs = 0): Promise<void> {
  clock = createManualClock(Date.UTC(2026, 0, 1));
  cluster = await createEmbeddedCluster({ clock, standIns, standInStepMs });
  client = new KubeClient({ transport: cluster.transport() });
}
afterEach(async () => {
  await client.close();
  await cluster.close();
});

function made(apiVersion: string, kind: string, name: string, spec: JsonObject, annotations = {}): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: 'default', annotations }, spec };
}

async function read({ apiVersion, kind, metadata }: KubeObject): Promise<KubeObject> {
  await cluster.idle();
  return client.get({ apiVersion, kind, name: metadata.name ?? '', namespace: 'default' });
}

const conditionsOf = (value: JsonObject | KubeObject | undefined): string[] =>
  ((value?.['conditions'] ?? []) as { type: string; status: string; reason?: string }[]).map(
    ({ type, status, reason = '' }) => `${type}=${status} ${reason}`.trimEnd(),
  );

/**
 * The kind of a stand-in that this test defines. Each Counter owns a ConfigMap, which is deleted before the Counter.
 */
const counterDefinition = crdOf('Counter', ANYTHING, { fields: { subresources: { status: {} } } });
const counterStandIn: StandIn = {
  name: 'counter',
  definitions: () => [counterDefinition],
  kinds: [
    {
      group: 'example.com',
      kind: 'Counter',
      finalizer: 'example.com/counter',
      reconcile: (object, view) => ({
        owned: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${object.metadata.name}-state` } }],
        status: {
          steps: view.completedSteps(3),
          ...(view.failure === undefined ? {} : { failure: view.failure.reason }),
        },
        events: [{ reason: 'Counted', message: 'a step is done' }],
      }),
      finalize: (object, view) =>
        view.failure === undefined
          ? {
              removed: [
                { apiVersion: 'v1', kind: 'ConfigMap', name: `${object.metadata.name}-state`, namespace: 'default' },
              ],
            }
          : { unfinished: true },
    },
  ],
};
const counter = made('example.com/v1', 'Counter', 'a', { size: 1 });

describe('the host of stand-ins', () => {
  test('steps follow the clock, and begin again when the spec changes', async () => {
    await start([counterStandIn], 1000);
    await client.create(counter);
    const steps: unknown[] = [];
    for (let second = 0; second < 5; second++) {
      steps.push((await read(counter)).status?.['steps']);
      clock.advance(1000);
    }
    expect(steps).toEqual([0, 1, 2, 3, 3]);
    await client.apply({ ...counter, spec: { size: 2 } }, { fieldManager: 'test', force: true });
    expect((await read(counter)).status?.['steps']).toBe(0);
  });

  test.each([0, -5, 0.001])(
    'a stand-in that requests its next run after %d ms runs once per millisecond',
    async (againMs) => {
      let runs = 0;
      const kinds = [
        {
          group: 'example.com',
          kind: 'Counter',
          reconcile: () => {
            runs += 1;
            return runs <= 1000 ? { againMs } : undefined;
          },
        },
      ];
      await start([{ ...counterStandIn, kinds }]);
      await client.create(counter);
      await cluster.idle();
      runs = 0;
      clock.advance(20);
      expect(runs).toBe(20);
    },
  );

  test('an annotation sets the total duration of all steps', async () => {
    await start([counterStandIn]);
    const annotations = { 'typekro.dev/simulate-ready-after-seconds': '30' };
    await client.create({ ...counter, metadata: { ...counter.metadata, annotations } });
    expect((await read(counter)).status?.['steps']).toBe(0);
    clock.advance(10_000);
    expect((await read(counter)).status?.['steps']).toBe(1);
    clock.advance(20_000);
    expect((await read(counter)).status?.['steps']).toBe(3);
  });

  test('the finalizer is added at first, and removed after the owned objects are deleted', async () => {
    await start([counterStandIn]);
    await client.create(counter);
    expect((await read(counter)).metadata.finalizers).toEqual(['example.com/counter']);
    const state = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a-state', namespace: 'default' };
    expect((await client.get(state)).metadata.ownerReferences).toMatchObject([{ kind: 'Counter', controller: true }]);
    const mend = cluster.standIns.fail({ kind: 'Counter' }, 'Stuck');
    await client.delete({ ...counter, name: 'a', namespace: 'default' });
    expect((await read(counter)).metadata.deletionTimestamp).toBeDefined();
    mend();
    await cluster.idle();
    expect(await client.find({ ...counter, name: 'a', namespace: 'default' })).toBeUndefined();
    expect(await client.find(state)).toBeUndefined();
  });

  test('an owned object that another client deletes is created again', async () => {
    await start([counterStandIn]);
    await client.create(counter);
    await cluster.idle();
    const state = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a-state', namespace: 'default' };
    await client.delete(state);
    await cluster.idle();
    expect(await client.find(state)).toBeDefined();
  });

  const OTHER = { apiVersion: 'v1', kind: 'Pod', name: 'other', uid: 'other-uid' };
  test.each<[text: string, ownersOf: (uid: string) => OwnerReference[], expected: string[]]>([
    ['no owner', () => [], ['Counter true']],
    ['an owner that is not its controller', () => [OTHER], ['Pod undefined', 'Counter true']],
    [
      'the Counter as an owner, but not as its controller',
      (uid) => [{ apiVersion: 'example.com/v1', kind: 'Counter', name: 'a', uid }, OTHER],
      ['Counter true', 'Pod undefined'],
    ],
    ['another controller', () => [{ ...OTHER, controller: true }], ['Pod true']],
  ])('an existing object with %s gets the expected owners', async (_text, ownersOf, expected) => {
    await start([counterStandIn]);
    cluster.controllers.hold('counter');
    cluster.controllers.hold('generic-garbage-collector');
    const { metadata } = await client.create(counter);
    const state = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a-state', namespace: 'default' } };
    const ownerReferences = ownersOf(metadata.uid ?? '');
    await client.create({ ...state, metadata: { ...state.metadata, ownerReferences } });
    cluster.controllers.release('counter');
    const { ownerReferences: owners = [] } = (await read(state)).metadata;
    expect(owners.map(({ kind, controller }) => `${kind} ${controller}`)).toEqual(expected);
  });

  test('a rule affects only the objects that it matches, until the rule is removed', async () => {
    await start([counterStandIn]);
    const other = made('example.com/v1', 'Counter', 'b', {});
    await client.create(counter);
    await client.create(other);
    const mend = cluster.standIns.fail(
      { kind: 'Counter', name: 'b' },
      { reason: 'Broken', message: 'as the test says' },
    );
    expect([(await read(counter)).status?.['failure'], (await read(other)).status?.['failure']]).toEqual([
      undefined,
      'Broken',
    ]);
    mend();
    expect((await read(other)).status?.['failure']).toBeUndefined();
  });

  test('stand-ins can be held like other controllers, and have their own field managers', async () => {
    await start([counterStandIn]);
    cluster.controllers.hold('counter');
    await client.create(counter);
    expect((await read(counter)).status).toBeUndefined();
    cluster.controllers.release('counter');
    const managers = (await read(counter)).metadata.managedFields?.map((entry) =>
      textAt(entry as JsonObject, 'manager'),
    );
    expect(managers).toContain('counter');
  });

  test.each([
    [['cert-manger' as StandInName], 'cluster/unknown-stand-in', 'the stand-ins are ack, argocd'],
    [['flux', 'flux'] as StandInName[], 'cluster/duplicate-stand-in', 'leave one of them out'],
  ])('%j is refused', async (standIns, code, remedy) => {
    const refused = createEmbeddedCluster({ standIns });
    await expect(refused).rejects.toMatchObject({ code, remedy: expect.stringContaining(remedy) });
    await start([]);
  });

  test('stand-ins are refused for a cluster without controllers', async () => {
    const refused = createEmbeddedCluster({ standIns: ['flux'], controllers: false });
    await expect(refused).rejects.toMatchObject({ code: 'cluster/stand-ins-without-controllers' });
    await start([]);
  });

  test('a restored cluster keeps its stand-ins', async () => {
    await start([counterStandIn]);
    const snapshot = cluster.snapshot();
    await cluster.close();
    cluster = await createEmbeddedCluster({ standIns: [counterStandIn] });
    cluster.restore(snapshot);
    expect(cluster.standIns.names).toEqual(['counter']);
  });
});

const FAIL = { 'typekro.dev/simulate-failure': 'Broken: by the test' };

/**
 * Each row has a stand-in, an object for which it reports a failure, a function that reads the object's conditions or
 * state, and the expected result of the function.
 */
const FAILURES: readonly (readonly [StandInName, KubeObject, (object: KubeObject) => unknown, unknown])[] = [
  [
    'ack',
    made('s3.services.k8s.aws/v1alpha1', 'Bucket', 'a', { name: 'a' }, FAIL),
    ({ status }) => conditionsOf(status),
    ['ACK.Recoverable=True', 'ACK.ResourceSynced=Unknown Broken: by the test'],
  ],
  [
    'ack',
    made(
      's3.services.k8s.aws/v1alpha1',
      'Bucket',
      'a',
      { name: 'a' },
      { 'typekro.dev/simulate-failure': 'BucketAlreadyExists' },
    ),
    ({ status }) => conditionsOf(status),
    ['ACK.Terminal=True', 'ACK.ResourceSynced=False resource is in terminal condition'],
  ],
  [
    'argocd',
    made(
      'argoproj.io/v1alpha1',
      'Application',
      'a',
      {
        project: 'default',
        destination: {},
        source: { repoURL: 'https://example.com/a' },
        syncPolicy: { automated: {} },
      },
      FAIL,
    ),
    ({ status }) => [
      textAt(status, 'operationState', 'phase'),
      textAt(status, 'health', 'status'),
      textAt(status, 'sync', 'status'),
    ],
    ['Failed', 'Missing', 'OutOfSync'],
  ],
  [
    'argocd',
    made('argoproj.io/v1alpha1', 'Application', 'a', {
      project: 'none',
      destination: {},
      source: { repoURL: 'https://example.com/a' },
    }),
    ({ status }) => ((status?.['conditions'] ?? []) as JsonObject[]).map((each) => each['type']),
    ['InvalidSpecError'],
  ],
  [
    'cert-manager',
    made('cert-manager.io/v1', 'Issuer', 'a', { selfSigned: {} }, FAIL),
    ({ status }) => conditionsOf(status),
    ['Ready=False Broken'],
  ],
  [
    'cnpg',
    made('postgresql.cnpg.io/v1', 'Cluster', 'a', { instances: 1, storage: { size: '1Gi' } }, FAIL),
    ({ status }) => [textAt(status, 'phase'), textAt(status, 'phaseReason'), ...conditionsOf(status)],
    ['Broken', 'by the test', 'Ready=False ClusterIsNotReady'],
  ],
  [
    'cnpg',
    made('postgresql.cnpg.io/v1', 'Backup', 'a', { cluster: { name: 'none' } }),
    ({ status }) => [textAt(status, 'phase'), textAt(status, 'error')],
    ['failed', 'Unknown cluster none'],
  ],
  [
    'external-secrets',
    made('external-secrets.io/v1', 'SecretStore', 'a', { provider: { fake: { data: [] } } }, FAIL),
    ({ status }) => conditionsOf(status),
    ['Ready=False Broken'],
  ],
  [
    'external-secrets',
    made('external-secrets.io/v1', 'ExternalSecret', 'a', { secretStoreRef: { name: 'none' } }),
    ({ status }) => conditionsOf(status),
    ['Ready=False SecretSyncedError'],
  ],
  [
    'flux',
    made('source.toolkit.fluxcd.io/v1', 'GitRepository', 'a', { url: 'https://example.com/a', interval: '1m' }, FAIL),
    ({ status }) => conditionsOf(status),
    ['Ready=False Broken'],
  ],
];

test.each(FAILURES)('%s reports a failure as the operator does: %#', async (name, object, report, expected) => {
  await start([name]);
  await client.create(object);
  const found = await read(object);
  expect(report(found)).toEqual(expected);
  expect(readinessOf(found).state).not.toBe('current');
});

test('a bucket whose deletion fails keeps its finalizer', async () => {
  await start(['ack']);
  const bucket = made('s3.services.k8s.aws/v1alpha1', 'Bucket', 'a', { name: 'a' });
  await client.create(bucket);
  expect((await read(bucket)).metadata.finalizers).toEqual(['finalizers.s3.services.k8s.aws/Bucket']);
  expect((await read(bucket)).status?.['ackResourceMetadata']).toMatchObject({ arn: 'arn:aws:s3:::a' });
  const mend = cluster.standIns.fail({ kind: 'Bucket' }, 'BucketNotEmpty');
  await client.delete({ ...bucket, name: 'a', namespace: 'default' });
  expect((await read(bucket)).metadata.finalizers).toHaveLength(1);
  mend();
  await cluster.idle();
  expect(await client.find({ ...bucket, name: 'a', namespace: 'default' })).toBeUndefined();
});

test('an ACK kind may be named like an inherited member of JavaScript objects', async () => {
  await start(['ack']);
  const options = { group: 'lambda.services.k8s.aws', fields: { subresources: { status: {} } } };
  await client.create(crdOf('constructor', ANYTHING, options));
  await cluster.idle();
  const object = made('lambda.services.k8s.aws/v1', 'constructor', 'a', {});
  await client.create(object);
  expect(Object.keys((await read(object)).status ?? {})).toEqual(['ackResourceMetadata', 'conditions']);
});

test('an Application without automated sync waits until its `operation` is set', async () => {
  await start(['argocd']);
  const application = made('argoproj.io/v1alpha1', 'Application', 'a', {
    project: 'default',
    destination: {},
    source: { repoURL: 'https://example.com/a', path: '.' },
  });
  await client.create(application);
  expect((await read(application)).status).toMatchObject({
    sync: { status: 'OutOfSync' },
    health: { status: 'Missing' },
  });
  const operation = { operation: { sync: {} }, metadata: { annotations: { 'argocd.argoproj.io/refresh': 'hard' } } };
  await client.patch({ ...application, name: 'a', namespace: 'default' }, operation, { type: 'merge' });
  const synced = await read(application);
  expect(synced.status).toMatchObject({ sync: { status: 'Synced' }, operationState: { phase: 'Succeeded' } });
  expect(synced).not.toHaveProperty('operation');
  expect(synced.metadata.annotations ?? {}).toEqual({});
});
