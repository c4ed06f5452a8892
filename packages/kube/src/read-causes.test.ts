import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { type KubernetesApi, type ResourceType, KubeError, readCauses, readFamilies } from './index.ts';

const claim = (namespace: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'disk', namespace },
  status: { phase: 'Pending' },
});
const deployment = (namespace: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace, uid: 'u' },
  spec: { replicas: 1, selector: { matchLabels: { app: 'web' } } },
});
const refused = () => Promise.reject(new KubeError('not allowed', { status: 403, reason: 'Forbidden' }));

/**
 * A cluster with one event in the namespace `a`. It refuses reads of the kinds in `refuses`, and records the list
 * requests.
 */
function cluster(refuses: readonly string[]) {
  const listed: string[] = [];
  const involvedObject = { kind: 'PersistentVolumeClaim', name: 'disk' };
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {},
    type: 'Warning',
    reason: 'R',
    message: 'm',
    involvedObject,
  };
  const api: Pick<KubernetesApi, 'find' | 'list'> = {
    find({ kind, namespace = '' }) {
      if (refuses.includes(kind)) return refused();
      if (kind === 'Deployment') return Promise.resolve(deployment(namespace));
      return Promise.resolve(namespace === 'none' ? undefined : claim(namespace));
    },
    list({ kind }, options) {
      const selection = [options?.labelSelector, options?.fieldSelector].filter((text) => text !== undefined);
      listed.push([options?.namespace ?? '', kind, ...selection].join(' '));
      if (refuses.includes(kind)) return refused();
      const items = kind === 'Event' && options?.namespace === 'a' ? [event] : [];
      return Promise.resolve({ items, resourceVersion: '1' });
    },
  };
  return { api, listed };
}

const ref = (namespace: string) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'disk', namespace });

test.each([
  ['the events of its namespace', 'a', [], ['R'], []],
  ['no events of another namespace', 'b', [], [], []],
  ['nothing about an object that does not exist', 'none', [], [], []],
  ['a note that the user may not read events', 'a', ['Event'], [], ['its events could not be read: not allowed']],
])('the causes of an object include %s', async (_what, namespace, refuses, reasons, unread) => {
  const [found] = await readCauses(cluster(refuses).api, [ref(namespace)], AbortSignal.timeout(1000));
  expect(found?.causes.map(({ reason }) => reason)).toEqual(reasons);
  expect(found?.unread).toEqual(unread);
});

test('each kind is listed only once per namespace, for any number of objects', async () => {
  const { api, listed } = cluster([]);
  await readCauses(api, [ref('a'), ref('a'), ref('b')], AbortSignal.timeout(1000));
  expect(new Set(listed).size).toBe(listed.length);
});

test('pods that the user may not read are reported', async () => {
  const { api, listed } = cluster(['Pod']);
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'a' };
  const [found] = await readCauses(api, [web], AbortSignal.timeout(1000));
  expect(found?.unread).toEqual(['objects of kind Pod could not be read: not allowed']);
  expect(listed).toEqual([
    'a ReplicaSet app=web',
    'a Pod app=web',
    'a Event involvedObject.kind=Deployment,involvedObject.name=web',
  ]);
});

test.each([
  ['503', new KubeError('no endpoints', { status: 503, reason: 'ServiceUnavailable', retryAfterMs: 2000 })],
  ['403', new KubeError('not allowed', { status: 403, reason: 'Forbidden' })],
  ['the abort by the caller', new KubeError('the request was aborted', { status: 0, reason: 'Aborted' })],
])('when readFamilies cannot read the pods, it rejects with the failure of that read: %s', async (_what, failure) => {
  const { api } = cluster([]);
  const { status, reason, retryAfterMs, message } = failure;
  const failing = {
    ...api,
    list: (type: ResourceType) => (type.kind === 'Pod' ? Promise.reject(failure) : api.list(type)),
  };
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'a' };
  await expect(readFamilies(failing, [web], AbortSignal.timeout(1000))).rejects.toMatchObject({
    message: `objects of kind Pod could not be read: ${message}`,
    status,
    reason,
    retryAfterMs,
  });
});

test('for a claim that is not ready, readCauses lists only events, because a claim creates no objects', async () => {
  const { api, listed } = cluster([]);
  await readCauses(api, [ref('a')], AbortSignal.timeout(1000));
  expect(listed).toEqual(['a Event involvedObject.kind=PersistentVolumeClaim,involvedObject.name=disk']);
});

const slice = { 'kubernetes.io/service-name': 'web' };
const waiting = {
  phase: 'Pending',
  containerStatuses: [{ name: 'c', state: { waiting: { reason: 'ErrImagePull' } } }],
};
const broken = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-1' }, status: waiting };

/** Rows: the object, the type of the Service, the pods (`undefined`: they may not be read), and the causes. */
test.each<[string, string, KubeObject[] | undefined, string[]]>([
  ['Endpoints', 'ClusterIP', [], ['NoPod Service/web']],
  ['EndpointSlice', 'ClusterIP', [], ['NoPod Service/web']],
  ['Service', 'ClusterIP', [], ['NoPod Service/web']],
  ['PodDisruptionBudget', 'ClusterIP', [], ['NoPod PodDisruptionBudget/web']],
  ['Endpoints', 'ClusterIP', [broken], ['ErrImagePull Pod/web-1']],
  ['Endpoints', 'ClusterIP', undefined, []],
  ['Service', 'LoadBalancer', [], []],
  ['ConfigMap', 'ClusterIP', [], []],
])('why %s of a %s Service lacks something, with the pods %j', async (kind, type, pods, causes) => {
  const selector = { app: 'other' };
  const api: Pick<KubernetesApi, 'find' | 'list'> = {
    find: (wanted) => {
      const metadata = { name: 'web', namespace: 'a', labels: slice };
      const spec = { type, selector: wanted.kind === 'Service' ? selector : { matchLabels: selector } };
      return Promise.resolve({ apiVersion: 'v1', kind: wanted.kind, metadata, spec });
    },
    list: (wanted, { labelSelector } = {}) => {
      if (wanted.kind !== 'Pod' || labelSelector !== 'app=other')
        return Promise.resolve({ items: [], resourceVersion: '' });
      return pods === undefined ? refused() : Promise.resolve({ items: pods, resourceVersion: '' });
    },
  };
  const [found] = await readCauses(
    api,
    [{ apiVersion: 'v1', kind, name: 'web', namespace: 'a' }],
    AbortSignal.timeout(1000),
  );
  expect(found?.causes.map(({ reason, object }) => `${reason} ${object.kind}/${object.name}`)).toEqual(causes);
});
