import { describe, expect, test } from 'vitest';
import { composed } from '../../test-support/compose-objects.ts';
import { ackFactory, table } from './ack/index.ts';
import { application, argocdTracking } from './argocd/index.ts';
import { certificate, clusterIssuer } from './cert-manager/index.ts';
import { ciliumBGPPeerConfig, ciliumLoadBalancerIPPool, ciliumNetworkPolicy } from './cilium/index.ts';
import { cluster } from './cnpg/index.ts';
import { dnsEndpoint } from './external-dns/index.ts';
import { bucket, gitRepository, helmChart, kustomization, ociRepository } from './flux/index.ts';
import { chartFactory, helmRelease, helmRepository, simpleHelmChart } from './helm/index.ts';
import { kroCustomResource, resourceGraphDefinition } from './kro/index.ts';
import { configMap } from './kubernetes/index.ts';
import { consumer, stream } from './nats/index.ts';
import { oAuth2Client, rule } from './ory/index.ts';
import { prometheusRule, serviceMonitor } from './prometheus/index.ts';
import { cephObjectStoreUser, objectBucketClaim } from './rook/index.ts';
import { HelmChart } from './simple/index.ts';
import { valkey } from './valkey/index.ts';

describe('flux', () => {
  test.each([
    ['gitRepository', gitRepository],
    ['ociRepository', ociRepository],
    ['bucket', bucket],
    ['helmChart', helmChart],
  ])('%s refuses an argument that is no object, and the message names the factory', (name, factory) => {
    const message = new RegExp(`${name} takes its arguments as one object[^]*pass one object: ${name}\\(\\{`);
    expect(() => composed(() => void (factory as (input: unknown) => unknown)('x'))).toThrow(message);
  });

  test('sources have a default interval, and their factories take the members of the spec as top-level arguments', () => {
    const { objects } = composed(({ name }) => {
      gitRepository({ id: 'git', name, url: 'https://example.com/a.git', ref: { branch: 'main' } });
      ociRepository({ id: 'oci', name, url: 'oci://example.com/a', interval: '1h', secretRef: undefined });
      bucket({ id: 'bucket', name, namespace: 'flux-system', bucketName: name, endpoint: 's3.example.com' });
    });
    expect(objects).toEqual({
      git: {
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'GitRepository',
        metadata: { name: 'x' },
        spec: { interval: '5m', url: 'https://example.com/a.git', ref: { branch: 'main' } },
      },
      oci: {
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'OCIRepository',
        metadata: { name: 'x' },
        spec: { interval: '1h', url: 'oci://example.com/a' },
      },
      bucket: {
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'Bucket',
        metadata: { name: 'x', namespace: 'flux-system' },
        spec: { interval: '5m', bucketName: 'x', endpoint: 's3.example.com' },
      },
    });
  });

  test('members of the metadata stay out of the spec', () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'u' };
    const metadata = { annotations: { a: 'b' }, finalizers: ['example.com/f'], ownerReferences: [owner] };
    const { objects } = composed(({ name }) => {
      gitRepository({ id: 'git', name, url: 'https://example.com/a.git', ...metadata });
      kustomization({ id: 'app', name, source: { kind: 'GitRepository', name: 'a' }, ...metadata });
      helmRelease({ id: 'release', name, chartRef: { kind: 'HelmChart', name: 'a' }, ...metadata });
    });
    for (const id of ['git', 'app', 'release']) {
      expect(objects[id]).toMatchObject({ metadata: { name: 'x', ...metadata } });
      expect(objects[id]).not.toHaveProperty('spec.ownerReferences');
    }
  });

  test('a kustomization refers to its source and has the defaults of the factory', () => {
    const { objects, yaml } = composed(({ name }) => {
      const source = gitRepository({ id: 'git', name, url: 'https://example.com/a.git', waitForReady: true });
      kustomization({
        id: 'app',
        name,
        source: { kind: 'GitRepository', name: source.metadata.name },
        path: './deploy',
      });
    });
    expect(objects['app']).toMatchObject({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      spec: {
        sourceRef: { kind: 'GitRepository', name: 'x' },
        path: './deploy',
        interval: '5m',
        prune: true,
        wait: true,
        timeout: '10m',
      },
    });
    expect(yaml).toContain('c.type == "Ready" && c.status == "True"');
  });
});

