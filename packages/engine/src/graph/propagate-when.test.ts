import { describe, expect, test } from 'vitest';
import { builtinSource } from '../schema/index.ts';
import { compile } from './compile.ts';
import type { GraphFeatures } from './options.ts';
import { parseDefinitions } from './parse-definitions.ts';

const ON: GraphFeatures = { propagateWhen: true, variables: true };

function compiled(resources: string, features: GraphFeatures = ON, more = '', kind = 'App') {
  const text = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: apps}
spec:
  schema: {apiVersion: v1alpha1, kind: ${kind}, spec: {go: boolean, regions: "[]string"}}
${more}  resources:
${resources}`;
  const [document] = parseDefinitions(text).documents;
  if (document === undefined) throw new Error('no document');
  return compile(document, { sources: builtinSource(), features, target: 'typekro' });
}

const map = (id: string, when: string, data = 'x: z', more = '') => `
    - id: ${id}
      ${more}propagateWhen: [${when}]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${more === '' ? id : '"${region}"'}}, data: {${data}}}`;
const plain = (id: string, data = 'x: z') =>
  `\n    - {id: ${id}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${id}}, data: {${data}}}}`;
const EACH = 'forEach: [{region: "${schema.spec.regions}"}]\n      ';

describe('propagateWhen', () => {
  test('is in the graph and determines the order, but is not a dependency', () => {
    const { graph, diagnostics } = compiled(
      map('app', '"${db.ready() && db.data.x == \'1\'}", "${schema.spec.go}"') + plain('db'),
    );
    expect(diagnostics).toEqual([]);
    expect(graph?.order).toEqual(['db', 'app']);
    expect(graph?.nodes.get('app')?.dependsOn).toEqual([]);
    expect(graph?.nodes.get('app')?.propagateWhen?.map(({ cel }) => cel)).toEqual([
      "db.ready() && db.data.x == '1'",
      'schema.spec.go',
    ]);
    expect(graph?.reads.get('db')).toEqual([['data', 'x']]);
  });

  test('reads no fields of a node when it calls only ready() and updated()', () => {
    const { graph } = compiled(map('app', '"${db.ready() && db.updated()}"') + plain('db'));
    expect(graph?.reads.get('db')).toBeUndefined();
  });

  test.each([
    ['"${exponentiallyReady(region, apps)}"'],
    ['"${linearlyReady(each, apps, 2)}"'],
    ['"${linearlyReady(region, apps, 2) && schema.spec.go}"'],
  ])('of a collection reads its own items in batches: %s', (when) => {
    const { diagnostics } = compiled(map('apps', when, 'x: z', EACH));
    expect(diagnostics).toEqual([]);
  });

  test('changes the hash of a definition, and does not change the hashes of definitions without it', () => {
    const hash = (when: string) => compiled(map('app', when)).graph?.hash;
    expect(hash('')).toBe(compiled(plain('app')).graph?.hash);
    expect(hash('"${schema.spec.go}"')).not.toBe(hash(''));
  });

  test.each([
    [
      'a resource that waits for itself',
      map('app', '"${app.updated()}"'),
      'graph/propagate-when',
      '"app" waits for itself',
    ],
    [
      'a collection that waits for all its items',
      map('apps', '"${apps.updated()}"', 'x: z', EACH),
      'graph/propagate-when',
      '"apps" waits for the items of its own collection',
    ],
    [
      'an item that waits for itself',
      map('apps', '"${region.ready()}"', 'x: z', EACH),
      'graph/propagate-when',
      '"region" waits for the items',
    ],
    [
      'two resources that wait for each other',
      map('app', '"${db.ready()}"') + plain('db', 'x: "${app.metadata.uid}"'),
      'graph/cycle',
      'the resources wait for each other: app → db → app',
    ],
    [
      'a batch of one object',
      map('app', '"${linearlyReady(db, db, 2)}"') + plain('db'),
      'graph/propagate-when',
      'linearlyReady() is about the items of a collection, and "app" is one object',
    ],
    [
      'a batch of another collection',
      map('apps', '"${exponentiallyReady(each, db)}"', 'x: z', EACH) + plain('db'),
      'graph/propagate-when',
      'exponentiallyReady() needs an item of the collection "apps", and the collection itself',
    ],
    ['an unknown name', map('app', '"${cache.ready()}"'), 'graph/unknown-identifier', 'nothing here is named cache'],
    ['an unknown function', map('app', '"${soon(schema)}"'), 'graph/unknown-function', 'there is no function soon'],
    [
      'a value of another type',
      map('app', '"${schema.metadata.name}"'),
      'graph/condition-type',
      'propagateWhen needs a boolean',
    ],
    [
      'literal text around the expression',
      map('app', '"is ${schema.spec.go}"'),
      'graph/not-standalone',
      'one bare ${…}',
    ],
    [
      'a resource without an object',
      '\n    - {id: app, variable: {x: z}, propagateWhen: ["${schema.spec.go}"]}',
      'graph/propagate-when',
      'the controller writes nothing for this resource',
    ],
  ])('refuses %s', (_title, resources, code, message) => {
    const { diagnostics, graph } = compiled(resources);
    expect(graph).toBeUndefined();
    expect(diagnostics.filter(({ severity }) => severity === 'error').map((each) => each.code)).toEqual([code]);
    expect(diagnostics[0]?.message).toContain(message);
  });

  test('is refused with the name of its gate when the gate is off', () => {
    const { diagnostics } = compiled(map('app', '"${schema.spec.go}"'), {});
    expect(diagnostics).toMatchObject([
      {
        code: 'graph/feature-gate',
        message: 'propagateWhen requires the PropagateWhen feature gate to be enabled',
        hint: 'start the controller with --feature-gates=PropagateWhen=true',
        source: { line: 10 },
      },
    ]);
  });

  test('of a definition denotes its instances by the singular and plural names of the kind', () => {
    const of = (when: string, features = ON) => compiled(plain('app'), features, `  propagateWhen: ['${when}']\n`);
    const { graph, diagnostics } = of('${exponentiallyReady(app, apps) && app.spec.go && apps.all(a, a.ready())}');
    expect(diagnostics).toEqual([]);
    expect(graph?.propagateWhen).toMatchObject({ singular: 'app', plural: 'apps', conditions: [{ type: 'bool' }] });
    expect(graph?.reads.get('schema')).toContainEqual(['spec', 'go']);
    expect(graph?.hash).not.toBe(compiled(plain('app')).graph?.hash);
  });

  test.each([
    ['${schema.spec.go}', 'graph/unknown-identifier', 'nothing here is named schema'],
    ['${app.spec.gone}', 'cel/unknown-field', "undefined field 'gone'"],
    ['${app.metadata.name}', 'graph/condition-type', 'propagateWhen needs a boolean'],
    ['is ${app.ready()}', 'graph/not-standalone', 'one bare ${…}'],
    ['${apps.updated()}', 'graph/propagate-when', '"apps.updated()" waits for instances that it holds back itself'],
    ['${app.spec.go || app.updated()}', 'graph/propagate-when', '"app.updated()" waits for instances'],
    ['${apps.all(app, app.ready() && app.updated())}', 'graph/propagate-when', '"apps.all(app, '],
    ['${apps.exists(a, a.ready() && apps.updated())}', 'graph/propagate-when', '"apps.updated()" waits for instances'],
  ])('of a definition refuses %s', (when, code, message) => {
    const { graph, diagnostics } = compiled(plain('map'), ON, `  propagateWhen: ['${when}']\n`);
    expect(graph).toBeUndefined();
    expect(diagnostics.map((each) => [each.code, each.message.includes(message)])).toEqual([[code, true]]);
    expect(diagnostics[0]?.path).toBe('spec.propagateWhen[0]');
  });

  test.each([
    ['${apps.ready()}'],
    ['${apps.exists(app, app.updated() && app.ready())}'],
    ['${apps.filter(apps, apps.updated()).size() < 3}'],
    ['${apps.all(a, a.updated() || a.metadata.name != "last")}'],
  ])('of a definition reads ready() and updated() of instances: %s', (when) => {
    expect(compiled(plain('map'), ON, `  propagateWhen: ['${when}']\n`).diagnostics).toEqual([]);
  });

  test.each([
    [
      'Series',
      'series',
      'cannot be used for the kind Series: one instance and the list of all instances would have the same name, series',
    ],
    ['Function', 'functions', 'the word "function" has another meaning'],
    ['Schema', 'schemas', 'the word "schema" has another meaning'],
  ])('of a definition needs names for one instance and for all instances: %s', (kind, plural, message) => {
    const more = `  propagateWhen: ["\${exponentiallyReady(${kind.toLowerCase()}, ${plural})}"]\n`;
    const { graph, diagnostics } = compiled(plain('map'), ON, more, kind);
    expect(graph).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: 'graph/propagate-when', path: 'spec.propagateWhen' }]);
    expect(diagnostics[0]?.message).toContain(message);
  });

  test('of a definition is refused with the name of its gate when the gate is off', () => {
    const more = '  propagateWhen: ["${app.ready()}"]\n';
    expect(compiled(plain('map'), {}, more).diagnostics).toMatchObject([{ code: 'graph/feature-gate' }]);
  });

  test('has functions that are refused in all other expressions', () => {
    const { diagnostics } = compiled(plain('db') + plain('app', 'x: "${string(db.ready())}"'));
    expect(diagnostics[0]?.message).toContain('ready');
  });
});
