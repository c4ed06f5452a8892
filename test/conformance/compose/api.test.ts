import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { alias, aliases, Cel, cel, computed, createResource, externalRef, isQuantity, kubernetesComposition, observedResource, quantity, singleton } from '@typekro/sdk';
import { ConfigMap, Deployment, Service } from '../../../packages/sdk/src/factories/simple/index.ts';

interface Spec {
  readonly name: string;
  readonly replicas: number;
  readonly cpu: string;
  readonly on: boolean;
  readonly note?: string;
  readonly list: readonly string[];
}

const schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    replicas: { type: 'integer' },
    cpu: { type: 'string' },
    on: { type: 'boolean' },
    note: { type: 'string' },
    list: { type: 'array', items: { type: 'string' } },
  },
  required: ['name', 'replicas', 'cpu', 'on', 'list'],
};
const values = { name: 'shop', replicas: 3, cpu: '750m', on: true, list: ['a', 'b'] };

/** Creates a composition with the spec above. */
function compose(program: (spec: Spec) => unknown, name = 'sample') {
  return kubernetesComposition({ name, spec: schema }, program as never);
}

/** The status of a program, evaluated with the values above and a live Deployment. */
function statusOf(program: (spec: Spec, web: ReturnType<typeof Deployment>) => unknown): JsonObject {
  const composition = compose((spec) => {
    const web = Deployment({ id: 'web', name: spec.name, image: 'x', replicas: spec.replicas });
    return program(spec, web);
  });
  const live = {
    metadata: { name: 'shop' },
    spec: { replicas: 3 },
    status: { readyReplicas: 3, availableReplicas: 2, replicas: 3 },
  };
  return composition.evaluate(values, { web: live }).status;
}

describe('Cel', () => {
  test.each<[string, (spec: Spec, web: ReturnType<typeof Deployment>) => unknown, unknown]>([
    ['expr joins parts', (_s, web) => Cel.expr(web.status.readyReplicas, ' > 2'), true],
    ['expr with a string after a reference yields a string', (s) => Cel.expr(s.name, '-service'), 'shop-service'],
    ['expr keeps an operator of JavaScript inside a string', (s) => Cel.expr(s.name, '.contains("===")'), false],
    ['join puts blanks between its parts', (_s, web) => Cel.join(web.status.readyReplicas, '>=', 4), false],
    ['template fills its placeholders', (s) => Cel.template('%s-%s!', s.name, s.replicas), 'shop-3!'],
    ['conditional', (s) => Cel.conditional(s.on, 'yes', 'no'), 'yes'],
    ['cond', (s) => Cel.cond(s.replicas > 5, 1, 2), 2],
    ['default of a missing field', (s) => Cel.default(s.note, 'none'), 'none'],
    ['coalesce of a present field', (s) => Cel.coalesce(s.name, 'none'), 'shop'],
    ['concat', (s) => Cel.concat('p-', s.name, 5), 'p-shop5'],
    ['has', (s) => Cel.has(s.note), false],
    ['not', (s) => Cel.not(s.on), false],
    ['size', (s) => Cel.size(s.list), 2],
    ['string', (s) => Cel.string(s.replicas), '3'],
    ['int', (s) => Cel.int(s.replicas), 3],
    ['double', (s) => Cel.double(s.replicas), 3],
    ['min', (s) => Cel.min(s.replicas, 2, 8), 2],
    ['max', (s) => Cel.max(s.replicas, 2), 3],
    ['math calls a function by its name', (s) => Cel.math('size', s.name), 4],
    ['boolean', (s) => Cel.boolean(s.replicas, ' == 3'), true],
    ['str', (s) => Cel.str(s.name, '.upperAscii()'), 'SHOP'],
    ['number', (s) => Cel.number(s.replicas, ' * 2'), 6],
    ['the template tags Cel.tag and cel', (s) => Cel.tag`h-${s.name}` + cel`-${s.replicas}`, 'h-shop-3'],
  ])('%s', (_name, program, expected) => {
    expect(statusOf((spec, web) => ({ value: program(spec, web), seen: web.status.readyReplicas }))).toEqual({
      value: expected,
      seen: 3,
    });
  });
});

