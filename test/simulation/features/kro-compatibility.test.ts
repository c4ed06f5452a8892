import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld({ controller: { kroCompatibility: '0.10' } });
});
afterEach(() => world.close());

async function define(text: string, spec: Record<string, string>): Promise<void> {
  const definition = sim.potDefinition([sim.mapResource('map', { text })]);
  const schema = { apiVersion: 'v1', kind: 'Pot', group: 'acme.test', spec };
  await world.apply({ ...definition, spec: { ...definition.spec, schema } });
  await world.advance(5000);
}
const textOf = async (name: string) => (await world.user.get(sim.mapRef(`${name}-map`)))['data'];

describe('at the level of kro 0.10', () => {
  it('a change that would break the CRD issues a revision that is not served, also after a restart', async () => {
    await define('one', { count: 'integer | default=1', extra: 'string | default="e"' });
    await world.apply(sim.pot('p'));
    await define('two', { count: 'string | default="1"' });
    const definition = await world.user.get(sim.potsRef);
    expect(sim.conditionText(definition, 'KindReady')).toMatch(/^False Failed: .*breaking changes/);
    expect(sim.conditionText(definition, 'GraphRevisionsResolved')).toBe(
      'True Resolved: revision 2 compiled and active',
    );
    expect(definition.status?.['lastIssuedRevision']).toBe(2);
    await world.restart();
    await world.advance(5000);
    await world.user.delete(sim.mapRef('p-map'));
    await world.advance(5000);
    expect(await textOf('p')).toEqual({ text: 'one' });
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'Ready')).toMatch(/^True/);
  });

  it('an unterminated expression is refused with its position', async () => {
    await define('echo ${HOME', { count: 'integer | default=1' });
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'GraphAccepted')).toMatch(
      /^False InvalidResourceGraph: .*unterminated expression starting at offset 5/,
    );
  });

  it('an instance that moves to this level keeps its objects', async () => {
    await world.close();
    world = await sim.virtualWorld();
    await define('one', { count: 'integer | default=1' });
    await world.apply(sim.pot('p'));
    await world.advance(5000);
    const before = await world.user.get(sim.mapRef('p-map'));
    await world.restart({ kroCompatibility: '0.10' });
    await world.advance(5000);
    const after = await world.user.get(sim.mapRef('p-map'));
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.metadata.annotations?.['internal.kro.run/node-path']).toBe('map');
  });
});
