import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { readinessOf } from '../readiness.ts';

const daemonStatus = { desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2, numberReady: 2 };

test.each<[string, string, JsonObject, string]>([
  ['a DaemonSet with pods of the old version', 'DaemonSet', { status: daemonStatus }, 'Updating: 1 of 2'],
  [
    'a DaemonSet with pods of the old version and the strategy OnDelete',
    'DaemonSet',
    { spec: { updateStrategy: { type: 'OnDelete' } }, status: daemonStatus },
    'Ready',
  ],
  [
    'a running Pod that is not ready',
    'Pod',
    { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False', message: 'warming up' }] } },
    'ContainersNotReady: ',
  ],
  [
    'a Pod whose init container cannot start',
    'Pod',
    {
      status: {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'i', state: { waiting: { reason: 'ImagePullBackOff' } } }],
      },
    },
    'ImagePullBackOff: container i waits',
  ],
])('%s has the expected readiness and reason', (_name, kind, parts, expected) => {
  const apiVersion = kind === 'Pod' ? 'v1' : 'apps/v1';
  const { reason, message, ready } = readinessOf({ apiVersion, kind, metadata: { name: 'x' }, ...parts });
  expect(message === '' ? reason : `${reason}: ${message}`).toContain(expected);
  expect(ready).toBe(expected === 'Ready');
});
