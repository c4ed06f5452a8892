import { describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { type JsonObject, type KubeObject, RETRY_POLICIES } from '@typekro/kit/core';
import { type ApplyOptions, KubeError } from '@typekro/kube';
import type { ApplyAction, Decision, Decisions, ObjectTarget } from '@typekro/engine/runtime';
import { FieldManager, ObjectKey } from '@typekro/engine/runtime';
import { carryOut } from './carry-out.ts';
import type { ExecutionPorts, RememberedWrite } from './ports.ts';

const UID = '11111111-2222-3333-4444-555555555555';
const OWN = FieldManager.ofTemplate(UID);
const PEER = FieldManager.ofTemplate('another');
const PATCH = FieldManager.ofPatch(UID, 'p');

const TARGET: ObjectTarget = {
  type: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
  namespace: 'n',
  name: 'a',
};
const OBJECT: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n' } };

const apply = (part: Partial<ApplyAction>): ApplyAction => ({
  nodeId: 'a',
  target: TARGET,
  desired: OBJECT,
  fingerprint: 'digest',
  why: 'change',
  uid: 'u',
  version: '7',
  ...part,
});

/** The error of an apply without force that conflicts with these managers. */
const conflictWith = (...managers: string[]) =>
  new KubeError('Apply failed', {
    status: 409,
    reason: 'Conflict',
    details: {
      causes: managers.map((manager) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with "${manager}" using v1`,
        field: '.data.k',
      })),
    },
  });

function rig(errors: unknown[] = [], live?: KubeObject) {
  const patches: unknown[] = [];
  const requests: (Pick<ApplyOptions, 'fieldManager' | 'force' | 'subresource'> & { uid: string | undefined })[] = [];
  const deleted: string[] = [];
  const failed = new Map<string, RememberedWrite>();
  const ports: ExecutionPorts = {
    api: {
      apply: async (desired, { fieldManager, force = false, subresource }) => {
        const part = subresource === undefined ? {} : { subresource };
        requests.push({ fieldManager, force, ...part, uid: desired.metadata.uid });
        await Promise.resolve();
        const error = errors.shift();
        if (error !== undefined) throw error;
        return desired;
      },
      find: () => Promise.resolve(live),
      patch: async (_ref, body) => {
        patches.push(body);
        await Promise.resolve();
        const error = errors.shift();
        if (error !== undefined) throw error;
        return OBJECT;
      },
      delete: async ({ name }) => {
        deleted.push(name);
        await Promise.resolve();
        const error = errors.shift();
        if (error !== undefined) throw error;
        return undefined;
      },
    },
    user: undefined,
    graph: undefined,
    clock: new TestClock(),
    random: () => 1,
    signal: new AbortController().signal,
    effects: 'write',
    rules: { backoff: RETRY_POLICIES.instanceWrite, silentRetries: 1, lasting: 'retried' },
    instance: { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'g', namespace: 'n', uid: UID } },
    parent: { target: TARGET, write: () => Promise.resolve() },
    view: {
      failedWrite: (target, writer) => failed.get(ObjectKey.ofWrite(target, writer)),
      setFailedWrite: (target, failure, writer) => {
        if (failure === undefined) failed.delete(ObjectKey.ofWrite(target, writer));
        else failed.set(ObjectKey.ofWrite(target, writer), failure);
      },
      applied: () => undefined,
      deleted: () => undefined,
      orphaned: () => undefined,
      read: () => Promise.resolve(),
      isAnswered: () => false,
    },
    sink: {},
  };
  return { ports, requests, patches, deleted, failed };
}

const decision = (part: Partial<Decision>): Decision =>
  ({ parent: {}, apply: [], delete: [], read: [], state: 'IN_PROGRESS', statusChanged: false, ...part }) as Decision;

describe('writes of a Graph', () => {
  const overStale = { prefix: FieldManager.patchPrefix(UID), except: [PATCH, FieldManager.ofPatch(UID, 'q')] };
  it.each<[string, Partial<ApplyAction>, readonly string[] | undefined, readonly boolean[]]>([
    ['a template without a conflict needs one request', { manager: OWN, force: 'unlessGraph' }, undefined, [false]],
    ['a template takes over the fields of kubectl', { manager: OWN, force: 'unlessGraph' }, ['kubectl'], [false, true]],
    [
      'a template does not take over the fields of another Graph',
      { manager: OWN, force: 'unlessGraph' },
      [PEER],
      [false],
    ],
    [
      'a patch takes over the fields of a node that was removed from the Graph',
      { manager: PATCH, force: overStale },
      [FieldManager.ofPatch(UID, 'gone')],
      [false, true],
    ],
    [
      'a patch takes over the fields that an older version of kro wrote for the Graph',
      { manager: PATCH, force: overStale },
      [FieldManager.patchPrefix(UID)],
      [false, true],
    ],
    [
      'a patch does not take over the fields of another node',
      { manager: PATCH, force: overStale },
      [FieldManager.ofPatch(UID, 'q')],
      [false],
    ],
    [
      'a patch does not take over the fields of another client',
      { manager: PATCH, force: overStale },
      [FieldManager.ofPatch(UID, 'gone'), 'kubectl'],
      [false],
    ],
    [
      'after a conflict that names no manager, the apply is not forced',
      { manager: OWN, force: 'unlessGraph' },
      [],
      [false],
    ],
    ['a patch of the status is forced', { manager: PATCH, subresource: 'status', force: 'always' }, undefined, [true]],
  ])('%s', async (_title, part, managers, expected) => {
    const { ports, requests, failed } = rig(managers === undefined ? [] : [conflictWith(...managers)]);
    await carryOut(decision({ apply: [apply(part)] }), ports);
    expect(requests.map(({ force }) => force)).toEqual(expected);
    expect(requests.every(({ fieldManager }) => fieldManager === part.manager)).toBe(true);
    const isRefused = managers !== undefined && expected.length === 1;
    expect(failed.size).toBe(isRefused ? 1 : 0);
    if (!isRefused) return;
    const [failure] = failed.values();
    const conflicts = managers.length === 0 ? undefined : [...managers].sort();
    expect(failure?.failure.conflicts).toEqual(conflicts);
    expect(failure?.conflictVersion).toBe(managers.length === 0 ? undefined : '7');
  });

  it('a patch sends the UID of its target and thus creates no object; its failure is recorded under its own manager', async () => {
    const { ports, requests, failed } = rig([conflictWith('other')]);
    await carryOut(decision({ apply: [apply({ manager: PATCH, force: overStale })] }), ports);
    expect(requests).toEqual([{ fieldManager: PATCH, force: false, uid: 'u' }]);
    expect([...failed.keys()]).toEqual([ObjectKey.ofWrite(TARGET, PATCH)]);
  });

  it('a template that was meant to create an object does not take over the fields of an existing one', async () => {
    const { uid: _uid, ...create } = apply({ manager: OWN, force: 'unlessGraph' });
    const { ports, requests } = rig([conflictWith('kro.run/applyset')]);
    await carryOut(decision({ apply: [create] }), ports);
    expect(requests.map(({ force }) => force)).toEqual([false]);
  });

  it('an apply without force, with only the identity of the object, releases the fields of the manager', async () => {
    const { ports, requests, failed } = rig();
    const release = [{ target: TARGET, manager: PATCH, subresource: 'status', uid: 'u' } as const];
    expect(await carryOut(decision({ release }), ports)).toBe(true);
    expect(requests).toEqual([{ fieldManager: PATCH, force: false, subresource: 'status', uid: 'u' }]);
    expect(failed.size).toBe(0);
  });

  const entry = (manager: string, part: JsonObject = {}) => ({ manager, operation: 'Apply', fieldsV1: {}, ...part });
  const others = [
    entry('kubectl'),
    entry(PEER),
    entry(OWN, { subresource: 'status' }),
    entry(OWN, { operation: 'Update' }),
  ];
  it.each<[string, readonly JsonObject[], readonly JsonObject[]]>([
    ['that has other managers', [...others, entry(OWN)], others],
    ['without another manager', [entry(OWN)], [{}]],
  ])(
    'a release with keepsFields removes the manager from an object %s and keeps the fields',
    async (_title, managedFields, left) => {
      const metadata = { ...OBJECT.metadata, uid: 'u', resourceVersion: '7', managedFields: [...managedFields] };
      const { ports, requests, patches, failed } = rig([], { ...OBJECT, metadata });
      const release = [{ target: TARGET, manager: OWN, keepsFields: true, uid: 'u' } as const];
      expect(await carryOut(decision({ release }), ports)).toBe(true);
      expect(patches).toEqual([{ metadata: { resourceVersion: '7', managedFields: left } }]);
      expect([requests, failed.size]).toEqual([[], 0]);
    },
  );

  it.each<[string, KubeObject | undefined]>([
    ['is gone', undefined],
    ['was recreated', { ...OBJECT, metadata: { ...OBJECT.metadata, uid: 'next' } }],
  ])('no manager is removed when the object %s', async (_title, found) => {
    const { ports, patches, failed } = rig([], found);
    await carryOut(decision({ release: [{ target: TARGET, manager: OWN, keepsFields: true, uid: 'u' }] }), ports);
    expect([patches, failed.size]).toEqual([[], 0]);
  });

  it('a refused release is recorded', async () => {
    const { ports, failed } = rig([new KubeError('no', { status: 403, reason: 'Forbidden' })]);
    await carryOut(decision({ release: [{ target: TARGET, manager: PATCH, uid: 'u' }] }), ports);
    expect(failed.get(ObjectKey.ofWrite(TARGET, PATCH))).toMatchObject({
      digest: 'release',
      uid: 'u',
      failure: { code: 403 },
    });
  });

  it('higher waves are deleted first, and an object that was recreated with another UID counts as deleted', async () => {
    const other = new KubeError('Precondition failed: UID in precondition: a, UID in object meta: b', {
      status: 409,
      reason: 'Conflict',
    });
    const { ports, deleted, failed } = rig([other]);
    const deletion = (name: string, wave: number): Decisions.DeleteAction => ({
      nodeId: name,
      target: { ...TARGET, name },
      uid: 'u',
      why: 'prune',
      wave,
    });
    await carryOut(decision({ delete: [deletion('low', 1), deletion('high', 3), deletion('middle', 2)] }), ports);
    expect([deleted, failed.size]).toEqual([['high', 'middle', 'low'], 0]);
  });
});
