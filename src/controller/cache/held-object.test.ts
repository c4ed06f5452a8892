import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { LiveObject } from '../../runtime/index.ts';
import { digestText, isSameFingerprint, keys, projectObject, equivalenceOf } from '../../runtime/index.ts';
import { withWhole, projectWithEquivalence, withEquivalence, compacted } from './held-object.ts';

const MANAGED: JsonObject = {
  manager: keys.CHILD_MANAGER,
  operation: 'Apply',
  fieldsV1: { 'f:data': { 'f:text': {} } },
};

/** A ConfigMap of which the controller owns one field. */
const config = (text: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'a',
    uid: 'u',
    managedFields: [MANAGED],
  },
  data: { text },
});
const live = (text: string): LiveObject => projectObject(config(text), [['data']]);
const ownedOf = ({ owned = '' }: LiveObject) => owned;

describe('settledAs', () => {
  it('says no more than that they are equal, where they are', () => {
    const object = live('1');
    expect(withEquivalence(object, { desired: ownedOf(live('1')), owned: ownedOf(object) }).equivalence).toBe(true);
  });

  it('remembers what satisfies what, where they differ', () => {
    const pair = { desired: ownedOf(live('1.0')), owned: ownedOf(live('1')) };
    expect(withEquivalence(live('1'), pair).equivalence).toEqual(pair);
  });

  it('forgets the whole object once it is explained, and not before', () => {
    const drifted = { ...live('2'), whole: config('2') };
    const [one, two] = [ownedOf(live('1')), ownedOf(live('2'))];
    expect(withEquivalence(drifted, { desired: one, owned: one }).whole).toEqual(config('2'));
    expect(withEquivalence(drifted, { desired: two, owned: two }).whole).toBeUndefined();
  });
});

describe('remembering', () => {
  const equivalent = withEquivalence(live('1'), { desired: ownedOf(live('1')), owned: ownedOf(live('1')) });

  it.each([
    ['as it came', equivalent],
    ['tidied up', compacted(equivalent)],
  ])('knows of an object, %s before, that what we own stayed the same', (_what, before) => {
    const after = projectWithEquivalence(live('1'), before, config('1'));
    expect(after).toMatchObject({ equivalence: true });
    expect(after.whole).toBeUndefined();
  });

  it.each([
    ['as it came', equivalent],
    ['tidied up', compacted(equivalent)],
  ])('knows of an object, %s before, that it changed, and keeps all of it', (_what, before) => {
    const after = projectWithEquivalence(live('2'), before, config('2'));
    const pair = equivalenceOf(after);
    expect(after.whole).toEqual(config('2'));
    expect(isSameFingerprint(pair?.owned ?? '', ownedOf(live('1')))).toBe(true);
    expect(isSameFingerprint(pair?.desired ?? '', ownedOf(live('1')))).toBe(true);
  });

  it('stays as it is without a known equivalence', () => {
    expect(projectWithEquivalence(live('2'), live('1'), config('2'))).toEqual(live('2'));
  });
});

describe('explained', () => {
  const asked = withWhole(live('2'), config('2'));

  it('keeps the whole object until its equivalence is known', () => {
    expect(asked.whole).toEqual(config('2'));
    expect(withEquivalence(asked, { desired: ownedOf(live('2')), owned: ownedOf(asked) }).whole).toBeUndefined();
  });

  it('is over with the next version', () => {
    expect(projectWithEquivalence(live('3'), asked, config('3'))).toEqual(live('3'));
  });
});

describe('tidied', () => {
  const pair = { desired: ownedOf(live('1.0')), owned: ownedOf(live('1')) };
  const digests = { desired: digestText(pair.desired), owned: digestText(pair.owned) };

  it.each<[string, LiveObject, Partial<LiveObject>]>([
    ['what is owned', live('1'), { owned: digests.owned }],
    ['that it is as desired', { ...live('1'), equivalence: true }, { owned: digests.owned, equivalence: true }],
    ['a known equivalence', { ...live('1'), equivalence: pair }, { owned: digests.owned, equivalence: digests }],
    [
      'an object whose change no step has seen',
      { ...live('1'), equivalence: pair, whole: config('1') },
      { owned: digests.owned, equivalence: digests, whole: config('1') },
    ],
    [
      'a whole object that a step asked for',
      withWhole(live('1'), config('1')),
      { owned: digests.owned, whole: config('1') },
    ],
  ])('keeps %s', (_what, given, expected) => {
    expect(compacted(given)).toEqual({ object: given.object, ...expected });
    expect(compacted(compacted(given))).toEqual(compacted(given));
  });
});
