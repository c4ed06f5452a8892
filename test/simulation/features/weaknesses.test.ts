import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

async function define(text: string, spec: Record<string, string> = { count: 'integer | default=1' }): Promise<void> {
  const definition = sim.potDefinition([sim.mapResource('map', { text })]);
  const schema = { apiVersion: 'v1', kind: 'Pot', group: 'acme.test', spec };
  await world.apply({ ...definition, spec: { ...definition.spec, schema } });
  await world.advance(5000);
}
const textOf = async (name: string) => (await world.user.get(sim.mapRef(`${name}-map`)))['data'];

describe('weaknesses of kro that this controller does not have', () => {
  it('a revision whose deletion is blocked does not block the deletion of its definition', async () => {
    await define('one');
    await world.apply(sim.pot('p'));
    const revision = { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision', name: 'pots-r00001' };
    await world.user.patch(revision, { metadata: { finalizers: ['kro.run/finalizer', 'acme.test/hold'] } });
    await world.user.delete(revision);
    await define('two');
    expect(await textOf('p')).toEqual({ text: 'two' });
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'Ready')).toMatch(/^True/);
  });

  it('a breaking change of the CRD issues no revision, and instances do not change', async () => {
    await world.restart({ kroCompatibility: '0.9' });
    await define('one', { count: 'integer | default=1', extra: 'string | default="e"' });
    await world.apply(sim.pot('p'));
    await define('two', { count: 'string | default="1"' });
    const definition = await world.user.get(sim.potsRef);
    expect(sim.conditionText(definition, 'KindReady')).toMatch(/^False Failed: .*breaking changes/);
    expect(definition.status?.['lastIssuedRevision']).toBe(1);
    expect(await textOf('p')).toEqual({ text: 'one' });
  });

  it('a kind that cannot be served delays no other definition', async () => {
    const taken: KubeObject = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'pots.acme.test' },
      spec: {
        group: 'acme.test',
        names: { kind: 'Pot', plural: 'pots', singular: 'pot', listKind: 'PotList' },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
    await world.apply(taken);
    await define('one');
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'KindReady')).toMatch(
      /^False Failed: .*not owned by KRO/,
    );
    const other = sim.potDefinition([sim.mapResource('map', { text: 'x' })]);
    const schema = { apiVersion: 'v1', kind: 'Other', group: 'acme.test', spec: {} };
    await world.apply({ ...other, metadata: { name: 'others' }, spec: { ...other.spec, schema } });
    await world.settle();
    const ref = { ...sim.potsRef, name: 'others' };
    expect(sim.conditionText(await world.user.get(ref), 'Ready')).toMatch(/^True/);
  });

  it('a broken definition that was created again is reported on its instances, and does not block their deletion', async () => {
    await define('one');
    await world.apply(sim.pot('p'));
    await world.user.delete(sim.potsRef);
    await world.advance(60_000);
    await define('${schema.spec.nothing}');
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'GraphAccepted')).toMatch(
      /^False InvalidResourceGraph/,
    );
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'GraphResolved')).toBe(
      'False ResolutionFailed: graph not resolved: latest issued revision not found',
    );
    await world.restart();
    await world.user.delete(sim.potRef('p'));
    await world.advance(60_000);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    expect(await world.user.find(sim.mapRef('p-map'))).toBeUndefined();
    await define('two');
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'Ready')).toMatch(/^True/);
  });

  it('a deleted instance is not an error, and leaves no metric series and no reports behind', async () => {
    await define('one');
    await world.apply(sim.pot('p'));
    await world.user.delete(sim.potRef('p'));
    await world.settle();
    await world.user.delete(sim.potsRef);
    // The controller closes an unused watch only after half a minute.
    await world.advance(60_000);
    const text = world.controller.metricsText();
    expect(text).not.toMatch(/^instance_reconcile_errors_total\{/m);
    expect(text).not.toMatch(/^rgd_graph_build_total\{/m);
    // Only the metrics about the deletion may still name the definition.
    const metricLines = text.split('\n').filter((line) => /[/=" ]pots"|Kind=Pot/.test(line));
    expect(metricLines.filter((line) => !line.startsWith('rgd_deletion'))).toEqual([]);
    expect(text).toContain('dynamic_controller_watch_count 3');
    expect(world.controller.reports.instances()).toEqual([]);
    expect(world.controller.reports.definitions()).toEqual([]);
  });

  it('a change of the labels of a definition causes no pass of an instance', async () => {
    await define('one');
    await world.apply(sim.pot('p'));
    await world.settle();
    const passes = () => /^dynamic_controller_reconcile_total\{.*\} (\d+)/m.exec(world.controller.metricsText())?.[1];
    const before = passes();
    await world.user.patch(sim.potsRef, { metadata: { labels: { touched: 'yes' } } });
    await world.settle();
    world.requests.length = 0;
    await world.advance(60_000);
    expect(passes()).toBe(before);
    expect(sim.writesOf(world.requests)).toEqual([]);
  });
});
