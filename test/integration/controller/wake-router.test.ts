import { afterEach, beforeEach, expect, test } from 'vitest';
import { failure, requestTo } from '@typekro/testing/test-support/intercept-request';
import { mapResource, potDefinition, potsRef, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
const MINUTE = 60_000;

let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld();
});
afterEach(() => world.close());

/**
 * Calls `work` while the controller waits for a list of revisions: a change of their CRD makes the controller list
 * again, and the server fails these requests.
 */
async function whileRevisionsAreListed(work: () => Promise<void>): Promise<void> {
  const lists = requestTo('GET', /\/graphrevisions\?/);
  world.intercept = (request) => (lists(request) ? failure(500) : undefined);
  const revisions = { ...CRD, name: 'graphrevisions.internal.kro.run' };
  const crd = await world.user.get(revisions);
  const [version] = (crd.spec?.['versions'] ?? []) as JsonObject[];
  const columns = [{ name: 'New', type: 'string', jsonPath: '.spec.new' }];
  await world.user.patch(revisions, { spec: { versions: [{ ...version, additionalPrinterColumns: columns }] } });
  await world.advance(MINUTE);
  expect(world.controller.ready).toBe(false);
  await work();
  world.intercept = undefined;
  await world.advance(MINUTE);
  expect(world.controller.ready).toBe(true);
}

test('a definition that disappears while the controller waits for the list of revisions is removed from the reports and metrics', async () => {
  await world.apply(potDefinition([mapResource('map', { a: '${nothing.b}' })]));
  await world.advance(5000);
  expect(world.controller.reports.definitions()).toMatchObject([{ name: 'pots', state: 'Inactive' }]);
  await whileRevisionsAreListed(async () => {
    await world.user.patch(potsRef, { metadata: { finalizers: [] } });
    await world.user.delete(potsRef);
    await world.advance(5000);
  });
  expect(await world.user.find(potsRef)).toBeUndefined();
  expect(world.controller.reports.definitions()).toEqual([]);
  expect(world.controller.metricsText()).not.toContain('rgd_graph_build_total{name="pots"}');
});

test('a schema that changes while the controller waits for the list of revisions is read again', async () => {
  await world.apply(widgets('integer'));
  const widget = (size: string): JsonObject => ({
    id: 'widget',
    template: {
      apiVersion: 'acme.test/v1',
      kind: 'Widget',
      metadata: { name: '${schema.metadata.name}' },
      spec: { size },
    },
  });
  await world.apply(potDefinition([widget('${schema.spec.count}')]));
  await world.advance(5000);
  await whileRevisionsAreListed(() => world.apply(widgets('string')));
  const [definition] = world.controller.reports.definitions();
  expect(definition?.problems.join()).toContain('size');
});

/** The CRD of the kind Widget, whose size has this type. */
function widgets(type: string): KubeObject {
  const spec = { type: 'object', properties: { size: { type } } };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  return {
    ...CRD,
    metadata: { name: 'widgets.acme.test' },
    spec: {
      group: 'acme.test',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}
