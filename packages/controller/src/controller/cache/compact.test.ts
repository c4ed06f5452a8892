import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { compact } from './compact.ts';

const withData = (data: unknown, labels?: Record<string, string>) =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', ...(labels === undefined ? {} : { labels }) },
    data,
  }) as unknown as KubeObject;

it('returns a copy with every value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'small' }), fc.dictionary(fc.string(), fc.string()), (data, labels) => {
      const object = withData(JSON.parse(JSON.stringify(data)), labels);
      const copy = compact(object);
      expect(copy).toEqual(object);
      expect(copy).not.toBe(object);
    }),
  );
});

it('keeps integers that JSON.parse would round', () => {
  const object = withData({ big: 9_007_199_254_740_993n }, { a: 'b' });
  expect(compact(object)).toEqual(object);
});
