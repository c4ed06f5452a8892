import { describe, expect, test } from 'vitest';
import { Buffer } from 'node:buffer';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { PLAYGROUND_EXAMPLES } from './examples.ts';
import { runPlayground } from './run-playground.ts';
import { simulatedServer } from './simulated-server.ts';

const AT = '2026-01-01T00:00:00Z';
const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'lakes.acme.dev' },
  spec: {
    group: 'acme.dev',
    scope: 'Namespaced',
    names: { plural: 'lakes', singular: 'lake', kind: 'Lake' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { depth: { type: 'integer', default: 3, minimum: 1 }, name: { type: 'string' } },
                'x-kubernetes-validations': [{ rule: 'self.depth < 9', message: 'too deep' }],
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};

const object = (apiVersion: string, kind: string, rest: JsonObject, name = 'a'): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default' },
  ...rest,
});
const template = (labels: JsonObject): JsonObject => ({
  metadata: { labels },
  spec: { containers: [{ name: 'app', image: 'nginx' }] },
});
const deployment = (labels: JsonObject): KubeObject =>
  object('apps/v1', 'Deployment', { spec: { selector: { matchLabels: { app: 'a' } }, template: template(labels) } });

describe('the server stores', () => {
  test.each<[string, KubeObject, object, (readonly string[])?]>([
    [
      'the texts of a Secret in data',
      object('v1', 'Secret', { stringData: { a: 'ä' }, data: { b: 'Yg==' } }),
      { type: 'Opaque', data: { a: Buffer.from('ä').toString('base64'), b: 'Yg==' } },
      ['stringData'],
    ],
    [
      'no generation for a ConfigMap',
      object('v1', 'ConfigMap', {}),
      { metadata: { name: 'a' } },
      ['metadata.generation'],
    ],
    [
      'the defaults of a Deployment and of its pods',
      deployment({ app: 'a' }),
      {
        metadata: { generation: 1, creationTimestamp: AT, resourceVersion: '1' },
        spec: {
          replicas: 1,
          strategy: { type: 'RollingUpdate' },
          template: { spec: { restartPolicy: 'Always', containers: [{ imagePullPolicy: 'Always' }] } },
        },
      },
    ],
    [
      'an address and the ports of a Service',
      object('v1', 'Service', { spec: { type: 'NodePort', ports: [{ port: 80 }] } }),
      {
        spec: {
          clusterIP: expect.stringMatching(/^10\.96\./) as string,
          ports: [{ port: 80, targetPort: 80, protocol: 'TCP', nodePort: expect.any(Number) as number }],
          sessionAffinity: 'None',
        },
      },
    ],
    [
      'the selector of a Job',
      object('batch/v1', 'Job', {
        spec: { template: { spec: { ...(template({})['spec'] as object), restartPolicy: 'Never' } } },
      }),
      { spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': expect.any(String) as string } } } },
    ],
    [
      'a claim that is pending',
      object('v1', 'PersistentVolumeClaim', {
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      }),
      { spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
    ],
    [
      'an Ingress without the status that the sender wrote',
      object('networking.k8s.io/v1', 'Ingress', {
        spec: { defaultBackend: { service: { name: 'a', port: { number: 80 } } } },
        status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
      }),
      { status: {} },
      ['status.loadBalancer'],
    ],
    [
      'a custom object with defaults, and without unknown fields and a status',
      object('acme.dev/v1', 'Lake', { spec: { name: 'x', colour: 'blue' }, status: { full: true } }),
      { spec: { depth: 3, name: 'x' } },
      ['spec.colour', 'status'],
    ],
    [
      'a custom object unchanged if its CRD is not known',
      object('acme.dev/v1', 'River', { spec: { length: 3 } }),
      { spec: { length: 3 } },
    ],
  ])('%s', (_title, sent, stored, absent = []) => {
    const answer = simulatedServer([CRD], AT).create(sent, 1);
    expect(answer).not.toHaveProperty('refusal');
    expect(answer).toMatchObject({ object: stored });
    for (const path of absent) expect(answer).not.toHaveProperty(`object.${path}`);
  });

  test('two Services at different addresses', () => {
    const server = simulatedServer([], AT);
    const addresses = [1, 2].map((index) => {
      const answer = server.create(object('v1', 'Service', { spec: { ports: [{ port: 80 }] } }, `s${index}`), index);
      return 'object' in answer ? answer.object.spec?.['clusterIP'] : undefined;
    });
    expect(new Set(addresses).size).toBe(2);
  });
});

test.each<[string, KubeObject, RegExp]>([
  ['an invalid name', object('v1', 'ConfigMap', {}, 'A_b'), /ConfigMap "A_b" is invalid: metadata\.name/],
  ['a selector that selects other pods', deployment({ app: 'b' }), /`selector` does not match template `labels`/],
  [
    'a custom object that breaks its schema',
    object('acme.dev/v1', 'Lake', { spec: { depth: 0 } }),
    /Lake\.acme\.dev "a" is invalid: spec\.depth: Invalid value: 0/,
  ],
  ['a custom object that breaks a rule in CEL', object('acme.dev/v1', 'Lake', { spec: { depth: 10 } }), /too deep/],
])('the server refuses %s', (_title, sent, message) => {
  expect(simulatedServer([CRD], AT).create(sent, 1)).toEqual({ refusal: expect.stringMatching(message) as string });
});

const [WEB] = PLAYGROUND_EXAMPLES;
const SECRET = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: keys }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Keys
    spec: { name: string }
  resources:
    - id: given
      externalRef: { apiVersion: v1, kind: Secret, metadata: { name: given } }
    - id: own
      template:
        apiVersion: v1
        kind: Secret
        metadata: { name: "\${schema.spec.name}" }
        stringData: { copy: "\${string(given.data.password)}" }
`;

test('a Secret has its strings in `data`, whether the user or the graph made it', () => {
  const { problems, steps, ended } = runPlayground(
    { language: 'yaml', source: SECRET, spec: 'name: mine', observed: 'given:\n  stringData:\n    password: abc\n' },
    0,
  );
  expect([problems, ended, steps.at(-1)?.state]).toEqual([[], undefined, 'ACTIVE']);
  expect(steps.at(-1)?.objects.map(({ object: { data, stringData } }) => [data, stringData])).toEqual([
    [{ password: 'YWJj' }, undefined],
    [{ copy: 'YWJj' }, undefined],
  ]);
});

test('a simulation ends with the refusal of an object', () => {
  const { steps, ended } = runPlayground({ ...WEB, spec: 'name: Shop_1\n' }, 0);
  expect(ended).toMatch(/^The API server refuses an object: ConfigMap "Shop_1" is invalid: metadata\.name/);
  expect(steps.map(({ title }) => title)).toEqual(['Nothing exists']);
});
