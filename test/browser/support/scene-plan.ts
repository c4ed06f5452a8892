import type { InstancePlan, ObjectPlan, Plan, ValueLine } from '@typekro/controller/inspect';

/**
 * The plan of a changed definition: a new node, a new maximum of a field, and the effects of these changes on the
 * instances.
 */

const deployment = (instance: string, fields: readonly ValueLine[], more: Partial<ObjectPlan> = {}): ObjectPlan => ({
  node: 'web',
  object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: `${instance}-web` },
  action: 'change',
  fields,
  checked: 'server',
  wave: 2,
  ...more,
});

const budget = (instance: string): ObjectPlan => ({
  node: 'budget',
  object: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', namespace: 'shop', name: `${instance}-web` },
  action: 'create',
  fields: [],
  checked: 'server',
  wave: 3,
  after: ['web'],
});

const instance = (name: string, writes: readonly ObjectPlan[], more: Partial<InstancePlan> = {}): InstancePlan => ({
  instance: { apiVersion: 'acme.dev/v1', kind: 'Shop', namespace: 'shop', name },
  definition: 'shops.acme.dev',
  state: 'changed',
  action: 'none',
  fields: [],
  writes,
  later: [],
  blocked: [],
  ...more,
});

const GRACE: ValueLine = { path: 'spec.template.spec.terminationGracePeriodSeconds', from: 30, to: 60 };

const INSTANCES: readonly InstancePlan[] = [
  instance('archive', [deployment('archive', [GRACE])], {
    state: 'blocked',
    blocked: [
      {
        node: 'web',
        reason: 'schema.spec.replicas is 80, and the schema allows at most 50',
        remedy: 'set spec.replicas of the instance to at most 50, or keep the maximum of the definition',
      },
    ],
  }),
  instance('web', [deployment('web', [GRACE]), budget('web')]),
  instance('campaign', [deployment('campaign', [GRACE]), budget('campaign')]),
  instance('outlet', [deployment('outlet', [GRACE, { path: 'spec.replicas', from: 3, to: 2 }], { action: 'restore' })]),
];

/** The plan with which the server of a scene responds to every text. `readAt` (RFC 3339) is the time of the read. */
export const scenePlan = (readAt: string): Plan => ({
  schemaVersion: 1,
  operation: 'apply',
  source: { kind: 'cluster', name: 'kind-demo', readAt },
  definitions: [
    {
      name: 'shops.acme.dev',
      kind: 'Shop',
      place: 'shops.acme.dev.yaml:2',
      action: 'change',
      checked: 'server',
      revision: { from: 4, to: 5 },
      schema: [
        {
          change: 'changed',
          field: 'spec.replicas',
          description: 'the maximum changes from none to 50',
          breaking: true,
          setBy: ['shop/archive'],
        },
      ],
      nodes: [
        { change: 'added', id: 'budget', kind: 'PodDisruptionBudget', fields: [] },
        { change: 'changed', id: 'web', kind: 'Deployment', fields: [GRACE] },
      ],
      other: [],
      notes: [],
    },
  ],
  objects: [],
  instances: INSTANCES,
  summary: {
    create: 2,
    change: 4,
    replace: 0,
    prune: 0,
    delete: 0,
    orphan: 0,
    labels: 0,
    later: 0,
    refused: 0,
    secrets: 0,
    instances: { changed: 3, unchanged: 9995, deferred: 0, blocked: 1 },
    checked: { server: 6, rules: 0, none: 0 },
  },
  limits: [],
});
