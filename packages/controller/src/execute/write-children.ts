import type { KubeObject } from '@typekro/kit/core';
import { type KubernetesApi, isConflict, isNotFound, KubeError, pause } from '@typekro/kube';
import type { ApplyAction, Decisions, Reports } from '@typekro/engine/runtime';
import {
  FieldManager,
  FieldWriter,
  Fingerprint,
  keys,
  Member,
  ObjectKey,
  ObjectTarget,
  WriteAttempt,
  WriteRules,
} from '@typekro/engine/runtime';
import { afterFailedWrite } from './after-failure.ts';
import { apiFailure, conflictingManagers } from './api-failure.ts';
import { eachEffect } from './each-effect.ts';
import type { ExecutionPorts, MaskingPorts } from './ports.ts';

/** Prevents retries by the client, because the decision may be obsolete after a pause. */
export const ONCE = { repeat: false } as const;

/**
 * Applies children, namespaces first. Namespaces come first because the graph has no dependency between a namespace and
 * an object that names it as a literal.
 */
export async function applyChildren(ports: MaskingPorts, actions: readonly ApplyAction[]): Promise<void> {
  const apply = (action: ApplyAction) => applyChild(ports, action);
  if (!actions.some(isNamespace)) return eachEffect(ports.clock, actions, apply);
  await eachEffect(ports.clock, actions.filter(isNamespace), apply);
  await eachEffect(
    ports.clock,
    actions.filter((action) => !isNamespace(action)),
    apply,
  );
}

function isNamespace({ target: { type } }: ApplyAction): boolean {
  return type.kind === 'Namespace' && type.group === '';
}

/** Applies a child. Instances that create or adopt one object do so one after the other. */
async function applyChild(ports: MaskingPorts, action: ApplyAction): Promise<void> {
  const { claims, instance } = ports;
  const isFirst = action.why === 'create' || action.why === 'adopt';
  if (claims === undefined || !isFirst || patchWriter(action) !== undefined)
    return void (await sendChild(ports, action));
  await claims.run(ObjectKey.ofTarget(action.target), instance.metadata.uid ?? '', (isContested) =>
    sendChild(ports, action, isContested),
  );
}

/**
 * Sends the apply of a child. Returns true when the server accepted it.
 *
 * @param isContested true to read the object first, and to write nothing if it has another owner than the decision knew
 */
async function sendChild(ports: MaskingPorts, action: ApplyAction, isContested = false): Promise<boolean> {
  const { api, signal, view, sink, rules, mask } = ports;
  const { nodeId, target, desired, fingerprint, uid, version } = action;
  const writer = patchWriter(action);
  try {
    if (isContested && isTaken(action, await api.find(ObjectTarget.refOf(target), { signal }))) {
      await view.read({ kind: 'whole-object', nodeId, target, why: 'unconfirmed' });
      return false;
    }
    const answer = await requestApply(ports, action);
    view.setFailedWrite(target, undefined, writer);
    sink.childApplied?.(action, answer);
    view.applied(action, answer);
    return true;
  } catch (thrown) {
    const attempt = { digest: Fingerprint.ofText(fingerprint), uid, ...(version === undefined ? {} : { version }) };
    await rememberFailedWrite(ports, target, attempt, thrown, {
      mask: (failure) => mask.child(failure, nodeId, desired),
      isFinal: rules.lasting === 'final',
      writer,
    });
    return false;
  }
}

/** Does the object have another owner than the one for which its creation or adoption was decided? */
function isTaken({ why, formerOwner = '' }: ApplyAction, live: KubeObject | undefined): boolean {
  if (why === 'create' || live === undefined) return live !== undefined;
  return (live.metadata.labels?.[keys.PART_OF_LABEL] ?? '') !== formerOwner;
}

/** The name of the writer of a patch node; undefined for a child. */
export function patchWriter({
  manager,
  subresource,
}: Pick<ApplyAction, 'manager' | 'subresource'>): string | undefined {
  return manager === undefined || FieldManager.isOfTemplate(manager)
    ? undefined
    : FieldWriter.nameOf(FieldWriter.of(manager, subresource));
}

/**
 * Applies an object, with force if the action requires force. When a request without force conflicts only with managers
 * whose fields the action may take over, sends a second request with force.
 */
