import { expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { compile } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { secretLiveFields } from '@typekro/engine/runtime';
import { maskedObject } from './masked-object.ts';

const GRAPH = compile(
  {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'shops' },
    spec: {
      schema: { apiVersion: 'v1', kind: 'Shop', group: 'acme.test', spec: { theme: 'string' } },
      resources: [
        {
          id: 'creds',
          template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { password: 'hunter2' } },
        },
        {
          id: 'pod',
          template: {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'p' },
            spec: {
              containers: [
                {
                  name: 'c',
                  image: 'i',
                  env: [
                    { name: 'THEME', value: '${schema.spec.theme}' },
                    { name: 'PASSWORD', value: '${base64.encode(creds.data.password)}' },
                  ],
                },
              ],
            },
          },
        },
      ],
    },
  },
  { sources: builtinSource(), target: 'typekro' },
).graph;

const hides = secretLiveFields(GRAPH);
const copy = '{"kind":"Secret","data":{"password":"aHVudGVyMg=="}}';

const secret: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 's',
    uid: 'u',
    labels: { app: 'a' },
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': copy,
      'kapp.k14s.io/original': copy,
      'example.com/note': 'hunter2',
      'kro.run/reconcile': 'suspended',
    },
    managedFields: [{ manager: 'm' }],
  },
  data: { password: 'aHVudGVyMg==', ['__proto__']: 'aHVudGVyMg==' },
  type: 'Opaque',
};

it('masks the values of a Secret and of its annotations, and removes annotations that contain a copy of the object', () => {
  const { object, masked } = maskedObject(secret, (path) => hides('creds', path));
  const text = JSON.stringify(object);
  expect(text).not.toContain('hunter2');
  expect(text).not.toContain('aHVudGVyMg');
  expect(object.metadata).toEqual({
    name: 's',
    uid: 'u',
    labels: { app: 'a' },
    annotations: { 'example.com/note': '(secret)', 'kro.run/reconcile': 'suspended' },
  });
  expect(object).toMatchObject({ type: 'Opaque', data: { password: '(secret)' } });
  expect(masked).toContain('data.password');
});

it('masks the data of a Secret even if the graph hides none of its fields', () => {
  expect(maskedObject(secret, () => false).object).toMatchObject({ data: { password: '(secret)' } });
});

it('masks a label with a value from another Secret, but not annotations of the controller', () => {
  const { object } = maskedObject(secret, (path) => path === 'metadata.labels.app' || path.includes('reconcile'));
  expect(object.metadata).toMatchObject({
    labels: { app: '(secret)' },
    annotations: { 'kro.run/reconcile': 'suspended' },
  });
});

it('masks values that an expression computes from a Secret, even if another client inserts elements before them', () => {
  const env = [
    { name: 'ADDED', value: 'by an injector' },
    { name: 'THEME', value: 'dark' },
    { name: 'PASSWORD', value: 'YUhWdWRHVnlNZz09' },
  ];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', env }] } };
  const { object } = maskedObject(pod, (path) => hides('pod', path));
  expect(JSON.stringify(object)).not.toContain('YUhWdWRHVnlNZz09');
  expect(object).toMatchObject({ spec: { containers: [{ name: 'c', env: [{ name: 'ADDED' }, {}, {}] }] } });
});

it('without a known graph, masks every field except those that a server writes', () => {
  const unknown = secretLiveFields(undefined);
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { k: 'v' } };
  const { object } = maskedObject({ ...map, status: { phase: 'Ready' } }, (path) => unknown('x', path));
  expect(object).toMatchObject({ metadata: { name: 'm' }, data: { k: '(secret)' }, status: { phase: 'Ready' } });
});
