import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { LiveObject } from '../../runtime/index.ts';
import { digestText, isSameFingerprint, keys, projectObject, settledOf } from '../../runtime/index.ts';
import { withWhole, projectWithBaseline, withBaseline, compacted } from './held-object.ts';

const MANAGED: JsonObject = {
  manager: keys.CHILD_MANAGER,
  operation: 'Apply',
  fieldsV1: { 'f:data': { 'f:text': {} } },
};

/** A ConfigMap of which we own one field. */
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
    expect(withBaseline(object, { desired: ownedOf(live('1')), owned: ownedOf(object) }).settled).toBe(true);
  });

  it('remembers what satisfies what, where they differ', () => {
    const pair = { desired: ownedOf(live('1.0')), owned: ownedOf(live('1')) };
    expect(withBaseline(live('1'), pair).settled).toEqual(pair);
  });

  it('forgets the whole object once it is explained, and not before', () => {
    const drifted = { ...live('2'), whole: config('2') };
    const [one, two] = [ownedOf(live('1')), ownedOf(live('2'))];
    expect(withBaseline(drifted, { desired: one, owned: one }).whole).toEqual(config('2'));
    expect(withBaseline(drifted, { desired: two, owned: two }).whole).toBeUndefined();
  });
});

describe('remembering', () => {
  const settled = withBaseline(live('1'), { desired: ownedOf(live('1')), owned: ownedOf(live('1')) });

  it.each([
    ['as it came', settled],
    ['tidied up', compacted(settled)],
  ])('knows of an object, %s before, that what we own stayed the same', (_what, before) => {
    const after = projectWithBaseline(live('1'), before, config('1'));
    expect(after).toMatchObject({ settled: true });
    expect(after.whole).toBeUndefined();
  });

  it.each([
    ['as it came', settled],
    ['tidied up', compacted(settled)],
  ])('knows of an object, %s before, that it changed, and keeps all of it', (_what, before) => {
    const after = projectWithBaseline(live('2'), before, config('2'));
    const pair = settledOf(after);
    expect(after.whole).toEqual(config('2'));
    expect(isSameFingerprint(pair?.owned ?? '', ownedOf(live('1')))).toBe(true);
    expect(isSameFingerprint(pair?.desired ?? '', ownedOf(live('1')))).toBe(true);
  });

  it('knows nothing of one of which nothing was settled', () => {
    expect(projectWithBaseline(live('2'), live('1'), config('2'))).toEqual(live('2'));
  });
});

describe('explained', () => {
  const asked = withWhole(live('2'), config('2'));

  it('keeps the whole object until what it shows is settled', () => {
    expect(asked.whole).toEqual(config('2'));
    expect(withBaseline(asked, { desired: ownedOf(live('2')), owned: ownedOf(asked) }).whole).toBeUndefined();
  });

  it('is over with the next version', () => {
    expect(projectWithBaseline(live('3'), asked, config('3'))).toEqual(live('3'));
  });
});

describe('tidied', () => {
  const pair = { desired: ownedOf(live('1.0')), owned: ownedOf(live('1')) };
  const digests = { desired: digestText(pair.desired), owned: digestText(pair.owned) };

  it.each<[string, LiveObject, Partial<LiveObject>]>([
    ['what is owned', live('1'), { owned: digests.owned }],
    ['that it is as desired', { ...live('1'), settled: true }, { owned: digests.owned, settled: true }],
    ['what was settled', { ...live('1'), settled: pair }, { owned: digests.owned, settled: digests }],
    [
      'an object whose change nobody has looked at',
      { ...live('1'), settled: pair, whole: config('1') },
      { owned: digests.owned, settled: digests, whole: config('1') },
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
