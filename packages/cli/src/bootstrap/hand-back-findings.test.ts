import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { refusingClient } from '@typekro/cluster/test-support/refusing-client';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { mapResource, pot, potDefinition, potsRef, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { type JsonObject, type KubeObject, objectName } from '@typekro/kit/core';
import { type KroCompatibility, compile, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { openPlanning } from '@typekro/app/plan';
import { type HandBackControllers, handBackFindings } from './hand-back-findings.ts';
import { versionFindings } from './version-findings.ts';

let world: VirtualWorld;
beforeAll(async () => {
  world = await virtualWorld();
  await world.apply(potDefinition([mapResource('map', { text: 'a' })]));
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(2000);
});
afterAll(() => world.close());

/** Returns the findings when the API server refuses the requests that match `refuses`. */
async function findings(refuses?: RegExp, to: KroCompatibility = '0.9', controllers: HandBackControllers = {}) {
  const { client } = refusingClient(world.cluster, { refuses, clock: world.clock });
  const { signal } = new AbortController();
  await using planning = await openPlanning(
    { api: client, source: { kind: 'cluster', name: 'test' }, namespace: 'default', checkedBy: 'server' },
    { signal },
  );
  return await handBackFindings(planning.planned, to, controllers);
}

test('a user with all rights gets no findings', async () => {
  expect(await findings()).toEqual([]);
});

test.each([
  ['definitions', /GET .*\/resourcegraphdefinitions/, 'resourcegraphdefinitions.kro.run could not be read: '],
  ['instances', /GET .*\/pots/, 'pots.acme.test in the whole cluster could not be read: '],
])('without the right to list %s the search fails', async (_what, refuses, text) => {
  await expect(findings(refuses)).rejects.toMatchObject({
    code: 'upgrade/not-read',
    message: expect.stringContaining(text) as string,
  });
});

test('a failed read of a kind other than definitions and instances is a finding', async () => {
  expect(await findings(/GET .*\/graphrevisions/)).toMatchInlineSnapshot(`
    [
      {
        "effect": "findings may be missing",
        "problem": "graphrevisions.internal.kro.run could not be read, and so numbers of revisions are not known: graphrevisions.internal.kro.run is forbidden: User "dev" cannot list resource "graphrevisions" in API group "internal.kro.run" at the cluster scope",
      },
    ]
  `);
});

describe('with the gates of the controllers', () => {
  const controller = (project: 'kro' | 'typekro', gates?: string) => ({
    project,
    image: project,
    flags: gates === undefined ? [] : ['--feature-gates', gates],
    namespace: 'kro-system',
    name: project,
    wanted: 1,
    replicas: 1,
    object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: project, namespace: 'kro-system' } },
  });

  test('a TypeKro controller that continues to run is a finding', async () => {
    const others = [{ ...controller('typekro'), namespace: 'platform' }];
    expect(await findings(undefined, '0.10', { others })).toEqual([
      {
        object: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'typekro', namespace: 'platform' },
        problem: 'this TypeKro controller continues to run; --namespace platform --name typekro hands it back',
        effect: 'it and kro would write the same objects',
      },
    ]);
  });

  /** Returns the findings for kro 0.10, each as one string. */
  async function texts(own?: string, ...kros: readonly string[]): Promise<string[]> {
    const controllers = { own: controller('typekro', own), kros: kros.map((gates) => controller('kro', gates)) };
    const found = await findings(undefined, '0.10', controllers);
    return found.map(({ object, problem, effect }) => `${objectName(object ?? potsRef)}: ${problem}; ${effect}`);
  }

  async function define(resources: JsonObject[], annotations: Record<string, string> = {}): Promise<void> {
    await world.apply(potDefinition(resources, annotations));
    await world.advance(5000);
  }

  const graph = (nodes: readonly JsonObject[]): KubeObject => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name: 'g', namespace: 'default' },
    spec: { nodes: [...nodes] },
  });
  const graphRef = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', namespace: 'default', name: 'g' };

  afterEach(async () => {
    await world.restart({ features: {} });
    await world.user.patch(potsRef, { metadata: { annotations: null } }, { type: 'merge' });
    await define([mapResource('map', { text: 'a' })]);
    if ((await world.user.find(graphRef)) !== undefined) await world.user.delete(graphRef);
  });

  const template = (name: string, data: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data,
  });

  test('a read in a branch is a finding only if PartialDependencies is on', async () => {
    const optional = { ...mapResource('optional', { text: 'b' }), includeWhen: ['${schema.spec.count > 1}'] };
    const reader = mapResource('reader', { text: "${schema.spec.count > 1 ? optional.data.text : 'none'}" });
    const later = mapResource('later', { text: "${schema.spec.count > 1 ? plain.metadata.uid : 'none'}" });
    await define([optional, reader, mapResource('plain', { text: 'a' }), later]);
    expect(await texts('CELNow=true')).toEqual([]);
    expect(await texts('PartialDependencies=true')).toMatchInlineSnapshot(`
      [
        "ResourceGraphDefinition pots: node "reader" reads "optional" only in one branch of a conditional (? :), and kro needs "optional" for both branches; while "optional" is left out, kro leaves "reader" out, too, and deletes its objects",
        "ResourceGraphDefinition pots: node "later" reads "plain" only in one branch of a conditional (? :), and kro needs "plain" for both branches; kro also waits for "plain" while the branch is not taken",
      ]
    `);
  });

  test('a computed key is a finding only if DynamicKeys is on', async () => {
    await define([mapResource('map', { '${schema.spec.text}': 'v', '${schema.spec.text}-b': 'v' })]);
    expect(await texts('CELNow=true')).toEqual([]);
    expect(await texts('DynamicKeys=true')).toMatchInlineSnapshot(`
      [
        "ResourceGraphDefinition pots: node "map" computes keys of data, and kro treats the expressions as text; kro writes the text of each expression as the key, or the API server refuses the object",
      ]
    `);
  });

  test('a finding about a read in a branch names the nodes that can be left out', async () => {
    const conditional = (id: string) => ({
      ...mapResource(id, { text: 'b' }),
      includeWhen: ['${schema.spec.count > 1}'],
    });
    const read = (...ids: readonly string[]) =>
      `\${schema.spec.count > 1 ? ${ids.map((id) => `${id}.data.text`).join(' + ')} : 'none'}`;
    const nodes = [conditional('one'), mapResource('two', { text: 'b' }), conditional('three')];
    await define([
      ...nodes,
      mapResource('cm', { text: read('one', 'two') }),
      mapResource('all', { text: read('one', 'two', 'three') }),
    ]);
    const found = await texts('PartialDependencies=true');
    expect(found.map((text) => text.slice(text.indexOf('; ') + 2))).toEqual([
      'while "one" is left out, kro leaves "cm" out, too, and deletes its objects',
      'while one of "one", "three" is left out, kro leaves "all" out, too, and deletes its objects',
    ]);
  });

  test('a finding about a computed key at the root of a node names the root', async () => {
    await world.restart({ features: { dynamicKeys: true, variables: true } });
    await define([{ id: 'v', variable: { '${schema.spec.text}': 'x' } }, mapResource('map', { text: 'a' })]);
    expect(await texts('DynamicKeys=true,Variables=true')).toContainEqual(
      expect.stringContaining('node "v" computes keys of its root, and kro treats'),
    );
  });

  test('deletionPolicy: Orphaned is a finding unless kro has the gate, because a kro without the field deletes the objects', async () => {
    await world.restart({ features: { deletionPolicy: true } });
    await define([{ ...mapResource('map', { text: 'a' }), deletionPolicy: 'Orphaned' }]);
    expect(await texts('DeletionPolicy=true', 'DeletionPolicy=true')).toEqual([]);
    expect(await texts('DeletionPolicy=true')).toMatchInlineSnapshot(`
      [
        "ResourceGraphDefinition pots: kro 0.10 refuses it with its default feature gates: spec.resources[0].deletionPolicy: deletionPolicy requires the DeletionPolicy feature gate to be enabled [graph/feature-gate] (accepted by typekro 0.9, typekro 0.10); kro works on none of its instances until it is changed",
        "ResourceGraphDefinition pots: node "map" leaves its objects in the cluster (deletionPolicy: Orphaned), which needs a kro after 0.10.0-rc.0 with the gate DeletionPolicy; a kro without the field deletes the objects when they are retired",
      ]
    `);
  });

  test('propagateWhen of a node is a finding, because a kro without the field writes at once', async () => {
    await world.restart({ features: { propagateWhen: true } });
    const web = { ...mapResource('web', { text: 'b' }), propagateWhen: ['${map.ready()}', '${map.updated()}'] };
    await define([mapResource('map', { text: 'a' }), web]);
    expect(await texts('PropagateWhen=true')).toMatchInlineSnapshot(`
      [
        "ResourceGraphDefinition pots: node "web" holds its writes back until map.ready() and map.updated() (propagateWhen), a field that is only proposed for kro; a kro without the field writes the objects at once, also those that are held back now",
      ]
    `);
  });

  test('propagateWhen of a definition is a finding, because a kro without the field moves all instances to a new revision at once', async () => {
    await world.restart({ features: { propagateWhen: true } });
    const definition = potDefinition([mapResource('map', { text: 'a' })]);
    await world.apply({ ...definition, spec: { ...definition.spec, propagateWhen: ['${pot.ready()}'] } });
    await world.advance(5000);
    expect(await texts('PropagateWhen=true')).toMatchInlineSnapshot(`
      [
        "ResourceGraphDefinition pots: instances get a new revision when pot.ready() (spec.propagateWhen), a field that is only proposed for kro; a kro without the field gives the newest revision to all instances at once, also to those that are held back now",
      ]
    `);
  });

  test('versions are a finding, with the instances that clients have written in them', () => {
    const versions = [
      {
        name: 'v1alpha1',
        spec: { words: 'string' },
        convertTo: { 'spec.text': '${self.spec.words}' },
        convertFrom: { 'spec.words': '${self.spec.text}' },
      },
    ];
    const schema = { apiVersion: 'v1', kind: 'Pot', group: 'acme.test', spec: { text: 'string' }, versions };
    const definition = { ...potDefinition([]), spec: { schema, resources: [mapResource('map', { a: 'b' })] } };
    const { graph } = compile(definition, { sources: builtinSource(), features: TYPEKRO_FEATURES });
    if (graph === undefined) throw new Error('the definition does not compile');
    const writtenIn = (name: string, version: string): KubeObject => {
      const managedFields = [
        { apiVersion: `acme.test/${version}`, manager: 'kubectl' },
        { apiVersion: 'acme.test/v1', manager: 'kro' },
      ];
      return { ...pot(name), metadata: { ...pot(name).metadata, managedFields } };
    };
    const found = (live: KubeObject | undefined, ...instances: readonly KubeObject[]) =>
      versionFindings(definition, graph, live, instances).map(({ problem, effect }) => `${problem}; ${effect}`);
    expect(found(graph.instance.crd, writtenIn('a', 'v1alpha1'), writtenIn('b', 'v1'))).toEqual([
      'kro ignores versions, and knows only v1, not v1alpha1; kro refuses the CRD, which has several versions, and works on none of its instances; requests in v1alpha1 fail, because no controller converts the objects',
      'instances were written in v1alpha1 by: kubectl (1 instance); these clients lose v1alpha1; move them to v1 first',
    ]);
    expect(found(undefined)).toEqual([
      'kro ignores versions, and knows only v1, not v1alpha1; clients can use only v1',
    ]);
    const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => writtenIn(name, 'v1alpha1'));
    expect(found(graph.instance.crd, ...many)[1]).toContain('kubectl (7 instances); ');
    const { versions: _none, ...single } = schema;
    const other = compile(
      { ...definition, spec: { ...definition.spec, schema: single } },
      { sources: builtinSource() },
    );
    expect(versionFindings(definition, other.graph ?? graph, undefined, many)).toEqual([]);
  });

  test('kro ignores versions, and so does not refuse a definition for them', async () => {
    const plain = potDefinition([mapResource('map', { a: 'b' })]);
    const schema = plain.spec?.['schema'] as JsonObject;
    await world.apply({
      ...plain,
      spec: { ...plain.spec, schema: { ...schema, versions: [{ name: 'v1beta7', spec: schema['spec'] ?? {} }] } },
    });
    await world.advance(5000);
    const found = await texts('APIVersions=true');
    expect(found.filter((text) => text.includes('kro 0.10 refuses'))).toEqual([]);
    expect(found.some((text) => text.includes('kro ignores versions'))).toBe(true);
  });

  test('status.graph of an instance is a finding while ManagedResources is on; status.graph in the schema of a CRD is a finding until the definition allows breaking changes', async () => {
    await world.restart({ features: { managedResources: true } });
    await world.advance(5000);
    expect(await texts('ManagedResources=true')).toMatchInlineSnapshot(`
      [
        "ResourceGraphDefinition pots: kro does not write the record status.graph of its instances; the record stays as it is, and becomes outdated",
        "CustomResourceDefinition pots.acme.test: its status has the field "graph" (gate ManagedResources), and kro refuses to remove a field; kro refuses the definition pots; turn the gate off in the TypeKro controller first, or set kro.run/allow-breaking-changes: "true" on the definition",
      ]
    `);
    expect(await texts()).toEqual([expect.stringMatching(/^CustomResourceDefinition pots\.acme\.test: its status /)]);
    await define([mapResource('map', { text: 'a' })], { 'kro.run/allow-breaking-changes': 'true' });
    expect(await texts()).toEqual([]);
  });

  test('Graphs are compared in the same way as definitions', async () => {
    await world.apply(
      graph([
        { id: 'a', template: template('a', { k: 'v' }), includeWhen: ['${1 > 2}'] },
        { id: 'b', template: template('b', { k: "${1 > 2 ? a.data.k : 'none'}" }) },
        { id: 'c', template: template('c', { "${'a' + 'b'}": 'v' }) },
      ]),
    );
    expect(await texts(undefined, 'GraphKind=true')).toEqual([]);
    expect(await texts('PartialDependencies=true,DynamicKeys=true', 'GraphKind=true')).toMatchInlineSnapshot(`
      [
        "Graph default/g: node "b" reads "a" only in one branch of a conditional (? :), and kro needs "a" for both branches; while "a" is left out, kro leaves "b" out, too, and deletes its objects",
        "Graph default/g: node "c" computes keys of data, and kro treats the expressions as text; kro writes the text of each expression as the key, or the API server refuses the object",
      ]
    `);
  });

  test('omit() is a finding unless each kro has the gate of omit()', async () => {
    await define([mapResource('map', { text: "${schema.spec.count > 1 ? 'a' : omit()}" })]);
    await world.apply(graph([{ id: 'a', template: template('a', { k: "${1 > 2 ? 'a' : omit()}" }) }]));
    const own = 'CELOmitFunction=true';
    const on = 'GraphKind=true,CELOmitFunction=true';
    expect(await texts(own, on)).toEqual([]);
    expect(await texts(own, on, 'GraphKind=true')).toMatchInlineSnapshot(`
      [
        "ResourceGraphDefinition pots: kro 0.10 refuses it with its feature gates: spec.resources[0].template.data.text: omit() requires the CELOmitFunction feature gate to be enabled [graph/omit] (accepted by typekro 0.9, typekro 0.10); kro works on none of its instances until it is changed",
        "Graph default/g: kro 0.10 refuses it: spec.nodes[0].template.data.k: omit() requires the CELOmitFunction feature gate to be enabled [graph/omit]; its objects and fields stay as they are until it is changed",
      ]
    `);
    expect(await texts(own)).toEqual([
      expect.stringContaining('refuses it with its default feature gates: '),
      expect.stringContaining('Graph default/g: kro 0.10 refuses it: '),
    ]);
  });
});
