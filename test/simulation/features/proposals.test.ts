import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/index.ts';
import type { VirtualWorld } from '../../support/virtual-world.ts';
import {
  conditionText,
  mapRef,
  mapResource,
  pot,
  potDefinition,
  potRef,
  potsRef,
  virtualWorld,
} from '../../support/virtual-world.ts';

type Features = NonNullable<NonNullable<Parameters<typeof virtualWorld>[0]>['controller']>['features'];

let world: VirtualWorld;
afterEach(() => world.close());

async function open(features: Features): Promise<void> {
  world = await virtualWorld({ controller: features === undefined ? {} : { features } });
}

async function define(resources: JsonObject[]): Promise<void> {
  await world.apply(potDefinition(resources));
  await world.advance(5000);
}

const definitionText = async (type: string) => conditionText(await world.user.get(potsRef), type);

describe('the gate Variables', () => {
  const variable = { id: 'names', variable: { full: '${schema.metadata.name}-full' } };

  it('lets a definition have values without an object, which change with the instance', async () => {
    await open({ variables: true });
    await define([variable, mapResource('map', { full: '${names.full}' })]);
    await world.apply(pot('p'));
    await world.advance(5000);
    expect((await world.user.get(mapRef('p-map')))['data']).toEqual({ full: 'p-full' });
    expect((await world.user.get(potRef('p'))).status?.['state']).toBe('ACTIVE');
    await world.user.delete(potRef('p'));
    await world.advance(30_000);
    expect(await world.user.find(potRef('p'))).toBeUndefined();
    expect(await world.user.find(mapRef('p-map'))).toBeUndefined();
  });

  it('is off by default, and the definition names it', async () => {
    await open(undefined);
    await define([variable]);
    expect(await definitionText('GraphAccepted')).toContain(
      'variable requires the Variables feature gate to be enabled',
    );
  });
});
