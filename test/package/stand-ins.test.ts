import { type } from 'arktype';
import { afterEach, expect, test } from 'vitest';
import { bucket, table } from '../../packages/sdk/src/factories/ack/index.ts';
import { application, appProject } from '../../packages/sdk/src/factories/argocd/index.ts';
import { certificate, clusterIssuer } from '../../packages/sdk/src/factories/cert-manager/index.ts';
import { backup, cluster as postgres, database, pooler } from '../../packages/sdk/src/factories/cnpg/index.ts';
import {
  gitRepository,
  helmRelease,
  helmRepository,
  kustomization,
} from '../../packages/sdk/src/factories/flux/index.ts';
import { customResource, service } from '../../packages/sdk/src/factories/kubernetes/index.ts';
import { prometheusRule, serviceMonitor } from '../../packages/sdk/src/factories/prometheus/index.ts';
import { kubernetesComposition } from '@typekro/sdk';
import { type StandInName, type TestCluster, createCluster } from '@typekro/testing';

let cluster: TestCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

const FACTS = { apiVersion: 'example.com/v1alpha1', spec: type({ name: 'string' }) };
const READY = { ...FACTS, status: type({ ready: 'boolean' }) };

/**
 * Each composition uses the kinds of one operator. Most of the compositions become ready only when the operator reports
 * a status.
 */
const COMPOSITIONS = {
  ack: kubernetesComposition({ ...READY, name: 'storage', kind: 'Storage' }, ({ name }) => {
    const files = bucket({ id: 'files', metadata: { name }, spec: { name }, waitForReady: true });
    const rows = table({
      id: 'rows',
      metadata: { name },
      spec: {
        tableName: name,
        attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
        keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
        billingMode: 'PAY_PER_REQUEST',
      },
      waitForReady: true,
    });
    return { ready: rows.status.tableStatus === 'ACTIVE' && files.status.location !== '' };
  }),
  argocd: kubernetesComposition({ ...READY, name: 'delivery', kind: 'Delivery' }, ({ name }) => {
    const project = appProject({ id: 'project', metadata: { name }, spec: {} });
    const app = application({
      id: 'app',
      metadata: { name },
      spec: {
        project: project.metadata.name,
        source: { repoURL: 'https://example.com/app.git', path: '.' },
        destination: { namespace: 'default', server: 'https://kubernetes.default.svc' },
        syncPolicy: { automated: {} },
      },
    });
    return { ready: app.status.health.status === 'Healthy' };
  }),
  'cert-manager': kubernetesComposition({ ...READY, name: 'secured', kind: 'Secured' }, ({ name }) => {
    const issuer = clusterIssuer({ id: 'issuer', metadata: { name }, spec: { selfSigned: {} } });
    const issued = certificate({
      id: 'issued',
      metadata: { name },
      spec: {
        secretName: name,
        dnsNames: ['a.example.com'],
        issuerRef: { kind: 'ClusterIssuer', name: issuer.metadata.name },
      },
    });
    return { ready: issued.status.revision === 1 };
  }),
  cnpg: kubernetesComposition({ ...READY, name: 'stored', kind: 'Stored' }, ({ name }) => {
    const store = postgres({ id: 'store', metadata: { name }, spec: { instances: 2, storage: { size: '1Gi' } } });
    const cluster = { name: store.metadata.name };
    const pool = pooler({
      id: 'pool',
      metadata: { name: `${name}-pool` },
      spec: { cluster, instances: 1, type: 'rw', pgbouncer: { poolMode: 'session' } },
    });
    const orders = database({ id: 'orders', metadata: { name }, spec: { cluster, name: 'orders', owner: 'app' } });
    backup({ id: 'first', metadata: { name }, spec: { cluster } });
    return { ready: store.status.readyInstances === 2 && orders.status.applied && pool.status.instances === 1 };
  }),
  'external-secrets': kubernetesComposition({ ...READY, name: 'fetched', kind: 'Fetched' }, ({ name }) => {
    const store = customResource({
      id: 'store',
      apiVersion: 'external-secrets.io/v1',
      kind: 'SecretStore',
      metadata: { name },
      spec: { provider: { fake: { data: [{ key: '/db', value: '{"password":"p"}' }] } } },
    });
    customResource({
      id: 'fetched',
      apiVersion: 'external-secrets.io/v1',
      kind: 'ExternalSecret',
      metadata: { name },
      spec: {
        secretStoreRef: { name: store.metadata.name },
        data: [{ secretKey: 'password', remoteRef: { key: '/db', property: 'password' } }],
      },
    });
    return { ready: true };
  }),
  flux: kubernetesComposition({ ...READY, name: 'synced', kind: 'Synced' }, ({ name }) => {
    const git = gitRepository({ id: 'git', name, url: 'https://example.com/a.git' });
    kustomization({ id: 'app', name, source: { kind: 'GitRepository', name: git.metadata.name }, path: './' });
    const charts = helmRepository({ id: 'charts', name, namespace: 'default', url: 'https://charts.example.com' });
    helmRelease({
      id: 'release',
      name,
      interval: '5m',
      chart: { name: 'redis' },
      sourceRef: { kind: 'HelmRepository', name: charts.metadata.name, namespace: 'default' },
    });
    return { ready: true };
  }),
  'gateway-api': kubernetesComposition({ ...READY, name: 'routed', kind: 'Routed' }, ({ name }) => {
    const apiVersion = 'gateway.networking.k8s.io/v1';
    const web = service({ id: 'web', metadata: { name }, spec: { ports: [{ port: 80 }] } });
    const of = customResource({
      id: 'of',
      apiVersion,
      kind: 'GatewayClass',
      metadata: { name },
      spec: { controllerName: 'example.com/c' },
    });
    const entry = customResource({
      id: 'entry',
      apiVersion,
      kind: 'Gateway',
      metadata: { name },
      spec: { gatewayClassName: of.metadata.name, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    });
    customResource({
      id: 'route',
      apiVersion,
      kind: 'HTTPRoute',
      metadata: { name },
      spec: {
        parentRefs: [{ name: entry.metadata.name }],
        rules: [{ backendRefs: [{ name: web.metadata.name, port: 80 }] }],
      },
    });
    return { ready: true };
  }),
  'prometheus-operator': kubernetesComposition({ ...READY, name: 'watched', kind: 'Watched' }, ({ name }) => {
    serviceMonitor({
      id: 'monitor',
      metadata: { name },
      spec: { selector: { matchLabels: { app: name } }, endpoints: [{ port: 'metrics' }] },
    });
    prometheusRule({ id: 'rule', metadata: { name }, spec: { groups: [] } });
    return { ready: true };
  }),
} satisfies Record<StandInName, unknown>;

test.each(Object.keys(COMPOSITIONS) as StandInName[])(
  'the stand-in %s makes a composition ready',
  async (name) => {
    cluster = await createCluster({ clock: 'real', standIns: [name], standInStepMs: 20 });
    const factory = COMPOSITIONS[name].factory('direct', { transport: cluster.transport, timeout: 30_000 });
    const deployed = await factory.deploy({ name: 'web' });
    expect(deployed.status).toMatchObject({ ready: true, state: 'ACTIVE' });
  },
  60_000,
);
