import { type } from 'arktype';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { ConfigMap, Deployment } from '../../../packages/sdk/src/factories/simple/index.ts';
import { type CompositionError, createCompositionApi } from '@typekro/sdk/compose';

const { kubernetesComposition, toResourceGraph } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const spec = type({ name: 'string', tags: 'string[]', flag: 'boolean' });

const database = kubernetesComposition(
  {
    name: 'database',
    group: 'data.example.com',
    kind: 'Database',
    spec,
    status: type({ ready: 'boolean', url: 'string' }),
  },
  (s) => {
    const db = Deployment({ id: 'db', name: 'main-db', namespace: 'data', image: 'postgres' });
    ConfigMap({ id: 'dynamic', name: `${s.name}-config` });
    s.tags.map((tag) => ConfigMap({ id: 'members', name: tag }));
    return { ready: db.status.readyReplicas > 0, url: `pg://${s.name}` };
  },
);

interface Entry {
  readonly id: string;
  readonly externalRef?: unknown;
  readonly template?: { readonly data?: unknown };
  readonly includeWhen?: unknown;
}

const reader = (program: (given: typeof spec.infer) => unknown) =>
  kubernetesComposition({ name: 'reader', spec }, program as never);

const entries = (program: (given: typeof spec.infer) => unknown): readonly Entry[] =>
  (reader(program).toDefinition() as unknown as { spec: { resources: readonly Entry[] } }).spec.resources;

const refusal = (program: (given: typeof spec.infer) => unknown): string => {
  try {
    reader(program).toDefinition();
  } catch (error) {
    return (error as CompositionError).message;
  }
  return 'accepted';
};

test('a resource may have an id that is the name of a member of lists, such as length', () => {
  const made = kubernetesComposition({ name: 'ids', spec }, () => {
    ConfigMap({ id: 'length', name: 'a' });
    ConfigMap({ id: 'map', name: 'b' });
    return {};
  });
  expect(Object.keys(made.resources)).toEqual(['length', 'map']);
});

describe('a composition that reads resources of another composition', () => {
  test('a resource with a constant name becomes an external reference', () => {
    const [config, reference] = entries(() => {
      const { db } = database.resources;
      ConfigMap({
        id: 'config',
        name: 'config',
        data: { uid: (db as typeof db & { metadata: { uid: string } }).metadata.uid },
      });
    });
    expect(reference).toEqual({
      id: 'databaseDb',
      externalRef: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'main-db', namespace: 'data' } },
    });
    expect(config?.template?.data).toEqual({ uid: '${databaseDb.metadata.uid}' });
  });

  test('a reference that is read several times becomes one node without a condition', () => {
    const all = entries((s) => {
      if (s.flag) {
        ConfigMap({ id: 'a', name: 'a', data: { uid: database.resources['db']!.metadata.uid } });
      }
      for (const tag of s.tags)
        ConfigMap({ id: 'b', name: tag, data: { uid: database.resources['db']!.metadata.uid } });
    });
    expect(all.map((entry) => entry.id)).toEqual(['a', 'b', 'databaseDb']);
    expect(all[2]).not.toHaveProperty('includeWhen');
    expect(all[2]).not.toHaveProperty('forEach');
  });

  test('a reference stays when one of its two readers is in a branch that throws', () => {
    const all = entries((s) => {
      const db = database.resources['db']!;
      if (s.flag) {
        ConfigMap({ name: 'never', data: { uid: db.metadata.uid } });
        throw new Error('no flag');
      }
      ConfigMap({ id: 'b', name: 'b', data: { uid: db.metadata.uid } });
    });
    expect(all.map((entry) => entry.id)).toEqual(['b', 'databaseDb']);
  });

  test('a reference gets another id when the composition that reads it already uses the id', () => {
    const all = entries(() => {
      ConfigMap({ id: 'databaseDb', name: 'x', data: { uid: database.resources['db']!.metadata.uid } });
    });
    expect(all.map((entry) => entry.id)).toEqual(['databaseDb', 'databaseDb2']);
  });

  test.each([
    ['dynamic', 'the name of database.resources.dynamic is known only when that composition runs'],
    ['members', 'database.resources.members is a collection, not one object'],
  ])('a read of the resource %s is refused: %s', (id, text) => {
    const found = refusal(() => {
      ConfigMap({ name: 'x', data: { uid: database.resources[id]!.metadata.uid } });
    });
    expect(found).toContain(text);
    expect(found).toContain('references.test.ts');
  });

  test('a reference cannot be a status field', () => {
    const config = database.resources['db'];
    expect(refusal(() => ({ whole: config }))).not.toBe('accepted');
  });

  test('the resource of an unknown id is undefined, like a missing member of any object', () => {
    expect(database.resources['nothing']).toBeUndefined();
    expect(refusal(() => ConfigMap({ name: database.resources['nothing']!.metadata.name }))).toContain('undefined');
  });
});

describe('a composition that reads the status of another composition', () => {
  test('a status field is read from the instance with the same name as the other composition', () => {
    const all = entries(() => {
      ConfigMap({ id: 'config', name: 'config', data: { url: database.status.url } });
    });
    expect(all).toEqual([
      expect.objectContaining({ id: 'config' }),
      {
        id: 'database',
        externalRef: { apiVersion: 'data.example.com/v1alpha1', kind: 'Database', metadata: { name: 'database' } },
      },
    ]);
    expect(all[0]?.template?.data).toEqual({ url: '${database.status.url}' });
  });

  test('a field that the status does not have is refused', () => {
    const status = database.status as unknown as { readonly urll: string };
    expect(refusal(() => ConfigMap({ name: 'x', data: { a: status.urll } }))).toContain('did you mean "url"');
  });
});

describe('outside a composition', () => {
  test('code can read the identity of a resource, but not its fields', () => {
    const db = database.resources['db']!;
    expect([db.id, db.kind, db.apiVersion]).toEqual(['db', 'Deployment', 'apps/v1']);
    expect(() => db.status).toThrow('database.resources.db.status is read outside a composition');
    expect(() => database.status.url).toThrow('database.status.url is read outside a composition');
    expect(JSON.stringify(db)).toBe('{}');
  });
});

describe('toResourceGraph', () => {
  const graph = toResourceGraph(
    { name: 'web', spec },
    (schema) => ({
      app: Deployment({ name: 'web-app', image: 'web' }),
      'other-app': ConfigMap({ name: 'other' }),
      many: schema.spec.tags.map((tag) => ConfigMap({ name: tag })),
    }),
    (_schema, resources) => ({ ready: resources.app.status.readyReplicas > 0 }),
  );

  test('has typed resources, keyed as the builder returns them', () => {
    expectTypeOf<typeof graph.resources.app.status.readyReplicas>().toEqualTypeOf<number>();
    expectTypeOf(graph.resources).not.toHaveProperty('many');
    expect(graph.resources.app.kind).toBe('Deployment');
    expect(graph.resources['other-app'].kind).toBe('ConfigMap');
    const all = entries(() => {
      ConfigMap({ id: 'config', name: 'c', data: { n: `${graph.resources.app.status.readyReplicas}` } });
    });
    expect(all[0]?.template?.data).toEqual({ n: '${string(webApp.status.?readyReplicas.orValue(0))}' });
  });
});
