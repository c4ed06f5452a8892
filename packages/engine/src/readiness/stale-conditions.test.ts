import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { readinessOf } from './index.ts';

const condition = (type: string, observedGeneration: number, status = 'True') => ({ type, status, observedGeneration });

const object = (apiVersion: string, kind: string, status: NonNullable<KubeObject['status']>): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'x', generation: 2 },
  status,
});

/** Kinds whose controllers write `observedGeneration` into conditions, and may omit `status.observedGeneration`. */
test.each<[what: string, live: KubeObject, stale: string]>([
  [
    'the condition Stalled is no failure',
    object('x.io/v1', 'Thing', { conditions: [condition('Stalled', 1)] }),
    'Stalled',
  ],
  [
    'the condition Failed is no failure',
    object('x.io/v1', 'Thing', { conditions: [condition('Failed', 1)] }),
    'Failed',
  ],
  [
    'the condition Ready does not make the object ready',
    object('x.io/v1', 'Thing', { conditions: [condition('Ready', 1)] }),
    'Ready',
  ],
  [
    'a programmed Gateway is not ready',
    object('gateway.networking.k8s.io/v1', 'Gateway', {
      conditions: [condition('Accepted', 2), condition('Programmed', 1)],
    }),
    'Programmed',
  ],
  [
    'an accepted route is not ready',
    object('gateway.networking.k8s.io/v1', 'HTTPRoute', { parents: [{ conditions: [condition('Accepted', 1)] }] }),
    'Accepted',
  ],
  [
    'a certificate is not ready',
    object('cert-manager.io/v1', 'Certificate', { conditions: [condition('Ready', 1)] }),
    'Ready',
  ],
  [
    'an invalid policy has not failed',
    object('cilium.io/v2', 'CiliumNetworkPolicy', { conditions: [condition('Valid', 1, 'False')] }),
    'Valid',
  ],
  [
    'a pool in conflict has not failed',
    object('cilium.io/v2', 'CiliumLoadBalancerIPPool', { conditions: [condition('cilium.io/PoolConflict', 1)] }),
    'cilium.io/PoolConflict',
  ],
])('after a change of the spec, with a condition of the earlier generation, %s', (_what, live, stale) => {
  expect(readinessOf(live)).toMatchObject({
    state: 'inProgress',
    reason: 'NotObserved',
    message: `condition ${stale} is of generation 1, not 2`,
  });
});

test('a Gateway whose newest generation is programmed is ready', () => {
  const conditions = [condition('Accepted', 2), condition('Programmed', 2)];
  expect(readinessOf(object('gateway.networking.k8s.io/v1', 'Gateway', { conditions })).ready).toBe(true);
});
