import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestTo, failure, once } from '@typekro/testing/test-support/intercept-request';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;
const LEAF = /configmaps\/p-leaf/;
const leafPath = '/api/v1/namespaces/default/configmaps/p-leaf';
const basePath = '/api/v1/namespaces/default/configmaps/p-base';

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld({ controller: { maxGraphRevisions: 2 } });
});
afterEach(() => world.close());

/** Applies a definition with two nodes. The data of `leaf` comes from `base`. */
async function define(text: string): Promise<void> {
  const base = sim.mapResource('base', { text });
  await world.apply(sim.potDefinition([base, sim.mapResource('leaf', { text: '${base.data.text}' })]));
  await world.advance(5000);
}

describe('a write without a successful response', () => {
  const outcomes: readonly (readonly [string, () => Promise<sim.Answer>])[] = [
    ['no answer comes', () => Promise.reject(new Error('the request timed out'))],
    ['a proxy times out', () => Promise.resolve(failure(504, 'Timeout'))],
    ['the server is unavailable', () => Promise.resolve(failure(503, 'ServiceUnavailable'))],
    ['the server is too busy', () => Promise.resolve(failure(429, 'TooManyRequests'))],
    ['the server fails', () => Promise.resolve(failure(500, 'InternalError'))],
  ];
  it.each(outcomes)('when %s, the next decision writes the dependencies of the object first', async (_, outcome) => {
    await define('one');
    let end = () => {};
    const instead = new Promise<void>((resolve) => {
      end = resolve;
    }).then(outcome);
    once(world, requestTo('PATCH', LEAF), instead);
    await world.apply(sim.pot('p'));
    await world.user.delete(sim.mapRef('p-base'));
    await world.settle();
    world.requests.length = 0;
    end();
    await world.advance(MINUTE);
    const children = sim.writesOf(world.requests).filter((write) => write.includes('/configmaps/'));
    expect(children).toEqual([`PATCH ${basePath}`, `PATCH ${leafPath}`]);
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'Ready')).toMatch(/^True/);
  });

  it('is reported in the status only if it persists', async () => {
    await define('one');
    const isLeaf = requestTo('PATCH', LEAF);
    let refusals = 0;
    let maxRefusals = 4;
    world.intercept = (request) => {
      if (!isLeaf(request) || refusals >= maxRefusals) return undefined;
      refusals += 1;
      return failure(503, 'ServiceUnavailable', 'out of reach');
    };
    world.requests.length = 0;
    await world.apply(sim.pot('p'));
    await world.advance(MINUTE);
    expect(refusals).toBe(4);
    expect(sim.writesOf(world.requests).filter((write) => write.endsWith('pots/p/status'))).toHaveLength(1);
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'Ready')).toMatch(/^True/);

    maxRefusals = Number.POSITIVE_INFINITY;
    await world.user.delete(sim.mapRef('p-leaf'));
    await world.advance(MINUTE);
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'ResourcesReady')).toContain('out of reach');
    // The first five attempts are in one pass. The pause before the sixth attempt is at most 3.2 s, and this limit
    // doubles with each later pause.
    expect(refusals).toBeLessThan(4 + 5 + 8);
  });
});

describe('the refused removal of a finalizer', () => {
  it('is retried with growing pauses, and the condition names the removal', async () => {
    await define('one');
    await world.apply(sim.pot('p'));
    const isRemoval = requestTo('PATCH', /pots\/p\?fieldManager=kro$/);
    world.intercept = (request) => (isRemoval(request) ? failure(403, 'Forbidden', 'a webhook refuses') : undefined);
    world.requests.length = 0;
    await world.user.delete(sim.potRef('p'));
    await world.advance(MINUTE);
    const tries = world.requests.filter(isRemoval).length;
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThan(12);
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'ResourcesReady')).toContain(
      'deletion blocked: remove the finalizer: a webhook refuses',
    );
    world.intercept = undefined;
    await world.advance(2 * MINUTE);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
  });
});

describe('old revisions', () => {
  it.each([
    ['the deletion of one revision', requestTo('DELETE', /graphrevisions\//)],
    ['the removal of one finalizer', requestTo('PATCH', /graphrevisions\/[^/]*\?/)],
  ])('are deleted although %s had a conflict', async (_, meets) => {
    await define('one');
    await define('two');
    once(world, meets, failure(409, 'Conflict'));
    await define('three');
    await world.advance(MINUTE);
    const { items } = await world.user.list({ apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['pots-r00002', 'pots-r00003']);
  });
});
