import { type } from 'arktype';
import { expect, test } from 'vitest';
import * as sdk from '../../../packages/sdk/src/legacy/index.ts';
import { certificate } from '../../../packages/sdk/src/factories/cert-manager/index.ts';
import { cluster, pooler } from '../../../packages/sdk/src/factories/cnpg/index.ts';
import * as simple from '../../../packages/sdk/src/factories/simple/index.ts';

const site = type({ name: 'string', host: 'string' });
const ready = type({ ready: 'boolean' });
const tier = type({ name: 'string', environment: '"production" | "staging"', size: 'string' });
const endpoint = type({ ready: 'boolean', endpoint: 'string' });

/** Programs from the documentation of the older SDK, each of which runs without changes. */
const UNCHANGED: readonly (readonly [string, () => Pick<sdk.TypedResourceGraph<never, never>, 'toYaml'>, RegExp[]])[] =
  [
    [
      'a spec that selects resources, levels and types',
      () =>
        sdk.kubernetesComposition({ name: 'tiers', kind: 'Tiers', spec: tier, status: endpoint }, (spec) => {
          const isLive = spec.environment === 'production';
          const page = simple.Deployment({
            id: 'page',
            name: spec.name,
            image: 'nginx',
            replicas: isLive ? 3 : 1,
            env: { LEVEL: isLive ? 'warn' : 'debug' },
            resources: isLive ? { limits: { cpu: '1' } } : { limits: { cpu: '200m' } },
          });
          const door = simple.Service({
            id: 'door',
            name: spec.name,
            selector: { app: spec.name },
            ports: [{ port: 80 }],
            type: isLive ? 'LoadBalancer' : 'ClusterIP',
          });
          return { ready: page.status.readyReplicas > 0, endpoint: `http://${door.status.clusterIP}` };
        }),
      [/\? "warn" : "debug"/, /\? "LoadBalancer" : "ClusterIP"/, /endpoint: http:\/\/\$\{door\.spec\.clusterIP\}/],
    ],
    [
      'a volume claim, a StatefulSet that mounts the claim, and its headless service',
      () =>
        sdk.kubernetesComposition({ name: 'disk', kind: 'Disk', spec: tier, status: ready }, (spec) => {
          const claim = simple.Pvc({ id: 'claim', name: `${spec.name}-disk`, size: spec.size, storageClass: 'ssd' });
          const set = simple.StatefulSet({
            id: 'set',
            name: spec.name,
            image: 'postgres:17',
            serviceName: `${spec.name}-set`,
            volumeMounts: [{ name: 'disk', mountPath: '/data' }],
            volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: claim.metadata.name } }],
          });
          simple.Service({
            id: 'names',
            name: `${spec.name}-set`,
            selector: { app: spec.name },
            ports: [{ port: 5432 }],
            clusterIP: 'None',
          });
          return { ready: set.status.readyReplicas > 0 && claim.status.phase === 'Bound' };
        }),
      [/clusterIP: None/, /claimName: \$\{claim\.metadata\.name\}/],
    ],
    [
      'custom resources of operators, with the name next to the spec',
      () =>
        sdk.kubernetesComposition({ name: 'safe', kind: 'Safe', spec: site, status: ready }, (spec) => {
          const cert = certificate({
            id: 'cert',
            name: `${spec.name}-tls`,
            spec: { secretName: `${spec.name}-tls`, issuerRef: { name: 'ca' }, dnsNames: [spec.host] },
          });
          cluster({ id: 'db', name: `${spec.name}-db`, spec: { instances: 3, storage: { size: '1Gi' } } });
          pooler({
            id: 'pool',
            name: `${spec.name}-pool`,
            spec: { cluster: { name: `${spec.name}-db` }, type: 'rw', pgbouncer: { poolMode: 'transaction' } },
          } as never);
          return { ready: cert.status.conditions?.[0]?.status === 'True' };
        }),
      [/kind: Certificate/, /kind: Cluster/, /kind: Pooler/],
    ],
    [
      'settings of a ConfigMap, an optional address, and strings that contain both',
      () =>
        sdk.kubernetesComposition({ name: 'texts', kind: 'Texts', spec: tier, status: endpoint }, (spec) => {
          const settings = simple.ConfigMap({ id: 'settings', name: spec.name, data: { LEVEL: 'info' } });
          const page = simple.Deployment({
            id: 'page',
            name: spec.name,
            image: 'nginx',
            env: { LEVEL: settings.data.LEVEL, HOST: `${spec.name}-db` },
          });
          const door = simple.Service({ id: 'door', name: 'door', selector: { app: spec.name }, ports: [{ port: 80 }] });
          const ip = door.status.loadBalancer?.ingress?.[0]?.ip;
          return { ready: page.status.readyReplicas > 0, endpoint: ip ? `https://${ip}` : 'pending' };
        }),
      [/value: \$\{settings\.data\.LEVEL\}/, /"pending"/],
    ],
    [
      'a graph of toResourceGraph whose status consists of CEL strings',
      () =>
        sdk.toResourceGraph(
          { name: 'cels', apiVersion: 'v1alpha1', kind: 'Cels', spec: site, status: endpoint },
          (schema) => ({
            page: simple.Deployment({ id: 'page', name: schema.spec.name, image: 'nginx' }),
            door: simple.Service({ id: 'door', name: 'door', selector: { app: 'page' }, ports: [{ port: 80 }] }),
          }),
          (schema, { page }) => ({
            ready: sdk.Cel.expr<boolean>(page.status.readyReplicas, ' > 0'),
            endpoint: sdk.Cel.template('https://%s/', schema.spec.host),
          }),
        ),
      [/page\.status\.readyReplicas > 0/, /endpoint: https:\/\/\$\{schema\.spec\.host\}\//],
    ],
  ];

test.each(UNCHANGED)('runs unchanged: %s', (_name, graph, prints) => {
  const made = graph() as {
    toYaml(): string;
    factory(mode: 'direct' | 'kro', options: { namespace: string }): { toYaml(spec?: never): string };
  };
  for (const part of prints) expect(made.toYaml()).toMatch(part);
  const spec = { name: 'a', host: 'a.example.com', environment: 'production', size: '1Gi' } as never;
  expect(made.factory('direct', { namespace: 'test' }).toYaml(spec)).toMatch(/namespace: test/);
  expect(made.factory('kro', { namespace: 'test' }).toYaml(spec)).toMatch(/namespace: test/);
});
