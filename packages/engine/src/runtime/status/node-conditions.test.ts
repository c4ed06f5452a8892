import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { nodeConditions } from './node-conditions.ts';
import type { NodeReport } from '../report.ts';

const now = Date.parse('2026-11-01T00:00:00Z');
const instance = (explain?: string): KubeObject => ({
  apiVersion: 'a/v1',
  kind: 'A',
  metadata: { name: 'a', generation: 3, annotations: explain === undefined ? {} : { 'typekro.dev/explain': explain } },
});
const ready = (id: string): NodeReport => ({ id, state: 'ready', because: { kind: 'ready' }, objects: [] });
const waiting = (id: string, expression = 'x'): NodeReport => ({
  id,
  state: 'waiting',
  because: { kind: 'not-ready', expression, value: false },
  objects: [],
});

describe('node reports in the status', () => {
  test.each([[undefined], ['false'], ['True'], ['']])('are omitted when the annotation is %j', (explain) => {
    expect(nodeConditions(instance(explain), [ready('a')], { now })).toEqual([]);
  });

  test('contain the state and the reason of each node', () => {
    const reports: NodeReport[] = [
      ready('db'),
      waiting('web'),
      { id: 'job', state: 'blocked', because: { kind: 'suspended' }, objects: [] },
      { ...ready('db'), retired: true, state: 'deleting', because: { kind: 'retired', objects: [] } },
    ];
    const found = nodeConditions(instance('true'), reports, { now });
    expect(found.map(({ type, status, reason }) => `${type} ${status} ${reason ?? ''}`)).toEqual([
      'node.typekro.dev/db True Ready',
      'node.typekro.dev/web Unknown Waiting',
      'node.typekro.dev/job False Blocked',
      'retired.typekro.dev/db Unknown Deleting',
    ]);
    expect(found[1]).toMatchObject({ message: 'waits until x is true; it is false', observedGeneration: 3 });
  });

  test('are limited in number and length, and finished nodes are dropped first', () => {
    const reports = [
      ...Array.from({ length: 500 }, (_, index) => ready(`r${index}`)),
      waiting('late', 'y'.repeat(100_000)),
    ];
    const found = nodeConditions(instance('true'), reports, { now });
    expect(found).toHaveLength(64);
    expect(found.at(-1)?.type).toBe('node.typekro.dev/late');
    expect(JSON.stringify(found).length).toBeLessThan(32_000);
  });

  test('are not cut inside a surrogate pair', () => {
    for (const shift of ['', 'y']) {
      const [found] = nodeConditions(instance('true'), [waiting('a', `${shift}${'😀'.repeat(200)}`)], { now });
      expect(found?.message).toMatch(/😀…$/);
      expect(JSON.stringify(found)).not.toContain(String.raw`\ud83d`);
    }
  });

  test('do not change with the time of the next retry', () => {
    const failed = (retryAt: number): NodeReport => ({
      id: 'a',
      state: 'failed',
      because: {
        kind: 'write-failed',
        object: { apiVersion: 'v1', kind: 'Pod', name: 'p' },
        failure: { code: 500, reason: 'InternalError', message: 'no' },
        retryAt,
      },
      objects: [],
    });
    expect(nodeConditions(instance('true'), [failed(1)], { now })).toEqual(
      nodeConditions(instance('true'), [failed(2)], { now }),
    );
  });
});
