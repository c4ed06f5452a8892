import { describe, afterEach, beforeEach, expect, it, test, vi } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds, createController, keptText, safeInstallation } from '@typekro/controller/controller';
import { type Transport, KubeClient } from '@typekro/kube';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

describe('own kinds', () => {
  let cluster: Cluster;
  let user: KubeClient;
  beforeEach(async () => {
    cluster = await createEmbeddedCluster();
    user = new KubeClient({ transport: cluster.transport() });
    for (const crd of controllerCrds()) await user.create(crd);
    await cluster.idle();
  });
  afterEach(async () => {
    await user.close();
    await cluster.close();
  });

  it('a controller logs the kind that it may not read, and its start continues when it gets the right', async () => {
    const inner = cluster.transport();
    let isAllowed = false;
    const message = 'graphrevisions.internal.kro.run is forbidden: User "kro" cannot watch resource "graphrevisions"';
    const status = {
      kind: 'Status',
      code: 403,
      reason: 'Forbidden',
      message: `${message} in API group "internal.kro.run"`,
    };
    const transport: Transport = {
      async request(request) {
        if (isAllowed || !request.path.includes('/graphrevisions')) return inner.request(request);
        return { status: 403, headers: {}, body: bytes(JSON.stringify(status)) };
      },
      close: () => inner.close(),
    };
    const log: string[] = [];
    const client = new KubeClient({ transport });
    const controller = createController({
      client,
      logger: { log: (level, text, fields) => log.push(`${level} ${text}: ${String(fields?.['error'])}`) },
    });
    const started = controller.start();
    const rule = '{apiGroups: ["internal.kro.run"], resources: ["graphrevisions"], verbs: ["list", "watch"]}';
    await vi.waitUntil(() => log.length > 0);
    expect(log).toEqual([
      `warn the controller cannot read a kind that it requires: ${status.message} (missing permission; add the rule ${rule})`,
    ]);
    await vi.waitUntil(() => controller.waitsFor === 'graphrevisions.internal.kro.run cannot be read');
    isAllowed = true;
    await started;
    expect([controller.ready, controller.waitsFor]).toEqual([true, undefined]);
    expect(log.at(-1)).toContain('info the controller can read this kind again');
    await controller.stop();
    await client.close();
  });

  async function* bytes(text: string): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new TextEncoder().encode(text));
  }
});

describe('own crds', () => {
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
          {
            id: 'a',
            externalRef: { apiVersion: 'v1', kind: 'Pod', metadata: { selector: '${schema.spec.selector}' } },
          },
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
});
