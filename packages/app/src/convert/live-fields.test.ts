import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { withoutLiveFields } from './live-fields.ts';
import { toDefinition } from './to-definition.ts';

const LIVE = {
  uid: '8f3c',
  resourceVersion: '7',
  creationTimestamp: '2026-01-01T00:00:00Z',
  managedFields: [{ manager: 'kro' }],
};
const live = (apiVersion: string, kind: string, metadata: JsonObject, rest: JsonObject = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'web', ...LIVE, ...metadata },
  ...rest,
});
const owner = (kind: string) => [{ apiVersion: 'apps/v1', kind, name: 'web', uid: '1', controller: true }];

/** The template that a definition gets for the live object. */
function templateOf(object: KubeObject): JsonObject | undefined {
  const { objects } = withoutLiveFields([object]);
  const { spec } = toDefinition(objects, [], { name: 'app', kind: 'App' });
  const resources = (spec as { resources: { template: JsonObject }[] }).resources;
  return resources[0]?.template;
}

const HEAD = { apiVersion: 'v1', metadata: { name: 'web' } };

test.each<[string, KubeObject, JsonObject]>([
  [
    "kro's labels, annotations and finalizers",
    live('v1', 'ConfigMap', {
      labels: {
        app: 'web',
        'kro.run/owned': 'true',
        'applyset.kubernetes.io/part-of': 'a',
        'app.kubernetes.io/managed-by': 'kro',
      },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', note: 'a' },
      finalizers: ['kro.run/finalizer', 'acme.test/keep'],
      ownerReferences: [{ apiVersion: 'kro.run/v1alpha1', kind: 'App', name: 'a', uid: '1' }],
    }),
    {
      ...HEAD,
      kind: 'ConfigMap',
      metadata: { name: 'web', labels: { app: 'web' }, annotations: { note: 'a' }, finalizers: ['acme.test/keep'] },
    },
  ],
  [
    'the addresses of a Service',
    live(
      'v1',
      'Service',
      {},
      {
        spec: {
          clusterIP: '10.0.0.1',
          clusterIPs: ['10.0.0.1'],
          ipFamilies: ['IPv4'],
          ports: [{ port: 80, nodePort: 30001 }],
        },
        status: { loadBalancer: {} },
      },
    ),
    { ...HEAD, kind: 'Service', spec: { ports: [{ port: 80 }] } },
  ],
  [
    'the node and the token of a Pod',
    live(
      'v1',
      'Pod',
      {},
      {
        spec: {
          nodeName: 'node-1',
          volumes: [
            { name: 'data', emptyDir: {} },
            { name: 'kube-api-access-x1y2z', projected: {} },
          ],
          containers: [
            { name: 'a', image: 'a', volumeMounts: [{ name: 'kube-api-access-x1y2z', mountPath: '/var/run' }] },
          ],
        },
      },
    ),
    {
      ...HEAD,
      kind: 'Pod',
      spec: { volumes: [{ name: 'data', emptyDir: {} }], containers: [{ name: 'a', image: 'a', volumeMounts: [] }] },
    },
  ],
  [
    'the volume of a claim',
    live(
      'v1',
      'PersistentVolumeClaim',
      { finalizers: ['kubernetes.io/pvc-protection'], annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
      { spec: { volumeName: 'pvc-1', resources: {} } },
    ),
    { ...HEAD, kind: 'PersistentVolumeClaim', spec: { resources: {} } },
  ],
  [
    'the selector of a Job',
    live(
      'batch/v1',
      'Job',
      {},
      {
        spec: {
          selector: { matchLabels: { 'controller-uid': '1' } },
          template: {
            metadata: { labels: { app: 'a', 'job-name': 'web', 'batch.kubernetes.io/controller-uid': '1' } },
            spec: {},
          },
        },
      },
    ),
    {
      apiVersion: 'batch/v1',
      metadata: HEAD.metadata,
      kind: 'Job',
      spec: { template: { metadata: { labels: { app: 'a' } }, spec: {} } },
    },
  ],
  [
    'the tokens of an account',
    live('v1', 'ServiceAccount', {}, { secrets: [{ name: 'web-token-abcde' }] }),
    { ...HEAD, kind: 'ServiceAccount' },
  ],
  [
    'an address that the author chose, which stays',
    live('v1', 'Service', {}, { spec: { clusterIP: 'None', clusterIPs: ['None'] } }),
    { ...HEAD, kind: 'Service', spec: { clusterIP: 'None', clusterIPs: ['None'] } },
  ],
])('a template is the object without its live fields: %s', (_what, object, template) => {
  expect(templateOf(object)).toEqual(template);
});

test('an address in a file is kept as its author wrote it', () => {
  const file: KubeObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { clusterIP: '10.0.0.1' },
  };
  expect(withoutLiveFields([file])).toEqual({ objects: [file], leftOut: [] });
});

test.each([
  [
    'a Pod of a ReplicaSet',
    live('v1', 'Pod', { ownerReferences: owner('ReplicaSet') }),
    /Pod.*: its controller, ReplicaSet web, makes it/,
  ],
  [
    'the token of an account',
    live('v1', 'Secret', {}, { type: 'kubernetes.io/service-account-token' }),
    /Secret.*controller of service accounts makes it/,
  ],
  [
    'the certificate of each namespace',
    live('v1', 'ConfigMap', { name: 'kube-root-ca.crt' }),
    /ConfigMap.*in each namespace, makes it/,
  ],
  [
    'the default account',
    live('v1', 'ServiceAccount', { name: 'default' }),
    /ServiceAccount.*in each namespace, makes it/,
  ],
])('%s is left out, and the output names it', (_what, object, line) => {
  const { objects, leftOut } = withoutLiveFields([object]);
  expect(objects).toEqual([]);
  expect(leftOut.join('\n')).toMatch(line);
});

test('the output names the fields that are left out, each with its object', () => {
  const { leftOut } = withoutLiveFields([live('v1', 'Service', {}, { spec: { clusterIP: '10.0.0.1' }, status: {} })]);
  expect(leftOut).toEqual([
    expect.stringMatching(
      /Service.*web.*: spec\.clusterIP, metadata\.uid, metadata\.resourceVersion, metadata\.managedFields, status$/,
    ),
  ]);
});
