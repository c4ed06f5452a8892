import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definedMembers } from '@typekro/kit/core';
import { RECONCILE_REQUEST } from '@typekro/controller/controller';
import * as sim from '@typekro/testing/test-support/virtual-world';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
  await world.apply(sim.potDefinition([sim.mapResource('map', { text: '${schema.spec.text}', other: 'o' })]));
  await world.advance(5 * SECOND);
  await world.apply(sim.pot('p'));
  world.requests.length = 0;
});
afterEach(() => world.close());

const dataOf = async () => (await world.user.get(sim.mapRef('p-map')))['data'];

/** Changes a field of the child as another client. */
async function edit(text: string, fieldManager: string): Promise<void> {
  await world.user.patch(sim.mapRef('p-map'), { data: { text } }, { fieldManager });
  await world.settle();
}

describe('a child that another client changes', () => {
  it('is corrected by one write, counted, and reported with field and manager', async () => {
    await edit('mine', 'kubectl-edit');
    expect(await dataOf()).toEqual({ text: 'x', other: 'o' });
    expect(sim.writesOf(world.requests)).toEqual(['PATCH /api/v1/namespaces/default/configmaps/p-map']);
    expect(world.requests.filter(({ method, path }) => method === 'GET' && path.includes('configmaps'))).toEqual([]);
    expect(await world.eventsOf('p')).toContain(
      'DriftCorrected: ConfigMap v1 default/p-map (node map): data.text changed by kubectl-edit; the controller reverts the change',
    );
    expect(world.controller.metricsText()).toContain('typekro_drift_corrected_total{gvr="/v1, Resource=configmaps"} 1');
  });

  it('is reported with the removed field, and as a change by "another client", because managedFields does not record the client that removed the field', async () => {
    await world.user.patch(sim.mapRef('p-map'), [{ op: 'remove', path: '/data/text' }], {
      type: 'json',
      fieldManager: 'kubectl-edit',
    });
    await world.settle();
    expect(await dataOf()).toEqual({ text: 'x', other: 'o' });
    expect((await world.eventsOf('p')).at(-1)).toMatch(
      /DriftCorrected: .*data\.text changed by another client; the controller reverts the change/,
    );
  });

  it('is not written when another client adds its own field', async () => {
    await world.user.patch(sim.mapRef('p-map'), { data: { more: 'm' } }, { fieldManager: 'somebody' });
    await world.settle();
    expect(await dataOf()).toEqual({ text: 'x', other: 'o', more: 'm' });
    expect(world.requests).toEqual([]);
  });

  it('is also corrected and reported if it changed while no controller ran', async () => {
    await world.advance(2 * SECOND);
    await world.controller.stop();
    await world.user.patch(sim.mapRef('p-map'), { data: { text: 'mine' } }, { fieldManager: 'kubectl-edit' });
    await world.restart();
    expect(await dataOf()).toEqual({ text: 'x', other: 'o' });
    expect(await world.eventsOf('p')).toContain(
      'DriftCorrected: ConfigMap v1 default/p-map (node map): data.text changed by kubectl-edit; the controller reverts the change',
    );
  });

  it('is corrected without a report of drift if the definition changed while no controller ran', async () => {
    await world.advance(2 * SECOND);
    await world.controller.stop();
    await world.user.patch(sim.mapRef('p-map'), { data: { text: 'mine' } }, { fieldManager: 'kubectl-edit' });
    await world.user.patch(
      sim.mapRef('p-map'),
      { metadata: { labels: { note: 'n' } } },
      { fieldManager: 'kubectl-edit' },
    );
    await world.user.apply(
      { ...sim.potDefinition([sim.mapResource('map', { text: '${schema.spec.text}', other: 'new' })]) },
      { fieldManager: 'author', force: true },
    );
    await world.restart();
    expect(await dataOf()).toEqual({ text: 'x', other: 'new' });
    expect((await world.eventsOf('p')).filter((text) => text.startsWith('DriftCorrected'))).toEqual([]);
  });
});

