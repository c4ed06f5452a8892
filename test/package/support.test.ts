import { readFileSync } from 'node:fs';
import { controllerCrds, createController } from '@typekro/controller/controller';
import { createEmbeddedCluster } from '@typekro/cluster';
import { KubeClient, waitForObject } from '@typekro/kube';
import type { KubeObject } from '@typekro/kit/core';
import { KUBERNETES_RELEASES } from '@typekro/kit/kubernetes';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const page = read('docs/evidence.md');

test('the chart and the page name the oldest Kubernetes that the controller is run with', () => {
  const { kubeVersion } = parse(read('charts/typekro/Chart.yaml')) as { readonly kubeVersion: string };
  expect(kubeVersion).toBe(`>=${KUBERNETES_RELEASES.at(-1)}.0-0`);
  expect(page).toContain(`The chart accepts \`${kubeVersion}\``);
  expect(page).toContain(
    `the API of ${KUBERNETES_RELEASES.toReversed()
      .join(', ')
      .replace(/, (?=[^,]*$)/, ' and ')} |`,
  );
});

test('the page names the versions of the hosts that the tests install, and of the workflow', () => {
  const { optionalDependencies } = JSON.parse(read('test/hosts/package.json')) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  for (const version of Object.values(optionalDependencies)) expect(page).toContain(version.replace(/^npm:.*@/, ''));
  const [, nodes] = /node: \[(.*)\]/.exec(read('.github/workflows/ci.yml')) ?? [];
  expect(page).toContain(`| Node | ${nodes} |`);
  const { engines } = JSON.parse(read('package.json')) as { readonly engines: { readonly node: string } };
  expect(page).toContain(`need Node ${engines.node.slice('>='.length)}.`);
});

test.for(KUBERNETES_RELEASES)('the controller runs on the API of Kubernetes %s', async (release, { signal }) => {
  await using cluster = await createEmbeddedCluster({ kubernetesVersion: release });
  const client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  const controller = createController({ client });
  await controller.start();
  try {
    const [definition, instance] = parseAllDocuments(read('examples/my-application.yaml')).map(
      (document) => document.toJSON() as KubeObject,
    );
    if (definition === undefined || instance === undefined) throw new Error('the example has no instance');
    await client.create(definition);
    const { apiVersion, kind } = definition;
    const state = (found: KubeObject | undefined) => found?.status?.['state'];
    const isActive = (found: KubeObject | undefined) => /^active$/i.test(String(state(found))) || undefined;
    await waitForObject(client, { apiVersion, kind, name: 'my-application' }, signal, isActive);
    const { metadata } = await client.create({ ...instance, metadata: { ...instance.metadata, namespace: 'default' } });
    const made = { apiVersion, kind: instance.kind, name: metadata.name ?? '', namespace: 'default' };
    await waitForObject(client, made, signal, isActive);
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'my-awesome-app', namespace: 'default' };
    const replicas = (found: KubeObject | undefined) => (found?.['spec'] as { readonly replicas?: number })?.replicas;
    const edited = await client.patch(deployment, { spec: { replicas: 5 } }, { type: 'merge' });
    expect(replicas(edited)).toBe(5);
    await waitForObject(client, deployment, signal, (found) => replicas(found) === 3 || undefined);
    await client.delete(made);
    await waitForObject(client, made, signal, (found) => found === undefined || undefined);
    expect(await client.list({ apiVersion: 'apps/v1', kind: 'Deployment' })).toMatchObject({ items: [] });
  } finally {
    await controller.stop();
    await client.close();
  }
});
