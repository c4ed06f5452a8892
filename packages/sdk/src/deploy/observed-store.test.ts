import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { type ObjectType, WriteRules } from '@typekro/engine/runtime';
import { listKey, memberKey, objectReadKey, ObservedStore, targetOfObject } from './observed-store.ts';

const TYPE: ObjectType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const configMap = (uid: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'default', uid, resourceVersion },
});
const target = targetOfObject(TYPE, configMap('', ''));

describe('the state of an object in a deploy', () => {
  test('is unknown at first, not absent', () => {
    const store = new ObservedStore(() => 0);
    expect(store.object(target)).toEqual({ state: 'unknown' });
    expect(store.knows(target)).toBe(false);
    store.setObject(target, undefined);
    expect(store.object(target)).toEqual({ state: 'absent' });
  });

  test.each([
    ['a newer version', '9', '10', '10'],
    ['an older version from a slow watch', '10', '9', '10'],
    ['the same version again', '10', '10', '10'],
  ])('%s: with known version %s and observed version %s, the store keeps %s', (_what, known, seen, kept) => {
    const store = new ObservedStore(() => 0);
    store.setObject(target, configMap('u', known));
    expect(store.setObject(target, configMap('u', seen))).toBe(kept !== known);
    expect(store.object(target)).toMatchObject({ live: { object: { metadata: { resourceVersion: kept } } } });
  });

  test('another object of the same name replaces the known object, whatever its version', () => {
    const store = new ObservedStore(() => 0);
    store.setObject(target, configMap('old', '10'));
    store.setObject(target, configMap('new', '3'));
    expect(store.object(target)).toMatchObject({ live: { object: { metadata: { uid: 'new' } } } });
  });

  test('a late deletion event does not remove the next object of the name', () => {
    const store = new ObservedStore(() => 0);
    store.setObject(target, configMap('new', '12'));
    store.setGone(target, 'old');
    expect(store.object(target).state).toBe('present');
    store.setGone(target, 'new');
    expect(store.object(target).state).toBe('absent');
  });

  test.each([
    ['is kept when the response has the same version', false, 'known'],
    ['is replaced by the response to a dry run with the same version', true, 'answered'],
  ])('a known object %s', (_name, dryRun, text) => {
    const store = new ObservedStore(() => 0);
    store.setObject(target, { ...configMap('u', '1'), data: { text: 'known' } });
    store.setApplied({ target, fingerprint: 'd' }, { ...configMap('u', '1'), data: { text: 'answered' } }, dryRun);
    expect(store.object(target)).toMatchObject({ live: { object: { data: { text } } } });
  });

  test('the response to an apply is recorded as equivalent to the sent configuration', () => {
    const store = new ObservedStore(() => 0);
    store.setApplied({ target, fingerprint: 'd' }, configMap('u', '1'));
    expect(store.object(target)).toMatchObject({ live: { equivalence: { desired: 'd' } } });
  });

  describe('when a Graph writes fields of the object', () => {
    const MANAGER = 'kro-graphengine.tmpl.1';
    const owning = (uid: string, version: string, manager: string, a: string): KubeObject => {
      const object = configMap(uid, version);
      const fieldsV1 = { 'f:data': { 'f:a': {} } };
      const managedFields = [{ manager, operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 }];
      return { ...object, metadata: { ...object.metadata, managedFields }, data: { a } };
    };
    const fields = (store: ObservedStore) => {
      const known = store.object(target);
      if (known.state !== 'present') throw new Error('there is no object');
      return WriteRules.engineFieldsOf(known.live, MANAGER);
    };

    test.each([
      ['keeps the equivalence while the Graph owns these fields', owning('u', '2', MANAGER, 'x'), true, false],
      [
        'has no fields of the Graph after another client took all of them',
        owning('u', '2', 'kubectl', 'x'),
        false,
        true,
      ],
      ['has no recorded equivalence under another UID', owning('v', '2', MANAGER, 'x'), false, false],
    ])('%s', (_name, seen, isKnown, isTaken) => {
      const store = new ObservedStore(() => 0);
      store.setApplied({ target, fingerprint: 'd', manager: MANAGER }, owning('u', '1', MANAGER, 'x'));
      store.setObject(target, seen);
      expect(fields(store).owned === '').toBe(isTaken);
      expect(fields(store).equivalence !== undefined).toBe(isKnown);
    });
  });

  test('the equivalence of a deleted object does not apply to another object of the name', () => {
    const store = new ObservedStore(() => 0);
    store.setApplied({ target, fingerprint: 'd' }, configMap('u', '1'));
    store.setObject(target, configMap('v', '2'));
    expect(store.object(target)).not.toHaveProperty('live.equivalence');
  });

  test('a failed read is reported until its pause is over; after the pause, the state is unknown', () => {
    let now = 0;
    const store = new ObservedStore(() => now);
    const failure = { code: 503, reason: 'ServiceUnavailable', message: 'later' };
    const members = { applySet: 'a', group: '', kind: 'ConfigMap', namespaces: ['default'] };
    const list = { type: TYPE, selector: '' };
    const reads = [
      [objectReadKey(target), () => store.object(target)],
      [listKey(list), () => store.list(list)],
      [memberKey(members), () => store.members(members)],
    ] as const;
    for (const [key] of reads) store.failedReads.set(key, { failures: 1, failure, retryAt: 1000 });
    for (const [, look] of reads) expect(look()).toEqual({ state: 'failed', failure, retryAt: 1000 });
    now = 1000;
    for (const [, look] of reads) expect(look()).toEqual({ state: 'unknown' });
  });
});
