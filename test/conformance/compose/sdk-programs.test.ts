import { type } from 'arktype';
import { expect, test } from 'vitest';
import * as sdk from '../../../packages/sdk/src/legacy/index.ts';
import type { Enhanced } from '../../../packages/sdk/src/legacy/index.ts';
import * as simple from '../../../packages/sdk/src/factories/simple/index.ts';

/** A composition in the style of programs for TypeKro 0.33, and a spec. */
interface Program {
  readonly graph: {
    toYaml(): string;
    factory(mode: 'direct' | 'kro', options?: sdk.PublicFactoryOptions): { toYaml(spec: never): string };
  };
  readonly spec: object;
  /** Patterns that the definition must match. `manifests` are patterns that the manifests of direct mode must match. */
  readonly definition: readonly RegExp[];
  readonly manifests: readonly RegExp[];
}

const named = type({ name: 'string' });
const ready = type({ ready: 'boolean' });

const network = sdk.namespace({ metadata: { name: 'shop-network' } });
const runner = sdk.serviceAccount({ metadata: { name: 'runner', namespace: network.metadata.name } });
const settings = sdk.externalRef<Record<string, unknown>, { readonly host: string }>(
  'db.example.com/v1',
  'Database',
  'orders',
  'data',
);

const shop = sdk.kubernetesComposition(
  { name: 'shop', apiVersion: 'example.com/v1', kind: 'Shop', spec: named, status: ready },
  (spec) => {
    const page = simple.Deployment({ id: 'page', name: spec.name, image: 'nginx' });
    return { ready: page.status.readyReplicas > 0 };
  },
);

