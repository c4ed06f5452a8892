import type { KubeObject } from '@typekro/kit/core';
import { isConflict, KubeError } from '@typekro/kube';
import { FailureMask, type Decision, type Decisions } from '@typekro/engine/runtime';
import { allEffects, eachEffect } from './each-effect.ts';
import type { ExecutionPorts, MaskingPorts } from './ports.ts';
import { withMessage } from './api-failure.ts';
import { applyChildren, deleteChildren, orphanChildren, releaseFields, rememberFailedWrite } from './write-children.ts';
import { classify, passes } from '@typekro/kit/kubernetes';

/**
 * Carries out a decision. It runs the reads concurrently with the writes; the parent is written before the children.
 * The status is written when the decision has no other work, when it is overdue, and before the first deletion of a
 * deleted instance's children. Returns true when another step is due, and false when the next step waits for an event or
 * `Decision.requeueAt`.
 *
 * The view (`ports.view`) records failures of requests, and the next decision reports them. A final failure of the
 * parent's write (`WriteRules.lasting`) and any other error are thrown, without values of Secrets. They are thrown only
 * after all effects have ended, so that no effect can overlap with the next pass of the same instance.
 */
export async function carryOut(decision: Decision, ports: ExecutionPorts): Promise<boolean> {
  const mask = FailureMask.of(ports.graph, decision, ports.instance);
  try {
    return await carryOutWith(decision, { ...ports, mask });
  } catch (thrown) {
    // Failures of children are recorded, not thrown. A thrown KubeError is therefore about the parent.
    throw thrown instanceof KubeError ? withMessage(thrown, mask.parentText(thrown.message)) : thrown;
  }
}

async function carryOutWith(decision: Decision, ports: MaskingPorts): Promise<boolean> {
  const { effects, view, instance } = ports;
  const { apply, read } = decision;
  const [parent] = await allEffects([
    write(decision, ports),
    eachEffect(ports.clock, read, (request) => view.read(request)),
  ]);
  if (parent === 'decide-again') return true;
  const { delete: deletions, orphan = [], release = [] } = decision;
  if (effects !== 'read' && [apply, orphan, deletions, release].some((list) => list.length > 0)) {
    const isOverdue = effects === 'write' && ports.isStatusOverdue?.() === true;
    if (isOverdue && isStatusDue(instance, decision)) await ports.writeStatus?.(decision);
    return true;
  }
  if (read.length > 0) return read.some((request) => view.isAnswered(request));
  if (parent === 'written') return true;
  if (effects !== 'write' || !isStatusDue(instance, decision)) return false;
  return (await ports.writeStatus?.(decision)) === 'decide-again';
}

async function write(decision: Decision, ports: MaskingPorts): Promise<ParentOutcome> {
  const { effects, instance } = ports;
  const { orphan = [] } = decision;
  if (effects === 'read' || !hasWrites(decision)) return 'nothing';
  const outcome = await writeParent(ports, decision.parent);
  if (outcome === 'decide-again') return outcome;
  // The status is written first, so that a client that sees the first child disappear can read the reason.
  if (decision.delete.length + orphan.length > 0 && beginsDeletion(instance, decision)) {
    if ((await ports.writeStatus?.(decision)) === 'decide-again') return 'decide-again';
  }
  await allEffects([
    ...(outcome === 'written' && ports.parent.complete !== undefined ? [ports.parent.complete(decision.parent)] : []),
    applyChildren(ports, decision.apply),
  ]);
  await orphanChildren(ports, orphan);
  await deleteChildren(ports, decision.delete);
  await releaseFields(ports, decision.release ?? []);
  return outcome;
}

function hasWrites({ apply, delete: deletions, orphan = [], release = [], parent }: Decision): boolean {
  return [apply, orphan, deletions, release, Object.keys(parent)].some((list) => list.length > 0);
}

/** Does this step begin the deletion of the children, while the status does not show the deletion yet? */
function beginsDeletion(instance: KubeObject, decision: Decision): boolean {
  return decision.state === 'DELETING' && instance.status?.['state'] !== 'DELETING' && decision.statusChanged;
}

/**
 * Is a write of the status due? A deleted instance without the controller's finalizer no longer belongs to the
 * controller.
 */
function isStatusDue({ metadata }: KubeObject, { statusChanged, finalizer }: Decision): boolean {
  return statusChanged && !(finalizer === 'none' && metadata.deletionTimestamp !== undefined);
}

/** The outcome of the parent's write. Children are written unless it is `decide-again`. */
type ParentOutcome = 'nothing' | 'written' | 'decide-again';

/**
 * Calls `beforeWrites`, and then writes the parent's metadata. If either fails, nothing else may be written, and the
 * failure is recorded for the next decision. A conflict with a newer version of the parent does not count as a failure.
 * When `rules.lasting` is `final`, a permanent failure is thrown and ends the run.
 */
async function writeParent(ports: MaskingPorts, parent: Decisions.ParentWrite): Promise<ParentOutcome> {
  const { parent: port, rules, view, signal, effects } = ports;
  const isDue = effects === 'write' && Object.keys(parent).length > 0;
  if (!isDue && ports.beforeWrites === undefined) return 'nothing';
  try {
    await ports.beforeWrites?.();
    if (isDue) await port.write(parent);
    view.setFailedWrite(port.target, undefined);
    return isDue ? 'written' : 'nothing';
  } catch (thrown) {
    // The decision was made for an older version of the parent.
    if (isConflict(thrown) && (await port.reload?.()) === 'changed') return 'decide-again';
    const isLasting = thrown instanceof KubeError && !signal.aborted && !passes(classify(thrown));
    if (isLasting && rules.lasting === 'final') throw thrown;
    await rememberFailedWrite(ports, port.target, { digest: '', uid: ports.instance.metadata.uid }, thrown, {
      mask: (failure) => ({ ...failure, message: ports.mask.parentText(failure.message) }),
    });
    return 'decide-again';
  }
}
