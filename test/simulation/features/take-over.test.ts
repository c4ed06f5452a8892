import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

describe('an object that instances may take over from each other', () => {
  it.each([2, 40])(
    'is not taken over in a tight loop by %i of them, and the condition of each names an ApplySet that changes the object',
    async (count) => {
      const names = Array.from({ length: count }, (_, index) => `p${index}`);
      const [last = '', ...others] = names;
      await world.apply(
        sim.potDefinition([shared('${schema.metadata.name}')], { 'typekro.dev/adoption': 'take-over' }),
      );
      await world.advance(5000);
      await world.apply(...names.map((name) => sim.pot(name)));
      await world.advance(60 * MINUTE);
      // The first five takeovers have no pause. Later takeovers wait 10, 20, 40, … seconds, whoever makes them.
      expect(sim.writesOf(world.requests).filter((line) => line.endsWith('/shared')).length).toBeLessThan(40);
      expect(world.requests.length).toBeLessThan(100 * count + 500);
      const messages = (await Promise.all(names.map((name) => world.user.get(sim.potRef(name))))).map((instance) =>
        sim.conditionText(instance, 'ResourcesReady'),
      );
      for (const text of messages) {
        expect(text).toMatch(
          /^False NotReady: .*shared: metadata\.labels\["applyset\.kubernetes\.io\/part-of"\] repeatedly changed by ApplySet "applyset-/,
        );
      }

      await Promise.all(others.map((name) => world.user.delete(sim.potRef(name))));
      await world.advance(30 * MINUTE);
      expect((await world.user.get(sim.mapRef('shared')))['data']).toEqual({ of: last });
      expect(sim.conditionText(await world.user.get(sim.potRef(last)), 'Ready')).toMatch(/^True/);
    },
  );
});

const shared = (of: string) => ({
  id: 'map',
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' }, data: { of } },
});

describe('an object of another instance', () => {
  it.each([
    ['typekro.dev/adoption', 'take-over'],
    ['typekro.dev/adoption', 'map=take-over'],
  ])('is not taken over because of an annotation of the instance: %s: %s', async (key, value) => {
    await world.apply(sim.potDefinition([shared('${schema.metadata.name}')]));
    await world.advance(5000);
    await world.apply(sim.pot('owner'));
    await world.advance(5000);
    await world.apply(sim.pot('taker', {}, { [key]: value }));
    await world.advance(60 * MINUTE);
    expect((await world.user.get(sim.mapRef('shared')))['data']).toEqual({ of: 'owner' });
    expect(sim.conditionText(await world.user.get(sim.potRef('taker')), 'ResourcesReady')).toContain(
      'belongs to a different ApplySet',
    );
  });
});

