import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { crdOf } from '@typekro/kit/test-support/crd';
import { commandRunner } from '../../test-support/run-command.ts';
import { createEmbeddedCluster } from '@typekro/cluster';
import { controllerManifests, LocalConversions } from '@typekro/controller/controller';
import { controllerCrds } from '@typekro/engine/graph';
import { objectsAt } from '@typekro/kit/kubernetes';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { KubeClient, loadKubeConfig } from '@typekro/kube';
import { packageVersion } from '../package-version.ts';
import { commands } from './index.ts';

let cluster: Awaited<ReturnType<typeof createEmbeddedCluster>>;
let client: KubeClient;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-doctor-'));
let kubeconfig: string;
beforeAll(async () => {
  cluster = await createEmbeddedCluster();
  ({ kubeconfig } = await cluster.listen({ port: 0 }));
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  client = new KubeClient({ config: await loadKubeConfig({ path: join(cwd, 'kubeconfig'), env: {} }) });
});
afterAll(async () => {
  await client.close();
  await cluster.close();
});

const run = async (line: string) => {
  const { code, out, err } = await commandRunner(commands, cwd)(line);
  return { code, err, out: out.split('\n') };
};
const apply = async (objects: readonly KubeObject[]) => {
  for (const object of objects) await client.apply(object, { fieldManager: 'test', force: true });
};

const DEFINITION: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'pots' },
  spec: {
    schema: { apiVersion: 'v1', kind: 'Pot', group: 'acme.test', spec: { text: 'string' } },
    resources: [
      { id: 'map', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${schema.metadata.name}' } } },
    ],
  },
};

