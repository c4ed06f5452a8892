import { describe, expect, test } from 'vitest';
import type { NodeReport } from '@typekro/engine/runtime';
import type { RefusedWrites } from '@typekro/app/instance';
import { observedReason } from './cluster-details.ts';
import { plainMessage, waitingText } from './waiting-text.ts';
import { ReportedCauses, keysOfNodes } from './cause-keys.ts';

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

const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', namespace: 'n', name });
const node = (because: NodeReport['because']): NodeReport => ({ id: 'web', state: 'waiting', because, objects: [] });
const missing = (name: string): NodeReport => node({ kind: 'external-missing', object: secret(name) });
const broken = (message: string): NodeReport => node({ kind: 'expression-failed', expression: 'a', message });
const settings = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'n', name: 'settings' };
const reading = (message: string, ...objects: (typeof settings)[]): NodeReport =>
  node({
    kind: 'expression-failed',
    expression: `int(${message})`,
    message,
    reads: objects.map((object) => ({ object, path: 'data.count' })),
  });
const contested = (name: string): NodeReport =>
  node({ kind: 'contested', objects: [{ object: { ...settings, name }, fields: ['data'], managers: [], retryAt: 0 }] });
const held = (name: string): NodeReport =>
  node({
    kind: 'held',
    expression: 'a',
    nodes: [],
    awaited: { object: { ...settings, name }, is: 'not ready' },
    creates: 0,
    changes: 1,
  });

test.each<[string, NodeReport, NodeReport, boolean, string?]>([
  ['that wait for the same object share a key', missing('a'), missing('a'), true],
  ['of different definitions that wait for the same object share a key', missing('a'), missing('a'), true, 'ships'],
  ['that wait for different objects share no key', missing('a'), missing('b'), false],
  ['with the same reason and no object share a key', broken('no such key'), broken('no such key'), true],
  [
    'of different definitions with the same reason and no object share no key',
    broken('x'),
    broken('x'),
    false,
    'ships',
  ],
  [
    'whose expressions fail on the same object share a key',
    reading('a', settings),
    reading('b', settings),
    true,
    'ships',
  ],
  [
    'whose expressions fail on different objects share no key',
    reading('a', settings),
    reading('a', { ...settings, name: 'b' }),
    false,
  ],
  ['whose expressions read only the instance share a key', reading('a'), reading('a'), true],
  ['with the same contested object share a key', contested('a'), contested('a'), true, 'ships'],
  ['held back by the same object share a key', held('a'), held('a'), true, 'ships'],
  ['held back by different objects share no key', held('a'), held('b'), false],
  ['with different reasons share no key', broken('no such key'), broken('no such index'), false],
])('instances %s', (_title, one, other, isSame, definition = 'boats') => {
  const keys = keysOfNodes([one], 'boats');
  expect([...keysOfNodes([other], definition)].some((key) => keys.has(key))).toBe(isSame);
});

test('the keys of an instance follow from the report of its last pass', () => {
  let nodes: readonly NodeReport[] | undefined = [missing('a')];
  const causes = new ReportedCauses(() => nodes);
  const boat = { ref: 'r', definition: 'boats' };
  const first = causes.keysOf(boat);
  expect(first).toEqual(keysOfNodes([missing('a')], 'boats'));
  expect(causes.keysOf(boat)).toBe(first);
  nodes = [missing('b')];
  expect(causes.keysOf(boat)).toEqual(keysOfNodes([missing('b')], 'boats'));
  nodes = undefined;
  expect(causes.keysOf(boat)).toBeUndefined();
});
