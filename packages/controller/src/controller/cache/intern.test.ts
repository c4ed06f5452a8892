import { describe, expect, it } from 'vitest';
import { compact } from './compact.ts';
import { internJson, internString } from './intern.ts';

const object = (name: string, reason: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, annotations: { order: '1' }, finalizers: ['a/b'] },
  status: { conditions: [{ type: 'Ready', status: 'True', reason }] },
});

describe('compact', () => {
  it('shares equal parts of objects without a change of their values', () => {
    const [one, other] = [object('one', 'Same'), object('other', 'Same')];
    const [a, b] = [compact(one), compact(other)];
    expect([a, b]).toEqual([one, other]);
    expect(a.metadata.annotations).toBe(b.metadata.annotations);
    expect(a.metadata.finalizers).toBe(b.metadata.finalizers);
    const conditions = (of: typeof a) => of.status?.['conditions'] as readonly unknown[];
    expect(conditions(a)[0]).toBe(conditions(b)[0]);
    expect(conditions(compact(object('one', 'Other')))[0]).not.toBe(conditions(a)[0]);
  });

  it('does not freeze or share the given object', () => {
    const given = object('one', 'Same');
    compact(given);
    given.metadata.annotations.order = '2';
    expect(compact(given).metadata.annotations).toEqual({ order: '2' });
  });
});

describe('internString', () => {
  it('returns an equal string, whatever strings were interned before', () => {
    const texts = [
      'a',
      'b',
      'a',
      'x'.repeat(200),
      ...Array.from({ length: 10_000 }, (_, index) => `label-${index}`),
      'a',
    ];
    expect(texts.map(internString)).toEqual(texts);
  });
});

describe('internJson', () => {
  it('freezes a shared value', () => {
    expect(Object.isFrozen(internJson(['a']))).toBe(true);
  });

  it('does not share a long value', () => {
    const long = ['a'.repeat(600)];
    expect(internJson(long)).toBe(long);
    expect(Object.isFrozen(long)).toBe(false);
  });
});
