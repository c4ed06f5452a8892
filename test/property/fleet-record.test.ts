import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { FleetRecord } from '../support/fleet.ts';
import { recordChange } from '../support/fleet.ts';

const child = (course: string, resourceVersion: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'ship-1-log', resourceVersion, labels },
  data: { course },
});

const BEFORE = child('9', '100', { a: '1' });

test.each<[string, string, KubeObject | undefined, KubeObject, Partial<FleetRecord>]>([
  [
    'a write of a higher course counts as wanted, even if the number has more digits',
    'MODIFIED',
    BEFORE,
    child('10', '101'),
    { wanted: 1 },
  ],
  [
    'a write of a lower course counts as a stale write',
    'MODIFIED',
    BEFORE,
    child('8', '101'),
    { stale: ['ship-1-log: 9 → 8'] },
  ],
  [
    'a write of the same course with another label counts as needless',
    'MODIFIED',
    BEFORE,
    child('9', '101', { a: '2' }),
    { needless: ['ship-1-log: label a: "1" → "2"'] },
  ],
  ['an object with the same version is not a change', 'ADDED', BEFORE, BEFORE, {}],
  ['a new child is not a change', 'ADDED', undefined, child('1', '101'), {}],
  ['a deleted child counts as lost', 'DELETED', BEFORE, BEFORE, { lost: ['ship-1-log'] }],
])('%s', (_, type, before, object, wanted) => {
  const record: FleetRecord = { edits: 0, wanted: 0, needless: [], stale: [], lost: [] };
  recordChange(record, type, before, object);
  expect(record).toEqual({ edits: 0, wanted: 0, needless: [], stale: [], lost: [], ...wanted });
});