test('in an empty cluster the CRDs and the controller are missing', async () => {
  expect(await run('doctor --kubeconfig kubeconfig')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "",
      "out": [
        "cluster typekro   Kubernetes v1.36.0+typekro",
        "✗ crds   CustomResourceDefinition resourcegraphdefinitions.kro.run: does not exist",
        "    why  the controller does not start without it",
        "    do   typekro install",
        "✗ crds   CustomResourceDefinition graphrevisions.internal.kro.run: does not exist",
        "    why  the controller does not start without it",
        "    do   typekro install",
        "! controllers   the cluster: no Deployment of a controller has replicas, and no Lease of a controller is renewed",
        "    why  unless a controller works outside the cluster without --leader-elect, changes have no effect",
        "    do   typekro bootstrap, or typekro controller on this machine",
        "i crds   CustomResourceDefinition graphs.kro.run: does not exist",
        "    why  only the gate GraphKind needs it",
        "✓ server, clock",
        "– leases, rights, webhooks, conversions, pods, objects   nothing to check",
        "2 errors, 1 warning, 0 not checked",
      ],
    }
  `);
});

/**
 * Applies a controller without its rights, a Lease that is not renewed, and a webhook whose Service does not exist.
 * Waits until the simulated pod runs, because the output changes at that moment.
 */
const applyController = async () => {
  const manifests = controllerManifests({ image: `acme.test/typekro:${packageVersion()}` });
  await apply(
    manifests.filter(({ kind, metadata }) => kind !== 'ClusterRole' || metadata.name === 'typekro:controller'),
  );
  await apply([
    DEFINITION,
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'controller.kro.run', namespace: 'kro-system' },
      spec: { holderIdentity: 'pod-1', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'policy' },
      webhooks: [
        {
          name: 'check.acme.test',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          clientConfig: { service: { namespace: 'default', name: 'absent' } },
          rules: [{ apiGroups: ['acme.test'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }],
        },
      ],
    },
  ]);
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'typekro', namespace: 'kro-system' };
  await expect.poll(async () => (await client.find(ref))?.status).toMatchObject({ readyReplicas: 1 });
};

test('a Lease that is not renewed, missing rights, and a webhook whose Service does not exist are reported with remedies', async () => {
  await applyController();
  const { code, out, err } = await run('doctor --kubeconfig kubeconfig');
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(out).toMatchInlineSnapshot(`
    [
      "cluster typekro   Kubernetes v1.36.0+typekro",
      "✗ leases   Lease kro-system/controller.kro.run: pod-1 has not renewed it since 2026-01-01T00:00:00.000Z",
      "    why  no replica works",
      "    do   read the log of the controller: its pods do not start, or they lack the right to update Leases",
      "✗ rights   ServiceAccount kro-system/typekro: may not get, list, watch, create, patch, delete configmaps; get, list, watch, patch pots.acme.test; update pots/finalizers.acme.test; get, patch pots/status.acme.test",
      "    why  ResourceGraphDefinition pots needs these rights",
      "    do   typekro rbac FILES | kubectl apply -f -, with the files of all definitions in one call",
      "✗ rights   ServiceAccount kro-system/typekro: may not create, patch events; get, list, watch namespaces; get, list, watch, create, patch customresourcedefinitions.apiextensions.k8s.io; get, list, watch, create, patch, delete graphrevisions.internal.kro.run; update graphrevisions/finalizers.internal.kro.run; get, patch graphrevisions/status.internal.kro.run; get, list, watch, patch graphs.kro.run; update graphs/finalizers.kro.run; get, patch graphs/status.kro.run; get, list, watch, patch resourcegraphdefinitions.kro.run; update resourcegraphdefinitions/finalizers.kro.run; get, patch resourcegraphdefinitions/status.kro.run",
      "    why  the controller itself needs these rights",
      "    do   apply the roles of the chart again: typekro bootstrap",
      "✗ webhooks   ValidatingWebhookConfiguration policy: the webhook check.acme.test calls Service default/absent, which does not exist",
      "    why  failurePolicy is Fail, so without a response the API server refuses writes of pots.acme.test for ResourceGraphDefinition pots, except those that the selectors of the webhook exclude",
      "    do   install the program of Service default/absent again, or delete the configuration if its program is gone",
      "! objects   ResourceGraphDefinition pots: no controller has written its status",
      "    why  its instances keep the objects of an earlier revision, or have no objects",
      "    do   typekro why pots",
      "✓ server, clock, crds, controllers, pods",
      "– conversions   nothing to check",
      "4 errors, 1 warning, 0 not checked",
    ]
  `);
});

test('reports a conversion webhook whose Service is missing and an admission webhook with a URL, but no admission webhook whose Service exists', async () => {
  const crd = crdOf('Boat');
  const service = { namespace: 'default', name: 'absent', path: '/convert' };
  const conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { service } } };
  const rule = { apiGroups: ['example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['boats'] };
  const webhookOf = (name: string, clientConfig: JsonObject) => ({
    name,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    clientConfig,
    rules: [rule],
  });
  await apply([
    { ...crd, spec: { ...crd.spec, conversion } },
    {
      ...DEFINITION,
      metadata: { name: 'fleets' },
      spec: {
        schema: { apiVersion: 'v1', kind: 'Fleet', group: 'other.test', spec: { text: 'string' } },
        resources: [
          {
            id: 'boat',
            template: { apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name: '${schema.metadata.name}' } },
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'boats' },
      webhooks: [
        webhookOf('service.boats.test', { service: { namespace: 'default', name: 'kubernetes' } }),
        webhookOf('address.boats.test', { url: 'https://boats.test/admit' }),
      ],
    },
  ]);
  const { out } = await run('doctor --kubeconfig kubeconfig');
  const first = out.findIndex((line) => line.startsWith('! conversions'));
  const second = out.findIndex((line) => line.startsWith('i webhooks'));
  expect([...out.slice(first, first + 3), ...out.slice(second, second + 2)]).toMatchInlineSnapshot(`
    [
      "! conversions   CustomResourceDefinition boats.example.com: its conversion webhook calls Service default/absent, which does not exist",
      "    why  all objects are stored in v1, but the API server refuses an apply of objects whose managedFields name another version",
      "    do   install the program of Service default/absent again, or set spec.conversion.strategy to None if all versions have the same fields",
      "i webhooks   MutatingWebhookConfiguration boats: the webhook address.boats.test is called at https://boats.test/admit, which only the API server can check",
      "    why  failurePolicy is Fail, so without a response the API server refuses writes of boats.example.com for ResourceGraphDefinition fleets, except those that the selectors of the webhook exclude",
    ]
  `);
  expect(out.join('\n')).not.toContain('service.boats.test');
});

test('the conversions of an embedded cluster need no Service, and a list that they refuse is reported', async () => {
  const { services } = new LocalConversions();
  await using local = await createEmbeddedCluster({ webhookServices: services });
  writeFileSync(join(cwd, 'local'), (await local.listen({ port: 0 })).kubeconfig);
  const api = new KubeClient({ transport: local.transport() });
  const { spec = {}, ...crd } = crdOf('Pot', {}, { group: 'acme.test' });
  const [v1] = objectsAt(spec, 'versions');
  const [namespace, name] = LocalConversions.SERVICE.split('/');
  const webhook = {
    conversionReviewVersions: ['v1'],
    clientConfig: { service: { namespace: namespace ?? null, name: name ?? null, path: '/convert' } },
  };
  const made = {
    ...crd,
    metadata: { ...crd.metadata, annotations: { 'kro.run/conversions': '{}' } },
    spec: {
      ...spec,
      versions: [v1 ?? {}, { ...v1, name: 'v2', storage: false }],
      conversion: { strategy: 'Webhook', webhook },
    },
  };
  for (const object of [...controllerCrds(), made, DEFINITION]) await api.apply(object, { fieldManager: 'test' });
  const conversions = async () =>
    (await run('doctor --kubeconfig local')).out.filter((line) => line.includes('conversions'));
  expect(await conversions()).toEqual([expect.stringMatching(/^✓ /)]);
  await api.create({ apiVersion: 'acme.test/v1', kind: 'Pot', metadata: { name: 'a', namespace: 'default' } });
  expect(await conversions()).toEqual([
    '✗ conversions   CustomResourceDefinition pots.acme.test: its objects cannot be listed in v2: conversion webhook for acme.test/v1, Kind=Pot failed: the controller has not started yet',
  ]);
});

test('-o json prints the data for another program', async () => {
  await applyController();
  const { out } = await run('doctor --kubeconfig kubeconfig -o json');
  const data = JSON.parse(out.join('\n')) as { readonly findings: readonly { readonly check: string }[] };
  expect(data).toMatchObject({ schemaVersion: 1, skipped: [], findings: expect.any(Array) as unknown });
  expect(new Set(data.findings.map(({ check }) => check))).toContain('rights');
});

test('a check that cannot list its objects is skipped, and the other checks run', async () => {
  await applyController();
  const match = { verb: 'list', resource: 'leases' };
  const rule = cluster.faults.add(match, { kind: 'error', status: 500, reason: 'InternalError', message: 'no leader' });
  const { out } = await run('doctor --kubeconfig kubeconfig');
  rule.remove();
  expect(out).toContain('? leases   not checked: no leader');
  expect(out.filter((line) => /^✗ (?:rights|webhooks)/.test(line))).not.toEqual([]);
});

test('for a user without rights the output names the checks that did not run, and reports no guesses', async () => {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'visitor', namespace: 'default' } };
  await apply([account]);
  const { text } = await client.raw({
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts/visitor/token',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  });
  const { token } = (JSON.parse(text) as { readonly status: { readonly token: string } }).status;
  const config = parse(kubeconfig) as { users: { user: object }[] };
  config.users = config.users.map((user) => ({ ...user, user: { token } }));
  writeFileSync(join(cwd, 'visitor'), JSON.stringify(config));
  expect(await run('doctor --kubeconfig visitor')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": [
        "cluster typekro   Kubernetes v1.36.0+typekro",
        "? server   not checked: namespaces "default" is forbidden: User "system:serviceaccount:default:visitor" cannot watch resource "namespaces" in API group "" at the cluster scope",
        "? crds   not checked: customresourcedefinitions.apiextensions.k8s.io "resourcegraphdefinitions.kro.run" is forbidden: User "system:serviceaccount:default:visitor" cannot get resource "customresourcedefinitions" in API group "apiextensions.k8s.io" at the cluster scope",
        "? controllers   not checked: deployments.apps is forbidden: User "system:serviceaccount:default:visitor" cannot list resource "deployments" in API group "apps" in the namespace "default"",
        "? leases   not checked: leases.coordination.k8s.io is forbidden: User "system:serviceaccount:default:visitor" cannot list resource "leases" in API group "coordination.k8s.io" at the cluster scope",
        "? rights   not checked: deployments.apps is forbidden: User "system:serviceaccount:default:visitor" cannot list resource "deployments" in API group "apps" in the namespace "default"",
        "? webhooks   not checked: validatingwebhookconfigurations.admissionregistration.k8s.io is forbidden: User "system:serviceaccount:default:visitor" cannot list resource "validatingwebhookconfigurations" in API group "admissionregistration.k8s.io" at the cluster scope",
        "? conversions   not checked: customresourcedefinitions.apiextensions.k8s.io "resourcegraphdefinitions.kro.run" is forbidden: User "system:serviceaccount:default:visitor" cannot get resource "customresourcedefinitions" in API group "apiextensions.k8s.io" at the cluster scope",
        "? conversions   not checked: resourcegraphdefinitions.kro.run is forbidden: User "system:serviceaccount:default:visitor" cannot list resource "resourcegraphdefinitions" in API group "kro.run" at the cluster scope",
        "? pods   not checked: deployments.apps is forbidden: User "system:serviceaccount:default:visitor" cannot list resource "deployments" in API group "apps" in the namespace "default"",
        "? objects   not checked: resourcegraphdefinitions.kro.run is forbidden: User "system:serviceaccount:default:visitor" cannot list resource "resourcegraphdefinitions" in API group "kro.run" at the cluster scope",
        "✓ clock",
        "0 errors, 0 warnings, 10 not checked",
      ],
    }
  `);
});
