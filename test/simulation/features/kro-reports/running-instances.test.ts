import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { failure, requestTo } from '@typekro/testing/test-support/intercept-request';
import {
  applyAll,
  definition,
  instance,
  instanceRef,
  named,
  refOf,
  stateOf,
  textOf,
} from '../../../support/report-objects.ts';
import * as sim from '@typekro/testing/test-support/virtual-world';

/**
 * The world of one test. The tests are scenarios from reports of kro's users about running instances. The numbers in
 * the titles are issue numbers in kro's repository (kubernetes-sigs/kro). Each scenario follows the steps of its
 * report, or the description if the report has no steps. `docs/evidence.md` lists the reports.
 */
let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

/** A node whose API group has an APIService but no server. */
const THING: JsonObject = {
  id: 'thing',
  template: { apiVersion: 'custom.api.server/v1alpha1', kind: 'Thing', metadata: { name: 'a' } },
};

/** Registers the API group of `THING` with an APIService whose Service does not exist. */
async function serveNothing(): Promise<void> {
  const type = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' };
  const metadata = { name: 'v1alpha1.custom.api.server' };
  const place = { group: 'custom.api.server', version: 'v1alpha1', groupPriorityMinimum: 10, versionPriority: 10 };
  await applyAll(world, { ...type, metadata, spec: { ...place, service: { namespace: 'default', name: 'gone' } } });
  await world.advance(60_000);
  expect(sim.conditionText(await world.user.get({ ...type, ...metadata }), 'Available')).toMatch(/^False/);
}

