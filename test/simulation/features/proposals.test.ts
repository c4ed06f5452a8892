import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

describe('proposals', () => {
  type Features = NonNullable<NonNullable<Parameters<typeof sim.virtualWorld>[0]>['controller']>['features'];

  let world: sim.VirtualWorld;
  afterEach(() => world.close());

  async function open(features: Features): Promise<void> {
    world = await sim.virtualWorld({ controller: features === undefined ? {} : { features } });
  }

  async function define(resources: JsonObject[]): Promise<void> {
    await world.apply(sim.potDefinition(resources));
    await world.advance(5000);
  }

  const definitionText = async (type: string) => sim.conditionText(await world.user.get(sim.potsRef), type);

  describe('the gate Variables', () => {
    const variable = { id: 'names', variable: { full: '${schema.metadata.name}-full' } };

    it('lets a definition have a value without an object, and other nodes read the value', async () => {
      await open({ variables: true });
      await define([variable, sim.mapResource('map', { full: '${names.full}' })]);
      await world.apply(sim.pot('p'));
      await world.advance(5000);
      expect((await world.user.get(sim.mapRef('p-map')))['data']).toEqual({ full: 'p-full' });
      expect((await world.user.get(sim.potRef('p'))).status?.['state']).toBe('ACTIVE');
      await world.user.delete(sim.potRef('p'));
      await world.advance(30_000);
      expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
      expect(await world.user.find(sim.mapRef('p-map'))).toBeUndefined();
    });

    it('is off by default, and the condition of the definition names the feature gate', async () => {
      await open(undefined);
      await define([variable]);
      expect(await definitionText('GraphAccepted')).toContain(
        'variable requires the Variables feature gate to be enabled',
      );
    });
  });

  describe('the gate PartialDependencies', () => {
    const optional = {
      ...sim.mapResource('optional', { text: '${schema.spec.text}' }),
      includeWhen: ['${schema.spec.count > 1}'],
    };
    const reader = sim.mapResource('reader', { text: "${schema.spec.count > 1 ? optional.data.text : 'none'}" });

    it('creates the object of a node that reads an excluded node only in a branch that is not taken, and keeps the object when the branch changes', async () => {
      await open({ partialDependencies: true });
      await define([optional, reader]);
      await world.apply(sim.pot('p', { count: 1 }));
      await world.advance(5000);
      const first = await world.user.get(sim.mapRef('p-reader'));
      expect(first['data']).toEqual({ text: 'none' });
      expect(await world.user.find(sim.mapRef('p-optional'))).toBeUndefined();

      await world.user.patch(sim.potRef('p'), { spec: { count: 2 } }, { type: 'merge' });
      await world.advance(5000);
      expect((await world.user.get(sim.mapRef('p-reader')))['data']).toEqual({ text: 'x' });

      await world.user.patch(sim.potRef('p'), { spec: { count: 1 } }, { type: 'merge' });
      await world.advance(5000);
      const last = await world.user.get(sim.mapRef('p-reader'));
      expect([last['data'], last.metadata.uid]).toEqual([{ text: 'none' }, first.metadata.uid]);
      expect(await world.user.find(sim.mapRef('p-optional'))).toBeUndefined();
      expect((await world.user.get(sim.potRef('p'))).status?.['state']).toBe('ACTIVE');
    });

    it('is off by default: kro omits every node that reads an excluded node', async () => {
      await open(undefined);
      await define([optional, reader]);
      await world.apply(sim.pot('p', { count: 1 }));
      await world.advance(5000);
      expect(await world.user.find(sim.mapRef('p-reader'))).toBeUndefined();
    });
  });

  describe('the gate ManagedResources', () => {
    const resourcesOf = async () => (await world.user.get(sim.potRef('p'))).status?.['graph'];

    it('records the objects of an instance in its status, and writes nothing at rest', async () => {
      await open({ managedResources: true });
      await define([sim.mapResource('map', { text: '${schema.spec.text}' })]);
      await world.apply(sim.pot('p'));
      await world.advance(5000);
      const { uid } = (await world.user.get(sim.mapRef('p-map'))).metadata;
      const entry = { id: 'map', nodeType: 'Resource', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' };
      expect(await resourcesOf()).toEqual({
        state: 'ACTIVE',
        observedGeneration: 1,
        resources: [{ ...entry, name: 'p-map', uid, revision: 1 }],
      });
      const managers = (await world.user.get(sim.potRef('p'))).metadata.managedFields as JsonObject[];
      expect(managers.find(({ manager }) => manager === 'kro-graph-manager')).toMatchObject({ subresource: 'status' });
      world.requests.length = 0;
      await world.advance(60_000);
      expect(sim.writesOf(world.requests)).toEqual([]);
      await world.user.delete(sim.potRef('p'));
      await world.advance(30_000);
      expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    });

    it('names the revision that the instance follows, which may not be the newest one', async () => {
      await open({ managedResources: true });
      await define([sim.mapResource('map', { text: 'one' })]);
      await define([sim.mapResource('map', { text: 'two' })]);
      await world.apply(sim.pot('p', {}, { 'typekro.dev/revision': '1' }));
      await world.advance(5000);
      expect((await world.user.get(sim.potsRef)).metadata.generation).toBe(2);
      expect(await resourcesOf()).toMatchObject({ resources: [{ id: 'map', revision: 1 }] });
    });

    it('can be turned off again: the CRD loses the record, and instances are served as before', async () => {
      await open({ managedResources: true });
      await define([sim.mapResource('map', { text: '${schema.spec.text}' })]);
      await world.apply(sim.pot('p'));
      await world.advance(5000);
      expect(await resourcesOf()).toMatchObject({ state: 'ACTIVE' });

      await world.restart({ features: {} });
      await world.advance(30_000);
      expect((await world.user.get(sim.potsRef)).status?.['state']).toBe('Active');
      expect(await resourcesOf()).toBeUndefined();
      await world.user.patch(sim.mapRef('p-map'), { data: { text: 'drifted' } }, { type: 'merge' });
      await world.advance(30_000);
      expect((await world.user.get(sim.mapRef('p-map')))['data']).toEqual({ text: 'x' });
      expect((await world.user.get(sim.potRef('p'))).status?.['state']).toBe('ACTIVE');
      world.requests.length = 0;
      await world.advance(60_000);
      expect(sim.writesOf(world.requests)).toEqual([]);
    });

    it('is off by default', async () => {
      await open(undefined);
      await define([sim.mapResource('map', { text: 'x' })]);
      await world.apply(sim.pot('p'));
      await world.advance(5000);
      expect(await resourcesOf()).toBeUndefined();
    });
  });

  describe('the gate CELDeferFunction', () => {
    const early = sim.mapResource('early', { late: '${defer(late.data.text).omitWhen(null)}' });
    const late = sim.mapResource('late', { text: '${schema.spec.text + early.metadata.name}' });

    it('lets two objects read each other, follows changes, and then causes no writes', async () => {
      await open({ defer: true });
      await define([early, late]);
      await world.apply(sim.pot('p'));
      await world.advance(5000);
      expect((await world.user.get(sim.mapRef('p-early')))['data']).toEqual({ late: 'xp-early' });
      await world.user.patch(sim.potRef('p'), { spec: { text: 'y' } }, { type: 'merge' });
      await world.advance(5000);
      expect((await world.user.get(sim.mapRef('p-early')))['data']).toEqual({ late: 'yp-early' });
      world.requests.length = 0;
      await world.advance(60_000);
      expect(sim.writesOf(world.requests)).toEqual([]);
      await world.user.delete(sim.potRef('p'));
      await world.advance(30_000);
      expect(await world.user.find(sim.mapRef('p-early'))).toBeUndefined();
      expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    });

    it('is off by default, and the condition of the definition says that the function is unknown', async () => {
      await open(undefined);
      await define([early, late]);
      expect(await definitionText('GraphAccepted')).toContain('uses unknown functions: [{defer}]');
    });
  });

  describe('the gate DynamicKeys', () => {
    const computed = sim.mapResource('map', { '${schema.spec.text}-key': '${string(schema.spec.count)}' });

    it('lets expressions compute the keys of a map, and moves a member whose key changes', async () => {
      await open({ dynamicKeys: true });
      await define([computed]);
      await world.apply(sim.pot('p'));
      await world.advance(5000);
      expect((await world.user.get(sim.mapRef('p-map')))['data']).toEqual({ 'x-key': '1' });
      await world.user.patch(sim.potRef('p'), { spec: { text: 'y' } }, { type: 'merge' });
      await world.advance(5000);
      expect((await world.user.get(sim.mapRef('p-map')))['data']).toEqual({ 'y-key': '1' });
      world.requests.length = 0;
      await world.advance(60_000);
      expect(sim.writesOf(world.requests)).toEqual([]);
    });

    it('is off by default: the key stays a string with the expression, which the API server refuses', async () => {
      await open(undefined);
      await define([computed]);
      await world.apply(sim.pot('p'));
      await world.advance(5000);
      expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'ResourcesReady')).toContain(
        '${schema.spec.text}-key',
      );
    });
  });

  describe('the gate PrintColumn', () => {
    const crdRef = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'pots.acme.test' };

    function withSpec(spec: JsonObject): KubeObject {
      const definition = sim.potDefinition([sim.mapResource('map', { a: 'b' })]);
      const schema = { ...(definition.spec?.['schema'] as JsonObject), spec };
      return { ...definition, spec: { ...definition.spec, schema } };
    }

    const columnNames = async (): Promise<unknown[]> => {
      const [version] = ((await world.user.get(crdRef)).spec?.['versions'] ?? []) as readonly JsonObject[];
      const columns = version?.['additionalPrinterColumns'] as readonly JsonObject[] | undefined;
      return columns?.map(({ name }) => name) ?? [];
    };

    it('adds the columns that printColumn markers declare to the CRD, also after a later edit of the definition', async () => {
      await open({ printColumn: true });
      await world.apply(withSpec({ size: 'integer | printColumn="SIZE"' }));
      await world.advance(5000);
      expect(await columnNames()).toEqual(['State', 'Ready', 'Age', 'SIZE']);
      await world.apply(withSpec({ size: 'integer | printColumn="LITRES"' }));
      await world.advance(5000);
      expect(await columnNames()).toEqual(['State', 'Ready', 'Age', 'LITRES']);
    });

    it('is off by default, and the marker is then unknown, as in kro', async () => {
      await open(undefined);
      await world.apply(withSpec({ size: 'integer | printColumn="SIZE"' }));
      await world.advance(5000);
      expect(await definitionText('GraphAccepted')).toContain('unknown marker: printColumn');
    });
  });

  describe('the gate ScaleSubresource', () => {
    const instance = sim.potRef('p');

    function define(spec: JsonObject, status: JsonObject): KubeObject {
      const definition = sim.potDefinition([
        sim.mapResource(
          'map',
          { count: '${string(schema.spec.count)}' },
          { labels: { app: '${schema.metadata.name}' } },
        ),
      ]);
      const schema = { ...(definition.spec?.['schema'] as JsonObject), spec, status };
      return { ...definition, spec: { ...definition.spec, schema } };
    }

    it('lets clients scale an instance, even if the markers are added to an existing definition', async () => {
      await open({ scale: true });
      const status = { count: '${int(map.data.count)}', pods: '${"app=" + map.metadata.name}' };
      await world.apply(define({ count: 'integer | default=1' }, status));
      await world.advance(5000);
      await world.apply(sim.pot('p'));
      await world.advance(5000);
      await expect(world.user.get(instance, { subresource: 'scale' })).rejects.toThrow(/not find|not found/);

      const marked = { count: `${status.count} | scale`, pods: `${status.pods} | scaleSelector` };
      await world.apply(define({ count: 'integer | default=1 scale' }, marked));
      await world.advance(10_000);
      const scale = await world.user.get(instance, { subresource: 'scale' });
      expect(scale).toMatchObject({
        kind: 'Scale',
        spec: { replicas: 1 },
        status: { replicas: 1, selector: 'app=p-map' },
      });

      await world.user.patch(instance, { spec: { replicas: 3 } }, { type: 'merge', subresource: 'scale' });
      await world.advance(5000);
      expect((await world.user.get(sim.mapRef('p-map')))['data']).toEqual({ count: '3' });
      expect((await world.user.get(instance, { subresource: 'scale' })).status).toMatchObject({ replicas: 3 });
    });

    it('is off by default, and the definition is then refused, as by kro', async () => {
      await open(undefined);
      await world.apply(define({ count: 'integer | scale' }, {}));
      await world.advance(5000);
      expect(await definitionText('GraphAccepted')).toContain("marker key 'scale' without a value");
    });
  });

  describe('the gate PropagateWhen', () => {
    const held = {
      ...sim.mapResource('web', { text: '${schema.spec.text}' }),
      propagateWhen: ['${db.updated() && db.ready()}'],
    };
    const db = {
      ...sim.mapResource('db', { text: '${schema.spec.text}' }),
      readyWhen: ["${db.metadata.?annotations.ok.orValue('') == db.data.text}"],
    };
    const text = async (name: string) =>
      ((await world.user.find(sim.mapRef(name)))?.['data'] as JsonObject | undefined)?.['text'];
    const approve = async (ok: string) => {
      const object = await world.user.get(sim.mapRef('p-db'));
      const annotations = { ...object.metadata.annotations, ok };
      await world.user.update({ ...object, metadata: { ...object.metadata, annotations } });
      await world.advance(5000);
    };

    it('holds back the creation and changes of a resource until its conditions are true', async () => {
      await open({ propagateWhen: true });
      await define([held, db]);
      await world.apply(sim.pot('p', { text: '1' }));
      await world.advance(5000);
      expect([await text('p-db'), await text('p-web')]).toEqual(['1', undefined]);
      const instance = () => world.user.get(sim.potRef('p'));
      expect(sim.conditionText(await instance(), 'ResourcesPropagated')).toContain(
        'node web holds back the creation of its object until propagateWhen db.updated() && db.ready() is true; it is false; it reads db (waiting)',
      );
      await approve('1');
      expect([await text('p-db'), await text('p-web')]).toEqual(['1', '1']);
      expect(sim.conditionText(await instance(), 'ResourcesPropagated')).toContain('no write is held back');

      await world.apply(sim.pot('p', { text: '2' }));
      await world.advance(5000);
      expect([await text('p-db'), await text('p-web')]).toEqual(['2', '1']);
      await approve('2');
      expect([await text('p-db'), await text('p-web')]).toEqual(['2', '2']);
      expect((await instance()).status?.['state']).toBe('ACTIVE');

      await world.apply(sim.pot('p', { text: '3' }));
      await world.advance(5000);
      await world.user.delete(sim.potRef('p'));
      await world.advance(30_000);
      expect([await text('p-db'), await text('p-web')]).toEqual([undefined, undefined]);
    });

    it('is off by default, and the condition of the definition names the feature gate', async () => {
      await open(undefined);
      await define([held, db]);
      expect(await definitionText('GraphAccepted')).toContain(
        'propagateWhen requires the PropagateWhen feature gate to be enabled',
      );
    });
  });
});

