/**
 * An expression to measure. In the printed table, an engine that fails has a dash, or the name of the error if the
 * stack overflows.
 */
export interface Case {
  readonly name: string;
  readonly expression: string;
}

/** Parts of a Deployment and of its instance, and a list of 10,000 items. */
export const DATA = {
  schema: {
    spec: { name: 'shop', host: 'shop.example.com', replicas: 3, path: '/api', image: 'registry/shop:1.2.3' },
    metadata: { name: 'shop', namespace: 'default' },
  },
  deployment: {
    metadata: { name: 'shop', labels: { app: 'shop' } },
    spec: { replicas: 3 },
    status: {
      readyReplicas: 3,
      conditions: [
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
        { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      ],
    },
  },
  items: Array.from({ length: 10_000 }, (_, i) => ({ name: `item-${i}`, size: i % 100 })),
} as const;

export const FIELD: Case = { name: 'field', expression: 'schema.spec.name' };

export const TEMPLATE: Case = {
  name: 'template of 5 pieces',
  expression: '"https://" + schema.spec.host + schema.spec.path + "?name=" + schema.spec.name',
};

export const EXISTS: Case = {
  name: '`exists` over 2 conditions',
  expression: 'deployment.status.conditions.exists(c, c.type == "Available" && c.status == "True")',
};

export const FILTER_MAP: Case = {
  name: '`filter` + `map` over 10,000',
  expression: 'items.filter(i, i.name != "item-7").map(i, i.name)',
};

/** A pattern that takes exponential time in a backtracking engine. */
export const EVIL_PATTERN: Case = { name: '`^(a+)+$` on 28 characters', expression: 'text.matches("^(a+)+$")' };

export const EVIL_TEXT = `${'a'.repeat(27)}!`;
