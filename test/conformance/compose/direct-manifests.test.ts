import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createResource, externalRef, kubernetesComposition } from '@typekro/sdk';
import { ConfigMap, Deployment, PersistentVolume } from '../../../packages/sdk/src/factories/simple/index.ts';
import type { KubeObject } from '@typekro/kit/core';

const spec = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };

const app = kubernetesComposition({ name: 'app', spec }, ((input: { name: string }) => {
  const token = externalRef('v1', 'Secret', 'token', 'vault');
  const settings = externalRef({ id: 'settings', apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } });
  ConfigMap({ id: 'own', name: input.name, data: { k: 'v' } });
  ConfigMap({ id: 'elsewhere', name: input.name, namespace: 'other', data: {} });
  PersistentVolume({ id: 'disk', name: 'disk', size: '1Gi', hostPath: '/data' });
  createResource({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'zoo' } }, { id: 'zoo' });
  createResource({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } }, { id: 'widget' });
  Deployment({
    id: 'web',
    name: input.name,
    image: 'x',
    env: { T: token.metadata.uid, S: settings.metadata.resourceVersion },
  });
}) as never);

const documents = () => app.factory('direct', { namespace: 'shop' }).toYaml({ name: 'a' });

test('direct YAML adds the namespace of the factory to namespaced objects without a namespace', () => {
  const objects = parseAllDocuments(documents()).flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? '-'}/${metadata.name}`)).toEqual([
    'Namespace -/zoo',
    'PersistentVolume -/disk',
    'ConfigMap other/a',
    'ConfigMap shop/a',
    'Widget shop/w',
  ]);
});

test('direct YAML names external objects only in comments', () => {
  expect(documents()).not.toMatch(/^kind: Secret/m);
  expect(documents()).toMatch(/^# \w+ is read, not applied: Secret vault\/token$/m);
  expect(documents()).toMatch(/^# settings is read, not applied: ConfigMap shop\/settings$/m);
  expect(documents()).toMatch(/^# web is not made yet: /m);
});