describe('quantities', () => {
  test.each<[string, (spec: Spec) => unknown, unknown]>([
    ['are compared by value', (s) => quantity(s.cpu).isGreaterThan('0.5'), true],
    ['can be compared with each other', (s) => quantity('2').isLessThan(quantity(s.cpu)), false],
    ['are ordered by compareTo', (s) => quantity(s.cpu).compareTo('750m'), 0],
    ['add up', (s) => quantity(s.cpu).add('250m').asApproximateFloat(), 1],
    ['are subtracted', (s) => quantity('1').sub(quantity(s.cpu)).asApproximateFloat(), 0.25],
    ['tell whether they are integers', (s) => quantity(s.cpu).isInteger(), false],
    ['have a sign', (s) => quantity(s.cpu).sign(), 1],
    ['are distinguished from other strings by isQuantity', (s) => isQuantity(s.name), false],
    ['decide in conditions', (s) => (quantity(s.cpu).isGreaterThan('500m') ? 'big' : 'small'), 'big'],
  ])('of the spec %s', (_name, program, expected) => {
    expect(statusOf((spec, web) => ({ value: program(spec), n: web.status.replicas }))).toMatchObject({ value: expected });
  });

  test('are evaluated immediately if they are constant, both inside and outside a composition', () => {
    expect(quantity('1Gi').isGreaterThan('1000Mi')).toBe(true);
    expect(quantity('1').add('500m').asApproximateFloat()).toBe(1.5);
    expect([isQuantity('1.5Gi'), isQuantity('much')]).toEqual([true, false]);
    const composition = compose((spec) => {
      if (quantity('1Gi').isLessThan('2Gi')) ConfigMap({ id: 'c', name: spec.name, data: {} });
    });
    expect(composition.explain()).not.toContain('only when');
  });

  test('are refused if the string is not a quantity', () => {
    expect(() => quantity('much')).toThrow('"much" is not a quantity');
    expect(() => quantity('500m').asInteger()).toThrow(/cannot convert/);
  });
});

test('computed, alias and aliases return the values of their functions', () => {
  const status = statusOf((spec, web) => {
    const named = alias(web, { ready: (d) => d.status.readyReplicas >= d.spec.replicas });
    const all = aliases({ web }, { missing: ({ web: d }) => spec.replicas - d.status.availableReplicas });
    const both = computed({ web }, (of) => of.web.status.readyReplicas > 0 && spec.on);
    return { ready: named.ready, missing: all.missing, both };
  });
  expect(status).toEqual({ ready: true, missing: 1, both: true });
});

describe('createResource', () => {
  const only = (program: (spec: Spec) => unknown) => {
    const { resources } = compose(program).toDefinition()['spec'] as { resources: JsonObject[] };
    return resources[0];
  };

  test('takes the id from the manifest, and removes it from the object', () => {
    const widget = { id: 'gear', apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } };
    const { id: _id, ...template } = widget;
    expect(only(() => void createResource(widget))).toEqual({ id: 'gear', template });
    expect(only(() => void createResource(widget, { id: 'gear' }))).toEqual({ id: 'gear', template });
    expect(() => only(() => void createResource(widget, { id: 'other' }))).toThrow(/has two ids, "gear" and "other"/);
  });

  test('in a composition with separate functions for resources and status, the key of a list of resources is the id of the collection', () => {
    const graph = kubernetesComposition(
      { name: 'listed', spec: type({ tags: 'string[]' }) },
      ({ spec }) => ({ configs: spec.tags.map((tag) => ConfigMap({ name: tag })) }),
      (_, { configs }) => ({ count: configs.length }),
    );
    expect(graph.toYaml()).toContain('id: configs');
    expect(graph.toYaml()).toContain('count: ${size(configs)}');
  });

  test('in a composition with separate functions for resources and status, a plain object keeps its id', () => {
    const graph = kubernetesComposition(
      { name: 'sample', spec: schema },
      (() => ({ a: { id: 'gear', apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'w' } } })) as never,
      (() => undefined) as never,
    );
    const template = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'w' } };
    expect((graph.toDefinition()['spec'] as JsonObject)['resources']).toEqual([{ id: 'gear', template }]);
  });
});

