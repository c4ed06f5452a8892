import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CONTROLLER_FLAGS,
  controllerManifests,
  ConversionManifests,
  parseControllerFlags,
  readFeatureGates,
  rightsOfFlags,
  withFlagRights,
} from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import type { ApiServer } from '../../support/api-server.ts';
import { clientServers } from '../../support/packed-cluster.ts';
import { ClientProgram, Transcript } from '../../support/transcript.ts';
import { chart, helmProgram as program, lintChart, renderChart, schemaProblems } from './chart-render.ts';

const { version } = parse(readFileSync(`${chart}/Chart.yaml`, 'utf8')) as { readonly version: string };

/** The arguments of the controller's container. */
function args(objects: readonly KubeObject[]): string[] {
  const spec = objects.find(({ kind }) => kind === 'Deployment')?.spec as
    | { template: { spec: { containers: { args: string[] }[] } } }
    | undefined;
  return spec?.template.spec.containers[0]?.args ?? [];
}

/**
 * The objects without the parts that only helm or only `typekro` writes. Helm adds labels of the release. `typekro`
 * adds the Namespace object, because helm expects the namespace to exist.
 */
function comparable(objects: readonly KubeObject[]): Map<string, KubeObject> {
  const kept = ['rbac.kro.run/aggregate-to-controller'];
  return new Map(
    objects
      .filter(({ kind }) => kind !== 'Namespace')
      .map((object) => {
        const copy = structuredClone(object);
        const labels = Object.entries(copy.metadata.labels ?? {}).filter(([key]) => kept.includes(key));
        copy.metadata.labels = Object.fromEntries(labels);
        const template = copy.spec?.['template'] as { metadata: { labels: object }; spec: object } | undefined;
        if (copy.kind === 'Deployment' && template !== undefined) {
          template.metadata.labels = {};
          delete (template.spec as { dnsPolicy?: string }).dnsPolicy;
        }
        return [`${object.kind} ${object.metadata.name ?? ''}`, copy];
      }),
  );
}

/** The rules of the dashboard's role, parsed from the template. The rules contain no template expressions. */
function dashboardRules(): readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[] {
  const text = readFileSync(`${chart}/templates/rbac.yaml`, 'utf8');
  const [, role = ''] = text.split('name: {{ $name }}:dashboard\n');
  const [rules] = (role.split('rules:\n')[1] ?? '').split('---\n');
  return parse(rules ?? '') as ReturnType<typeof dashboardRules>;
}

test.each([
  // A read of an instance starts a watch of the pods of its workloads (`childSelections`).
  ['pods', ['get', 'list', 'watch']],
  ['pods/log', ['get']],
  ['events', ['get', 'list']],
  ['tokenreviews', ['create']],
  ['subjectaccessreviews', ['create']],
])('the dashboard in the chart may use %s: %j', (resource, verbs) => {
  const granted = dashboardRules().flatMap((rule) => (rule.resources.includes(resource) ? rule.verbs : []));
  expect(granted).toEqual(verbs);
});