export async function requestApply(
  { api, signal, effects }: Pick<ExecutionPorts, 'signal' | 'effects'> & { readonly api: Pick<KubernetesApi, 'apply'> },
  action: Pick<ApplyAction, 'desired' | 'manager' | 'subresource' | 'force' | 'uid'>,
): Promise<KubeObject> {
  const { manager = keys.CHILD_MANAGER, subresource, force = 'always' } = action;
  const desired = patchWriter(action) === undefined ? action.desired : withUid(action.desired, action.uid);
  const dryRun = effects === 'dry-run';
  const options = {
    fieldManager: manager,
    signal,
    ...ONCE,
    ...(subresource === undefined ? {} : { subresource }),
    ...(dryRun ? { dryRun } : {}),
  };
  try {
    return await api.apply(desired, { ...options, force: force === 'always' });
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || !WriteRules.mayForce(action, conflictingManagers(thrown))) throw thrown;
    return api.apply(desired, { ...options, force: true });
  }
}

/**
 * Adds the UID of the known object. With a UID, an apply fails when this object was deleted in the meantime, instead of
 * creating a new object.
 */
function withUid(desired: KubeObject, uid: string | undefined): KubeObject {
  return uid === undefined ? desired : { ...desired, metadata: { ...desired.metadata, uid } };
}

/**
 * Releases fields of objects with an apply of only the object's identity, which gives up every field of the manager.
 * The API server removes the fields that no other manager owns. With `keepsFields`, the manager is removed from
 * `managedFields` instead, and the object keeps all fields.
 */
export function releaseFields(ports: MaskingPorts, actions: readonly Decisions.ReleaseAction[]): Promise<void> {
  return eachEffect(ports.clock, actions, (action) => releaseObject(ports, action));
}

async function releaseObject(ports: MaskingPorts, action: Decisions.ReleaseAction): Promise<void> {
  const { effects, view } = ports;
  const { target, manager, subresource, uid } = action;
  const writer = FieldWriter.nameOf(FieldWriter.of(manager, subresource));
  const dryRun = effects === 'dry-run';
  try {
    const answer = await (action.keepsFields === true ? disown(ports, action) : giveUp(ports, action));
    view.setFailedWrite(target, undefined, writer);
    if (!dryRun) view.released?.(action, answer);
  } catch (thrown) {
    if (!isNotFound(thrown)) {
      return rememberFailedWrite(ports, target, { digest: WriteAttempt.RELEASE, uid }, thrown, {
        mask: maskOf(ports, '', target),
        writer,
      });
    }
    view.setFailedWrite(target, undefined, writer);
    if (!dryRun) view.released?.(action, undefined);
  }
}

/** Releases children that stay: a merge patch removes the labels and annotations of the controller. */
export function orphanChildren(ports: MaskingPorts, actions: readonly Decisions.OrphanAction[]): Promise<void> {
  return eachEffect(ports.clock, actions, (action) => orphanChild(ports, action));
}

async function orphanChild(ports: MaskingPorts, action: Decisions.OrphanAction): Promise<void> {
  const { api, signal, effects, view, sink } = ports;
  const { nodeId, target, uid, patch } = action;
  const dryRun = effects === 'dry-run';
  try {
    const left = await api.patch(ObjectTarget.refOf(target), patch, {
      type: 'merge',
      fieldManager: keys.CHILD_MANAGER,
      signal,
      ...ONCE,
      ...(dryRun ? { dryRun } : {}),
    });
    view.setFailedWrite(target, undefined);
    if (dryRun) return;
    view.orphaned(action, left);
    sink.childOrphaned?.(action);
  } catch (thrown) {
    if (!isNotFound(thrown) && !isOtherUid(thrown))
      return rememberFailedWrite(ports, target, { digest: Member.ORPHAN, uid }, thrown, {
        mask: maskOf(ports, nodeId, target),
      });
    view.setFailedWrite(target, undefined);
    view.orphaned(action, undefined);
  }
}

/** Applies only the identity of an object. */
function giveUp({ api, signal, effects }: ExecutionPorts, action: Decisions.ReleaseAction): Promise<KubeObject> {
  const { target, manager, subresource, uid } = action;
  const { apiVersion, kind, ...place } = ObjectTarget.refOf(target);
  return api.apply(withUid({ apiVersion, kind, metadata: place }, uid), {
    fieldManager: manager,
    force: false,
    signal,
    ...ONCE,
    ...(subresource === undefined ? {} : { subresource }),
    ...(effects === 'dry-run' ? { dryRun: true } : {}),
  });
}

/**
 * Removes a manager from the `managedFields` of an object. The fields stay. Returns undefined when the object is gone
 * or was replaced. The API server refuses the write when the object has changed since the read.
 */
