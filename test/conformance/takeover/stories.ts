import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';

/** Definitions with their instances, and the objects that must exist first. */
export interface Story {
  readonly name: string;
  /** Objects to apply first, in this order. */
  readonly before: readonly KubeObject[];
  readonly definitions: readonly KubeObject[];
  readonly instances: readonly KubeObject[];
}

type Node = Readonly<Record<string, JsonValue>>;

const GROUP = 'takeover.test';

function definition(
  name: string,
  kind: string,
  schema: JsonObject,
  resources: readonly Node[],
  metadata: JsonObject = {},
): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name, ...metadata },
    spec: { schema: { apiVersion: 'v1', kind, group: GROUP, ...schema }, resources: [...resources] },
  };
}

function map(name: string, data: JsonObject, namespace?: string): JsonObject {
  const metadata = namespace === undefined ? { name } : { name, namespace };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

function instance(kind: string, name: string, spec: JsonObject, metadata: JsonObject = {}): KubeObject {
  return { apiVersion: `${GROUP}/v1`, kind, metadata: { name, namespace: 'takeover', ...metadata }, spec };
}

const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

const deployment: JsonObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: '${schema.metadata.name}' },
  spec: {
    replicas: '${schema.spec.replicas}',
    selector: { matchLabels: { app: '${schema.metadata.name}' } },
    template: {
      metadata: { labels: { app: '${schema.metadata.name}' } },
      spec: {
        containers: [
          {
            name: 'web',
            image: '${schema.spec.image}',
            ports: [{ containerPort: 8080 }],
            resources: { requests: { cpu: '0.1', memory: '128Mi' } },
            env: [{ name: 'REPLICAS', value: '${string(schema.spec.replicas)}' }],
          },
        ],
      },
    },
  },
};

const service: JsonObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: '${deployment.metadata.name}', labels: { tier: 'web' } },
  spec: { selector: { app: '${schema.metadata.name}' }, ports: [{ port: 80, targetPort: 8080 }] },
};

/**
 * Definitions of many forms. kro's controller and this project's controller take over the objects of the definitions
 * from each other.
 */
