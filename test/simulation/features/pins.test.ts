import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import {
  conditionText,
  mapRef,
  mapResource,
  pot,
  potDefinition,
  potRef,
  virtualWorld,
} from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;

let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld({ controller: { maxGraphRevisions: 2 } });
});
afterEach(() => world.close());

async function define(version: string): Promise<void> {
  await world.apply(potDefinition([mapResource('map', { version })]));
  await world.advance(5000);
}
const revisions = async () => {
  const { items } = await world.user.list({ apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' }, {});
  return items.map(({ metadata }) => metadata.name);
};

describe('a revision that an instance is pinned to', () => {
  it('is kept when the controller deletes revisions beyond the maximum, even by a new process that has not listed the instances yet', async () => {
    await define('1');
    await world.apply(pot('old', {}, { 'typekro.dev/revision': '1' }));
    for (const version of ['2', '3', '4']) await define(version);
    expect(await revisions()).toEqual(['pots-r00001', 'pots-r00003', 'pots-r00004']);
    await world.restart();
    await world.advance(MINUTE);
    expect(await revisions()).toEqual(['pots-r00001', 'pots-r00003', 'pots-r00004']);
    expect(conditionText(await world.user.get(potRef('old')), 'Ready')).toMatch(/^True/);
    expect((await world.user.get(mapRef('old-map')))['data']).toEqual({ version: '1' });

    await world.apply(pot('old'));
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
    await world.apply(potDefinition([{ id: 'lid', template }]));
    await world.advance(5000);
    await world.apply(pot('old', {}, { 'typekro.dev/revision': '1' }));
    await define('2');
    await world.user.delete({ apiVersion: crd.apiVersion, kind: crd.kind, name: 'lids.late.test' });
    await world.advance(MINUTE);
    await world.restart();
    const graphResolved = async () => conditionText(await world.user.get(potRef('old')), 'GraphResolved');
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
