import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import type { KubeObject } from '@typekro/kit/core';
import { nowConditions, readNowSample } from './now-sample.ts';

const now = Date.parse('2026-11-01T00:00:03.120Z');
const timed = graphOf(
  'resources: [{id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {at: "${string(now())}"}}}]',
);
const timeless = graphOf('resources: [{id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}]');
const instance = (message?: string): KubeObject => ({
  apiVersion: 'a/v1',
  kind: 'A',
  metadata: { name: 'a', generation: 4 },
  ...(message === undefined
    ? {}
    : {
        status: { conditions: [{ type: 'now.typekro.dev/sampled', status: 'True', observedGeneration: 4, message }] },
      }),
});

describe('the record of the values of now()', () => {
  test('yields the written values when it is read', () => {
    const [condition] = nowConditions(timed, instance(), { now, templateNow: now - 1000, revision: 2 }, now);
    expect(condition).toMatchObject({ status: 'True', reason: 'Sampled' });
    expect(readNowSample(instance(condition?.message))).toEqual({
      generation: 4,
      revision: 2,
      template: now - 1000,
      status: now,
    });
  });

  test('exists only if the graph calls now() and the revision number is known', () => {
    expect(nowConditions(timeless, instance(), { now, revision: 2 }, now)).toEqual([]);
    expect(nowConditions(timed, instance(), { now }, now)).toEqual([]);
  });

  test.each([[undefined], [''], ['revision x: templates y, status z'], ['revision 1: templates never, status never']])(
    'is ignored when it cannot be parsed: %j',
    (message) => {
      expect(readNowSample(instance(message))).toBeUndefined();
    },
  );
});