export const STORIES: readonly Story[] = [
  {
    name: 'simple',
    before: [],
    definitions: [
      definition(
        'webs',
        'Web',
        {
          spec: { image: 'string | default="nginx:1.27"', replicas: 'integer | default=2 minimum=1' },
          status: { address: '${service.spec.clusterIP}' },
        },
        [
          { id: 'deployment', template: deployment },
          { id: 'service', template: service },
          { id: 'settings', template: map('${schema.metadata.name}-settings', { address: '${service.spec.clusterIP}' }) },
        ],
      ),
    ],
    instances: [
      instance('Web', 'shop', { replicas: 3 }),
      instance('Web', 'blog', { image: 'nginx:1.28' }, { labels: { team: 'blue' }, annotations: { note: 'kept' } }),
    ],
  },
  {
    name: 'collection',
    before: [],
    definitions: [
      definition(
        'fleets',
        'Fleet',
        { spec: { names: '[]string', zones: '[]string' }, status: { count: '${size(boats)}' } },
        [
          {
            id: 'boats',
            forEach: [{ name: '${schema.spec.names}' }, { zone: '${schema.spec.zones}' }],
            template: map('${schema.metadata.name}-${name}-${zone}', { name: '${name}', zone: '${zone}' }),
          },
          { id: 'log', template: map('${schema.metadata.name}-log', { names: '${boats.map(b, b.metadata.name).join(",")}' }) },
        ],
      ),
    ],
    instances: [
      instance('Fleet', 'north', { names: ['ada', 'bob'], zones: ['x', 'y'] }),
      instance('Fleet', 'empty', { names: [], zones: ['x'] }),
    ],
  },
  {
    name: 'conditions',
    before: [],
    definitions: [
      definition(
        'switches',
        'Switch',
        {
          spec: { on: 'boolean | default=false', size: 'integer' },
          status: {
            conditions: [
              '${runtime.newCondition({type: "Big", status: schema.spec.size > 3 ? "True" : "False", reason: "Measured", message: "size " + string(schema.spec.size)})}',
            ],
          },
        },
        [
          { id: 'always', template: map('${schema.metadata.name}-always', { size: '${string(schema.spec.size)}' }) },
          {
            id: 'sometimes',
            includeWhen: ['${schema.spec.on}'],
            template: {
              apiVersion: 'v1',
              kind: 'Secret',
              metadata: { name: '${schema.metadata.name}-sometimes' },
              stringData: { size: '${always.data.size}' },
            },
          },
        ],
      ),
    ],
    instances: [instance('Switch', 'lit', { on: true, size: 5 }), instance('Switch', 'dark', { size: 1 })],
  },
  {
    name: 'external',
    before: [
      { ...(map('shared', { host: 'db.example' }, 'takeover') as KubeObject) },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'picked', namespace: 'takeover', labels: { pick: 'me' } },
        data: { value: 'one' },
      },
    ],
    definitions: [
      definition(
        'clients',
        'Client',
        { spec: { name: 'string' }, status: { host: '${shared.data.host}' } },
        [
          {
            id: 'shared',
            externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared', namespace: 'takeover' } },
          },
          {
            id: 'picked',
            externalRef: {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { namespace: 'takeover', selector: { matchLabels: { pick: 'me' } } },
            },
          },
          {
            id: 'copy',
            template: map('${schema.metadata.name}-copy', {
              host: '${shared.data.host}',
              count: '${string(size(picked))}',
            }),
          },
        ],
      ),
    ],
    instances: [instance('Client', 'reader', { name: 'r' })],
  },
  {
    name: 'cluster-scoped',
    before: [],
    definitions: [
      definition('tenants', 'Tenant', { scope: 'Cluster', spec: { owner: 'string' } }, [
        {
          id: 'space',
          template: {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name: 'tenant-${schema.metadata.name}', labels: { owner: '${schema.spec.owner}' } },
          },
        },
        { id: 'note', template: map('note', { owner: '${schema.spec.owner}' }, '${space.metadata.name}') },
      ]),
    ],
    instances: [
      { apiVersion: `${GROUP}/v1`, kind: 'Tenant', metadata: { name: 'acme' }, spec: { owner: 'ann' } },
    ],
  },
  {
    name: 'cross-namespace',
    before: [namespace('elsewhere')],
    definitions: [
      definition('bridges', 'Bridge', { spec: { text: 'string' } }, [
        { id: 'here', template: map('${schema.metadata.name}-here', { text: '${schema.spec.text}' }) },
        { id: 'there', template: map('${schema.metadata.name}-there', { text: '${here.data.text}' }, 'elsewhere') },
      ]),
    ],
    instances: [instance('Bridge', 'golden', { text: 'gate' })],
  },
  {
    name: 'nested',
    before: [],
    definitions: [
      definition('inners', 'Inner', { spec: { text: 'string' }, status: { made: '${made.metadata.name}' } }, [
        { id: 'made', template: map('${schema.metadata.name}-made', { text: '${schema.spec.text}' }) },
      ]),
      definition('outers', 'Outer', { spec: { text: 'string' }, status: { made: '${inner.status.made}' } }, [
        {
          id: 'inner',
          readyWhen: ['${inner.status.state == "ACTIVE"}'],
          template: {
            apiVersion: `${GROUP}/v1`,
            kind: 'Inner',
            metadata: { name: '${schema.metadata.name}-inner' },
            spec: { text: '${schema.spec.text}' },
          },
        },
        { id: 'after', template: map('${schema.metadata.name}-after', { made: '${inner.status.made}' }) },
      ]),
    ],
    instances: [instance('Outer', 'doll', { text: 'small' })],
  },
  {
    name: 'half-applied',
    before: [],
    definitions: [
      definition('pairs', 'Pair', { spec: { text: 'string' } }, [
        {
          id: 'first',
          readyWhen: ['${first.data.done == "yes"}'],
          template: map('${schema.metadata.name}-first', { text: '${schema.spec.text}' }),
        },
        { id: 'second', template: map('${schema.metadata.name}-second', { text: '${first.data.text}' }) },
      ]),
    ],
    instances: [instance('Pair', 'waiting', { text: 'half' })],
  },
  {
    name: 'deletion',
    before: [],
    definitions: [
      definition('stacks', 'Stack', { spec: { text: 'string' } }, [
        { id: 'low', template: map('${schema.metadata.name}-low', { text: '${schema.spec.text}' }) },
        { id: 'high', template: map('${schema.metadata.name}-high', { text: '${low.data.text}' }) },
      ]),
    ],
    instances: [instance('Stack', 'leaving', { text: 'bye' }), instance('Stack', 'staying', { text: 'hi' })],
  },
  {
    name: 'suspended',
    before: [],
    definitions: [
      definition('pauses', 'Pause', { spec: { text: 'string' } }, [
        { id: 'made', template: map('${schema.metadata.name}-made', { text: '${schema.spec.text}' }) },
      ]),
    ],
    instances: [instance('Pause', 'asleep', { text: 'zzz' })],
  },
];

/** The namespace of the instances, created before all other objects. */
export const NAMESPACE = namespace('takeover');
