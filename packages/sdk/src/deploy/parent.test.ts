import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { type DirectRecord, isRecordOf, parentName, parentObject, readDeployRecord } from './parent.ts';

const graph = { name: 'shop' } as Graph;
const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: parentName('shop', 'a'), namespace: 'default' };
const record: DirectRecord = {
  definition: { kind: 'ResourceGraphDefinition' },
  spec: { big: 9007199254740993n, text: 'ü' },
  revision: 3,
  previous: { definition: { kind: 'ResourceGraphDefinition' }, spec: { big: 1 } },
};

describe('the record of a direct deploy', () => {
  test('is read back as it was written, including big integers', () => {
    expect(readDeployRecord(parentObject(ref, graph, record), ref)).toEqual(record);
  });

  test('keeps the labels and annotations of the parent', () => {
    const carried: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { labels: { 'applyset.kubernetes.io/id': 'x' }, annotations: { a: 'b' } },
    };
    expect(parentObject(ref, graph, record, carried).metadata).toMatchObject({
      name: 'typekro-shop-a',
      labels: { 'applyset.kubernetes.io/id': 'x', 'typekro.dev/definition': 'shop' },
      annotations: { a: 'b' },
    });
  });

  test.each([
    ['no data', {}],
    ['invalid JSON', { definition: '{', spec: '{}' }],
    ['a list instead of an object', { definition: '[]', spec: '{}' }],
    ['only inherited members', Object.create({ definition: '{}', spec: '{}' }) as object],
  ])('%s is refused with an error that names the object', (_what, data) => {
    const parent = { ...parentObject(ref, graph, record), data } as KubeObject;
    expect(() => readDeployRecord(parent, ref)).toThrow(
      expect.objectContaining({ code: 'deploy/record-invalid', object: ref }) as Error,
    );
  });

  test('a record that is too large with the previous deploy omits the previous deploy', () => {
    const large = { ...record, spec: { text: 'x'.repeat(600_000) } };
    const kept = { ...large, previous: { definition: {}, spec: { text: 'x'.repeat(300_000) } } };
    const dropped = { ...large, previous: { definition: {}, spec: { text: 'x'.repeat(500_000) } } };
    expect(readDeployRecord(parentObject(ref, graph, kept), ref).previous).toEqual(kept.previous);
    expect(readDeployRecord(parentObject(ref, graph, dropped), ref)).toEqual({ ...large, previous: undefined });
  });

  test('two definitions can share the name of a ConfigMap, so this name does not identify a record', () => {
    const parent = parentObject({ ...ref, name: parentName('shop', 'a-b') }, graph, record);
    expect(parent.metadata.name).toBe(parentName('shop-a', 'b'));
    expect(isRecordOf(parent, 'shop', 'a-b')).toBe(true);
    expect(isRecordOf(parent, 'shop-a', 'b')).toBe(false);
    expect(isRecordOf(parent, 'shop', 'a')).toBe(false);
  });

  test('an invalid revision number counts as 1', () => {
    const parent = parentObject(ref, graph, record);
    const data = { ...(parent['data'] as object), revision: '-x' };
    expect(readDeployRecord({ ...parent, data }, ref).revision).toBe(1);
  });
});
