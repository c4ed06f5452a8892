import { describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { type KubeObject, RETRY_POLICIES } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { type ApplyAction, type Decision, type Decisions, type ObjectTarget, ObjectKey } from '@typekro/engine/runtime';
import { carryOut } from './carry-out.ts';
import type { ExecutionPorts, RememberedWrite } from './ports.ts';
import { eachEffect } from './each-effect.ts';

function target(kind: string, name: string): ObjectTarget {
  const type = { group: '', version: 'v1', kind, plural: `${kind.toLowerCase()}s`, namespaced: kind !== 'Namespace' };
  return { type, name, ...(kind === 'Namespace' ? {} : { namespace: 'n' }) };
}
const object = ({ type, name, namespace }: ObjectTarget): KubeObject => ({
  apiVersion: type.version,
  kind: type.kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});
const apply = (name: string, kind = 'ConfigMap'): ApplyAction => {
  const at = target(kind, name);
  return { nodeId: name, target: at, desired: object(at), fingerprint: `digest of ${name}`, why: 'create' };
};
const deletion = (name: string): Decisions.DeleteAction => {
  return { nodeId: name, target: target('ConfigMap', name), uid: `uid of ${name}`, why: 'prune', wave: 1 };
};
const RELEASE_PATCH = { metadata: { labels: { 'kro.run/owned': null } } };
const orphaning = (name: string): Decisions.OrphanAction => ({ ...deletion(name), patch: RELEASE_PATCH });
const read = (name: string): Decisions.ReadRequest => {
  return { kind: 'whole-object', nodeId: name, target: target('ConfigMap', name), why: 'no-equivalence' };
};
const decision = (part: Partial<Decision>): Decision =>
  ({ parent: {}, apply: [], delete: [], read: [], state: 'IN_PROGRESS', statusChanged: false, ...part }) as Decision;

const INSTANCE: KubeObject = { apiVersion: 'x/v1', kind: 'X', metadata: { name: 'x', namespace: 'n' } };
const LABELS = { labels: INSTANCE };
const refusal = (status: number, reason = 'Any', message = 'no') => new KubeError(message, { status, reason });

/** Ports that record all calls. `failures` maps a call such as `apply a` to the errors that it throws, one per call. */
function rig(failures: Readonly<Record<string, readonly unknown[]>> = {}, more: Partial<ExecutionPorts> = {}) {
  const log: string[] = [];
  const failed = new Map<string, RememberedWrite>();
  const left = new Map(Object.entries(failures).map(([key, errors]) => [key, [...errors]]));
  const clock = new TestClock();
  const act = async (what: string) => {
    log.push(what);
    await Promise.resolve();
    const error = left.get(what)?.shift();
    if (error !== undefined) throw error;
  };
  const ports: ExecutionPorts = {
    api: {
      apply: async (desired, { dryRun }) => {
        await act(`${dryRun === true ? 'check' : 'apply'} ${desired.metadata.name}`);
        return desired;
      },
      find: () => Promise.reject(new Error('carryOut must read through the view')),
      patch: async ({ apiVersion, kind, name }, body) => {
        await act(`release ${name}`);
        expect(body).toEqual(RELEASE_PATCH);
        return { apiVersion, kind, metadata: { name } };
      },
      delete: async ({ name }, { preconditions, propagationPolicy } = {}) => {
        await act(`delete ${name}`);
        expect(preconditions).toEqual({ uid: `uid of ${name}` });
        log.push(`propagation ${String(propagationPolicy)}`);
        return undefined;
      },
    },
    user: undefined,
    graph: undefined,
    clock,
    random: () => 1,
    signal: new AbortController().signal,
    effects: 'write',
    rules: { backoff: RETRY_POLICIES.instanceWrite, silentRetries: 1, lasting: 'retried' },
    instance: INSTANCE,
    parent: { target: target('X', 'x'), write: () => act('write parent'), complete: () => act('complete parent') },
    view: {
      failedWrite: (at) => failed.get(ObjectKey.ofTarget(at)),
      setFailedWrite: (at, failure) => {
        if (failure === undefined) failed.delete(ObjectKey.ofTarget(at));
        else failed.set(ObjectKey.ofTarget(at), failure);
      },
      applied: ({ nodeId }) => void log.push(`known ${nodeId}`),
      deleted: ({ nodeId }) => void log.push(`gone ${nodeId}`),
      orphaned: ({ nodeId }, after) => void log.push(`${after === undefined ? 'gone' : 'left'} ${nodeId}`),
      read: (request) => act(`read ${'nodeId' in request ? request.nodeId : request.kind}`),
      isAnswered: (request) => 'nodeId' in request && request.nodeId === 'answered',
    },
    sink: { childApplied: ({ nodeId }) => void log.push(`told of ${nodeId}`) },
    writeStatus: async () => {
      await act('write status');
      return 'written';
    },
    ...more,
  };
  return { ports, log, clock, failed };
}

describe('carrying out a decision', () => {
  it('writes the parent, then namespaces, then the other children, then deletes; and carries out the reads', async () => {
    const { ports, log } = rig();
    const due = decision({
      parent: LABELS,
      apply: [apply('a'), apply('ns', 'Namespace')],
      delete: [deletion('old')],
      read: [read('whole')],
      statusChanged: true,
    });
    expect(await carryOut(due, ports)).toBe(true);
    expect(log.filter((line) => !line.startsWith('read'))).toEqual([
      'write parent',
      'complete parent',
      'apply ns',
      'told of ns',
      'known ns',
      'apply a',
      'told of a',
      'known a',
      'delete old',
      'propagation Background',
      'gone old',
    ]);
    expect(log).toContain('read whole');
  });

  it.each<[string, Partial<Decision>, Partial<ExecutionPorts>, readonly string[], boolean]>([
    ['nothing is due: writes the status', { statusChanged: true }, {}, ['write status'], false],
    ['nothing is due, and the status has not changed', {}, {}, [], false],
    ['the parent alone: another step is due', { parent: LABELS }, {}, ['write parent', 'complete parent'], true],
    [
      'a read whose result is already in the view: another step is due',
      { read: [read('answered')] },
      {},
      ['read answered'],
      true,
    ],
    [
      'a read whose result comes later from a watch: no other step is due',
      { read: [read('a')], statusChanged: true },
      {},
      ['read a'],
      false,
    ],
    [
      'effects limited to reads: carries out only the reads, and no other step is due',
      { parent: LABELS, apply: [apply('a')], read: [read('a')] },
      { effects: 'read' },
      ['read a'],
      false,
    ],
    [
      'a dry run: the server checks children, and the parent is not written',
      { parent: LABELS, apply: [apply('a')] },
      { effects: 'dry-run' },
      ['check a', 'told of a', 'known a'],
      true,
    ],
    [
      'a child, and the status is overdue: writes both',
      { apply: [apply('a')], statusChanged: true },
      { isStatusOverdue: () => true },
      ['apply a', 'told of a', 'known a', 'write status'],
      true,
    ],
    [
      'a child, and the status is not overdue: writes the child',
      { apply: [apply('a')], statusChanged: true },
      { isStatusOverdue: () => false },
      ['apply a', 'told of a', 'known a'],
      true,
    ],
    [
      'a child in a dry run, and the status is overdue: does not write the status',
      { apply: [apply('a')], statusChanged: true },
      { effects: 'dry-run', isStatusOverdue: () => true },
      ['check a', 'told of a', 'known a'],
      true,
    ],
    [
      'a deletion begins: writes the status before it deletes',
      { state: 'DELETING', statusChanged: true, delete: [deletion('a')] },
      {},
      ['write status', 'delete a', 'propagation Background', 'gone a'],
      true,
    ],
    [
      'an instance that is being deleted and has no finalizer: the status is not written',
      { statusChanged: true, finalizer: 'none' },
      { instance: { ...INSTANCE, metadata: { ...INSTANCE.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } } },
      [],
      false,
    ],
  ])('%s', async (_name, part, more, expected, again) => {
    const { ports, log } = rig({}, more);
    expect(await carryOut(decision(part), ports)).toBe(again);
    expect(log).toEqual(expected);
  });

  it('writes no child when the parent cannot be written, and records the failure', async () => {
    const { ports, log, failed } = rig({ 'write parent': [refusal(403, 'Forbidden')] });
    expect(await carryOut(decision({ parent: LABELS, apply: [apply('a')] }), ports)).toBe(true);
    expect(log).toEqual(['write parent']);
    expect(failed.get('X/n/x')).toMatchObject({ digest: '', failures: 1, retryAt: 200, failure: { code: 403 } });
  });

  it('decides again after a conflict with a newer parent, and records no failure', async () => {
    const { ports, failed } = rig({ 'write parent': [refusal(409, 'Conflict')] });
    const parent = { ...ports.parent, reload: () => Promise.resolve('changed' as const) };
    expect(await carryOut(decision({ parent: LABELS }), { ...ports, parent })).toBe(true);
    expect(failed.size).toBe(0);
  });

  it('throws a permanent failure of the parent when the rules make it final, and retries a transient failure', async () => {
    const rules = { backoff: RETRY_POLICIES.request, silentRetries: 0, lasting: 'final' } as const;
    const refused = refusal(422, 'Invalid');
    const { ports, failed } = rig({ 'write parent': [refused, refusal(503)] }, { rules });
    await expect(carryOut(decision({ parent: LABELS }), ports)).rejects.toBe(refused);
    expect(await carryOut(decision({ parent: LABELS }), ports)).toBe(true);
    expect(failed.get('X/n/x')).toMatchObject({ retryAt: 100, failure: { code: 503 } });
  });

  it('waits for a busy server before another decision, and reports a failure that persists', async () => {
    const { ports, clock, failed } = rig({ 'apply a': [refusal(429), refusal(429)] });
    const due = decision({ apply: [apply('a')] });
    const first = carryOut(due, ports);
    await clock.advance(0);
    await clock.advance(199);
    expect(failed.size).toBe(0);
    await clock.advance(1);
    expect(await first).toBe(true);
    expect(failed.get('ConfigMap/n/a')).toMatchObject({ digest: 'digest of a', failures: 1, retryAt: 200 });
    await carryOut(due, ports);
    expect(failed.get('ConfigMap/n/a')).toMatchObject({ failures: 2, retryAt: 600 });
    await carryOut(due, ports);
    expect(failed.size).toBe(0);
  });

  it('counts failures by content: the count restarts at one for a write with other content', async () => {
    const { ports, failed } = rig({ 'apply a': [refusal(422), refusal(422)] });
    await carryOut(decision({ apply: [apply('a')] }), ports);
    await carryOut(decision({ apply: [{ ...apply('a'), fingerprint: 'another' }] }), ports);
    expect(failed.get('ConfigMap/n/a')).toMatchObject({ digest: 'another', failures: 1 });
  });

  it('counts failures by object: the count restarts at one for another object of the same name', async () => {
    const { ports, failed } = rig({ 'apply a': [refusal(422), refusal(422), refusal(422)] });
    const counts: unknown[] = [];
    for (const uid of ['one', 'one', undefined]) {
      await carryOut(decision({ apply: [{ ...apply('a'), ...(uid === undefined ? {} : { uid }) }] }), ports);
      const { uid: refusedOn, failures } = failed.get('ConfigMap/n/a') ?? {};
      counts.push([refusedOn, failures]);
    }
    expect(counts).toEqual([
      ['one', 1],
      ['one', 2],
      [undefined, 1],
    ]);
  });

  it('first releases the children that stay, then deletes the others; a child with another UID counts as gone', async () => {
    const uidError = 'ConfigMap "b" is invalid: metadata.uid: Invalid value: "x": field is immutable';
    const { ports, log, failed } = rig({
      'release b': [refusal(422, 'Invalid', uidError)],
      'release c': [refusal(403)],
    });
    expect(await carryOut(decision({ orphan: ['a', 'b', 'c'].map(orphaning), delete: [deletion('d')] }), ports)).toBe(
      true,
    );
    expect(log.filter((line) => /^(?:release|left|gone|delete) /.test(line)).toSorted()).toEqual(
      ['release a', 'release b', 'release c', 'left a', 'gone b', 'delete d', 'gone d'].toSorted(),
    );
    expect(log.indexOf('delete d')).toBeGreaterThan(log.indexOf('release c'));
    expect([...failed.values()].map(({ digest, failure }) => [digest, failure.code])).toEqual([['orphan', 403]]);
  });

  it('counts a child that does not exist as deleted', async () => {
    const { ports, log, failed } = rig({ 'delete a': [refusal(404, 'NotFound')] });
    expect(await carryOut(decision({ delete: [deletion('a')] }), ports)).toBe(true);
    expect(log).toEqual(['delete a', 'gone a']);
    expect(failed.size).toBe(0);
  });

  it('retries refused deletions even if permanent failures of writes are final', async () => {
    const rules = { backoff: RETRY_POLICIES.request, silentRetries: 0, lasting: 'final' } as const;
    const { ports, failed } = rig({ 'delete a': [refusal(403)], 'apply b': [refusal(403)] }, { rules });
    await carryOut(decision({ apply: [apply('b')], delete: [deletion('a')] }), ports);
    expect(failed.get('ConfigMap/n/a')?.retryAt).toBe(100);
    expect(failed.get('ConfigMap/n/b')?.retryAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('throws errors that are not failed requests, after all other effects have ended', async () => {
    const broken = new Error('broken');
    const { ports, log } = rig({ 'apply a': [broken] });
    await expect(carryOut(decision({ apply: [apply('a'), apply('b')] }), ports)).rejects.toBe(broken);
    expect(log).toContain('known b');
  });

  it('throws the failure of a request that its signal aborted', async () => {
    const abort = new AbortController();
    const { ports, failed } = rig({ 'apply a': [refusal(0, 'Aborted')] }, { signal: abort.signal });
    abort.abort();
    await expect(carryOut(decision({ apply: [apply('a')] }), ports)).rejects.toMatchObject({ reason: 'Aborted' });
    expect(failed.size).toBe(0);
  });

  it('makes no write when the check before writes fails', async () => {
    const gone = new Error('another deploy has taken over');
    const { ports, log } = rig({}, { beforeWrites: () => Promise.reject(gone) });
    await expect(carryOut(decision({ apply: [apply('a')] }), ports)).rejects.toBe(gone);
    expect(log).toEqual([]);
  });
});

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Effects that the test ends one by one. */
function effects(count: number) {
  const clock = new TestClock();
  const ends = new Map<number, () => void>();
  const begun: number[] = [];
  const all = eachEffect(clock, numbers(count), (item) => {
    begun.push(item);
    return new Promise((resolve) => ends.set(item, resolve));
  });
  return { clock, begun, all, end: (item: number) => ends.get(item)?.() };
}

describe('eachEffect', () => {
  it('starts some effects at once, and the next one when one ends', async () => {
    const { clock, begun, end } = effects(40);
    expect(begun).toEqual(numbers(16));
    end(3);
    await clock.advance(0);
    expect(begun).toEqual(numbers(17));
  });

  it('starts additional effects while the running ones hang, up to the limit', async () => {
    const { clock, begun } = effects(500);
    await clock.advance(999);
    expect(begun).toHaveLength(16);
    await clock.advance(1);
    expect(begun).toHaveLength(32);
    await clock.advance(60_000);
    expect(begun).toHaveLength(128);
  });

  it('waits for the effects that it started later', async () => {
    const { clock, all, end } = effects(20);
    let isDone = false;
    void all.then(() => (isDone = true));
    await clock.advance(1000);
    for (const item of numbers(19)) end(item);
    await clock.advance(0);
    expect(isDone).toBe(false);
    end(19);
    await clock.advance(0);
    expect(isDone).toBe(true);
  });

  it('carries out all effects when some fail, and throws the first error', async () => {
    const done: number[] = [];
    const failing = eachEffect(new TestClock(), numbers(30), async (item) => {
      if (item % 10 === 7) throw new Error(`failed ${item}`);
      done.push(item);
    });
    await expect(failing).rejects.toThrow('failed 7');
    expect(done).toHaveLength(27);
  });

  it('carries out all effects when all fail', async () => {
    let begun = 0;
    const failing = eachEffect(new TestClock(), numbers(40), (item) => {
      begun += 1;
      return Promise.reject(new Error(`failed ${item}`));
    });
    await expect(failing).rejects.toThrow('failed 0');
    expect(begun).toBe(40);
  });
});
