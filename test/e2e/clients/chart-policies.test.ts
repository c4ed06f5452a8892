import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { crdSource } from '@typekro/engine/schema';
import { type ApiServer, serverKinds } from '../../support/api-server.ts';
import { coveringRows } from '../../support/covering-rows.ts';
import { helmProgram, renderChart, schemaProblems } from './chart-render.ts';

/**
 * The values that determine the rights and the ports of the pod. The tests render every combination of these values.
 */
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

/**
 * Additional values. The tests also render rows with one choice from each dimension of both lists. For any three
 * dimensions, each combination of their choices is in a row.
 */
const FURTHER_DIMENSIONS: readonly (readonly (readonly string[])[])[] = [
  [[], ['deployment.priorityClassName=platform']],
  [
    [],
    ['deployment.topologySpreadConstraints=[]'],
    [
      'deployment.topologySpreadConstraints[0].maxSkew=1',
      'deployment.topologySpreadConstraints[0].topologyKey=zone',
      'deployment.topologySpreadConstraints[0].whenUnsatisfiable=DoNotSchedule',
      'deployment.topologySpreadConstraints[0].labelSelector.matchLabels.app=typekro',
    ],
  ],
  [[], ['podDisruptionBudget.enabled=false'], ['podDisruptionBudget.maxUnavailable=50%']],
  [
    [],
    ['networkPolicy.enabled=false'],
    [
      'networkPolicy.from[0].namespaceSelector.matchLabels.team=monitoring',
      'networkPolicy.from[1].ipBlock.cidr=10.0.0.0/8',
    ],
  ],
  [[], ['config.featureGates.GraphKind=true'], ['config.featureGates.AllAlpha=true']],
  [[], ['config.kroCompatibility="0.9"']],
  [
    [],
    ['metrics.prometheusRule.enabled=true'],
    [
      'metrics.service.create=true',
      'metrics.serviceMonitor.enabled=true',
      'metrics.prometheusRule.enabled=true',
      'metrics.grafanaDashboard.enabled=true',
    ],
  ],
];

const everyCombination = DIMENSIONS.reduce<readonly (readonly string[])[]>(
  (all, choices) => all.flatMap((sets) => choices.map((choice) => [...sets, ...choice])),
  [[]],
);
const covering = coveringRows([...DIMENSIONS, ...FURTHER_DIMENSIONS]).map((row) => [...new Set(row.flat())]);
/** Keyed by title, so that each row is rendered only once. */
const rows = new Map(
  [...everyCombination, ...covering].map((sets) => [sets.length === 0 ? 'no values' : sets.join(' '), sets]),
);
const combinations = [...rows].map(([title, sets]) => ({ title, sets }));
/** The kinds of the Prometheus operator. */
const { items: operatorCrds } = JSON.parse(
  readFileSync(new URL('../../../data/crds/prometheus-operator.json', import.meta.url), 'utf8'),
) as { readonly items: readonly KubeObject[] };
const operatorKinds = crdSource(operatorCrds);

const [embedded] = serverKinds();
if (embedded === undefined) throw new Error('the embedded cluster is always available');
const { start } = embedded;

const find = (objects: readonly KubeObject[], kind: string) => objects.filter((object) => object.kind === kind);
const podOf = ([deployment]: readonly KubeObject[]) => deployment?.spec?.['template'] as PodTemplate | undefined;

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly automountServiceAccountToken?: boolean;
    readonly priorityClassName?: string;
    readonly containers: readonly { readonly ports: readonly { readonly containerPort: number }[] }[];
    readonly topologySpreadConstraints?: readonly { readonly whenUnsatisfiable: string }[];
  };
}

