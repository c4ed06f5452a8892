import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { type ControllerWorld, conditionOf, controllerWorld, dataOf, seed, writesOf } from './controller-world.ts';

/** A definition with two ConfigMaps. The second ConfigMap reads the first. */
const chain = (text: string): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'chains' },
  spec: {
    schema: {
      apiVersion: 'v1alpha1',
      kind: 'Chain',
      spec: { text: 'string' },
      status: { copied: '${second.data.text}' },
    },
    resources: [
      {
        id: 'first',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}-first' },
          data: { text: '${schema.spec.text}', fixed: text },
        },
      },
      {
        id: 'second',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}-second' },
          data: { text: '${first.data.text}' },
        },
      },
    ],
  },
});
const instance: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Chain',
  metadata: { name: 'c', namespace: 'default' },
  spec: { text: 'hello' },
};
const chainRef = { apiVersion: 'kro.run/v1alpha1', kind: 'Chain', namespace: 'default', name: 'c' };
const definitionRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'chains' };
const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world.close());

/** Applies the definition and an instance, and waits until both are ready. */
async function up(): Promise<void> {
  await world.apply(chain('x'));
  await world.until(definitionRef, (object) => conditionOf(object, 'Ready') === 'True');
  await world.apply(instance);
  await world.until(chainRef, (object) => conditionOf(object, 'Ready') === 'True');
  await world.settled();
}

describe('controller', () => {
  it('creates revision, CRD, children and status of a definition and an instance', async () => {
    await up();
    const definition = await world.user.get(definitionRef);
    expect(definition.status).toMatchObject({
      state: 'Active',
      lastIssuedRevision: 1,
      topologicalOrder: ['first', 'second'],
      resources: [{ id: 'second', dependencies: [{ id: 'first' }] }],
    });
    const revisions = await world.user.list(
      { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' },
      { fieldSelector: 'spec.snapshot.name=chains' },
    );
    expect(revisions.items.map((item) => [item.metadata.name, conditionOf(item, 'Ready')])).toEqual([
      ['chains-r00001', 'True'],
    ]);
    expect((await world.user.get(chainRef)).status).toMatchObject({ state: 'ACTIVE', copied: 'hello' });
    expect((await world.user.get(mapRef('c-second')))['data']).toEqual({ text: 'hello' });
  });

  it('creates a chain of children and writes the status in one pass, without needless requests', async () => {
    await world.apply(chain('x'));
    await world.until(definitionRef, (object) => conditionOf(object, 'Ready') === 'True');
    await world.settled();
    world.requests.length = 0;
    await world.apply(instance);
    await world.until(chainRef, (object) => conditionOf(object, 'Ready') === 'True');
    await world.settled();
    expect(writesOf(world.requests).map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`)).toEqual([
      'PATCH /apis/kro.run/v1alpha1/namespaces/default/chains/c',
      'PATCH /apis/kro.run/v1alpha1/namespaces/default/chains/c',
      'PATCH /api/v1/namespaces/default/configmaps/c-first',
      'PATCH /api/v1/namespaces/default/configmaps/c-second',
      // The author's fields have their own write, because their field manager differs from that of conditions and
      // state.
      'PATCH /apis/kro.run/v1alpha1/namespaces/default/chains/c/status',
      'PATCH /apis/kro.run/v1alpha1/namespaces/default/chains/c/status',
    ]);
  });

  it('writes nothing without a change, also after a restart', async () => {
    await up();
    world.requests.length = 0;
    await world.settled();
    expect(world.requests).toEqual([]);
    await world.restart();
    await world.settled();
    expect(writesOf(world.requests)).toEqual([]);
  });

  it('corrects a drifted child with one write, and creates a deleted child again', async () => {
    await up();
    world.requests.length = 0;
    await world.user.patch(mapRef('c-second'), { data: { text: 'changed' } });
    await world.until(mapRef('c-second'), (object) => dataOf(object, 'text') === 'hello');
    await world.settled();
    expect(writesOf(world.requests)).toHaveLength(1);
    await world.user.delete(mapRef('c-first'));
    await world.until(mapRef('c-first'), (object) => object !== undefined);
  });

  it('deletes children in the reverse order of their dependencies, and then removes the finalizer of the instance', async () => {
    await up();
    world.requests.length = 0;
    await world.user.delete(chainRef);
    await world.until(chainRef, (object) => object === undefined);
    await world.settled();
    expect(
      writesOf(world.requests)
        .filter(({ method }) => method === 'DELETE')
        .map(({ path }) => path),
    ).toEqual(['/api/v1/namespaces/default/configmaps/c-second', '/api/v1/namespaces/default/configmaps/c-first']);
    expect(await world.user.find(mapRef('c-first'))).toBeUndefined();
  });

  it('issues a new revision for a new spec, and applies it to the instances', async () => {
    await up();
    await world.apply(chain('y'));
    await world.until(mapRef('c-first'), (object) => dataOf(object, 'fixed') === 'y');
    const definition = await world.until(
      definitionRef,
      (object) => object?.status?.['lastIssuedRevision'] === 2 && conditionOf(object, 'Ready') === 'True' && object,
    );
    expect(definition.status?.['state']).toBe('Active');
  });

  it('releases a deleted definition and its revisions, and keeps instances and CRD', async () => {
    await up();
    await world.user.delete(definitionRef);
    await world.until(definitionRef, (object) => object === undefined);
    await world.until(
      { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision', name: 'chains-r00001' },
      (object) => object === undefined,
    );
    expect((await world.user.get(chainRef)).metadata.name).toBe('c');
  });

  it('reports the problems of a definition, and serves the corrected definition', async () => {
    const broken = chain('${ghost.data.x}');
    await world.apply(broken);
    const refused = await world.until(
      definitionRef,
      (object) => conditionOf(object, 'GraphAccepted') === 'False' && object,
    );
    expect(refused.status).toMatchObject({ state: 'Inactive' });
    await world.apply(chain('x'));
    await world.until(definitionRef, (object) => conditionOf(object, 'Ready') === 'True');
  });

  it('runs the first example of the documentation', async () => {
    await world.apply(seed('seed-18-my-application.rgd.yaml'));
    const ref = { ...definitionRef, name: 'my-application' };
    await world.until(ref, (object) => conditionOf(object, 'Ready') === 'True');
    const application = seed('seed-18-my-application.instance.yaml');
    await world.apply({ ...application, metadata: { ...application.metadata, namespace: 'default' } });
    const running = await world.until(
      { apiVersion: 'kro.run/v1alpha1', kind: 'Application', namespace: 'default', name: 'my-application-instance' },
      (object) => object?.status?.['availableReplicas'] === 3 && conditionOf(object, 'Ready') === 'True' && object,
    );
    expect(running.status?.['state']).toBe('ACTIVE');
  });
});