describe('reports of kro’s users about running instances', () => {
  it('#886 and #1324: kinds that may not be listed and watched delay no other definition', async () => {
    const isDenied = requestTo('GET', /\/(brokens|jobs)\?/);
    world.intercept = (request) => {
      const kind = /(brokens|jobs)\?/.exec(request.path)?.[1];
      return isDenied(request) ? failure(403, 'Forbidden', `User "kro" cannot list resource "${kind}"`) : undefined;
    };
    const pots = (text: string, spec: JsonObject) =>
      definition('pots', 'Pot', [sim.mapResource('map', { text })], spec);
    const text = { text: 'string | default="one"' };
    await applyAll(world, pots('${schema.spec.text}', text), sim.pot('p'));
    // The controller may not list and watch the instances of one definition and the children of another definition. The
    // second definition has more instances than the controller has concurrent passes.
    const pod = { restartPolicy: 'Never', containers: [{ name: 'a', image: 'busybox' }] };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: '${schema.metadata.name}' } };
    await applyAll(
      world,
      definition('broken', 'Broken', [sim.mapResource('map', { text: 'a' })]),
      definition('runs', 'Run', [{ id: 'job', template: { ...job, spec: { template: { spec: pod } } } }]),
    );
    for (let index = 0; index < 40; index += 1) await world.user.create(instance('Run', `r${index}`));
    await world.settle();
    expect(sim.conditionText(await world.user.get(refOf('broken')), 'Ready')).toMatch(/^False .*"brokens"/);

    // The healthy definition gets a new field, and an instance uses it. This works within two seconds, although the
    // other definitions fail.
    await world.apply(pots('${schema.spec.text + schema.spec.shiny}', { ...text, shiny: 'string | default="!"' }));
    await world.advance(1000);
    const shiny = instance('Pot', 'p', { text: 'two', shiny: '?' });
    await world.user.apply(shiny, { fieldManager: 'user', force: true, fieldValidation: 'Strict' });
    await world.advance(1000);
    expect(await textOf(world, 'p-map')).toEqual({ text: 'two?' });
    expect(sim.conditionText(await world.user.get(instanceRef('Run', 'r0')), 'Ready')).toMatch(/^False .*"jobs"/);
    world.requests.length = 0;
    await world.advance(60_000);
    expect(world.requests.filter(isDenied).length).toBeLessThan(40);

    // The controller needs no restart when the broken definition is deleted, or when the missing right is granted.
    await world.user.delete(refOf('broken'));
    await applyAll(world, instance('Pot', 'later'));
    expect(await world.user.find(refOf('broken'))).toBeUndefined();
    expect(await stateOf(world, 'Pot', 'later')).toBe('ACTIVE');
    world.intercept = undefined;
    await world.advance(60_000);
    expect(await stateOf(world, 'Run', 'r39')).toBe('ACTIVE');
  });

  it('#457: an API group without a server concerns only the definitions that use it, and their status names it', async () => {
    await serveNothing();
    await world.restart();
    await applyAll(
      world,
      definition('others', 'Other', [THING]),
      definition('pots', 'Pot', [sim.mapResource('map', { text: '${schema.spec.text}' })]),
      sim.pot('p'),
    );
    expect(sim.conditionText(await world.user.get(refOf('pots')), 'Ready')).toMatch(/^True/);
    expect(sim.conditionText(await world.user.get(refOf('others')), 'Ready')).toMatch(/^False .*custom\.api\.server/);
    expect(await stateOf(world, 'Pot', 'p')).toBe('ACTIVE');
    expect(await textOf(world, 'p-map')).toEqual({ text: 'one' });
    await world.user.delete(sim.potRef('p'));
    await world.user.delete(refOf('others'));
    await world.advance(60_000);
    for (const ref of [sim.potRef('p'), sim.mapRef('p-map'), refOf('others')])
      expect(await world.user.find(ref), ref.kind).toBeUndefined();
  });

  it('#878: a definition with an empty spec is refused or reports its own error, and other definitions work', async () => {
    await applyAll(
      world,
      definition('pots', 'Pot', [sim.mapResource('map', { text: '${schema.spec.text}' })]),
      sim.pot('p'),
    );
    const empty = {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'empty' },
      spec: {},
    };
    // The CRDs of the controller require a schema. A server with other CRDs stores the object.
    await expect(applyAll(world, empty)).rejects.toThrow(/spec\.schema: Required value/);
    const crd = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    const name = 'resourcegraphdefinitions.kro.run';
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const versions = (await world.user.get({ ...crd, name })).spec?.['versions'] as readonly JsonObject[];
    await world.user.patch({ ...crd, name }, { spec: { versions: versions.map((each) => ({ ...each, schema })) } });
    await applyAll(world, empty);
    expect(sim.conditionText(await world.user.get(refOf('empty')), 'Ready')).toMatch(/^False/);
    await applyAll(world, definition('cups', 'Cup', [sim.mapResource('cup', { text: 'a' })]), instance('Cup', 'c'));
    await applyAll(world, sim.pot('p', { text: 'two' }));
    expect(await stateOf(world, 'Cup', 'c')).toBe('ACTIVE');
    expect(await textOf(world, 'p-map')).toEqual({ text: 'two' });
    await world.user.delete(refOf('empty'));
    await world.advance(5000);
    expect(await world.user.find(refOf('empty'))).toBeUndefined();
  });

  it('#858: a list that an instance omits is an error of only this instance', async () => {
    const template = {
      metadata: { labels: { app: 'a' } },
      spec: { containers: [{ name: 'a', image: 'nginx' }], imagePullSecrets: '${schema.spec.secrets}' },
    };
    const app: JsonObject = {
      id: 'app',
      template: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: '${schema.metadata.name}' },
        spec: { selector: { matchLabels: { app: 'a' } }, template },
      },
    };
    const types = { Secret: { name: 'string | required=true' } };
    const pots = definition('pots', 'Pot', [app], { secrets: '[]Secret' }, { types });
    await applyAll(world, pots, sim.pot('p'), sim.pot('q', { secrets: [{ name: 'a' }] }));
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'Ready')).toMatch(/^False .*secrets/);
    expect(await stateOf(world, 'Pot', 'q')).toBe('ACTIVE');
    await applyAll(world, sim.pot('p', { secrets: [] }));
    expect(await stateOf(world, 'Pot', 'p')).toBe('ACTIVE');
  });

  it('#554 and #1169: the second definition of a kind is refused, and its deletion does not affect the first', async () => {
    await applyAll(
      world,
      definition('pots', 'Pot', [sim.mapResource('map', { text: '${schema.spec.text}' })]),
      sim.pot('p'),
    );
    await applyAll(world, definition('others', 'Pot', [sim.mapResource('other', { text: 'b' })], { size: 'integer' }));
    expect(sim.conditionText(await world.user.get(refOf('others')), 'Ready')).toMatch(/^False/);
    await world.user.delete(refOf('others'));
    await world.advance(60_000);
    await applyAll(world, instance('Pot', 'p', { text: 'two' }));
    expect(await textOf(world, 'p-map')).toEqual({ text: 'two' });
  });

  it('#957: an object of another node, item, instance or definition is not overwritten, and the status names the ApplySet of its owner', async () => {
    const items = { ...named('entry', '${name}', '${schema.spec.text}'), forEach: [{ name: '${["item", "item"]}' }] };
    await applyAll(
      world,
      definition('pots', 'Pot', [named('map', 'same', '${schema.metadata.name}')]),
      definition('others', 'Other', [named('map', 'same', 'other')]),
      definition('pairs', 'Pair', [named('left', 'pair', 'left'), named('right', 'pair', '${schema.spec.text}')]),
      definition('rows', 'Row', [items]),
      sim.pot('first'),
    );
    await applyAll(
      world,
      sim.pot('second'),
      instance('Other', 'third'),
      instance('Pair', 'fourth'),
      instance('Row', 'fifth'),
    );
    world.requests.length = 0;
    await world.advance(600_000);
    expect(sim.writesOf(world.requests)).toEqual([]);
    expect(await textOf(world, 'same')).toEqual({ text: 'first' });
    for (const name of ['pair', 'item']) expect(await world.user.find(sim.mapRef(name)), name).toBeUndefined();

    // The status names only the owner's ApplySet. The id of the ApplySet is a label of the owner.
    const { labels } = (await world.user.get(sim.potRef('first'))).metadata;
    const owner = `belongs to ApplySet "${labels?.['applyset.kubernetes.io/id']}"`;
    const readyOf = async (kind: string, name: string) =>
      sim.conditionText(await world.user.get(instanceRef(kind, name)), 'Ready');
    expect(await readyOf('Pot', 'second')).toContain(owner);
    expect(await readyOf('Other', 'third')).toContain(owner);
    expect(await readyOf('Pair', 'fourth')).toMatch(/nodes "left" and "right" both render/);
    expect(await readyOf('Row', 'fifth')).toMatch(/duplicate identity in collection/);
    const states = [
      stateOf(world, 'Pot', 'second'),
      stateOf(world, 'Other', 'third'),
      stateOf(world, 'Pair', 'fourth'),
      stateOf(world, 'Row', 'fifth'),
    ];
    expect(await Promise.all(states)).toEqual(['ERROR', 'ERROR', 'ERROR', 'ERROR']);
  });

  it('#1057: a nested instance and its parent instance do not overwrite each other in turn', async () => {
    const vault: JsonObject = {
      id: 'vault',
      template: {
        apiVersion: 'acme.test/v1',
        kind: 'Vault',
        metadata: { name: '${schema.metadata.name}' },
        spec: { text: '${schema.spec.text}' },
      },
    };
    await applyAll(
      world,
      definition('vaults', 'Vault', [sim.mapResource('vault', { text: '${schema.spec.text}' })]),
      definition('apps', 'App', [vault, sim.mapResource('app', { text: '${vault.status.state}' })]),
      instance('App', 'p'),
    );
    await world.advance(30_000);
    expect(await stateOf(world, 'App', 'p')).toBe('ACTIVE');
    expect(await stateOf(world, 'Vault', 'p')).toBe('ACTIVE');
    expect(await textOf(world, 'p-vault')).toEqual({ text: 'one' });
    expect(await textOf(world, 'p-app')).toEqual({ text: 'ACTIVE' });
    world.requests.length = 0;
    await world.advance(600_000);
    expect(sim.writesOf(world.requests)).toEqual([]);
    await applyAll(world, instance('App', 'p', { text: 'two' }));
    expect(await textOf(world, 'p-vault')).toEqual({ text: 'two' });
    world.requests.length = 0;
    await world.advance(600_000);
    expect(sim.writesOf(world.requests)).toEqual([]);
  });

  it('#536: an object name that contains the version of the instance does not create endless objects', async () => {
    await applyAll(
      world,
      definition('pots', 'Pot', [named('map', 'map-${schema.metadata.resourceVersion}', 'a')]),
      sim.pot('p'),
    );
    await world.advance(60_000);
    world.requests.length = 0;
    await world.advance(600_000);
    expect(sim.writesOf(world.requests)).toEqual([]);
    const { items } = await world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, {});
    expect(items.filter(({ metadata }) => metadata.name?.startsWith('map-') === true)).toHaveLength(1);
  });

  it('#753: a child that another client changes or deletes is restored', async () => {
    await applyAll(world, definition('pots', 'Pot', [sim.mapResource('map', { text: 'a' })]), sim.pot('p'));
    await world.user.patch(sim.mapRef('p-map'), { data: { text: 'changed' } });
    await world.advance(5000);
    expect(await textOf(world, 'p-map')).toEqual({ text: 'a' });
    await world.user.delete(sim.mapRef('p-map'));
    await world.advance(5000);
    expect(await textOf(world, 'p-map')).toEqual({ text: 'a' });
  });

  it('#941: an instance whose first passes failed becomes ACTIVE when its children are ready, at each generation', async () => {
    const map = { ...sim.mapResource('map', { text: '${schema.spec.text}' }), readyWhen: ['${has(map.data.done)}'] };
    await applyAll(world, definition('pots', 'Pot', [map]));
    const isWrite = requestTo('PATCH', /\/configmaps\//);
    world.intercept = (request) => (isWrite(request) ? failure(500) : undefined);
    await applyAll(world, sim.pot('p'));
    await world.advance(30_000);
    expect(await stateOf(world, 'Pot', 'p')).toBe('ERROR');
    world.intercept = undefined;
    await world.advance(300_000);
    expect(await stateOf(world, 'Pot', 'p')).toBe('IN_PROGRESS');
    await world.user.patch(sim.mapRef('p-map'), { data: { done: 'yes' } }, { fieldManager: 'provider' });
    await world.advance(1000);
    const generations = async () => {
      const { metadata, status } = await world.user.get(sim.potRef('p'));
      const conditions = status?.['conditions'] as readonly JsonObject[];
      return [metadata.generation, ...new Set(conditions.map((condition) => condition['observedGeneration']))];
    };
    expect(await stateOf(world, 'Pot', 'p')).toBe('ACTIVE');
    expect(await generations()).toEqual([1, 1]);
    await world.apply(sim.pot('p', { text: 'two' }));
    await world.advance(1000);
    expect(await stateOf(world, 'Pot', 'p')).toBe('ACTIVE');
    expect(await generations()).toEqual([2, 2]);
  });

  it('#1330: the Pods of a Job are deleted with its instance', async () => {
    const containers = [{ name: 'a', image: 'busybox' }];
    const template = { spec: { restartPolicy: 'Never', containers } };
    const metadata = { name: '${schema.metadata.name}' };
    const job: JsonObject = {
      id: 'job',
      template: { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } },
    };
    await applyAll(world, definition('pots', 'Pot', [job]), sim.pot('p'));
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'p' };
    const { uid = '' } = (await world.user.get({ ...owner, namespace: 'default' })).metadata;
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'p-1' };
    await applyAll(world, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p-1', namespace: 'default', ownerReferences: [{ ...owner, uid, controller: true }] },
      spec: { containers },
    });
    await world.user.delete(sim.potRef('p'));
    await world.advance(60_000);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    expect(await world.user.find(ref)).toBeUndefined();
  });
});
// Each of these tests describes what the controller should do, and fails until it does.
describe('reported behaviour that is still wrong', () => {
  it.fails('of #536: a loop between an object name and the status makes new objects at a limited rate', async () => {
    const map = named('map', 'map-${schema.metadata.resourceVersion}', 'a');
    const pots = definition('pots', 'Pot', [map], {}, { status: { map: '${map.metadata.name}' } });
    await applyAll(world, pots);
    const names = new Set<string>();
    world.intercept = ({ method, path }) => {
      const name = method === 'PATCH' ? /\/configmaps\/(map-\d+)/.exec(path)?.[1] : undefined;
      if (name !== undefined) names.add(name);
      // Without this refusal, the loop would never end.
      return names.size > 50 ? failure(403, 'Forbidden') : undefined;
    };
    await world.apply(sim.pot('p'));
    await world.advance(60_000);
    expect(names.size).toBeLessThan(50);
  });

  it.fails('of #957: the status of an instance names the other instance that owns the wanted object', async () => {
    await applyAll(
      world,
      definition('pots', 'Pot', [named('map', 'same', '${schema.metadata.name}')]),
      sim.pot('first'),
    );
    await applyAll(world, sim.pot('second', {}, { 'typekro.dev/explain': 'true' }));
    expect(JSON.stringify((await world.user.get(sim.potRef('second'))).status)).toContain('Pot default/first');
  });
});