test('observedResource and externalRef read objects of other owners', () => {
  const composition = compose(() => {
    const a = observedResource({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      id: 'first',
      scope: 'Namespaced',
    });
    const b = externalRef('v1', 'ConfigMap', 'b');
    return { a: a.data['k'], b: b.data['k'] };
  });
  const spec = composition.toDefinition()['spec'] as { resources: unknown };
  expect(spec.resources).toEqual([
    { id: 'configmapB', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } } },
    { id: 'first', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } } },
  ]);
});

const database = kubernetesComposition(
  { name: 'database', kind: 'Database', spec: schema },
  ((spec: Spec) => {
    const service = Service({ id: 'service', name: spec.name, selector: { app: spec.name }, ports: [5432] });
    return { host: service.spec.clusterIP };
  }) as never,
) as unknown as Parameters<typeof singleton>[0];

describe('singleton', () => {
  const shared = { id: 'main', spec: { ...values, name: 'db' } as never };
  const app = compose((spec) => {
    const db = singleton(database, shared) as { status: { host: string } };
    const again = singleton(database, shared) as { status: { host: string } };
    ConfigMap({ id: 'config', name: spec.name, data: { host: db.status.host } });
    return { host: again.status.host };
  }, 'app');

  test('is a reference to one instance in a separate namespace', () => {
    const { resources } = app.toDefinition()['spec'] as { resources: JsonObject[] };
    expect(resources.map(({ id }) => id)).toEqual(['config', 'databaseMain']);
    expect(resources[1]).toEqual({
      id: 'databaseMain',
      externalRef: {
        apiVersion: 'kro.run/v1alpha1',
        kind: 'Database',
        metadata: { name: 'main', namespace: 'typekro-singletons' },
      },
    });
  });

  test('adds the definition of its composition, and its instance before the instance that uses it', () => {
    const kinds = (yaml: string) => [...yaml.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind);
    expect(app.toYaml().split('---\n')).toHaveLength(2);
    expect(app.toYaml()).toMatch(/name: database[\s\S]*---[\s\S]*name: app/);
    expect(kinds(app.toYaml(values))).toEqual(['Namespace', 'Database', 'App']);
  });

  test('has one spec, which reads no values of the graph that uses the singleton', () => {
    const dependent = () => compose((spec) => void singleton(database, { id: 'x', spec: spec }));
    expect(dependent).toThrow(/shared instance of database would depend on the spec of this graph/);
    const two = () =>
      compose(() => {
        singleton(database, shared);
        singleton(database, { id: 'main', spec: { ...values, name: 'other' } });
      });
    expect(two).toThrow(/used with two specs/);
    expect(() => singleton(database, shared)).toThrow(/outside a composition/);
  });

  test('with an invalid spec fails even inside a try with a catch', () => {
    const caught = () =>
      compose((spec) => {
        try {
          singleton(database, { id: 'main', spec: { ...values, replicas: 'three' } });
        } catch {
          ConfigMap({ id: 'instead', name: spec.name, data: {} });
        }
      });
    expect(caught).toThrow(/^Invalid spec: replicas: /);
  });
});

