import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { joinGroup } from './join-group.ts';

const conflict = () => new KubeError('another one wrote', { status: 409, reason: 'Conflict' });
const away = () => new KubeError('no answer', { status: 0, reason: 'Transport' });

/**
 * An API with a Lease that `holderIdentity` holds, or without a Lease if `holderIdentity` is `undefined`. Each write of
 * the Lease is refused with the next entry of `refusals`, or accepted if the entry is `undefined`. The last entry
 * applies to all later writes.
 */
function server(holderIdentity: string | undefined, ...refusals: (KubeError | undefined)[]) {
  const written: KubeObject[] = [];
  return {
    written,
    api: {
      find: async () =>
        holderIdentity === undefined
          ? undefined
          : { apiVersion: 'v1', kind: 'Lease', metadata: { name: 'l' }, spec: { holderIdentity, leaseTransitions: 3 } },
      async update(lease: KubeObject) {
        const refusal = refusals.length > 1 ? refusals.shift() : refusals[0];
        if (refusal !== undefined) throw refusal;
        written.push(lease);
        return lease;
      },
    },
  };
}

const join = ({ api }: ReturnType<typeof server>) =>
  joinGroup({
    api,
    clock: { now: () => 1000, setTimer: () => ({ cancel: () => undefined }) },
    namespace: 'n',
    lease: 'l',
    group: 'all',
    signal: new AbortController().signal,
  });

describe('joinGroup', () => {
  it.each([
    ['renews the Lease of the group', server('all'), true],
    ['retries after a conflict', server('all', conflict(), undefined), true],
    ['fails after lasting conflicts', server('all', conflict()), false],
    ['does not join when the server does not respond', server('all', away()), false],
    ['writes nothing when another replica holds the Lease', server('other'), false],
    ['writes nothing when the Lease was released', server(''), false],
    ['writes nothing without a Lease', server(undefined), false],
  ])('%s', async (_what, lease, joined) => {
    expect(await join(lease)).toBe(joined);
    const renewed = { holderIdentity: 'all', leaseTransitions: 3, renewTime: '1970-01-01T00:00:01.000000Z' };
    expect(lease.written.map(({ spec }) => spec)).toEqual(joined ? [renewed] : []);
  });
});
