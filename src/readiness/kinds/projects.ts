import type { KubeObject } from '../../core/index.ts';
import { at, condition, textAt } from '../fields.ts';
import type { Readiness } from '../model.ts';
import { current, failed, inProgress, said } from '../verdict.ts';

/** Network policies of Cilium: valid, as far as its operator has said anything. */
export function ciliumPolicy(object: KubeObject): Readiness {
  const valid = condition(object, 'Valid');
  return valid?.status === 'False' ? failed(valid.reason || 'Invalid', said('Valid', valid)) : current();
}

/** Pools of addresses of Cilium: in conflict with no other pool. */
export function ciliumPool(object: KubeObject): Readiness {
  const conflict = condition(object, 'cilium.io/PoolConflict');
  if (conflict?.status !== 'True') return current();
  return failed(conflict.reason || 'PoolConflict', said('cilium.io/PoolConflict', conflict));
}

/** Object stores of Rook and their users: `Ready`, or `Connected` to a store outside. */
export function cephObject(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Ready' || phase === 'Connected') return current(phase);
  return inProgress(
    phase || 'NotObserved',
    textAt(object, 'status', 'message') || `phase is ${phase || 'not known yet'}`,
  );
}

/** Claims of buckets: `Bound`. */
export function objectBucketClaim(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Failed') return failed(phase, 'the bucket could not be made');
  return phase === 'Bound'
    ? current(phase)
    : inProgress(phase || 'NotObserved', `phase is ${phase || 'not known yet'}`);
}

/** Clusters of Valkey: their operator says so in `status.ready`. */
export function valkey(object: KubeObject): Readiness {
  if (at(object, 'status', 'ready') === true) return current();
  const ready = condition(object, 'Ready');
  return inProgress(
    ready?.reason || 'NotReady',
    ready === undefined ? 'its operator has not said that it is ready' : said('Ready', ready),
  );
}