describe('a field that two controllers change in turn', () => {
  /**
   * Acts as a rival controller for this time: changes the field again whenever the controller reverts it. Returns the
   * number of edits.
   */
  async function contestField(milliseconds: number, change = () => edit('theirs', 'rival')): Promise<number> {
    const until = world.clock.now() + milliseconds;
    let edits = 0;
    while (world.clock.now() < until) {
      if (JSON.stringify(await dataOf()).includes('"x"')) {
        edits += 1;
        await change();
      }
      await world.advance(SECOND);
    }
    return edits;
  }

  it('is corrected with growing pauses, and reported once in condition, event and metric', async () => {
    await contestField(4 * SECOND);
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'ResourcesReady')).toMatch(/^True /);
    const edits = await contestField(20 * MINUTE);
    // The first five reverts have no pause before them: four during the first call, one during this call. Later reverts
    // wait 10, 20, 40, … seconds.
    expect(edits).toBeLessThan(15);
    expect(edits).toBeGreaterThan(5);
    const instance = await world.user.get(sim.potRef('p'));
    expect(sim.conditionText(instance, 'ResourcesReady')).toBe(
      'False NotReady: waiting for unresolved resource: node "map": ' +
        'ConfigMap v1 default/p-map: data.text repeatedly changed by rival; the controller now pauses before each revert',
    );
    expect(world.controller.metricsText()).toContain('typekro_contested_objects{gvr="acme.test/v1, Resource=pots"} 1');
    const events = (await world.eventsOf('p')).filter((text) => text.startsWith('FieldContested'));
    expect(events).toEqual([
      'FieldContested: node map: ConfigMap v1 default/p-map: data.text repeatedly changed by rival',
    ]);
    const status = sim.writesOf(world.requests).filter((text) => text.endsWith('/status'));
    expect(status).toHaveLength(1);
  });

  it('is reported as the work of another controller of kro, if the rival has its field manager and labels', async () => {
    const { name, labels, annotations } = (await world.user.get(sim.mapRef('p-map'))).metadata;
    const metadata = definedMembers({ name, namespace: 'default', labels, annotations });
    await contestField(MINUTE, async () => {
      const rival = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'theirs', other: 'o' } };
      await world.user.apply(rival, { fieldManager: 'kro.run/applyset', force: true });
      await world.settle();
    });
    const by = 'data.text repeatedly changed by another controller with the field manager kro.run/applyset;';
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'ResourcesReady')).toContain(by);
  });

  it('does not delay corrections of other fields of the object, and gets a changed value of the instance at once', async () => {
    await contestField(MINUTE);
    await edit('theirs', 'rival');
    world.requests.length = 0;
    await world.user.patch(sim.mapRef('p-map'), { data: { other: 'changed' } }, { fieldManager: 'kubectl-edit' });
    await world.settle();
    expect(await dataOf()).toEqual({ text: 'x', other: 'o' });
    await world.apply(sim.pot('p', { text: 'new' }));
    expect(await dataOf()).toEqual({ text: 'new', other: 'o' });
  });

  it('is no longer contested when the other controller stops', async () => {
    await contestField(2 * MINUTE);
    await world.advance(30 * MINUTE);
    expect(await dataOf()).toEqual({ text: 'x', other: 'o' });
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'Ready')).toMatch(/^True /);
    expect(world.controller.metricsText()).toContain('typekro_contested_objects{gvr="acme.test/v1, Resource=pots"} 0');
    world.requests.length = 0;
    await world.advance(10 * MINUTE);
    expect(world.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});

describe('a value that an admission policy changes', () => {
  const version = 'admissionregistration.k8s.io/v1';
  const metadata = { name: 'force' };
  const policy = {
    apiVersion: version,
    kind: 'MutatingAdmissionPolicy',
    metadata,
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
        ],
      },
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [
        { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{data: {"text": "forced"}}' } },
      ],
    },
  };
  const binding = {
    apiVersion: version,
    kind: 'MutatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: 'force' },
  };

  /** Makes an instance under the policy, and then deletes the policy. */
  async function forced(): Promise<void> {
    await world.apply(policy, binding);
    await world.apply(sim.pot('p', { text: 'y' }));
    await world.advance(10 * SECOND);
    expect(await dataOf()).toEqual({ text: 'forced', other: 'o' });
    for (const { apiVersion, kind } of [binding, policy]) await world.user.delete({ apiVersion, kind, ...metadata });
    await world.settle();
    world.requests.length = 0;
  }

  const annotate = (key: string, value: string | null) =>
    world.user.patch(sim.potRef('p'), { metadata: { annotations: { [key]: value } } });

  it('is written again after pauses that grow, without a needless request between them', async () => {
    await world.apply(policy, binding);
    await world.apply(sim.pot('p', { text: 'y' }));
    await world.advance(30 * SECOND);
    world.requests.length = 0;
    await world.advance(10 * MINUTE);
    // After 1, 3 and 7 minutes.
    expect(sim.writesOf(world.requests)).toHaveLength(3);
    await world.user.delete({ apiVersion: version, kind: binding.kind, ...metadata });
    await world.advance(10 * MINUTE);
    expect(await dataOf()).toEqual({ text: 'y', other: 'o' });
    world.requests.length = 0;
    await world.advance(60 * MINUTE);
    expect(sim.writesOf(world.requests)).toEqual([]);
  });

  it('is written again when a client requests a pass', async () => {
    await forced();
    await annotate(RECONCILE_REQUEST, 'now');
    await world.settle();
    expect(await dataOf()).toEqual({ text: 'y', other: 'o' });
  });

  it('is written again when the instance is resumed', async () => {
    await forced();
    await annotate('kro.run/reconcile', 'suspended');
    await world.settle();
    expect(await dataOf()).toEqual({ text: 'forced', other: 'o' });
    await annotate('kro.run/reconcile', null);
    await world.settle();
    expect(await dataOf()).toEqual({ text: 'y', other: 'o' });
  });
});
