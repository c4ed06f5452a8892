import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type } from 'arktype';
import { parseAllDocuments } from 'yaml';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { Deployment, Service } from '../../../packages/sdk/src/factories/simple/index.ts';
import { Cel, kubernetesComposition } from '@typekro/sdk';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { conditionText, mapRef, virtualWorld, writesOf } from '@typekro/testing/test-support/virtual-world';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';

const MINUTE = 60_000;

let world: VirtualWorld;
afterEach(() => world.close());

/** The objects in a file of `test/fixtures/seeds`. */
function seeds(name: string): KubeObject[] {
  const text = readFileSync(new URL(`../../fixtures/seeds/${name}`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}
const definitionRef = (name: string) => ({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name });
const readyOf = async (name: string) => conditionText(await world.user.get(definitionRef(name)), 'Ready');
const inDefault = (apiVersion: string, kind: string, name: string) => ({
  apiVersion,
  kind,
  namespace: 'default',
  name,
});

/** A CRD that preserves unknown fields, as an operator installs it. */
function foreignCrd(group: string, version: string, kind: string): KubeObject {
  return crdOf(kind, ANYTHING, { group, version, fields: { subresources: { status: {} } } });
}

describe('seed 13: now() in a template and in the status', () => {
  const stack = kubernetesComposition(
    {
      name: 'reconcilable',
      apiVersion: 'example.com/v1alpha1',
      kind: 'Reconcilable',
      spec: type({ name: 'string', image: 'string', replicas: 'number', version: 'string' }),
      status: type({ ready: 'number', healthy: 'boolean', lastUpdated: 'string' }),
    },
    (schema) => ({
      app: Deployment({
        name: schema.spec.name,
        image: schema.spec.image,
        replicas: schema.spec.replicas,
        env: { APP_VERSION: schema.spec.version, DEPLOYMENT_TIME: Cel.expr('string(now())') },
      }),
      service: Service({ name: schema.spec.name, selector: { app: schema.spec.name }, ports: [{ port: 80 }] }),
    }),
    (_schema, resources) => ({
      ready: resources.app.status.readyReplicas,
      healthy: Cel.expr<boolean>(resources.app.status.readyReplicas, ' == ', resources.app.spec.replicas),
      lastUpdated: Cel.expr<string>('string(now())'),
    }),
  );
  const spec = { name: 'app', image: 'nginx', replicas: 2, version: '1' };
  const instance = (changes: JsonObject): KubeObject => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Reconcilable',
    metadata: { name: 'r', namespace: 'default' },
    spec: { ...spec, ...changes },
  });

  it('causes one rollout per change of the spec, and no write in the next ten minutes or after a restart', async () => {
    world = await virtualWorld({ cluster: { workloads: true }, controller: { features: { now: true, omit: true } } });
    const [definition] = parseAllDocuments(stack.toYaml({ target: 'typekro' })).map((one) => one.toJS() as KubeObject);
    if (definition === undefined) throw new Error('no definition');
    const { apiVersion, group = 'kro.run' } = (definition.spec?.['schema'] ?? {}) as Record<string, string>;
    const as = (changes: JsonObject) => ({ ...instance(changes), apiVersion: `${group}/${apiVersion}` });
    await world.apply(definition);
    await world.advance(5000);
    await world.apply(as({}));
    await world.advance(2 * MINUTE);
    const deployment = () => world.user.get(inDefault('apps/v1', 'Deployment', 'app'));
    const rollouts = async () => {
      const { items } = await world.user.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet' }, { namespace: 'default' });
      return items.length;
    };
    const ref = inDefault(`${group}/${apiVersion}`, 'Reconcilable', 'r');
    expect(conditionText(await world.user.get(ref), 'Ready')).toMatch(/^True/);
    expect((await world.user.get(ref)).status).toMatchObject({ ready: 2, healthy: true });
    expect([await rollouts(), (await deployment()).metadata.generation]).toEqual([1, 1]);

    const quiet = async () => {
      world.requests.length = 0;
      await world.advance(10 * MINUTE);
      expect(writesOf(world.requests)).toEqual([]);
    };
    await quiet();
    await world.apply(as({ version: '2' }));
    await world.advance(2 * MINUTE);
    expect([await rollouts(), (await deployment()).metadata.generation]).toEqual([2, 2]);
    await quiet();
    // A watch event of a child does not change the time that `now()` has returned.
    const pods = await world.user.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'default' });
    const [pod] = pods.items;
    await world.user.delete(inDefault('v1', 'Pod', pod?.metadata.name ?? ''));
    await world.advance(2 * MINUTE);
    expect([await rollouts(), (await deployment()).metadata.generation]).toEqual([2, 2]);
    await quiet();
    world.requests.length = 0;
    await world.restart();
    await world.advance(10 * MINUTE);
    expect(writesOf(world.requests)).toEqual([]);
    expect([await rollouts(), (await deployment()).metadata.generation]).toEqual([2, 2]);
  });
});

