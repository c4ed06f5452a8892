import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/core/index.ts';
import { isJsonObject } from '../../../src/core/index.ts';
import type { ApiServer } from '../../support/api-server.ts';
import { serverKinds } from '../../support/api-server.ts';
import { helmProgram, renderChart, schemaProblems } from './chart-render.ts';

/** The values of each dimension. The tests render every combination of them. */
const DIMENSIONS: readonly (readonly (readonly string[])[])[] = [
  [[], ['deployment.replicaCount=3'], ['deployment.replicaCount=3', 'config.shards=4']],
  [[], ['rbac.mode=unrestricted']],
  [[], ['config.dashboardBindAddress=:8090']],
  [[], ['networkPolicy.egress.enabled=true', 'networkPolicy.egress.apiServerCidrs[0]=10.0.0.1/32']],
  [
    [],
    [
      'serviceAccount.automount=false',
      'deployment.extraVolumes[0].name=kubeconfig',
      'deployment.extraVolumes[0].secret.secretName=kubeconfig',
      'deployment.extraVolumeMounts[0].name=kubeconfig',
      'deployment.extraVolumeMounts[0].mountPath=/kubeconfig',
    ],
  ],
  [[], ['config.healthProbeBindAddress=0', 'metrics.service.create=true']],
];

const combinations = DIMENSIONS.reduce<readonly (readonly string[])[]>(
  (all, choices) => all.flatMap((sets) => choices.map((choice) => [...sets, ...choice])),
  [[]],
).map((sets) => ({ sets, title: sets.length === 0 ? 'no values' : sets.join(' ') }));

const [embedded] = serverKinds();
if (embedded === undefined) throw new Error('there is always the embedded cluster');
const { start } = embedded;

const find = (objects: readonly KubeObject[], kind: string) => objects.filter((object) => object.kind === kind);
const podOf = ([deployment]: readonly KubeObject[]) => deployment?.spec?.['template'] as PodTemplate | undefined;

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly automountServiceAccountToken?: boolean;
    readonly containers: readonly { readonly ports: readonly { readonly containerPort: number }[] }[];
    readonly topologySpreadConstraints?: readonly { readonly whenUnsatisfiable: string }[];
  };
}

describe.skipIf(helmProgram === '')('the chart in a namespace that enforces the restricted Pod Security level', () => {
  let server: ApiServer;
  const warnings: string[] = [];

  /** Has the server check a create of the object, without storing it. */
  async function admit(object: unknown, path: string): Promise<void> {
    const request = { method: 'POST', path: `${path}?dryRun=All`, body: object as JsonObject };
    const { warning } = (await server.client.raw(request)).headers;
    if (warning !== undefined) warnings.push(warning);
  }

  beforeAll(async () => {
    server = await start();
    const labels = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    };
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system', labels } };
    await server.client.apply(namespace, { fieldManager: 'test' });
    for (const crd of find(await renderChart(), 'CustomResourceDefinition')) {
      await server.client.apply(crd, { fieldManager: 'test' });
    }
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'typekro', namespace: 'kro-system' },
    };
    await server.client.apply(account, { fieldManager: 'test' });
  }, 90_000);
  afterAll(() => server?.close());

  test('refuses a pod that is not restricted, so that the next test can fail', async () => {
    const pod = podOf(find(await renderChart('deployment.hostNetwork=true'), 'Deployment'));
    const object = { apiVersion: 'v1', kind: 'Pod', ...pod, metadata: { name: 'controller', ...pod?.metadata } };
    await expect(admit(object, '/api/v1/namespaces/kro-system/pods')).rejects.toThrow(/hostNetwork/);
  });

  test.each(combinations)('is admitted with $title', async ({ sets }) => {
    warnings.length = 0;
    const objects = await renderChart(...sets);
    for (const object of objects) {
      expect(schemaProblems(object), `${object.kind} ${object.metadata.name}`).toEqual([]);
      await server.client.apply(object, { fieldManager: 'test', dryRun: true });
    }
    const deployments = find(objects, 'Deployment');
    const pod = podOf(deployments);
    const object = { apiVersion: 'v1', kind: 'Pod', ...pod, metadata: { name: 'controller', ...pod?.metadata } };
    await admit(object, '/api/v1/namespaces/kro-system/pods');
    const [deployment] = deployments;
    if (deployment === undefined) throw new Error('the chart has a Deployment');
    const create = { ...deployment, metadata: { ...deployment.metadata, name: 'another' } };
    await admit(create, '/apis/apps/v1/namespaces/kro-system/deployments');
    expect(warnings).toEqual([]);

    // The policy opens exactly the ports that the pod serves.
    const ports = pod?.spec.containers.flatMap((container) =>
      container.ports.map(({ containerPort }) => containerPort),
    );
    for (const policy of find(objects, 'NetworkPolicy')) {
      const rules = policy.spec?.['ingress'] as unknown as readonly {
        readonly ports: readonly { readonly port: number }[];
      }[];
      expect(rules.flatMap((rule) => rule.ports.map(({ port }) => port)).sort()).toEqual([...(ports ?? [])].sort());
    }
    // Each selector selects the pods of the Deployment.
    for (const { kind, spec } of objects.filter(({ kind }) => SELECTING.has(kind))) {
      const selector = spec?.[kind === 'NetworkPolicy' ? 'podSelector' : 'selector'];
      const labels =
        isJsonObject(selector) && isJsonObject(selector['matchLabels']) ? selector['matchLabels'] : selector;
      expect(pod?.metadata.labels, kind).toMatchObject(labels as object);
    }
  });
});

const SELECTING: ReadonlySet<string> = new Set(['Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'Service']);

describe.skipIf(helmProgram === '')('what the chart adds and leaves out', () => {
  const SEVERAL = 'deployment.replicaCount=2';
  test.each([
    [[], 0, undefined],
    [[SEVERAL], 1, 'ScheduleAnyway'],
    [[SEVERAL, 'podDisruptionBudget.enabled=false'], 0, 'ScheduleAnyway'],
    [
      [
        SEVERAL,
        'deployment.topologySpreadConstraints[0].maxSkew=1',
        'deployment.topologySpreadConstraints[0].topologyKey=zone',
        'deployment.topologySpreadConstraints[0].whenUnsatisfiable=DoNotSchedule',
      ],
      1,
      'DoNotSchedule',
    ],
    [[SEVERAL, 'deployment.topologySpreadConstraints={}'], 1, undefined],
  ])('with %j: %d budgets, spread %s', async (sets, budgets, spread) => {
    const objects = await renderChart(...sets);
    expect(find(objects, 'PodDisruptionBudget')).toHaveLength(budgets);
    const [constraint] = podOf(find(objects, 'Deployment'))?.spec.topologySpreadConstraints ?? [];
    expect(constraint?.whenUnsatisfiable).toBe(spread);
  });

  test('with networkPolicy.enabled=false the chart has no NetworkPolicy', async () => {
    expect(find(await renderChart(), 'NetworkPolicy')).toHaveLength(1);
    expect(find(await renderChart('networkPolicy.enabled=false'), 'NetworkPolicy')).toEqual([]);
  });

  test('the token is mounted only into the pod of the controller, and only where it is wanted', async () => {
    const mounts = async (...sets: string[]) => {
      const objects = await renderChart(...sets);
      const account = find(objects, 'ServiceAccount')[0]?.['automountServiceAccountToken'];
      return [account, podOf(find(objects, 'Deployment'))?.spec.automountServiceAccountToken];
    };
    expect(await mounts()).toEqual([false, true]);
    expect(await mounts('serviceAccount.automount=false')).toEqual([false, false]);
  });
});
