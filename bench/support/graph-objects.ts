import type { JsonObject, JsonValue } from '../../dist/core/index.js';

const graphOf = (nodes: readonly JsonValue[]): JsonObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'bench', namespace: 'bench' },
  spec: { nodes: [...nodes] },
});

const map = (name: string, data: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

function workload(id: string, image: string): JsonObject {
  const labels = { app: `\${settings.name}-${id}` };
  return {
    id,
    includeWhen: ['${settings.enabled}'],
    readyWhen: [`\${${id}.status.?readyReplicas.orValue(0) > 0}`],
    template: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `\${settings.name}-${id}`, labels },
      spec: {
        replicas: '${settings.replicas}',
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: id,
                image,
                ports: [{ containerPort: '${settings.port}' }],
                env: [
                  { name: 'CONFIG', value: '${config.metadata.name}' },
                  { name: 'REGION', value: '${settings.regions[0]}' },
                ],
                resources: { limits: { memory: '${settings.memory}' } },
              },
            ],
          },
        },
      },
    },
  };
}

/**
 * An application of 13 nodes, three of them in a subgraph: values, workloads, a collection, a reference, a patch and a
 * subgraph.
 */
export function application(): JsonObject {
  const settings = { name: 'shop', enabled: true, replicas: 2, port: 8080, memory: '256Mi', regions: ['eu', 'us'] };
  const service = (id: string): JsonObject => ({
    id: `${id}Service`,
    template: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `\${${id}.metadata.name}` },
      spec: { selector: `\${${id}.spec.selector.matchLabels}`, ports: [{ port: '${settings.port}' }] },
    },
  });
  const store = [
    { id: 'names', def: { claim: '${settings.name}' } },
    {
      id: 'password',
      template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: '${names.claim}' }, type: 'Opaque' },
    },
    {
      id: 'claim',
      template: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: '${password.metadata.name}-data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    },
  ];
  return graphOf([
    { id: 'settings', def: settings },
    { id: 'shared', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' } } },
    { id: 'config', template: map('${settings.name}-config', { zone: "${shared.?data.zone.orValue('none')}" }) },
    workload('web', 'nginx:1'),
    service('web'),
    workload('worker', 'busybox:1'),
    {
      id: 'regions',
      forEach: [{ region: '${settings.regions}' }],
      template: map('${region}-${config.metadata.name}', { region: '${region}' }),
    },
    { id: 'store', graph: { nodes: store } },
    { id: 'summary', template: map('${store.claim.metadata.name}-summary', { size: '${string(regions.size())}' }) },
    {
      id: 'mark',
      patch: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench', labels: { app: '${settings.name}' } } },
    },
  ]);
}

/** ConfigMaps that each read the previous one. */
export function chainOfNodes(length: number): JsonObject {
  return graphOf(
    Array.from({ length }, (_, index) => ({
      id: `n${index}`,
      template: map(index === 0 ? 'first' : `\${n${index - 1}.metadata.name}x`, { index: String(index) }),
    })),
  );
}

/** Subgraphs, nested `depth` levels deep. The innermost node reads the outermost node. */
export function levels(depth: number): JsonObject {
  let nodes: JsonValue[] = [{ id: 'leaf', template: map('${top.name}', {}) }];
  for (let level = 0; level < depth; level += 1) nodes = [{ id: `level${level}`, graph: { nodes } }];
  return graphOf([{ id: 'top', def: { name: 'x' } }, ...nodes]);
}