const PROGRAMS: readonly (readonly [name: string, program: () => Program])[] = [
  [
    'a web application with its service, status and computed strings',
    () => ({
      graph: sdk.kubernetesComposition(
        {
          name: 'front',
          apiVersion: 'example.com/v1alpha1',
          kind: 'Front',
          spec: type({ name: 'string', image: 'string', replicas: 'number', host: 'string' }),
          status: type({ ready: 'boolean', url: 'string', phase: '"up" | "down"' }),
        },
        (spec) => {
          const page = simple.Deployment({
            id: 'page',
            name: spec.name,
            image: spec.image,
            replicas: spec.replicas,
            ports: [{ containerPort: 8080 }],
            env: { HOST: spec.host, URL: `https://${spec.host}/` },
          });
          const door = simple.Service({
            id: 'door',
            name: `${spec.name}-door`,
            selector: { app: spec.name },
            ports: [{ port: 80, targetPort: 8080 }],
          });
          return {
            ready: page.status.readyReplicas >= spec.replicas,
            url: `http://${door.spec.clusterIP}`,
            phase: page.status.readyReplicas > 0 ? 'up' : 'down',
          };
        },
      ),
      spec: { name: 'a', image: 'nginx', replicas: 2, host: 'a.example.com' },
      definition: [/replicas: integer/, /name: \$\{schema\.spec\.name\}/],
      manifests: [/image: nginx/, /namespace: test/],
    }),
  ],
  [
    'resources and references that a module declares, returned by key',
    () => ({
      graph: sdk.toResourceGraph(
        { name: 'parts', kind: 'Parts', spec: named, status: ready },
        (schema) => ({
          runner,
          page: simple.Deployment({ name: schema.spec.name, image: 'nginx', env: { DB: settings.status.host } }),
        }),
        (_schema, made) => ({ ready: made.page.status.readyReplicas > 0 }),
      ),
      spec: { name: 'a' },
      definition: [/id: runner/, /id: page/, /externalRef:/],
      manifests: [/kind: ServiceAccount[\s\S]*namespace: shop-network/, /# databaseOrders is read, not applied/],
    }),
  ],
  [
    'full objects with ids in their manifests, and a custom kind',
    () => ({
      graph: sdk.kubernetesComposition({ name: 'full', kind: 'Full', spec: named, status: ready }, (spec) => {
        const widget: Enhanced<{ size: number }, { ready: boolean }> = sdk.createResource({
          id: 'widget',
          apiVersion: 'example.com/v1',
          kind: 'Widget',
          metadata: { name: spec.name },
          spec: { size: 3 },
        });
        const map = sdk.configMap({ id: 'map', metadata: { name: `${spec.name}-map` }, data: { a: 'b' } });
        return { ready: widget.status.ready && map.metadata.uid !== '' };
      }),
      spec: { name: 'a' },
      definition: [/id: widget\n\s+template:\n\s+apiVersion: example\.com\/v1\n\s+kind: Widget/],
      manifests: [/kind: Widget/],
    }),
  ],
  [
    'Helm charts from repositories and registries',
    () => ({
      graph: sdk.kubernetesComposition({ name: 'charts', kind: 'Charts', spec: named, status: ready }, (spec) => {
        simple.HelmChart('cache', 'https://charts.bitnami.com/bitnami', 'redis', { auth: { enabled: false } });
        const release = sdk.helmRelease({
          id: 'queue',
          name: 'queue',
          chart: { repository: 'oci://ghcr.io/team/charts', name: 'queue' },
          values: { name: spec.name },
        });
        return { ready: release.status.conditions?.some((each) => each.type === 'Ready') ?? false };
      }),
      spec: { name: 'a' },
      definition: [/name: bitnami/, /name: queue-helm-repo/],
      manifests: [/name: queue-helm-repo/],
    }),
  ],
  [
    'loops, conditions and a nested composition',
    () => ({
      graph: sdk.kubernetesComposition(
        {
          name: 'fleet',
          kind: 'Fleet',
          spec: type({ name: 'string', debug: 'boolean', workers: type({ name: 'string', image: 'string' }).array() }),
          status: ready,
        },
        (spec) => {
          for (const worker of spec.workers) {
            simple.Deployment({ id: 'worker', name: `${spec.name}-${worker.name}`, image: worker.image });
          }
          if (spec.debug) simple.ConfigMap({ id: 'debug', name: `${spec.name}-debug`, data: { level: 'debug' } });
          const inner = shop({ name: `${spec.name}-shop` });
          return { ready: inner.status.ready };
        },
      ),
      spec: { name: 'a', debug: true, workers: [{ name: 'w', image: 'nginx' }] },
      definition: [/forEach:/, /includeWhen:/, /id: shop1/],
      manifests: [/name: a-w/, /name: a-debug/, /name: a-shop/],
    }),
  ],
  [
    'a resource of another composition, read as a member of that composition',
    () => ({
      graph: sdk.kubernetesComposition({ name: 'reader', kind: 'Reader', spec: named, status: ready }, (spec) => {
        simple.ConfigMap({ id: 'own', name: spec.name, data: { url: `${other.page.spec.replicas}` } });
        return { ready: other.page.status.readyReplicas > 0 };
      }),
      spec: { name: 'a' },
      definition: [/externalRef:\n\s+apiVersion: apps\/v1/],
      manifests: [/is read, not applied: Deployment test\/page/],
    }),
  ],
];

const other = sdk.toResourceGraph(
  { name: 'other', spec: type({}) },
  () => ({ page: simple.Deployment({ name: 'page', image: 'nginx' }) }),
  () => ({}),
);

test.each(PROGRAMS)('the program yields its definition and its manifests: %s', (_name, program) => {
  const { graph, spec, definition, manifests } = program();
  const printed = graph.toYaml();
  for (const text of definition) expect(printed).toMatch(text);
  const direct = graph.factory('direct', { namespace: 'test' }).toYaml(spec as never);
  for (const text of manifests) expect(direct).toMatch(text);
  expect(graph.factory('kro', { namespace: 'test' }).toYaml(spec as never)).toMatch(/namespace: test/);
});
