import type { KubeObject } from '../../core/index.ts';
import { countAt, numberAt, objectsAt, statusCondition, textAt, valueAt } from '../../kubernetes/index.ts';
import type { Readiness } from '../model.ts';
import { current, failed, inProgress, progress, said } from '../verdict.ts';

/** Network policies of Cilium: valid, as far as its operator has said anything. */
export function ciliumPolicy(object: KubeObject): Readiness {
  const valid = statusCondition(object, 'Valid');
  return valid?.status === 'False' ? failed(valid.reason || 'Invalid', said('Valid', valid)) : current();
}

/** Pools of addresses of Cilium: in conflict with no other pool. */
export function ciliumPool(object: KubeObject): Readiness {
  const conflict = statusCondition(object, 'cilium.io/PoolConflict');
  if (conflict?.status !== 'True') return current();
  return failed(conflict.reason || 'PoolConflict', said('cilium.io/PoolConflict', conflict));
}

/** Announcements and BGP of Cilium: its conditions name problems, and are missing where there is none. */
export function ciliumProblems(object: KubeObject): Readiness {
  const problem = objectsAt(object, 'status', 'conditions').find((entry) => entry['status'] === 'True');
  const type = textAt(problem ?? {}, 'type');
  const found = problem === undefined ? undefined : statusCondition(object, type);
  return found === undefined ? current() : inProgress(found.reason || 'Problem', said(type, found));
}

/** Kinds with the condition `Ready` only, such as those of cert-manager. */
export function readyCondition(object: KubeObject): Readiness {
  const ready = statusCondition(object, 'Ready');
  if (ready === undefined) return inProgress('NotObserved', 'condition Ready is not set yet');
  const { generation } = object.metadata;
  if (generation !== undefined && ready.observedGeneration !== undefined && ready.observedGeneration < generation) {
    return inProgress(
      'NotObserved',
      `condition Ready speaks of generation ${ready.observedGeneration}, not ${generation}`,
    );
  }
  return ready.status === 'True'
    ? current(ready.reason || 'Ready')
    : inProgress(ready.reason || 'NotReady', said('Ready', ready));
}

/** Requests of certificates: `Ready`, unless they are denied. */
export function certificateRequest(object: KubeObject): Readiness {
  for (const type of ['Denied', 'InvalidRequest']) {
    const refused = statusCondition(object, type);
    if (refused?.status === 'True') return failed(refused.reason || type, said(type, refused));
  }
  return readyCondition(object);
}

const ACME_ENDS = ['invalid', 'expired', 'errored'];

/** Orders and challenges of ACME: `valid`. */
export function acmeState(object: KubeObject): Readiness {
  const state = textAt(object, 'status', 'state');
  if (state === 'valid') return current('Valid');
  const reason = textAt(object, 'status', 'reason');
  if (ACME_ENDS.includes(state)) return failed('Failed', `state is ${state}${reason === '' ? '' : `: ${reason}`}`);
  return inProgress('Pending', reason || `state is ${state || 'not known yet'}`);
}

/** The phase of a healthy CloudNativePG cluster. */
const CNPG_HEALTHY = 'Cluster in healthy state';

/** Clusters of CloudNativePG: in the healthy phase, with as many ready instances as wanted. */
export function cnpgCluster(object: KubeObject): Readiness {
  const wanted = numberAt(object, 'spec', 'instances') ?? 1;
  const ready = countAt(object, 'status', 'readyInstances');
  const phase = textAt(object, 'status', 'phase');
  if (phase === CNPG_HEALTHY && ready >= wanted) return current('Healthy');
  const done = progress(ready, wanted, 'instances are ready');
  if (phase !== '') return inProgress('NotReady', `${phase}; ${done}`);
  return inProgress('NotObserved', ready < wanted ? done : `${done}; status.phase is not set yet`);
}

/** Poolers of CloudNativePG: as many instances as wanted. */
export function cnpgPooler(object: KubeObject): Readiness {
  const wanted = numberAt(object, 'spec', 'instances') ?? 1;
  const there = countAt(object, 'status', 'instances');
  return there >= wanted ? current() : inProgress('NotReady', progress(there, wanted, 'instances are there'));
}

/** Backups of CloudNativePG: `completed`. */
export function cnpgBackup(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'completed') return current('Completed');
  if (phase === 'failed') return failed('Failed', textAt(object, 'status', 'error') || 'the backup has failed');
  return inProgress(phase === '' ? 'NotObserved' : 'Running', `phase is ${phase || 'not known yet'}`);
}

/** Databases of CloudNativePG: the newest generation is applied. */
export function cnpgDatabase(object: KubeObject): Readiness {
  if (valueAt(object, 'status', 'applied') === true) return current('Applied');
  return inProgress('NotApplied', textAt(object, 'status', 'message') || 'its operator has not applied it yet');
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
  if (valueAt(object, 'status', 'ready') === true) return current();
  const ready = statusCondition(object, 'Ready');
  return inProgress(
    ready?.reason || 'NotReady',
    ready === undefined ? 'its operator has not said that it is ready' : said('Ready', ready),
  );
}