describe('namespaces', () => {
  const app = compose((spec) => {
    const own = createResource<{ status: { phase: string } }>(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${spec.name}-ns`, labels: { team: 'a' } } },
      { id: 'own' },
    );
    if (spec.on)
      createResource({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'extra' } }, { id: 'extra' });
    ConfigMap({ id: 'config', name: spec.name, namespace: own.metadata.name, data: { k: 'v' } });
    return { phase: own.status.phase };
  }, 'app');

  test('are printed before the instance, and only those that the graph reads are external references', () => {
    const { resources } = app.toDefinition()['spec'] as { resources: JsonObject[] };
    expect(resources.map((entry) => [entry['id'], entry['externalRef']])).toEqual([
      ['config', undefined],
      [
        'own',
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: expect.stringContaining('schema.spec.name') } },
      ],
    ]);
    const documents = app.toYaml(values).split('---\n');
    expect(documents).toHaveLength(3);
    expect(documents[1]).toContain('name: shop-ns');
    expect(documents[0]).toContain('app.kubernetes.io/managed-by: typekro');
    expect(documents[0]).toContain('argocd.argoproj.io/sync-options: Prune=false,Delete=false');
    expect(documents[2]).toContain(`typekro.dev/hoisted-namespaces: '["extra","shop-ns"]'`);
    expect(app.toYaml({ ...values, on: false }).split('---\n')).toHaveLength(2);
  });

  test('are ordinary resources in direct mode', () => {
    const { resources } = app.evaluate(values);
    expect(resources.map(({ id }) => id)).toEqual(['config', 'extra', 'own']);
  });

  test('that depend on another resource or on a loop stay in the graph', () => {
    const late = compose((spec) => {
      const service = Service({ id: 'svc', name: spec.name, selector: {}, ports: [1] });
      createResource({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: service.spec.clusterIP } }, { id: 'ns' });
      for (const name of spec.list)
        createResource({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { id: 'many' });
    });
    const { resources } = late.toDefinition()['spec'] as { resources: JsonObject[] };
    expect(resources.map(({ id, template }) => [id, template !== undefined])).toEqual([
      ['many', true],
      ['ns', true],
      ['svc', true],
    ]);
  });
});

test('an instance has the name of its definition in its labels', () => {
  const app = compose((spec) => void ConfigMap({ id: 'c', name: spec.name, data: {} }), 'myApp');
  expect(app.toInstance(values).metadata).toEqual({
    name: 'shop',
    namespace: 'default',
    labels: { 'typekro.dev/factory': 'my-app', 'typekro.dev/mode': 'kro', 'typekro.dev/rgd': 'my-app' },
  });
});

test('a status field whose number JSON cannot represent is omitted', () => {
  const app = compose((spec) => {
    ConfigMap({ id: 'c', name: spec.name, data: {} });
    return { ratio: 2 / spec.replicas, fine: spec.replicas / 2 };
  });
  expect(app.evaluate({ ...values, replicas: 0 }).status).toEqual({ fine: 0 });
});

test('the environment of the process is not written into a graph', () => {
  const text = (() => {
    try {
      compose((spec) => ConfigMap({ id: 'c', name: spec.name, data: { v: process.env[spec.name] ?? 'none' } })).toYaml();
    } catch (error) {
      return String(error);
    }
    return '';
  })();
  expect(text).toContain('process.env with a key of the spec would write every variable of this environment into the graph');
  expect(text).toContain('api.test.ts:');
  expect(text).not.toContain(process.env['PATH']);
});

test('an exception that the composition always throws is reported with its position', () => {
  const thrown = (body: () => void): unknown => {
    try {
      compose(body);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const error = thrown(() => {
    throw new RangeError('no such size');
  });
  expect(error).toBeInstanceOf(RangeError);
  expect((error as Error).stack).toMatch(/^RangeError: no such size\n {4}at composition \(.*api\.test\.ts:\d+:\d+\)\n/);
  const text = thrown(() => {
    // oxlint-disable-next-line typescript/only-throw-error -- authors also throw strings
    throw 'no such size';
  });
  expect(text).toMatchObject({
    diagnostics: [
      {
        code: 'trace/user-error',
        message: '"no such size" is thrown while the composition is traced',
        source: { file: expect.stringContaining('api.test.ts') as string },
      },
    ],
  });
});

test.each([
  ['text', '"text"'],
  [10n, '10n'],
  [Number.NaN, 'NaN'],
  [undefined, 'undefined'],
  [null, 'null'],
  [Symbol('own'), 'Symbol(own)'],
  [() => 1, 'a function'],
  [{ size: 1 }, 'an object that is not an Error'],
])('the thrown value %s is described as %s', (value, text) => {
  const program = () => {
    throw value;
  };
  expect(() => compose(program)).toThrow(`${text} is thrown while the composition is traced`);
});

test('explain names every resource, its conditions and its expressions', () => {
  const app = compose((spec) => {
    if (spec.replicas < 1) throw new Error('at least one replica');
    if (spec.on) ConfigMap({ id: 'c', name: spec.name, data: { note: spec.note ?? 'none' } });
    for (const item of spec.list) ConfigMap({ id: 'many', name: item, data: {} });
  });
  expect(app.explain()).toBe(
    [
      'composition sample',
      'c: ConfigMap (v1)',
      '  only when schema.spec.on',
      '  metadata.name = schema.spec.name',
      '  metadata.labels.app = schema.spec.name',
      '  data.note = schema.spec.?note.orValue("none")',
      'many: ConfigMap (v1)',
      '  for each itemElement of schema.spec.list',
      '  metadata.name = itemElement',
      '  metadata.labels.app = itemElement',
      'preconditions',
      '  at least one replica',
      '',
    ].join('\n'),
  );
});

test('evaluate reads observed objects or, if none are given, templates', () => {
  const app = compose((spec) => {
    const web = Deployment({ id: 'web', name: spec.name, image: 'x', replicas: spec.replicas });
    ConfigMap({ id: 'c', name: web.metadata.name, data: { ready: web.status.conditions[0]!.type } });
    return { name: web.metadata.name, ready: web.status.readyReplicas };
  });
  const without = app.evaluate(values);
  expect(without.resources.map(({ id, pending }) => [id, pending !== undefined])).toEqual([
    ['c', true],
    ['web', false],
  ]);
  const live = { metadata: { name: 'other' }, status: { readyReplicas: 1, conditions: [{ type: 'Available' }] } };
  const observed = app.evaluate(values, { web: live });
  expect(observed.status).toEqual({ name: 'other', ready: 1 });
  expect(observed.resources[0]?.objects[0]).toMatchObject({ metadata: { name: 'other' }, data: { ready: 'Available' } });
});

test('evaluate reports, as the controller does, that several items of a collection render the same object', () => {
  const app = compose((spec) => {
    for (const name of spec.list) ConfigMap({ id: 'many', name, data: { of: spec.name } });
    return {};
  });
  const names = (list: string[]): unknown => {
    const [many] = app.evaluate({ ...values, list }).resources;
    return many?.pending ?? many?.objects.map(({ metadata }) => (metadata as JsonObject)['name']);
  };
  expect(names(['a', 'b'])).toEqual(['a', 'b']);
  expect(names(['a', 'b', 'a'])).toBe('two items of the collection make the same object v1 ConfigMap a');
});

test('sorting by a key keeps the order of elements with equal keys', () => {
  const app = compose((spec) => {
    const up = spec.list.toSorted((a, b) => a.length - b.length);
    const down = spec.list.toSorted((a, b) => b.length - a.length);
    ConfigMap({ id: 'c', name: 'c', data: { up: up.join(), down: down.join() } });
    return {};
  });
  const list = Array.from({ length: 40 }, (_, i) => 'x'.repeat(i % 3) + String(i).padStart(2, '0'));
  expect(app.evaluate({ ...values, list }).resources[0]?.objects[0]?.['data']).toEqual({
    up: list.toSorted((a, b) => a.length - b.length).join(),
    down: list.toSorted((a, b) => b.length - a.length).join(),
  });
});

test('evaluate includes a resource as pending while a condition has no value, and omits it if another condition is false', () => {
  const app = compose((spec) => {
    const web = Service({ id: 'web', name: spec.name, ports: [{ port: 80 }], selector: { app: 'x' } });
    if (web.spec.clusterIP !== 'None') ConfigMap({ id: 'waits', name: `${spec.name}-a`, data: {} });
    if (web.spec.clusterIP !== 'None' && spec.on) ConfigMap({ id: 'asks', name: `${spec.name}-b`, data: {} });
  });
  const states = (on: boolean) =>
    app.evaluate({ ...values, on }).resources.map(({ id, included, pending }) => [id, included, pending !== undefined]);
  expect(states(true)).toEqual([
    ['asks', true, true],
    ['waits', true, true],
    ['web', true, false],
  ]);
  expect(states(false)).toEqual([
    ['asks', false, false],
    ['waits', true, true],
    ['web', true, false],
  ]);
});

test.each([
  ['a number', (s: Spec) => Cel.expr('"http://h:', s.replicas, '"')],
  ['a truth value', (s: Spec) => Cel.expr("'is ", s.on, "'")],
])('%s inside a string of raw CEL is refused', (_name, program) => {
  const make = () => compose((s) => void ConfigMap({ id: 'c', name: 'c', data: { a: String(program(s)) } })).toYaml();
  expect(make).toThrow(/a value is inside the string .*… *. of an expression/);
});