describe('seed 18: the first example', () => {
  it('runs, and its instance stays ACTIVE after the broken definition is refused', async () => {
    world = await virtualWorld({ cluster: { workloads: true } });
    await world.apply(...seeds('seed-18-my-application.rgd.yaml'));
    await world.advance(5000);
    expect(await readyOf('my-application')).toMatch(/^True/);
    const [application] = seeds('seed-18-my-application.instance.yaml');
    if (application === undefined) throw new Error('no instance');
    await world.apply({ ...application, metadata: { ...application.metadata, namespace: 'default' } });
    await world.advance(2 * MINUTE);
    const ref = inDefault('kro.run/v1alpha1', 'Application', application.metadata.name ?? '');
    expect((await world.user.get(ref)).status).toMatchObject({ state: 'ACTIVE', availableReplicas: 3 });
    await world.apply(...seeds('seed-18-my-application.broken.rgd.yaml'));
    await world.advance(5000);
    expect(conditionText(await world.user.get(definitionRef('my-application')), 'GraphAccepted')).toMatch(/^False/);
    // The instance stays with the last revision that works.
    expect((await world.user.get(ref)).status?.['state']).toBe('ACTIVE');
  });
});

describe('seed 19: an annotation that may be absent', () => {
  it.each([
    ['is copied if the instance has it', { 'argocd.argoproj.io/tracking-id': 'app:x' }, 'app:x'],
    // API servers store a null under `annotations` as an empty string.
    ['is empty if the instance has no annotations', {}, ''],
    ['is empty if the instance has only another annotation', { other: 'x' }, ''],
  ])('%s', async (_name, annotations, expected) => {
    world = await virtualWorld();
    await world.apply(...seeds('seed-19-argocd.rgd.yaml'));
    await world.advance(5000);
    const metadata = { name: 't', namespace: 'default', annotations };
    await world.apply({ apiVersion: 'kro.run/v1alpha1', kind: 'TrackedApp', metadata, spec: { name: 'tracked' } });
    await world.advance(MINUTE);
    const ref = inDefault('kro.run/v1alpha1', 'TrackedApp', 't');
    expect(conditionText(await world.user.get(ref), 'Ready')).toMatch(/^True/);
    const map = await world.user.get(mapRef('tracked'));
    expect(map.metadata.annotations?.['argocd.argoproj.io/tracking-id']).toBe(expected);
    expect(map.metadata.ownerReferences?.[0]?.kind).toBe('TrackedApp');
    world.requests.length = 0;
    await world.advance(10 * MINUTE);
    expect(writesOf(world.requests)).toEqual([]);
  });
});

describe('seed 20: the general form', () => {
  it('refuses values that its markers forbid, and serves other values', async () => {
    world = await virtualWorld({ cluster: { workloads: true } });
    await world.apply(...seeds('seed-20-general-schema.rgd.yaml'));
    await world.advance(5000);
    const instance = (replicas: number): KubeObject => ({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'GeneralApplication',
      metadata: { name: 'g', namespace: 'default' },
      spec: { name: 'general', replicas },
    });
    await expect(world.user.create(instance(4))).rejects.toMatchObject({ status: 422 });
    await world.apply(instance(3));
    await world.advance(2 * MINUTE);
    const ref = inDefault('kro.run/v1alpha1', 'GeneralApplication', 'g');
    expect((await world.user.get(ref)).status).toMatchObject({ state: 'ACTIVE', replicas: 3 });
  });
});

describe('seed 21: an outer definition with an instance of an inner definition', () => {
  const [inner, outer] = seeds('seed-21-webapp-with-db.rgd.yaml');
  const table = foreignCrd('dynamodb.services.k8s.aws', 'v1alpha1', 'Table');

  it.each([
    ['inner, then outer', [table, inner, outer]],
    ['outer, then inner', [table, outer, inner]],
    ['the foreign kind last of all', [outer, inner, table]],
  ])(
    '%s: the outer instance becomes ready, shows the inner status, and is deleted with the inner objects',
    async (_name, order) => {
      world = await virtualWorld({ cluster: { workloads: true } });
      for (const object of order) {
        if (object === undefined) throw new Error('no such seed');
        await world.apply(object);
        await world.advance(10_000);
      }
      expect([await readyOf('web-app'), await readyOf('web-app-with-db')]).toEqual(['True Ready: ', 'True Ready: ']);
      const metadata = { name: 'w', namespace: 'default' };
      await world.apply({ apiVersion: 'kro.run/v1alpha1', kind: 'WebAppWithDB', metadata, spec: { name: 'shop' } });
      await world.advance(MINUTE);
      const tableRef = inDefault('dynamodb.services.k8s.aws/v1alpha1', 'Table', 'shop');
      const status = { ackResourceMetadata: { arn: 'arn:shop' } };
      await world.user.patch(tableRef, { status }, { subresource: 'status', fieldManager: 'ack' });
      await world.settle();
      await world.advance(2 * MINUTE);
      const ref = inDefault('kro.run/v1alpha1', 'WebAppWithDB', 'w');
      const running = await world.user.get(ref);
      expect(running.status).toMatchObject({ state: 'ACTIVE', tableArn: 'arn:shop' });
      expect(String(running.status?.['endpoint'])).toMatch(/^http:\/\/10\./);
      await world.user.delete(ref);
      await world.settle();
      await world.advance(MINUTE);
      for (const gone of [
        ref,
        tableRef,
        inDefault('kro.run/v1alpha1', 'WebApp', 'shop'),
        inDefault('apps/v1', 'Deployment', 'shop'),
      ]) {
        expect(await world.user.find(gone)).toBeUndefined();
      }
    },
  );
});
