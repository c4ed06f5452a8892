import { expect, test } from 'vitest';
import type { Because, NodeReport, ObjectReport } from '@typekro/engine/runtime';
import { heldObjects } from './held-objects.ts';

const ref = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
const since = '2026-01-01T00:00:00Z';
const finalizers = ['acme.dev/keep'];

const OBJECTS: readonly ObjectReport[] = [
  { object: ref('failed'), state: 'failed' },
  { object: ref('present'), state: 'present', finalizers },
  { object: ref('hanging'), state: 'deleting', finalizers, deletingSince: since },
  { object: ref('going'), state: 'deleting', finalizers: [], deletingSince: since },
];

const failure = { code: 403, reason: 'Forbidden', message: 'no' };
const terminating = { object: ref('hanging'), finalizers, since };

test.each<[because: Because, held: readonly string[]]>([
  [{ kind: 'being-deleted', objects: [terminating, { ...terminating, finalizers: [] }] }, ['hanging']],
  [{ kind: 'retired', objects: [] }, ['hanging']],
  [{ kind: 'write-failed', object: ref('failed'), failure, retryAt: 0 }, ['hanging']],
  [{ kind: 'read-failed', object: ref('failed'), failure }, ['hanging']],
  [{ kind: 'graph-owner', object: ref('failed'), managers: [] }, ['hanging']],
  [{ kind: 'ready' }, []],
  [{ kind: 'external-missing', object: ref('failed') }, []],
])(
  'for a node with the reason %o, only objects that are being deleted and have finalizers are listed',
  (because, held) => {
    const report: NodeReport = { id: 'maps', state: 'failed', because, objects: OBJECTS };
    expect(heldObjects(report)).toEqual(held.map((name) => ({ object: ref(name), finalizers, since })));
  },
);
