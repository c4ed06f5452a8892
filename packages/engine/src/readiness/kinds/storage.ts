import type { KubeObject } from '@typekro/kit/core';
import { textAt, valueAt } from '@typekro/kit/kubernetes';
import { type Readiness, current, failed, inProgress } from '../verdict.ts';

/** A claim is ready when it is bound. A claim that lost its volume has failed. */
export function persistentVolumeClaim(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Bound') return current('Bound');
  if (phase === 'Lost') return failed('Lost', 'the volume of the claim is gone');
  return inProgress(phase || 'Pending', 'the claim is not bound to a volume yet');
}

/** A volume is ready when it is available or bound. */
export function persistentVolume(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Available' || phase === 'Bound') return current(phase);
  const message = textAt(object, 'status', 'message');
  if (phase === 'Failed') return failed('Failed', message || 'the volume has failed');
  return inProgress(phase || 'Pending', message || 'the volume is not available yet');
}

/** A VolumeAttachment is ready when the volume is attached to its node. */
export function volumeAttachment(object: KubeObject): Readiness {
  if (valueAt(object, 'status', 'attached') === true) return current('Attached');
  const error = textAt(object, 'status', 'attachError', 'message');
  return inProgress('NotAttached', error || 'the volume is not attached yet');
}
