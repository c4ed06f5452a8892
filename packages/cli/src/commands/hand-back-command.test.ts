import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { DEFINITIONS_CRD } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { commands } from './index.ts';

let cluster: Cluster;
let user: KubeClient;
let cwd: string;
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-hand-back-'));
  cluster = await createEmbeddedCluster({ workloads: true });
  user = new KubeClient({ transport: cluster.transport() });
  writeFileSync(join(cwd, 'kubeconfig'), (await cluster.listen({ port: 0 })).kubeconfig);
});
afterEach(async () => {
  await user.close();
  await cluster.close();
});

const run = (line: string) => commandRunner(commands, cwd)(`${line} --kubeconfig kubeconfig`);
const IMAGE = '--image example.com/typekro:1';
const deployment = () =>
  user.find({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'typekro', namespace: 'kro-system' });

const FLAGS = 'typekro.dev/controller-flags';
const published = async () => (await user.get(DEFINITIONS_CRD)).metadata.annotations?.[FLAGS];

test('hand-back lists the differences of kro; with findings, it stops the controller only with --force', async () => {
  await run(`bootstrap ${IMAGE}`);
  const definition: KubeObject = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'pots', annotations: { 'typekro.dev/canary': '1' } },
    spec: {
      schema: { apiVersion: 'v1alpha1', kind: 'Pot', spec: { text: 'string' } },
      resources: [{ id: 'graphengine', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } } }],
    },
  };
  await user.create(definition);
  await user.patch(DEFINITIONS_CRD, { metadata: { annotations: { [FLAGS]: '--kro-compatibility=0.10' } } });
  const held = await run('hand-back --to 0.10');
  expect(held.code).toBe(3);
  expect(held.out.split('\n')).toMatchInlineSnapshot(`
    [
      "kro 0.10 differs:",
      "  ! ResourceGraphDefinition pots: kro 0.10 refuses it with its default feature gates: spec.resources[0].id: the id "graphengine" is a reserved word [graph/reserved-name] (accepted by kro 0.9, typekro 0.9); kro works on none of its instances until it is changed",
      "  ! ResourceGraphDefinition pots: typekro.dev/canary: 1 no longer has an effect; new revisions go to all instances at once",
      "   next  correct the findings, or accept them: typekro hand-back --to 0.10 --kubeconfig kubeconfig --force",
    ]
  `);
  expect([(await deployment())?.spec?.['replicas'], await published()]).toEqual([1, '--kro-compatibility=0.10']);
  expect((await run('hand-back --to 0.10 --force --dry-run')).code).toBe(0);
  expect(await published()).toBe('--kro-compatibility=0.10');
  const forced = await run('hand-back --to 0.10 --force');
  expect(forced.out.split('\n').slice(3)).toMatchInlineSnapshot(`
    [
      "Deployment kro-system/typekro scaled to 0",
      "   next  install kro 0.10: no Deployment of kro was found, and no controller works on the objects until then",
    ]
  `);
  expect([(await deployment())?.spec?.['replicas'], await published()]).toEqual([0, undefined]);
  await user.delete({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'pots' });
  await user.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kro', namespace: 'kro-system', labels: { 'app.kubernetes.io/name': 'kro' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'kro' } },
      template: {
        metadata: { labels: { app: 'kro' } },
        spec: { containers: [{ name: 'kro', image: 'registry.k8s.io/kro/kro:v0.9.2' }] },
      },
    },
  });
  const removed = await run('hand-back --remove');
  expect(removed.code).toBe(0);
  expect(removed.out.split('\n')).toMatchInlineSnapshot(`
    [
      "kro 0.9 accepts everything unchanged",
      "Deployment kro-system/typekro deleted",
      "ClusterRoleBinding typekro:controller deleted",
      "RoleBinding kro-system/typekro:leader-election deleted",
      "ClusterRole typekro-edit deleted",
      "ClusterRole typekro-graph-edit deleted",
      "ClusterRole typekro-view deleted",
      "ClusterRole typekro:controller deleted",
      "ClusterRole typekro:controller-own deleted",
      "Role kro-system/typekro:leader-election deleted",
      "ServiceAccount kro-system/typekro deleted",
      "NetworkPolicy kro-system/typekro deleted",
      "   next  kubectl --kubeconfig kubeconfig -n kro-system scale deployment kro --replicas=1",
    ]
  `);
  expect(await deployment()).toBeUndefined();
});

test('hand-back changes only the installation in its namespace; another TypeKro controller that runs is a finding', async () => {
  expect((await run(`bootstrap ${IMAGE} --namespace platform`)).code).toBe(0);
  const { code, out } = await run('hand-back --remove');
  expect(code).toBe(3);
  expect(out.split('\n')).toMatchInlineSnapshot(`
    [
      "kro 0.9 differs:",
      "  ! Deployment platform/typekro: this TypeKro controller continues to run; --namespace platform --name typekro hands it back; it and kro would write the same objects",
      "note: there is no Deployment kro-system/typekro of the TypeKro controller",
      "note: the cluster-wide objects of typekro stay: the namespace platform has objects of it, too",
      "   next  correct the findings, or accept them: typekro hand-back --remove --kubeconfig kubeconfig --force",
    ]
  `);
  const forced = await run('hand-back --remove --force');
  expect(forced.out).not.toContain('deleted');
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'typekro', namespace: 'platform' };
  expect((await user.find(ref))?.spec?.['replicas']).toBe(1);
  const dry = await run('hand-back --namespace platform --dry-run');
  expect(dry.out.split('\n').at(-1)).toBe('   next  typekro hand-back --namespace platform --kubeconfig kubeconfig');
  expect((await run('hand-back --namespace platform --remove')).code).toBe(0);
  expect(await user.find(ref)).toBeUndefined();
});