describe('an object that several instances want at the same time', () => {
  const NAMES = ['a', 'b', 'c', 'd'];
  const states = async () =>
    (await Promise.all(NAMES.map((name) => world.user.get(sim.potRef(name))))).map(({ status }) => status?.['state']);
  /** The first instance has the object and is ready. Every other one is refused. */
  const expectOneOwner = async () => {
    const owner = String((await world.user.get(sim.mapRef('shared')))['data']?.['of' as never]);
    expect(await states()).toEqual(NAMES.map((name) => (name === owner ? 'ACTIVE' : 'ERROR')));
    expect(sim.writesOf(world.requests).filter((line) => line.endsWith('/shared'))).toHaveLength(1);
  };

  it.each<[string, Record<string, string>]>([
    ['with the default policy', {}],
    ['that may not adopt objects', { 'typekro.dev/adoption': 'refuse' }],
  ])('is created once by new instances %s', async (_title, annotations) => {
    await world.apply(sim.potDefinition([shared('${schema.metadata.name}')], annotations));
    await world.advance(5000);
    await Promise.all(NAMES.map((name) => world.user.create(sim.pot(name))));
    await world.advance(MINUTE);
    await expectOneOwner();
  });

  it('is created once by instances of two definitions, which write with accounts of their own', async () => {
    const account = { 'typekro.dev/service-account': 'default/potter' };
    const pots = sim.potDefinition([shared('${schema.metadata.name}')]);
    const { schema } = pots.spec as { schema: JsonObject };
    const cups = { ...pots.spec, schema: { ...schema, kind: 'Cup' } };
    await world.apply(pots, { ...pots, metadata: { name: 'cups', annotations: account }, spec: cups });
    await world.advance(5000);
    await Promise.all(
      NAMES.flatMap((name) => [{ ...sim.pot(`cup-${name}`), kind: 'Cup' }, sim.pot(name)]).map((of) =>
        world.user.create(of),
      ),
    );
    await world.advance(MINUTE);
    expect(sim.writesOf(world.requests).filter((line) => line.endsWith('/shared'))).toHaveLength(1);
  });

  it('is adopted once', async () => {
    await world.apply(sim.potDefinition([shared('${schema.metadata.name}')]));
    await world.user.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared', namespace: 'default' },
    });
    await world.advance(5000);
    await Promise.all(NAMES.map((name) => world.user.create(sim.pot(name))));
    await world.advance(MINUTE);
    await expectOneOwner();
  });

  it('does not cost the refused instances the objects that they had', async () => {
    const named = (name: string) => ({
      id: 'map',
      template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { of: '${schema.metadata.name}' } },
    });
    await world.apply(sim.potDefinition([named('own-${schema.metadata.name}')]));
    await world.advance(5000);
    await Promise.all(NAMES.map((name) => world.user.create(sim.pot(name))));
    await world.advance(MINUTE);
    await world.apply(sim.potDefinition([named('shared')]));
    await world.advance(MINUTE);
    await expectOneOwner();
    const { items } = await world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
    const kept = items.flatMap(({ metadata: { name = '' } }) => (name.startsWith('own-') ? [name] : []));
    expect(kept).toHaveLength(NAMES.length - 1);
  });
});

describe('the admission policy of the guide for several teams', () => {
  const page = readFileSync(new URL('../../../docs/guides/several-teams.md', import.meta.url), 'utf8');
  const [, yaml = ''] = /```yaml\n(# limits\.yaml\n[^`]*)```/.exec(page) ?? [];
  const allowed = { 'typekro.dev/service-account': 'kro-system/definition-pots', 'typekro.dev/namespaces': 'instance' };
  const without = (key: keyof typeof allowed): Record<string, string> =>
    Object.fromEntries(Object.entries(allowed).filter(([each]) => each !== key));
  beforeEach(() => world.apply(...parseAllDocuments(yaml).map((document) => document.toJS() as KubeObject)));

  it('accepts a definition with the account of `typekro rbac --per-definition`', async () => {
    await world.apply(sim.potDefinition([shared('x')], { ...allowed, 'typekro.dev/adoption': 'refuse' }));
    await world.advance(5000);
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'GraphAccepted')).toMatch(/^True/);
  });

  it.each<[string, Record<string, string>]>([
    ['the account of the controller', without('typekro.dev/service-account')],
    ['the account of another definition', { ...allowed, 'typekro.dev/service-account': 'kro-system/definition-other' }],
    ['any namespace, by default', without('typekro.dev/namespaces')],
    ['any namespace', { ...allowed, 'typekro.dev/namespaces': 'any' }],
    ['any namespace, with a blank that the controller ignores', { ...allowed, 'typekro.dev/namespaces': '\ufeffany ' }],
    ['objects of other instances', { ...allowed, 'typekro.dev/adoption': 'take-over' }],
    ['objects of other instances, for a node', { ...allowed, 'typekro.dev/adoption': 'refuse, map = take-over' }],
    ['a higher limit of cost', { ...allowed, 'typekro.dev/cel-budget': '10000000' }],
  ])('refuses a definition that chooses %s', async (_name, annotations) => {
    await expect(world.apply(sim.potDefinition([shared('x')], annotations))).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining("ValidatingAdmissionPolicy 'typekro-definitions'"),
    });
  });
});