describe('pins', () => {
  const MINUTE = 60_000;

  let world: sim.VirtualWorld;
  beforeEach(async () => {
    world = await sim.virtualWorld({ controller: { maxGraphRevisions: 2 } });
  });
  afterEach(() => world.close());

  async function define(version: string): Promise<void> {
    await world.apply(sim.potDefinition([sim.mapResource('map', { version })]));
    await world.advance(5000);
  }
  const revisions = async () => {
    const { items } = await world.user.list({ apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' }, {});
    return items.map(({ metadata }) => metadata.name);
  };

  describe('a revision that an instance is pinned to', () => {
    it('is kept when the controller deletes revisions beyond the maximum, even by a new process that has not listed the instances yet', async () => {
      await define('1');
      await world.apply(sim.pot('old', {}, { 'typekro.dev/revision': '1' }));
      for (const version of ['2', '3', '4']) await define(version);
      expect(await revisions()).toEqual(['pots-r00001', 'pots-r00003', 'pots-r00004']);
      await world.restart();
      await world.advance(MINUTE);
      expect(await revisions()).toEqual(['pots-r00001', 'pots-r00003', 'pots-r00004']);
      expect(sim.conditionText(await world.user.get(sim.potRef('old')), 'Ready')).toMatch(/^True/);
      expect((await world.user.get(sim.mapRef('old-map')))['data']).toEqual({ version: '1' });

      await world.apply(sim.pot('old'));
      await define('5');
      expect(await revisions()).toEqual(['pots-r00004', 'pots-r00005']);
    });

    it('is applied as soon as the kinds that it uses exist', async () => {
      const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
      const crd: KubeObject = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'lids.late.test' },
        spec: {
          group: 'late.test',
          names: { kind: 'Lid', plural: 'lids', singular: 'lid', listKind: 'LidList' },
          scope: 'Namespaced',
          versions,
        },
      };
      const template = { apiVersion: 'late.test/v1', kind: 'Lid', metadata: { name: '${schema.metadata.name}-lid' } };
      await world.apply(crd);
      await world.apply(sim.potDefinition([{ id: 'lid', template }]));
      await world.advance(5000);
      await world.apply(sim.pot('old', {}, { 'typekro.dev/revision': '1' }));
      await define('2');
      await world.user.delete({ apiVersion: crd.apiVersion, kind: crd.kind, name: 'lids.late.test' });
      await world.advance(MINUTE);
      await world.restart();
      const graphResolved = async () => sim.conditionText(await world.user.get(sim.potRef('old')), 'GraphResolved');
      expect(await graphResolved()).toMatch(
        /^False ResolutionFailed: pinned graph revision 1 not available: it does not compile: .*lid/i,
      );
      await world.apply(crd);
      await world.advance(5000);
      expect(await graphResolved()).toMatch(/^True/);
      const lid = { apiVersion: 'late.test/v1', kind: 'Lid', namespace: 'default', name: 'old-lid' };
      expect(await world.user.find(lid)).toBeDefined();
    });
  });
});
