import { describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import type { ObjectType } from '@typekro/engine/runtime';
import { ActingIdentities } from './acting-identity.ts';
import type { CacheSet } from './cache/cache-set.ts';
import { scriptedApi } from '@typekro/kube/test-support/scripted-api';

const MAPS: ObjectType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const MINUTE = 60_000;
const account = (name: string) => ({ namespace: 'team-a', name });

function setup() {
  const api = scriptedApi();
  const clock = new TestClock();
  const used = new Set<CacheSet>();
  const opened = { now: 0 };
  const identities = new ActingIdentities({
    client: { ...api, as: () => api },
    clock,
    onWake: () => undefined,
    onChildChange: () => undefined,
    meter: {
      opened: () => void (opened.now += 1),
      closed: () => void (opened.now -= 1),
      synced: () => undefined,
      routed: () => undefined,
    },
    onWentBack: () => undefined,
    usedCaches: () => used,
  });
  /** Begins a Graph that watches ConfigMaps as an account. Returns a function that ends the Graph. */
  const begin = (name: string) => {
    const { caches } = identities.of(account(name));
    used.add(caches);
    caches.setInterest(name, [{ kind: 'list', nodeId: '', target: { type: MAPS, selector: '' } }]);
    return () => {
      caches.setInterest(name, []);
      used.delete(caches);
      identities.released();
    };
  };
  return { api, clock, identities, begin, opened };
}

describe('the identities of accounts', () => {
  it('1,000 accounts that come and go leave no identity, no watch and no timer', async () => {
    const { api, clock, identities, begin, opened } = setup();
    let most = 0;
    for (let index = 0; index < 1000; index += 1) {
      begin(`account-${index}`)();
      await clock.advance(MINUTE / 10);
      most = Math.max(most, identities.all().length);
    }
    expect(most).toBeLessThan(30);
    await clock.advance(2 * MINUTE);
    expect([identities.all(), opened.now, clock.timers]).toEqual([[identities.own], 0, 0]);
    expect([api.watches.length, api.watches.filter(({ closed }) => !closed)]).toEqual([1000, []]);
  });

  it('stay while an instance uses them, with their watches', async () => {
    const { api, clock, identities, begin } = setup();
    const end = begin('a');
    begin('b')();
    await clock.advance(2 * MINUTE);
    expect(identities.all().map(({ user }) => user)).toEqual([undefined, 'system:serviceaccount:team-a:a']);
    expect(identities.of(account('a'))).toBe(identities.all()[1]);
    expect(api.watches.map(({ closed }) => closed)).toEqual([false, true]);
    end();
    await clock.advance(2 * MINUTE);
    expect(identities.all()).toEqual([identities.own]);
  });

  it('are dropped after a minute, even if they had no watch', async () => {
    const { clock, identities } = setup();
    identities.of(account('a'));
    identities.released();
    await clock.advance(MINUTE);
    expect(identities.all()).toEqual([identities.own]);
  });

  it('keep their watches when their account is used again within a minute', async () => {
    const { api, clock, begin } = setup();
    begin('a')();
    await clock.advance(MINUTE / 3);
    begin('a');
    await clock.advance(2 * MINUTE);
    expect(api.watches.map(({ closed }) => closed)).toEqual([false]);
  });

  it('start no timer when their last Graph ends after close()', async () => {
    const { clock, identities, begin } = setup();
    const end = begin('a');
    begin('b')();
    await identities.close();
    end();
    expect(clock.timers).toBe(0);
  });
});