describe('helm', () => {
  test('a release derives the name of its HelmRepository from the address', () => {
    const { objects } = composed(({ name, count }) => {
      helmRepository({ id: 'repo', name: 'x-helm-repo', url: 'oci://charts.example.com/stable' });
      helmRelease({
        id: 'cache',
        name,
        namespace: 'data',
        chart: { repository: 'oci://charts.example.com/stable', name: 'redis', version: '1.2.3' },
        values: { replicas: count },
      });
    });
    expect(objects).toEqual({
      repo: {
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'HelmRepository',
        metadata: { name: 'x-helm-repo', namespace: 'flux-system' },
        spec: { interval: '5m', type: 'oci', url: 'oci://charts.example.com/stable' },
      },
      cache: {
        apiVersion: 'helm.toolkit.fluxcd.io/v2',
        kind: 'HelmRelease',
        metadata: { name: 'x', namespace: 'data' },
        spec: {
          interval: '5m',
          chart: {
            spec: {
              chart: 'redis',
              version: '1.2.3',
              sourceRef: { kind: 'HelmRepository', name: 'x-helm-repo', namespace: 'flux-system' },
            },
          },
          install: { timeout: '10m', remediation: { retries: 3 } },
          upgrade: { timeout: '10m', remediation: { retries: 3 } },
          values: { replicas: 2 },
        },
      },
    });
  });

  test('a chart factory also makes a HelmRepository', () => {
    const redis = chartFactory<{ readonly replicas: number }>({
      chart: 'redis',
      repository: 'https://charts.example.com/stable',
      version: '1.x',
    });
    const { objects } = composed(({ name, count }) => {
      redis({ name, values: { replicas: count } });
    });
    expect(objects).toMatchObject({
      redis: { spec: { chart: { spec: { chart: 'redis', version: '1.x' } }, values: { replicas: 2 } } },
      redisRepository: { metadata: { name: 'stable' }, spec: { url: 'https://charts.example.com/stable' } },
    });
  });

  test.each([
    ['https://charts.example.com/stable/', 'stable'],
    ['https://charts.example.com', 'charts-example-com'],
    ['https://charts.bitnami.com/charts', 'bitnami'],
    ['oci://registry-1.docker.io/bitnamicharts', 'bitnami'],
    ['oci://ghcr.io/team/charts', 'x-helm-repo'],
  ])('the repository object of %s is called %s', (repository, name) => {
    const { objects } = composed(() => {
      simpleHelmChart('x', repository, 'app');
    });
    expect(Object.values(objects)[0]).toMatchObject({ spec: { chart: { spec: { sourceRef: { name } } } } });
    const { objects: short } = composed(() => {
      HelmChart('x', repository, 'app');
    });
    expect(Object.values(short)[0]).toMatchObject({ spec: { chart: { spec: { sourceRef: { name } } } } });
  });

  test('a chart without a source is refused', () => {
    expect(() =>
      composed(({ name }) => {
        helmRelease({ name, chart: { name: 'redis' } });
      }),
    ).toThrow('a Helm release has no source for its chart');
  });
});

describe('kro', () => {
  test('a ResourceGraphDefinition that is a resource of a composition keeps its own expressions', () => {
    const template = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: '${schema.spec.name}' },
      data: { a: '${"b"}' },
    };
    const schema = { apiVersion: 'v1alpha1', kind: 'Inner', spec: { name: 'string' } };
    const { objects } = composed(({ name }) => {
      resourceGraphDefinition({ id: 'rgd', name, spec: { schema, resources: [{ id: 'config', template }] } });
    });
    expect(objects['rgd']).toMatchObject({ spec: { schema, resources: [{ id: 'config', template }] } });
  });

  test('a graph waits for an instance of another graph', () => {
    const { objects, yaml } = composed(({ name, count }) => {
      const inner = kroCustomResource<{ size: number }, { url: string }>({
        id: 'inner',
        apiVersion: 'example.com/v1',
        kind: 'Inner',
        metadata: { name },
        spec: { size: count },
        waitForReady: true,
      });
      configMap({ id: 'config', name, data: { url: inner.status.url } });
    });
    expect(objects['inner']).toMatchObject({ kind: 'Inner', spec: { size: 2 } });
    expect(yaml).toContain('- ${inner.status.state == "ACTIVE"}');
    expect(yaml).toContain('url: ${inner.status.url}');
  });
});