async function disown(ports: ExecutionPorts, action: Decisions.ReleaseAction): Promise<KubeObject | undefined> {
  const { api, signal, effects } = ports;
  const { target, uid } = action;
  const ref = ObjectTarget.refOf(target);
  const live = await api.find(ref, { signal });
  if (live === undefined || (uid !== undefined && live.metadata.uid !== uid)) return undefined;
  const { resourceVersion = '' } = live.metadata;
  const entries = FieldWriter.without(live, FieldWriter.of(action.manager, action.subresource));
  // The API server ignores an empty list. A list of one empty entry removes all entries.
  const managedFields = entries.length === 0 ? [{}] : [...entries];
  const body = { metadata: { resourceVersion, managedFields } };
  const dryRun = effects === 'dry-run' ? { dryRun: true } : {};
  return api.patch(ref, body, { type: 'merge', fieldManager: keys.CHILD_MANAGER, signal, ...ONCE, ...dryRun });
}

/**
 * Deletes children with their UIDs as preconditions. The waves are deleted one after the other, beginning with the
 * highest number.
 */
export async function deleteChildren(ports: MaskingPorts, actions: readonly Decisions.DeleteAction[]): Promise<void> {
  const waves = [...new Set(actions.map(({ wave }) => wave))].sort((a, b) => b - a);
  for (const wave of waves) {
    await eachEffect(
      ports.clock,
      actions.filter((action) => action.wave === wave),
      (action) => deleteChild(ports, action),
    );
  }
}

async function deleteChild(ports: MaskingPorts, action: Decisions.DeleteAction): Promise<void> {
  const { api, signal, effects, view, sink } = ports;
  const { nodeId, target, uid } = action;
  const dryRun = effects === 'dry-run';
  try {
    const left = await api.delete(ObjectTarget.refOf(target), {
      preconditions: { uid },
      signal,
      ...ONCE,
      // By default, the API server keeps the pods of a deleted Job.
      propagationPolicy: 'Background',
      ...(dryRun ? { dryRun } : {}),
    });
    view.setFailedWrite(target, undefined);
    if (dryRun) return;
    view.deleted(action, left);
    sink.childDeleted?.(action);
  } catch (thrown) {
    if (!isNotFound(thrown) && !isOtherObject(thrown))
      return rememberFailedWrite(ports, target, { digest: '', uid }, thrown, { mask: maskOf(ports, nodeId, target) });
    view.setFailedWrite(target, undefined);
    view.deleted(action, undefined);
  }
}

/** Does an object with another UID have the name now? */
function isOtherObject(thrown: unknown): boolean {
  return isConflict(thrown) && thrown instanceof KubeError && thrown.message.includes('UID in precondition');
}

/** Did the API server refuse a patch with a UID, because the object has another UID? */
function isOtherUid(thrown: unknown): boolean {
  return (
    isOtherObject(thrown) ||
    (thrown instanceof KubeError && thrown.status === 422 && /\bmetadata\.uid\b/.test(thrown.message))
  );
}

/** The mask of a failed write that does not send a whole object, such as a deletion. */
function maskOf({ mask }: MaskingPorts, nodeId: string, target: ObjectTarget): FailedAttempt['mask'] {
  const { apiVersion, kind, ...place } = ObjectTarget.refOf(target);
  return (failure) => mask.child(failure, nodeId, { apiVersion, kind, metadata: place });
}

/** Options of `rememberFailedWrite`. */
interface FailedAttempt {
  /** Removes the values of Secrets from the failure. */
  readonly mask: (failure: Reports.ApiFailure) => Reports.ApiFailure;
  /** With true, a write with a permanent failure is not retried. Default false. */
  readonly isFinal?: boolean;
  /** The name of the writer, if its failures are recorded separately (see `Observed.failedWrite`). */
  readonly writer?: string | undefined;
}

/**
 * Records a failed write with its pause. The first retries at a busy server are silent: the function waits for the
 * pause, and the next decision does not report the failure. Rethrows errors other than failed requests, and any error
 * after the signal aborted.
 */
export async function rememberFailedWrite(
  { clock, signal, random, user, rules, view }: ExecutionPorts,
  target: ObjectTarget,
  attempt: WriteAttempt,
  thrown: unknown,
  { mask, isFinal = false, writer }: FailedAttempt,
): Promise<void> {
  if (!(thrown instanceof KubeError) || signal.aborted) throw thrown;
  const before = view.failedWrite(target, writer);
  const previousFailures = before !== undefined && WriteAttempt.isSame(before, attempt) ? before.failures : 0;
  const { failures, waitMs, isSilent } = afterFailedWrite(thrown, previousFailures, rules, random(), isFinal);
  if (isSilent) await pause(clock, waitMs, signal);
  const retryAt = isSilent ? clock.now() : clock.now() + waitMs;
  const failure = mask(apiFailure(thrown, user));
  const { version: conflictVersion, ...same } = attempt;
  const isOfVersion = failure.conflicts !== undefined && conflictVersion !== undefined;
  const failed = { ...same, failures, failure, retryAt, ...(isOfVersion ? { conflictVersion } : {}) };
  view.setFailedWrite(target, failed, writer);
}
