import { isConflict, KubeError } from '@typekro/kube';
import { classify, passes } from '@typekro/kit/kubernetes';
import type { Decisions } from '@typekro/engine/runtime';
import type { MaskingPorts } from './ports.ts';
import { rememberFailedWrite } from './write-children.ts';

/** The outcome of the parent's write. Children are written unless it is `decide-again`. */
export type ParentOutcome = 'nothing' | 'written' | 'decide-again';

/**
 * Calls `beforeWrites`, and then writes the parent's metadata. If either fails, nothing else may be written, and the
 * failure is recorded for the next decision. A conflict with a newer version of the parent does not count as a failure.
 * When `rules.lasting` is `final`, a permanent failure is thrown and ends the run.
 */
export async function writeParent(ports: MaskingPorts, parent: Decisions.ParentWrite): Promise<ParentOutcome> {
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
