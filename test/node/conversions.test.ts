import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { listAt, objectsAt, statusCondition, textAt } from '@typekro/kit/kubernetes';
import { stepsOfPage } from '../support/walked-page.ts';
import { type World, eventually, realNode } from './world.ts';

// The guide about versions, with a real API server that calls two pods of the chart over their Service.

const NAMESPACE = 'versions';
const [first, instance, second, third] = stepsOfPage(
  readFileSync(join(import.meta.dirname, '../../docs/guides/api-versions.md'), 'utf8'),
).flatMap((step) => (step.kind === 'file' ? [step.text] : []));

let world: World;
beforeAll(async () => {
  world = await realNode();
  await world.apply(
    `{ apiVersion: v1, kind: Namespace, metadata: { name: ${NAMESPACE}, labels: { pod-security.kubernetes.io/enforce: restricted } } }`,
  );
  const settings = 'config.featureGates.APIVersions=true,deployment.replicaCount=2,fullnameOverride=versions';
  await checked('helm', `install versions charts/typekro -n ${NAMESPACE} --wait --timeout 120s --set ${settings}`);
});
afterAll(async () => {
  await checked('kubectl', 'delete sites --all --timeout=60s');
  await world.run('kubectl', 'delete rgd site');
  await world.run('kubectl', 'delete crd sites.example.com');
  await world.run('helm', `uninstall versions -n ${NAMESPACE} --wait`);
});

/** Runs a program that must succeed, and returns its output. */
async function checked(program: 'helm' | 'kubectl' | 'typekro', line: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await world.run(program, line, input);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const DEFINITION = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'site' };
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'sites.example.com' };
const SITE = { apiVersion: 'example.com/v1', kind: 'Site' };
const specOf = async (version: string, name: string): Promise<unknown> =>
  JSON.parse(await checked('kubectl', `get sites.${version}.example.com ${name} -o jsonpath={.spec}`));
const isReady = (generation: number): Promise<void> =>
  eventually(async () => {
    const found = await world.client.get(DEFINITION);
    expect(statusCondition(found, 'Ready')).toMatchObject({ status: 'True', observedGeneration: generation });
  });
const pods = async (): Promise<readonly KubeObject[]> =>
  (await world.client.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace: NAMESPACE })).items;

test('both versions are read and written while the controller writes the objects again', async () => {
  await world.apply(await checked('typekro', 'rbac --controller versions/versions -', first));
  await world.apply(first ?? '');
  await isReady(1);
  await world.apply(instance ?? '');
  await world.apply(await checked('typekro', 'rbac --controller versions/versions -', second));
  await world.apply(second ?? '');
  await isReady(2);
  expect(await specOf('v1alpha1', 'blog')).toEqual({ host: 'blog.example.com' });
  expect(await specOf('v1', 'blog')).toEqual({ hostname: 'blog.example.com', port: 80 });
  await checked('kubectl', 'patch sites.v1.example.com blog --type merge -p {"spec":{"port":8080}}');
  await checked('kubectl', 'patch sites.v1alpha1.example.com blog --type merge -p {"spec":{"host":"b.example.com"}}');
  expect(await specOf('v1', 'blog')).toEqual({ hostname: 'b.example.com', port: 8080 });
  const map = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'blog' };
  await eventually(async () =>
    expect(textAt((await world.client.get(map)) as JsonObject, 'data', 'url')).toBe('http://b.example.com:8080'),
  );
  await eventually(async () => expect(listAt((await world.client.get(CRD)).status, 'storedVersions')).toEqual(['v1']));
});

test('each of the two pods converts while the other one is gone', async () => {
  for (const { metadata } of await pods()) {
    await checked('kubectl', `delete pod -n ${NAMESPACE} ${metadata.name} --grace-period 0 --force`);
    await eventually(async () => expect(await specOf('v1alpha1', 'blog')).toEqual({ host: 'b.example.com' }));
  }
});

test('the former version leaves the CRD, and the object is as it was and can be applied', async () => {
  await world.apply(third ?? '');
  await isReady(3);
  await eventually(async () => {
    const versions = objectsAt((await world.client.get(CRD)).spec, 'versions');
    expect(versions.map(({ name }) => name)).toEqual(['v1']);
  });
  const { metadata } = await world.client.get({ ...SITE, name: 'blog', namespace: 'default' });
  const written = (metadata.managedFields ?? []).map((entry) => textAt(entry as JsonObject, 'apiVersion'));
  expect([...new Set(written)]).toEqual([SITE.apiVersion]);
  await checked('kubectl', 'patch sites.v1.example.com blog --type merge -p {"spec":{"port":9090}}');
  expect(await specOf('v1', 'blog')).toEqual({ hostname: 'b.example.com', port: 9090 });
  const blog = { ...SITE, metadata: { name: 'blog', namespace: 'default' }, spec: { hostname: 'c.example.com' } };
  await world.client.apply(blog, { fieldManager: 'node-test', force: true });
  expect(await specOf('v1', 'blog')).toEqual({ hostname: 'c.example.com', port: 9090 });
});
