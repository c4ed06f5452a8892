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
  it('keeps once what objects have in common, and says the same of each', () => {
    const [one, other] = [object('one', 'Same'), object('other', 'Same')];
    const [a, b] = [compact(one), compact(other)];
    expect([a, b]).toEqual([one, other]);
    expect(a.metadata.annotations).toBe(b.metadata.annotations);
    expect(a.metadata.finalizers).toBe(b.metadata.finalizers);
    const conditions = (of: typeof a) => of.status?.['conditions'] as readonly unknown[];
    expect(conditions(a)[0]).toBe(conditions(b)[0]);
    expect(conditions(compact(object('one', 'Other')))[0]).not.toBe(conditions(a)[0]);
  });

  it('leaves what it was given as it is', () => {
    const given = object('one', 'Same');
    compact(given);
    given.metadata.annotations.order = '2';
    expect(compact(given).metadata.annotations).toEqual({ order: '2' });
  });
});

describe('internString', () => {
  it('gives the same text, whichever texts came before', () => {
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
  it('freezes what may be part of many objects', () => {
    expect(Object.isFrozen(internJson(['a']))).toBe(true);
  });

  it('leaves alone what is too long to be met again', () => {
    const long = ['a'.repeat(600)];
    expect(internJson(long)).toBe(long);
    expect(Object.isFrozen(long)).toBe(false);
  });
});