describe('argocd', () => {
  test('an application has the spec that its factory gets', () => {
    const { objects } = composed(({ name }) => {
      application({
        id: 'app',
        name,
        namespace: 'argocd',
        spec: {
          project: 'default',
          destination: { server: 'https://kubernetes.default.svc', namespace: name },
          source: { repoURL: 'https://example.com/a.git', path: 'deploy' },
          syncPolicy: { automated: { prune: true } },
        },
      });
    });
    expect(objects['app']).toMatchObject({ kind: 'Application', spec: { destination: { namespace: 'x' } } });
  });

  test.each([
    ['annotation', { annotations: { 'argocd.argoproj.io/tracking-id': '' } }],
    ['label', { labels: { 'app.kubernetes.io/instance': '' } }],
    ['both', { annotations: { 'argocd.argoproj.io/tracking-id': '' }, labels: { 'app.kubernetes.io/instance': '' } }],
  ] as const)('tracking by %s copies the tracking metadata of the instance', (by, metadata) => {
    const { objects, yaml } = composed(({ name }) => {
      configMap({ id: 'config', metadata: { name, ...argocdTracking({ by }) }, data: {} });
    });
    expect(objects['config']).toMatchObject({ metadata: { name: 'x', ...metadata } });
    expect(yaml).toContain(by === 'label' ? 'schema.metadata.?labels' : 'schema.metadata.?annotations');
  });

  test('with the option owner, argocdTracking makes the instance an owner of the object', () => {
    const owner = { apiVersion: 'example.com/v1', kind: 'All' };
    const { yaml } = composed(({ name }) => {
      configMap({ id: 'config', metadata: { name, ...argocdTracking({ owner }) }, data: {} });
    });
    expect(yaml).toContain('uid: ${schema.metadata.uid}');
  });
});

test('factories for prometheus, cert-manager, cloudnative-pg and aws make objects of their kinds', () => {
  const queue = ackFactory<{ readonly queueName: string }, { readonly queueURL?: string }>('sqs', 'Queue');
  const { objects, yaml } = composed(({ name, count }) => {
    serviceMonitor({
      id: 'monitor',
      name,
      spec: { selector: { matchLabels: { app: name } }, endpoints: [{ port: 'http' }] },
    });
    prometheusRule({
      id: 'rule',
      name,
      spec: { groups: [{ name: 'a', rules: [{ alert: 'Down', expr: 'up == 0' }] }] },
    });
    clusterIssuer({ id: 'issuer', name, spec: { selfSigned: {} } });
    certificate({ id: 'cert', name, spec: { secretName: name, issuerRef: { name, kind: 'ClusterIssuer' } } });
    const db = cluster({ id: 'db', name, waitForReady: true, spec: { instances: count, storage: { size: '1Gi' } } });
    const attributes = [{ attributeName: 'id', attributeType: 'S' }];
    const keys = [{ attributeName: 'id', keyType: 'HASH' }];
    table({ id: 'table', name, spec: { tableName: name, attributeDefinitions: attributes, keySchema: keys } });
    const jobs = queue({ id: 'jobs', name, spec: { queueName: name }, waitForReady: true });
    configMap({ id: 'config', name, data: { writer: db.status.writeService, queue: jobs.status.queueURL } });
  });
  expect(objects['monitor']).toMatchObject({ kind: 'ServiceMonitor', spec: { endpoints: [{ port: 'http' }] } });
  expect(objects['rule']).toMatchObject({ kind: 'PrometheusRule' });
  expect(objects['issuer']).toMatchObject({ kind: 'ClusterIssuer', spec: { selfSigned: {} } });
  expect(objects['cert']).toMatchObject({ kind: 'Certificate', spec: { secretName: 'x' } });
  expect(objects['db']).toMatchObject({ kind: 'Cluster', spec: { instances: 2 } });
  expect(objects['table']).toMatchObject({ apiVersion: 'dynamodb.services.k8s.aws/v1alpha1', kind: 'Table' });
  expect(objects['jobs']).toMatchObject({ apiVersion: 'sqs.services.k8s.aws/v1alpha1', kind: 'Queue' });
  expect(yaml).toContain('writer: ${db.status.writeService}');
  expect(yaml).toContain('c.type == "ACK.ResourceSynced" && c.status == "True"');
});

test('a field that the kind does not have is refused when the composition is created', () => {
  expect(() =>
    composed(({ name }) => {
      const spec = { secretName: name, issuerRef: { name }, dnsName: ['a'] };
      certificate({ id: 'cert', name, spec });
    }),
  ).toThrow(/dnsName/);
});

