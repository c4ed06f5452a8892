import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cluster } from '@typekro/cluster';
import { createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds, keptText, safeInstallation } from '@typekro/controller/controller';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';

let cluster: Cluster;
let api: KubeClient;
beforeEach(async () => {
  cluster = await createEmbeddedCluster({ workloads: false });
  api = new KubeClient({ transport: cluster.transport() });
});
afterEach(() => cluster.close());

const NAME = 'resourcegraphdefinitions.kro.run';

/** The CRD of ResourceGraphDefinition with a changed schema, as in another version of kro. */
function otherVersion(change: (spec: JsonObject) => void): KubeObject {
  const crd = structuredClone(controllerCrds().find(({ metadata }) => metadata.name === NAME) as KubeObject);
  const { versions } = crd.spec as { versions: { schema: { openAPIV3Schema: JsonObject } }[] };
  for (const { schema } of versions) change(propertiesOf(schema.openAPIV3Schema)['spec'] as JsonObject);
  return crd;
}
const propertiesOf = (schema: JsonObject): JsonObject => schema['properties'] as JsonObject;

test('all CRDs are applied if no CRD is installed, or if the installed CRDs are equal to them', async () => {
  const first = await safeInstallation(api, controllerCrds());
  expect(first).toEqual({ apply: controllerCrds(), kept: [] });
  for (const crd of first.apply) await api.apply(crd, { fieldManager: 'test', force: true });
  expect((await safeInstallation(api, controllerCrds())).kept).toEqual([]);
});

test('a CRD of a newer version with an additional field is kept', async () => {
  const newer = otherVersion((spec) => void (propertiesOf(spec)['rollout'] = { type: 'string' }));
  await api.apply(newer, { fieldManager: 'kro', force: true });
  const { apply, kept } = await safeInstallation(api, controllerCrds());
  expect(apply.map(({ metadata }) => metadata.name)).toEqual(['graphrevisions.internal.kro.run', 'graphs.kro.run']);
  expect(kept.map(keptText)).toEqual([
    `the installed CustomResourceDefinition ${NAME} is not replaced, because the one of this TypeKro accepts less (spec.rollout: the field is dropped)`,
  ]);
});

test('a CRD of an older version, whose schema allows fewer selectors of external references, is replaced', async () => {
  const older = otherVersion((spec) => {
    const resources = propertiesOf(spec)['resources'] as { items: JsonObject };
    const reference = propertiesOf(propertiesOf(resources.items)['externalRef'] as JsonObject)[
      'metadata'
    ] as JsonObject;
    propertiesOf(reference)['selector'] = {
      type: 'object',
      properties: { matchLabels: { type: 'object', additionalProperties: { type: 'string' } } },
    };
    reference['x-kubernetes-validations'] = [
      { rule: 'has(self.name) != has(self.selector)', message: 'exactly one of name or selector must be provided' },
    ];
  });
  await api.apply(older, { fieldManager: 'kro', force: true });
  const { apply, kept } = await safeInstallation(api, controllerCrds());
  expect([apply.length, kept]).toEqual([3, []]);
  for (const crd of apply) await api.apply(crd, { fieldManager: 'test', force: true });
  await cluster.idle();
  const definition = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'maps' },
    spec: {
      schema: { apiVersion: 'v1', kind: 'Maps', spec: { selector: 'object' } },
      resources: [
        { id: 'a', externalRef: { apiVersion: 'v1', kind: 'Pod', metadata: { selector: '${schema.spec.selector}' } } },
        {
          id: 'b',
          externalRef: { apiVersion: 'v1', kind: 'Pod', metadata: { selector: { matchLabels: { a: 'b' } } } },
        },
      ],
    },
  };
  expect((await api.create(definition)).spec?.['resources']).toEqual(definition.spec.resources);
});

test('an object that is not a CRD is applied without a read', async () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } };
  const found = await safeInstallation({ find: () => Promise.reject(new Error('asked')) }, [namespace]);
  expect(found).toEqual({ apply: [namespace], kept: [] });
});

test('a kept CRD is reported with at most three of the narrowed fields', () => {
  const narrowings = ['a', 'b', 'c', 'd', 'e'];
  expect(keptText({ name: 'x', narrowings })).toContain('(a; b; c; and 2 more)');
});