describe.skipIf(helmProgram === '')('the chart in a namespace that enforces the restricted Pod Security level', () => {
  let server: ApiServer;
  const warnings: string[] = [];

  /** Sends a dry-run create of the object, so that the server checks the object without storing it. */
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
    for (const crd of [...find(await renderChart(), 'CustomResourceDefinition'), ...operatorCrds]) {
      await server.client.apply(crd, { fieldManager: 'test' });
    }
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'typekro', namespace: 'kro-system' },
    };
    await server.client.apply(account, { fieldManager: 'test' });
    const priority = {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'platform' },
      value: 1_000_000,
    };
    await server.client.apply(priority, { fieldManager: 'test' });
  }, 90_000);
  afterAll(() => server?.close());

  test.each([
    ['deployment.hostNetwork=true', /hostNetwork/],
    ['deployment.priorityClassName=absent', /no PriorityClass with name absent was found/],
  ])('cannot have a pod with the value %s, because the server refuses this pod', async (value, message) => {
    const pod = podOf(find(await renderChart(value), 'Deployment'));
    const object = { apiVersion: 'v1', kind: 'Pod', ...pod, metadata: { name: 'controller', ...pod?.metadata } };
    await expect(admit(object, '/api/v1/namespaces/kro-system/pods')).rejects.toThrow(message);
  });

  test.each(combinations)('is admitted with $title', async ({ sets }) => {
    warnings.length = 0;
    const objects = await renderChart(...sets);
    for (const object of objects) {
      expect(schemaProblems(object, operatorKinds), `${object.kind} ${object.metadata.name}`).toEqual([]);
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

    const has = (text: string) => sets.some((set) => set.startsWith(text));
    expect(pod?.spec.priorityClassName).toBe(has('deployment.priorityClassName') ? 'platform' : undefined);
    const [spread] = pod?.spec.topologySpreadConstraints ?? [];
    const isSeveral = has('deployment.replicaCount');
    const ownSpread = has('deployment.topologySpreadConstraints[0]') ? 'DoNotSchedule' : undefined;
    const byDefault = isSeveral && !has('deployment.topologySpreadConstraints') ? 'ScheduleAnyway' : undefined;
    expect(spread?.whenUnsatisfiable).toBe(ownSpread ?? byDefault);
    const budgets = isSeveral && !has('podDisruptionBudget.enabled=false') ? 1 : 0;
    expect(find(objects, 'PodDisruptionBudget')).toHaveLength(budgets);
    expect(find(objects, 'NetworkPolicy')).toHaveLength(has('networkPolicy.enabled=false') ? 0 : 1);
    for (const kind of ['PrometheusRule', 'ServiceMonitor']) {
      const value = `metrics.${kind.charAt(0).toLowerCase()}${kind.slice(1)}.enabled`;
      expect(find(objects, kind)).toHaveLength(has(value) ? 1 : 0);
    }

    // The policy opens exactly the ports that the pod serves.
    const ports = pod?.spec.containers.flatMap((container) =>
      container.ports.map(({ containerPort }) => containerPort),
    );
    for (const policy of find(objects, 'NetworkPolicy')) {
      const rules = policy.spec?.['ingress'] as unknown as readonly {
        readonly ports: readonly { readonly port: number }[];
        readonly from?: readonly object[];
      }[];
      // Only the first rule, for the metrics and the dashboard, has peers. The second rule has no peers, because the
      // kubelet's probes come from a node.
      expect(rules.map(({ from }) => from?.length)).toEqual(
        rules.map((_, index) => (index === 0 && has('networkPolicy.from') ? 2 : undefined)),
      );
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

describe.skipIf(helmProgram === '')('optional objects and fields of the chart', () => {
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
    [[SEVERAL, 'deployment.topologySpreadConstraints=[]'], 1, undefined],
  ])('with %j the chart has %d PodDisruptionBudgets, and spreads its pods with %s', async (sets, budgets, spread) => {
    const objects = await renderChart(...sets);
    expect(find(objects, 'PodDisruptionBudget')).toHaveLength(budgets);
    const [constraint] = podOf(find(objects, 'Deployment'))?.spec.topologySpreadConstraints ?? [];
    expect(constraint?.whenUnsatisfiable).toBe(spread);
  });

  test('with networkPolicy.enabled=false the chart has no NetworkPolicy', async () => {
    expect(find(await renderChart(), 'NetworkPolicy')).toHaveLength(1);
    expect(find(await renderChart('networkPolicy.enabled=false'), 'NetworkPolicy')).toEqual([]);
  });

  test('only the pod of the controller mounts the token, and a value of the chart disables the mount', async () => {
    const mounts = async (...sets: string[]) => {
      const objects = await renderChart(...sets);
      const account = find(objects, 'ServiceAccount')[0]?.['automountServiceAccountToken'];
      return [account, podOf(find(objects, 'Deployment'))?.spec.automountServiceAccountToken];
    };
    expect(await mounts()).toEqual([false, true]);
    expect(await mounts('serviceAccount.automount=false')).toEqual([false, false]);
  });
});
