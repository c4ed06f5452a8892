import { isNotFound, KubeError, pause } from '../kube/index.ts';
import type { ApplyAction, DeleteAction, ObjectTarget, WriteAttempt } from '../runtime/index.ts';
import { digestText, isSameWrite, keys, refOfTarget } from '../runtime/index.ts';
import { afterFailedWrite } from './after-failure.ts';
import { apiFailure } from './api-failure.ts';
import { eachEffect } from './each-effect.ts';
import type { ExecutionPorts } from './ports.ts';

/** Prevents retries by the client, because another decision may be due after a pause. */
export const ONCE = { repeat: false } as const;

/**
 * Applies children, namespaces first: an object that names its namespace as a literal does not depend on it in the
 * graph.
 */
export async function applyChildren(ports: ExecutionPorts, actions: readonly ApplyAction[]): Promise<void> {
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

async function applyChild(ports: ExecutionPorts, action: ApplyAction): Promise<void> {
  const { api, signal, effects, view, sink, rules } = ports;
  const { target, desired, fingerprint } = action;
  const dryRun = effects === 'dry-run';
  try {
    const answer = await api.apply(desired, {
      fieldManager: keys.CHILD_MANAGER,
      force: true,
      signal,
      ...ONCE,
      ...(dryRun ? { dryRun } : {}),
    });
    view.setFailedWrite(target, undefined);
    sink.childApplied?.(action, answer);
    view.applied(action, answer);
  } catch (thrown) {
    const attempt = { digest: digestText(fingerprint), uid: action.uid };
    await rememberFailedWrite(ports, target, attempt, thrown, rules.lasting === 'final');
  }
}

/** Deletes children, with their UIDs as precondition. */
export function deleteChildren(ports: ExecutionPorts, actions: readonly DeleteAction[]): Promise<void> {
  return eachEffect(ports.clock, actions, (action) => deleteChild(ports, action));
}

async function deleteChild(ports: ExecutionPorts, action: DeleteAction): Promise<void> {
  const { api, signal, effects, propagation, view, sink } = ports;
  const { target, uid } = action;
  const dryRun = effects === 'dry-run';
  try {
    const left = await api.delete(refOfTarget(target), {
      preconditions: { uid },
      signal,
      ...ONCE,
      ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
      ...(dryRun ? { dryRun } : {}),
    });
    view.setFailedWrite(target, undefined);
    if (dryRun) return;
    view.deleted(action, left);
    sink.childDeleted?.(action);
  } catch (thrown) {
    if (!isNotFound(thrown)) return rememberFailedWrite(ports, target, { digest: '', uid }, thrown, false);
    view.setFailedWrite(target, undefined);
    view.deleted(action, undefined);
  }
}

/**
 * Records a failed write with its pause. While the server is busy, waits for the pause first, and the next decision
 * does not report the failure. Rethrows errors other than failed requests, and any error after the signal aborted.
 */
export async function rememberFailedWrite(
  { clock, signal, random, user, rules, view }: ExecutionPorts,
  target: ObjectTarget,
  attempt: WriteAttempt,
  thrown: unknown,
  isFinal: boolean,
): Promise<void> {
  if (!(thrown instanceof KubeError) || signal.aborted) throw thrown;
  const before = view.failedWrite(target);
  const inARow = before !== undefined && isSameWrite(before, attempt) ? before.failures : 0;
  const { failures, waitMs, isSilent } = afterFailedWrite(thrown, inARow, rules, random(), isFinal);
  if (isSilent) await pause(clock, waitMs, signal);
  const retryAt = isSilent ? clock.now() : clock.now() + waitMs;
  view.setFailedWrite(target, { ...attempt, failures, failure: apiFailure(thrown, user), retryAt });
}