test('factories for cilium and external-dns make objects for allowed traffic, addresses and DNS names', () => {
  const { objects, yaml } = composed(({ name }) => {
    const pool = ciliumLoadBalancerIPPool({
      id: 'pool',
      name,
      spec: { blocks: [{ cidr: '192.0.2.0/24' }] },
      waitForReady: true,
    });
    ciliumNetworkPolicy({
      id: 'policy',
      name,
      waitForReady: true,
      spec: {
        endpointSelector: { matchLabels: { app: name } },
        ingress: [
          {
            fromEntities: ['world'],
            toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{ method: 'GET', path: '/' }] } }],
          },
        ],
      },
    });
    ciliumBGPPeerConfig({
      id: 'peer',
      name,
      spec: { timers: { holdTimeSeconds: 9 }, families: [{ afi: 'ipv4', safi: 'unicast' }] },
    });
    const endpoints = [{ dnsName: 'x.example.com', recordType: 'CNAME', targets: [pool.metadata.name] }];
    dnsEndpoint({ id: 'record', name, spec: { endpoints }, waitForReady: true });
  });
  expect(objects['policy']).toMatchObject({
    apiVersion: 'cilium.io/v2',
    spec: { ingress: [{ fromEntities: ['world'] }] },
  });
  expect(objects['peer']).toMatchObject({ kind: 'CiliumBGPPeerConfig', spec: { timers: { holdTimeSeconds: 9 } } });
  expect(objects['record']).toMatchObject({
    apiVersion: 'externaldns.k8s.io/v1alpha1',
    kind: 'DNSEndpoint',
    spec: { endpoints: [{ dnsName: 'x.example.com', targets: ['x'] }] },
  });
  expect(yaml).toContain('c.type == "cilium.io/PoolConflict" && c.status == "True"');
  expect(yaml).toContain('${record.?status.?observedGeneration.orValue(0) >= record.metadata.?generation.orValue(0)}');
});

test('a CiliumBGPPeerConfig has no condition for its readiness, so waitForReady is refused', () => {
  expect(() =>
    composed(({ name }) => {
      ciliumBGPPeerConfig({ id: 'peer', name, spec: {}, waitForReady: true });
    }),
  ).toThrow('CiliumBGPPeerConfig has no rule for when it is ready');
});

test('factories for nats, ory, rook and valkey make objects of their kinds', () => {
  const { objects, yaml } = composed(({ name, count }) => {
    const events = stream({
      id: 'events',
      name,
      waitForReady: true,
      spec: { name, subjects: ['a.>'], replicas: count },
    });
    consumer({ id: 'workers', name, spec: { streamName: events.spec.name, durableName: 'workers' } });
    oAuth2Client({ id: 'login', name, spec: { grantTypes: ['client_credentials'], secretName: name } });
    rule({ id: 'rule', name, spec: { match: { methods: ['GET'], url: 'https://x.example.com/<**>' } } });
    cephObjectStoreUser({ id: 'user', name, spec: { store: 'main', capabilities: { 'user-policy': 'read' } } });
    const files = objectBucketClaim({ id: 'files', name, waitForReady: true, spec: { storageClassName: 'buckets' } });
    const cache = valkey({ id: 'cache', name, waitForReady: true, spec: { nodes: count, tls: true } });
    configMap({ id: 'config', name, data: { bucket: files.spec.bucketName, cache: cache.metadata.name } });
  });
  expect(objects['events']).toMatchObject({
    apiVersion: 'jetstream.nats.io/v1beta2',
    kind: 'Stream',
    spec: { replicas: 2 },
  });
  expect(objects['workers']).toMatchObject({ kind: 'Consumer', spec: { streamName: 'x' } });
  expect(objects['login']).toMatchObject({ apiVersion: 'hydra.ory.sh/v1alpha1', kind: 'OAuth2Client' });
  expect(objects['rule']).toMatchObject({ apiVersion: 'oathkeeper.ory.sh/v1alpha1', kind: 'Rule' });
  expect(objects['user']).toMatchObject({
    kind: 'CephObjectStoreUser',
    spec: { capabilities: { 'user-policy': 'read' } },
  });
  expect(objects['cache']).toMatchObject({
    apiVersion: 'hyperspike.io/v1',
    kind: 'Valkey',
    spec: { nodes: 2, tls: true },
  });
  expect(yaml).toContain('files.?status.?phase.orValue("") == "Bound"');
  expect(yaml).toContain('cache.?status.?ready.orValue(false)');
});