describe.skipIf(program === '')('the chart, rendered', () => {
  test('is what `typekro bootstrap` applies', async () => {
    const rendered = comparable(await renderChart());
    const installed = comparable(controllerManifests({ image: `typekro:${version}` }));
    expect([...rendered.keys()].sort()).toEqual([...installed.keys()].sort());
    for (const [name, object] of installed) expect(rendered.get(name), name).toEqual(object);
  });

  test('with the gate APIVersions it has what `typekro bootstrap` adds for conversions', async () => {
    const installation = { name: 'typekro', namespace: 'kro-system' };
    const chosen = [
      '--feature-gates=APIVersions=true',
      `--conversion-service=${ConversionManifests.serviceOf(installation)}`,
    ];
    const flags = parseControllerFlags(chosen);
    const manifests = controllerManifests({ image: `typekro:${version}` }).map((object) =>
      withFlagRights(object, rightsOfFlags(flags)),
    );
    const rendered = comparable(await renderChart('config.featureGates.APIVersions=true'));
    const installed = comparable(ConversionManifests.addTo(manifests, installation, flags));
    expect([...rendered.keys()].sort()).toEqual([...installed.keys()].sort());
    expect(args([...rendered.values()])).toEqual(expect.arrayContaining(chosen));
    for (const objects of [rendered, installed]) args([...objects.values()]).length = 0;
    for (const [name, object] of installed) expect(rendered.get(name), name).toEqual(object);
  });

  test.each([
    [[], false],
    [['config.featureGates.GraphKind=true'], true],
    [['config.featureGates.GraphKind="true"'], true],
    [['config.featureGates.GraphKind="false"'], false],
    [['config.featureGates.AllAlpha=true'], true],
    [['config.featureGates.AllAlpha="T"'], true],
    [['config.featureGates.AllAlpha=true', 'config.featureGates.GraphKind=false'], false],
    [['config.featureGates.AllAlpha=false', 'config.featureGates.GraphKind=true'], true],
  ])(
    'with %j the chart grants the right to impersonate only if the feature gate GraphKind is enabled: %s',
    async (sets, expected) => {
      const objects = await renderChart(...sets);
      const gates = args(objects)
        .find((arg) => arg.startsWith('--feature-gates='))
        ?.slice('--feature-gates='.length);
      expect(readFeatureGates(gates ?? '').features.graphKind).toBe(expected);
      expect(JSON.stringify(objects).includes('"impersonate"')).toBe(expected);
    },
  );

  test.each([
    { name: 'with its defaults', sets: [] },
    { name: 'unrestricted', sets: ['rbac.mode=unrestricted'] },
    {
      name: 'with every optional part',
      sets: [
        'metrics.service.create=true',
        'imagePullSecrets[0].name=pull',
        'serviceAccount.annotations.a=b',
        'serviceAccount.automount=false',
        'additionalLabels.team=a',
        'deployment.podAnnotations.a=b',
        'deployment.podLabels.a=b',
        'deployment.tolerations[0].operator=Exists',
        'deployment.priorityClassName=system-cluster-critical',
        'deployment.hostNetwork=true',
        'deployment.extraVolumes[0].name=tmp',
        'deployment.extraVolumes[0].emptyDir.sizeLimit=1Mi',
        'deployment.extraVolumeMounts[0].name=tmp',
        'deployment.extraVolumeMounts[0].mountPath=/tmp',
        'deployment.extraEnv[0].name=A',
        'deployment.extraEnv[0].value=b',
        'deployment.topologySpreadConstraints[0].maxSkew=1',
        'deployment.topologySpreadConstraints[0].topologyKey=zone',
        'deployment.topologySpreadConstraints[0].whenUnsatisfiable=DoNotSchedule',
        'config.leaderElectionNamespace=elsewhere',
        'config.shards=8',
        'deployment.replicaCount=3',
        'networkPolicy.egress.enabled=true',
        'networkPolicy.egress.apiServerCidrs[0]=10.0.0.0/8',
        'networkPolicy.from[0].namespaceSelector.matchLabels.team=a',
      ],
    },
  ])('$name: the objects conform to the schemas of Kubernetes', async ({ sets }) => {
    const objects = await renderChart(...sets);
    expect(objects.length).toBeGreaterThan(8);
    for (const object of objects) expect(schemaProblems(object), `${object.kind} ${object.metadata.name}`).toEqual([]);
    const { errors, ignored } = parseControllerFlags(args(objects).slice(1));
    expect({ errors, ignored }).toEqual({ errors: [], ignored: [] });
  });

  test.each([
    [],
    ['rbac.mode=unrestricted', 'config.dashboardBindAddress=:8090', 'deployment.replicaCount=3', 'config.shards=4'],
    [
      'metrics.service.create=true',
      'metrics.serviceMonitor.enabled=true',
      'metrics.prometheusRule.enabled=true',
      'metrics.grafanaDashboard.enabled=true',
      'networkPolicy.egress.enabled=true',
    ],
  ])('passes helm lint --strict with %j', async (...sets) => {
    expect(await lintChart(chart, ...sets)).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  test('helm lint --strict finds a broken template', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'typekro-chart-'));
    try {
      cpSync(chart, folder, { recursive: true });
      appendFileSync(join(folder, 'templates/metrics.yaml'), '{{ .Values.absent.field }}\n');
      await expect(lintChart(folder)).rejects.toThrow(/templates\/metrics\.yaml/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('writes the alerts and the dashboard only when a value enables them', async () => {
    const kinds = async (...sets: string[]) => (await renderChart(...sets)).map(({ kind }) => kind);
    expect(await kinds()).not.toContain('PrometheusRule');
    const on = await renderChart('metrics.prometheusRule.enabled=true', 'metrics.grafanaDashboard.enabled=true');
    const rule = on.find(({ kind }) => kind === 'PrometheusRule');
    const rules = readFileSync(`${chart}/monitoring/rules.yaml`, 'utf8');
    expect(rule?.spec).toEqual(parse(rules));
    const map = on.find(({ kind }) => kind === 'ConfigMap') as unknown as { data: Record<string, string> } | undefined;
    const dashboard: unknown = JSON.parse(readFileSync(`${chart}/monitoring/dashboard.json`, 'utf8'));
    expect(JSON.parse(map?.data['typekro.json'] ?? '')).toEqual(dashboard);
  });

  test('grants the rights of the dashboard only when its address is set', async () => {
    const role = async (...sets: string[]) =>
      (await renderChart(...sets)).find(
        ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name?.endsWith(':dashboard') === true,
      );
    expect(await role()).toBeUndefined();
    expect((await role('config.dashboardBindAddress=":8090"'))?.['rules']).toEqual(dashboardRules());
  });

  test('has a value for every flag except the flags for debugging and a flag without effect, and the controller accepts the rendered flags', async () => {
    const given = parseControllerFlags(
      args(
        await renderChart(
          ...Object.entries({
            leaderElectionNamespace: 'a',
            leaderElectionLeaseDuration: '15s',
            leaderElectionRenewDeadline: '10s',
            leaderElectionRetryPeriod: '2s',
            enableControllerWarmup: 'true',
            resourceGraphDefinitionConcurrentReconciles: '2',
            graphRevisionConcurrentReconciles: '2',
            dynamicControllerConcurrentReconciles: '2',
            dynamicControllerRateLimiterMinDelay: '200ms',
            dynamicControllerRateLimiterMaxDelay: '1000s',
            dynamicControllerRateLimiterRateLimit: '10',
            dynamicControllerRateLimiterBurstLimit: '100',
            dynamicControllerDefaultResyncPeriod: '36000',
            dynamicControllerDefaultQueueMaxRetries: '20',
            'instance.requeueInterval': '3s',
            resourceGraphDefinitionProgressRequeueDelay: '3s',
            'rgd.maxCollectionSize': '2000000',
            'rgd.maxCollectionDimensionSize': '10',
            'rgd.maxGraphRevisions': '0',
            clientQps: '100',
            clientBurst: '150',
            'featureGates.APIVersions': 'true',
            migrationQps: '50',
            logEncoder: 'console',
            development: 'false',
            celCostLimit: '1000000',
            graphConcurrentReconciles: '1',
            applyConcurrency: '20',
            watchSyncTimeout: '30s',
            versionLabel: 'v1',
            instanceServiceAccount: 'deployer',
            templateNamespaces: 'instance',
            inspectBindAddress: '127.0.0.1:9000',
            dashboardBindAddress: ':8090',
            dashboardHosts: 'kro.example.com',
            opentelemetryTraces: 'true',
            shards: '8',
            'publisherKeys[0]': String(
              generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
            ),
          }).map(([key, value]) => `config.${key}=${value}`),
          'config.kroCompatibility="0.10"',
        ),
      ).slice(1),
    );
    expect(given.errors).toEqual([]);
    expect(given.values.get('rgd-max-collection-size')).toBe(2_000_000);
    expect(given.values.get('rgd-max-graph-revisions')).toBe(0);
    expect(given.values.get('kro-compatibility')).toBe('0.10');
    expect(given.values.get('feature-gates')).toBe('APIVersions=true');
    const without = CONTROLLER_FLAGS.map(({ name }) => name).filter(
      (name) => !given.values.has(name) && !given.ignored.includes(name),
    );
    expect(without).toEqual(['pprof-bind-address', 'zap-stacktrace-level', 'zap-time-encoding', 'conversion-url']);
  });

  test('grants the rights to review tokens and opens the port only for a controller with a dashboard', async () => {
    const parts = async (...sets: string[]) => {
      const objects = await renderChart(...sets);
      const text = JSON.stringify(objects);
      return [
        text.includes('tokenreviews'),
        text.includes('subjectaccessreviews'),
        text.includes('"containerPort":8090'),
      ];
    };
    expect(await parts()).toEqual([false, false, false]);
    expect(await parts('config.dashboardBindAddress=0')).toEqual([false, false, false]);
    expect(await parts('config.dashboardBindAddress=:8090')).toEqual([true, true, true]);
  });

  test('serves conversions only with the gate APIVersions', async () => {
    const parts = async (...sets: string[]) => {
      const text = JSON.stringify(await renderChart(...sets));
      return [
        'typekro-conversions',
        '"containerPort":9443',
        '"port":9443',
        'customresourcedefinitions/status',
        'typekro-conversions-tls',
        '--conversion-service=',
      ].map((part) => text.includes(part));
    };
    expect(new Set(await parts())).toEqual(new Set([false]));
    expect(new Set(await parts('config.featureGates.APIVersions=false'))).toEqual(new Set([false]));
    expect(new Set(await parts('config.featureGates.APIVersions=true'))).toEqual(new Set([true]));
  });

  test('grants the rights to list and delete Leases only with shards', async () => {
    const verbs = async (...sets: string[]) => {
      const role = (await renderChart(...sets)).find(({ kind }) => kind === 'Role') as unknown as {
        rules: { verbs: string[] }[];
      };
      return role.rules.flatMap((rule) => rule.verbs);
    };
    expect(await verbs()).toEqual(['get', 'create', 'update']);
    expect(await verbs('config.shards=4')).toEqual(['get', 'list', 'create', 'update', 'delete']);
  });

  test('several replicas without an election or shards are refused, because all of them would write', async () => {
    const alone = ['deployment.replicaCount=2', 'config.enableLeaderElection=false'];
    await expect(renderChart(...alone)).rejects.toThrow(/set config\.enableLeaderElection or config\.shards/);
    expect(args(await renderChart(...alone, 'config.shards=4'))).toContain('--shards=4');
  });

  test('a rate below one request per second is passed unchanged, and the pod has the configured grace period', async () => {
    const objects = await renderChart('config.clientQps=0.5', 'deployment.terminationGracePeriodSeconds=200');
    expect(args(objects)).toContain('--client-qps=0.5');
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    expect(deployment?.spec?.['template']).toMatchObject({ spec: { terminationGracePeriodSeconds: 200 } });
  });

  test('without a probe address there are no probes, and the log has the configured format', async () => {
    const objects = await renderChart('config.healthProbeBindAddress=0', 'config.logEncoder=console');
    expect(args(objects)).toContain('--zap-encoder=console');
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    const template = deployment?.spec?.['template'] as { spec: { containers: { ports: object[] }[] } } | undefined;
    const [container] = template?.spec.containers ?? [];
    expect(container?.ports).toEqual([{ name: 'metrics', containerPort: 8078, protocol: 'TCP' }]);
    expect(container).not.toHaveProperty('livenessProbe');
  });

  test('a level that YAML parses as a number is refused, because 0.10 would become 0.1', async () => {
    await expect(renderChart('config.kroCompatibility=0.10')).rejects.toThrow(/write it in quotes, as "0\.10"/);
  });

  test.each([
    ['replicas=2', "additional properties 'replicas' not allowed"],
    ['config.loglevel=debug', "'/config': additional properties 'loglevel' not allowed"],
    ['deployment.replicaCount=two', "'/deployment/replicaCount': got string, want integer"],
    ['deployment.containerPort=70000', "'/deployment/containerPort': maximum"],
    ['config.gracefulShutdownTimeout=ten', "'/config/gracefulShutdownTimeout': 'ten' does not match pattern"],
    ['image.pullPolicy=Sometimes', "'/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'"],
    ['image.repository=', "'/image/repository': minLength"],
    ['metrics.service.port=http', "'/metrics/service/port': got string, want integer"],
  ])('the value %s is refused at its place', async (set, message) => {
    await expect(renderChart(set)).rejects.toThrow(message);
  });

  test('an unknown rbac.mode is refused, and the message names it', async () => {
    await expect(renderChart('rbac.mode=all')).rejects.toThrow(/rbac\.mode is aggregation or unrestricted, not "all"/);
  });
});

const transcript = new Transcript();
afterAll(() => transcript.print());

describe.skipIf(program === '').each(clientServers())(
  'the chart on $name',
  ({ name, isEmbedded, workloads, start }) => {
    const NAMESPACE = 'typekro-e2e-chart';
    let server: ApiServer;
    let helm: ClientProgram;
    const find = (apiVersion: string, kind: string, object: string) =>
      server.client.find({ apiVersion, kind, name: object, namespace: NAMESPACE });
    const crds = async () =>
      (await server.client.list({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' })).items
        .map(({ metadata }) => metadata.name)
        .filter((crd) => crd?.endsWith('kro.run'));

    beforeAll(async () => {
      server = await start();
      helm = new ClientProgram({ program, name: 'helm', server, serverName: name, transcript });
    }, 90_000);
    afterAll(async () => {
      await server.client.delete({ apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE });
      await server.close();
    });

    test('can be installed, upgraded and uninstalled, and an uninstall keeps the CRDs', async () => {
      // The test waits only on the embedded cluster, which simulates its pods. On an external cluster, the pods would
      // have to pull the image.
      const wait = workloads && isEmbedded ? ['--wait', '--timeout=60s'] : [];
      await helm.ok(['install', 'typekro', chart, '-n', NAMESPACE, '--create-namespace', ...wait]);
      expect(await crds()).toEqual([
        'graphrevisions.internal.kro.run',
        'graphs.kro.run',
        'resourcegraphdefinitions.kro.run',
      ]);
      const deployment = await find('apps/v1', 'Deployment', 'typekro');
      if (wait.length > 0) expect(deployment?.status).toMatchObject({ availableReplicas: 1 });

      await helm.ok([
        'upgrade',
        'typekro',
        chart,
        '-n',
        NAMESPACE,
        '--set',
        'deployment.replicaCount=2,config.logLevel=debug',
        ...wait,
      ]);
      const upgraded = await find('apps/v1', 'Deployment', 'typekro');
      expect(upgraded?.spec).toMatchObject({ replicas: 2 });
      expect(args([upgraded as KubeObject])).toContain('--zap-log-level=debug');
      // After an upgrade, the role still has the rules that the cluster has aggregated from the labelled roles.
      const role = await find('rbac.authorization.k8s.io/v1', 'ClusterRole', 'typekro:controller');
      if (workloads)
        expect(role?.['rules']).toContainEqual({ apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] });

      await helm.ok(['rollback', 'typekro', '1', '-n', NAMESPACE, ...wait]);
      expect((await find('apps/v1', 'Deployment', 'typekro'))?.spec).toMatchObject({ replicas: 1 });
      await helm.ok(['uninstall', 'typekro', '-n', NAMESPACE]);
      expect(await find('apps/v1', 'Deployment', 'typekro')).toBeUndefined();
      expect(await find('v1', 'ServiceAccount', 'typekro')).toBeUndefined();
      expect(await find('rbac.authorization.k8s.io/v1', 'ClusterRole', 'typekro:controller')).toBeUndefined();
      // On uninstall, helm keeps the CRDs. Therefore the objects of their kinds also stay.
      expect(await crds()).toHaveLength(3);
    }, 120_000);
  },
);
