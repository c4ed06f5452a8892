import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import type { KroCompatibility } from '../../graph/index.ts';
import { applySetIdOf } from '../reports/applyset.ts';
import { patchManager } from '../objects/field-managers.ts';
import { statusWrites } from './status-writes.ts';

const instanceWith = (status: JsonObject | undefined) => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Web',
  metadata: { name: 'shop', namespace: 'team-a', uid: 'u' },
  ...(status === undefined ? {} : { status }),
});
const AUTHOR = patchManager(applySetIdOf(instanceWith(undefined)), 'instance');
const OLD = { state: 'IN_PROGRESS', conditions: [{ type: 'Ready', status: 'False' }] };
const NEW = { state: 'ACTIVE', conditions: [{ type: 'Ready', status: 'True' }] };

/** JSON.parse creates an own member with the name `__proto__`, and an object spread keeps this member. */
const hostile = JSON.parse('{"__proto__": "x"}') as JsonObject;

const update = (manager: string, status: JsonObject) => ({ method: 'update', manager, status });
const apply = (status: JsonObject) => ({ method: 'apply', manager: 'kro-instance-status', status });

const CASES: readonly [string, KroCompatibility, JsonObject | undefined, JsonObject, unknown[]][] = [
  ['one update of everything', '0.9', OLD, { ...NEW, url: 'a' }, [update('kro', { ...NEW, url: 'a' })]],
  ['nothing changes', '0.10', { ...NEW, url: 'a' }, { url: 'a', ...NEW }, []],
  ['the first status', '0.10', undefined, NEW, [apply(NEW)]],
  ['the first status with fields', '0.10', undefined, { ...NEW, a: 1 }, [update(AUTHOR, { a: 1 }), apply(NEW)]],
  ['only conditions and state', '0.10', { ...OLD, a: 1 }, { ...NEW, a: 1 }, [apply(NEW)]],
  ['a field named __proto__', '0.10', NEW, { ...NEW, ...hostile }, [update(AUTHOR, { ...hostile, ...NEW })]],
  ['only a field', '0.10', { ...NEW, a: 1 }, { ...NEW, a: 2 }, [update(AUTHOR, { a: 2, ...NEW })]],
  ['a field vanishes', '0.10', { ...NEW, a: 1, b: { c: 2 } }, { ...NEW, b: {} }, [update(AUTHOR, { b: {}, ...NEW })]],
  [
    'fields before conditions and state',
    '0.10',
    { ...OLD, a: 1 },
    { ...NEW, a: 2 },
    [update(AUTHOR, { a: 2, ...OLD }), apply(NEW)],
  ],
];

test.each(CASES)('a status is written by the necessary requests: %s (level %s)', (_, level, live, wanted, expected) => {
  expect(statusWrites(instanceWith(live), wanted, { level })).toEqual(expected);
});

test('the record of the objects is written by its own manager, after the fields and before the conditions', () => {
  const recorded = (state: string) => ({ graph: { state, resources: [] } });
  const writes = statusWrites(
    instanceWith({ ...OLD, ...recorded('old'), a: 1 }),
    { ...NEW, ...recorded('new'), a: 2 },
    { level: '0.10', recordsObjects: true },
  );
  expect(writes).toEqual([
    update(AUTHOR, { a: 2, ...recorded('old'), ...OLD }),
    { method: 'apply', manager: 'kro-graph-manager', status: recorded('new') },
    apply(NEW),
  ]);
});

test("without a record, status.graph is the author's field", () => {
  const status = { ...NEW, graph: 'g' };
  expect(statusWrites(instanceWith(NEW), status, { level: '0.10' })).toEqual([update(AUTHOR, { graph: 'g', ...NEW })]);
});
