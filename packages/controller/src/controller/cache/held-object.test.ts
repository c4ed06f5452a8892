import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type Observations, Fingerprint, keys, Projection } from '@typekro/engine/runtime';
import { compacted, projectWithEquivalence, withEquivalence, withWhole, withWriterEquivalence } from './held-object.ts';

const MANAGED: JsonObject = {
  manager: keys.CHILD_MANAGER,
  operation: 'Apply',
  fieldsV1: { 'f:data': { 'f:text': {} } },
};

/** A ConfigMap in which the controller owns one field. */
const config = (text: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', uid: 'u', managedFields: [MANAGED] },
  data: { text },
});
const live = (text: string): Observations.LiveObject => Projection.of(config(text), [['data']]);
const ownedOf = ({ owned = '' }: Observations.LiveObject) => owned;

describe('withEquivalence', () => {
  it('stores true when the desired and the owned fields are equal', () => {
    const object = live('1');
    expect(withEquivalence(object, { desired: ownedOf(live('1')), owned: ownedOf(object) }).equivalence).toBe(true);
  });

  it('stores both fingerprints when they differ', () => {
    const pair = { desired: ownedOf(live('1.0')), owned: ownedOf(live('1')) };
    expect(withEquivalence(live('1'), pair).equivalence).toEqual(pair);
  });

  it('drops the whole object when the pair of fingerprints matches its owned fields', () => {
    const drifted = { ...live('2'), whole: config('2') };
    const [one, two] = [ownedOf(live('1')), ownedOf(live('2'))];
    expect(withEquivalence(drifted, { desired: one, owned: one }).whole).toEqual(config('2'));
    expect(withEquivalence(drifted, { desired: two, owned: two }).whole).toBeUndefined();
  });
});

describe('projectWithEquivalence', () => {
  const equivalent = withEquivalence(live('1'), { desired: ownedOf(live('1')), owned: ownedOf(live('1')) });

  it.each([
    ['not compacted', equivalent],
    ['compacted', compacted(equivalent)],
  ])('keeps the equivalence of a previous object (%s) when the owned fields are equal', (_what, before) => {
    const after = projectWithEquivalence(live('1'), before, config('1'));
    expect(after).toMatchObject({ equivalence: true });
    expect(after.whole).toBeUndefined();
  });

  it.each([
    ['not compacted', equivalent],
    ['compacted', compacted(equivalent)],
  ])('keeps the whole object when its owned fields differ from those of the previous object (%s)', (_what, before) => {
    const after = projectWithEquivalence(live('2'), before, config('2'));
    const pair = Fingerprint.equivalenceOf(after);
    expect(after.whole).toEqual(config('2'));
    expect(Fingerprint.isSame(pair?.owned ?? '', ownedOf(live('1')))).toBe(true);
    expect(Fingerprint.isSame(pair?.desired ?? '', ownedOf(live('1')))).toBe(true);
  });

  it('returns the projection when the previous object has no equivalence', () => {
    expect(projectWithEquivalence(live('2'), live('1'), config('2'))).toEqual(live('2'));
  });
});

describe('withWhole', () => {
  const requestedWhole = withWhole(live('2'), config('2'));

  it('keeps the whole object until its equivalence is known', () => {
    expect(requestedWhole.whole).toEqual(config('2'));
    expect(
      withEquivalence(requestedWhole, { desired: ownedOf(live('2')), owned: ownedOf(requestedWhole) }).whole,
    ).toBeUndefined();
  });

  it('keeps the whole object only for this version of the object', () => {
    expect(projectWithEquivalence(live('3'), requestedWhole, config('3'))).toEqual(live('3'));
  });
});

describe('compacted', () => {
  const pair = { desired: ownedOf(live('1.0')), owned: ownedOf(live('1')) };
  const digests = { desired: Fingerprint.ofText(pair.desired), owned: Fingerprint.ofText(pair.owned) };

  it.each<[string, Observations.LiveObject, Partial<Observations.LiveObject>]>([
    ['the digest of the owned fields', live('1'), { owned: digests.owned }],
    ['an equivalence that is true', { ...live('1'), equivalence: true }, { owned: digests.owned, equivalence: true }],
    [
      'the digests of an equivalence',
      { ...live('1'), equivalence: pair },
      { owned: digests.owned, equivalence: digests },
    ],
    [
      'the whole object of an equivalence',
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

describe('the fields of a writer of the graph engine', () => {
  const WRITER = 'kro-graphengine.tmpl.000000000000';
  const written = (text: string): KubeObject => ({
    ...config(text),
    metadata: { name: 'a', uid: 'u', managedFields: [{ ...MANAGED, manager: WRITER }] },
  });
  const object = (text: string): Observations.LiveObject => Projection.of(written(text), [['data']]);
  const fieldsOf = (entry: Observations.LiveObject) => entry.engineFields?.get(WRITER);
  const digest = (text: string) => fieldsOf(object(text))?.owned ?? '';
  const equivalent = withWriterEquivalence(object('1'), WRITER, { desired: digest('1'), owned: digest('1') });

  it('have the equivalence true when the desired and the owned fields are equal', () => {
    expect(fieldsOf(equivalent)?.equivalence).toBe(true);
    expect(equivalent.equivalence).toBeUndefined();
  });

  it.each([
    ['not compacted', equivalent],
    ['compacted', compacted(equivalent)],
  ])('keep the equivalence of the previous object (%s) while they have the same values', (_what, before) => {
    const after = projectWithEquivalence(object('1'), before, written('1'));
    expect(fieldsOf(after)?.equivalence).toBe(true);
    expect(after.whole).toBeUndefined();
  });

  it('have both fingerprints and the whole object after a change by another client', () => {
    const after = projectWithEquivalence(object('2'), equivalent, written('2'));
    expect(fieldsOf(after)?.equivalence).toEqual({ desired: digest('1'), owned: digest('1') });
    expect(after.whole).toEqual(written('2'));
  });

  it('have no equivalence when the writer owns nothing', () => {
    expect(withWriterEquivalence(live('1'), WRITER, { desired: '', owned: '' })).toEqual(live('1'));
  });
});
