import { describe, expect, test } from 'vitest';
import type { NodeReport } from '@typekro/engine/runtime';
import type { RefusedWrites } from '../instance/shown-node.ts';
import { observedReason } from './cluster-details.ts';
import { plainMessage, waitingText } from './waiting-text.ts';

const gate = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'gate' };
const waiting: NodeReport = {
  id: 'gate',
  state: 'waiting',
  because: { kind: 'external-missing', object: gate },
  objects: [],
};
const behind: NodeReport = {
  id: 'web',
  state: 'pending',
  because: { kind: 'dependency', nodes: [{ id: 'gate', state: 'waiting' }] },
  objects: [],
};
const other: NodeReport = { ...waiting, id: 'other' };
const ready: NodeReport = { id: 'ready', state: 'ready', because: { kind: 'ready' }, objects: [] };
const refused: NodeReport = {
  ...waiting,
  state: 'failed',
  because: {
    kind: 'write-failed',
    object: gate,
    failure: { code: 422, reason: 'Invalid', message: 'ConfigMap "gate" is invalid' },
    retryAt: 1000,
  },
};
const unread: NodeReport = {
  ...other,
  id: 'unread',
  state: 'failed',
  because: { kind: 'read-failed', object: gate, failure: { code: 403, reason: 'Forbidden', message: 'no' } },
};
const due: NodeReport = { ...waiting, state: 'applying', because: { kind: 'write', action: 'create', count: 1 } };
const REASON = 'waits for ConfigMap v1 default/gate, which another client must create';

test.each<[string, readonly NodeReport[], string | undefined]>([
  ['nothing when all nodes are ready', [ready], undefined],
  ['the root cause, and not the nodes that wait for it', [behind, ready, waiting], `gate: ${REASON}`],
  [
    'a refused write, in the words of `typekro why`',
    [refused],
    'gate: the API server refuses ConfigMap default/gate: ConfigMap "gate" is invalid',
  ],
  [
    'a known cause rather than a node that the user may not read',
    [unread, waiting],
    `gate: ${REASON} (and 1 more cause)`,
  ],
  ['one cause and the number of the other causes', [waiting, other], `gate: ${REASON} (and 1 more cause)`],
])('the waiting text of an instance names %s', (_title, nodes, expected) => {
  expect(waitingText(nodes)).toBe(expected);
});

describe('the headline of an observed instance', () => {
  const observed = (state: string, refusedWrites?: RefusedWrites) =>
    observedReason({
      instance: { apiVersion: 'acme.dev/v1', kind: 'Shop', metadata: { name: 'one' }, status: { state } },
      decision: { nodes: [due] },
      ...(refusedWrites === undefined ? {} : { refusedWrites }),
    });

  test('has the refusal of a write that was tried', () => {
    const problem = 'the API server refuses ConfigMap default/gate: no';
    expect(observed('ERROR', new Map([['gate', { problem }]]))).toBe(`gate: ${problem}`);
  });

  test('is absent for a failed write that no dry run has tried: the page shows the status of the instance', () => {
    expect([observed('ERROR'), observed('IN_PROGRESS')]).toEqual([undefined, 'gate: creates its object']);
  });
});

test.each([
  [
    'waiting for unresolved resource: apply "gate" (ref): external ref ConfigMap "default/gate" not found: executor: node not ready',
    'gate: waits for ConfigMap default/gate, which another client must create',
  ],
  [
    'waiting for unresolved resource: apply "sub" (subgraph): apply "web": node "web": readyWhen "web.status.x == \\"a\\"" is false: waiting for readiness (executor: node not ready)',
    'web: waits until web.status.x == "a" is true',
  ],
  [
    'waiting for unresolved resource: apply "p" (patch): patch target Deployment "a/b" not found: executor: node not ready',
    'p: waits for Deployment a/b, which the patch changes',
  ],
  [
    'waiting for unresolved resource: apply "web": resolve: node "web": eval "db.status.url": no such key: status (data pending) (executor: node not ready)',
    'web: eval "db.status.url": no such key: status',
  ],
  [
    'apply "web": Deployment.apps "web" is invalid: x\napply "db": y',
    'web: Deployment.apps "web" is invalid: x (and 1 more cause)',
  ],
  ['resource reconciliation failed: apply "web": Service "web" is invalid', 'web: Service "web" is invalid'],
  ['something else\nin two lines', 'something else\nin two lines'],
  ['', ''],
])('plainMessage converts the message %j to %j', (message, expected) => {
  expect(plainMessage(message)).toBe(expected);
});
