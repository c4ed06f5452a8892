import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { createResource, externalRef, kubernetesComposition, toResourceGraph } from '@typekro/sdk';
import { helmRelease, helmRepository, simpleHelmChart } from '../../../packages/sdk/src/factories/helm/index.ts';
import { gitRepository, kustomization } from '../../../packages/sdk/src/factories/flux/index.ts';
import { kroCustomResource } from '../../../packages/sdk/src/factories/kro/index.ts';
import { namespace, serviceAccount } from '../../../packages/sdk/src/factories/kubernetes/index.ts';
import * as simple from '../../../packages/sdk/src/factories/simple/index.ts';

const spec = { type: 'object', properties: { name: { type: 'string' }, on: { type: 'boolean' } }, required: ['name'] };

interface Entry extends JsonObject {
  readonly id: string;
}

/** Maps ids to the resources of a composition. */
function resources(program: (input: { readonly name: string; readonly on: boolean }) => unknown): Map<string, Entry> {
  const graph = kubernetesComposition({ name: 'app', spec }, program as never);
  const { resources: entries } = graph.toDefinition({ target: 'typekro' })['spec'] as { resources: Entry[] };
  return new Map(entries.map((entry) => [entry.id, entry]));
}

const room = namespace({ metadata: { name: 'room' } });
const account = serviceAccount({ metadata: { name: 'runner', namespace: room.metadata.name } });
const web = simple.Deployment({ id: 'web', name: 'web', image: 'nginx', env: { UID: account.metadata.uid } });
const settings = externalRef('v1', 'ConfigMap', 'settings', 'shared');

describe('a resource that is created outside a composition', () => {
  test('belongs to the compositions that read it, together with the resources that it reads', () => {
    const found = resources(() => ({ ready: web.status.readyReplicas > 0 }));
    expect([...found.keys()]).toEqual(['serviceaccountRunner', 'web']);
    expect(JSON.stringify(found.get('web'))).toContain('${serviceaccountRunner.metadata.uid}');
  });

  test('belongs to the compositions that name it', () => {
    const named = resources(() => {
      void account;
      void web;
    });
    expect([...named.keys()].toSorted()).toEqual(['serviceaccountRunner', 'web']);
    expect([...resources(() => {}).keys()]).toEqual([]);
  });

  test('gets as its id the key under which the function for resources returns it', () => {
    const graph = toResourceGraph(
      { name: 'app', spec },
      () => ({ runner: account, web }),
      (_schema, made) => ({ ready: made.web.status.readyReplicas > 0, uid: made.runner.metadata.uid }),
    );
    const { resources: entries } = graph.toDefinition()['spec'] as { resources: Entry[] };
    expect(entries.map(({ id }) => id)).toEqual(['runner', 'web']);
    expect(JSON.stringify(entries)).toContain('${runner.metadata.uid}');
  });

  test('shows its constant fields, and returns references for all other fields', () => {
    expect([room.metadata.name, account.metadata.namespace, web.id, web.kind]).toEqual(['room', 'room', 'web', 'Deployment']);
    expect({ ...web.metadata }).toMatchObject({ name: 'web', labels: { app: 'web' } });
    expect(() => `${web.status.readyReplicas}`).toThrow(/readyReplicas\.toString is read outside a composition/);
  });

  test('keeps its readiness rule, deletion policy and dependencies', () => {
    const job = simple
      .ConfigMap({ id: 'late', name: 'late', data: {} })
      .dependsOn(account)
      .withReadyWhen((self) => self.data['k'] === 'v')
      .withDeletionPolicy('Orphaned')
      .withReadinessEvaluator(() => ({ ready: true }));
    const found = resources(() => ({ name: job.metadata.name, uid: job.metadata.uid }));
    expect(found.get('late')).toMatchObject({ readyWhen: [expect.stringContaining('late.data')], deletionPolicy: 'Orphaned' });
    expect(JSON.stringify(found.get('late'))).toContain('${serviceaccountRunner');
  });

  test('is refused under a condition if the composition does not use the resource before the condition', () => {
    expect(() => resources((input) => (input.on ? { uid: web.metadata.uid } : {}))).toThrow(
      /a Deployment that was made outside the composition is used under a condition, or in a loop/,
    );
    const found = resources((input) => {
      const own = web;
      return input.on ? { uid: own.metadata.uid } : {};
    });
    expect(found.has('web')).toBe(true);
  });

  test('is refused immediately if its arguments are invalid', () => {
    expect(() => createResource({ id: 'My-Id', apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } })).toThrow(
      /"My-Id" is not a valid id/,
    );
  });
});

test('an external reference may be created outside, and read under a condition', () => {
  const found = resources((input) => (input.on ? { value: settings.data['k'] } : {}));
  expect([...found.values()]).toEqual([
    {
      id: 'configmapSettings',
      externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'shared' } },
    },
  ]);
});

const pod = { name: 'x', image: 'x' };

test.each<[string, () => { readonly kind: string }]>([
  ['Deployment', () => simple.Deployment(pod)],
  ['StatefulSet', () => simple.StatefulSet({ ...pod, serviceName: 'x' })],
  ['DaemonSet', () => simple.DaemonSet(pod)],
  ['Job', () => simple.Job(pod)],
  ['CronJob', () => simple.CronJob({ ...pod, schedule: '* * * * *' })],
  ['Service', () => simple.Service({ name: 'x', selector: { app: 'x' }, ports: [80] })],
  ['Ingress', () => simple.Ingress({ name: 'x' })],
  ['NetworkPolicy', () => simple.NetworkPolicy({ name: 'x', podSelector: {} })],
  ['ConfigMap', () => simple.ConfigMap({ name: 'x', data: { a: 'b' } })],
  ['Secret', () => simple.Secret({ name: 'x', stringData: { a: 'b' } })],
  ['PersistentVolumeClaim', () => simple.Pvc({ name: 'x', size: '1Gi' })],
  ['PersistentVolume', () => simple.PersistentVolume({ name: 'x', size: '1Gi', hostPath: '/x' })],
  ['HorizontalPodAutoscaler', () => simple.Hpa({ name: 'x', target: { name: 'x', kind: 'Deployment' }, minReplicas: 1, maxReplicas: 2 })],
  ['HelmRelease', () => simple.HelmChart('x', 'https://charts.example.com/stable', 'x')],
  ['HelmRelease', () => helmRelease({ name: 'x', chart: { repository: 'https://charts.example.com/stable', name: 'x' } })],
  ['HelmRelease', () => simpleHelmChart('x', 'https://charts.example.com/stable', 'x')],
  ['HelmRepository', () => helmRepository({ name: 'x', url: 'https://charts.example.com/stable' })],
  ['GitRepository', () => gitRepository({ name: 'x', url: 'https://example.com/x.git' })],
  ['Kustomization', () => kustomization({ name: 'x', source: { kind: 'GitRepository', name: 'x' } })],
  ['Widget', () => kroCustomResource({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'x' }, spec: {} })],
])('%s can be created outside a composition', (kind, make) => {
  const made = make() as { readonly kind: string; readonly metadata: { readonly uid: string } };
  expect(made.kind).toBe(kind);
  expect(resources(() => ({ uid: made.metadata.uid })).size).toBe(1);
});
