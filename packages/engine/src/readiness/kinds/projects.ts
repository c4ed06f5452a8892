import type { KubeObject } from '@typekro/kit/core';
import { countAt, numberAt, objectsAt, statusCondition, textAt, valueAt } from '@typekro/kit/kubernetes';
import { type Readiness, current, failed, inProgress, progress, describeCondition, staleVerdict } from '../verdict.ts';
import { needs } from './cluster.ts';

/** A Cilium network policy is ready unless its operator reports that it is invalid. */
export function ciliumPolicy(object: KubeObject): Readiness {
  const valid = statusCondition(object, 'Valid');
  if (valid?.status !== 'False') return current();
  return staleVerdict(object, 'Valid', valid) ?? failed(valid.reason || 'Invalid', describeCondition('Valid', valid));
}

/** A Cilium address pool is ready unless it conflicts with another pool. */
export function ciliumPool(object: KubeObject): Readiness {
  const type = 'cilium.io/PoolConflict';
  const conflict = statusCondition(object, type);
  if (conflict?.status !== 'True') return current();
  const stale = staleVerdict(object, type, conflict);
  return stale ?? failed(conflict.reason || 'PoolConflict', describeCondition(type, conflict));
}

/**
 * Cilium's announcements and BGP resources are ready when no condition is True, because all their conditions report
 * problems.
 */
export function ciliumProblems(object: KubeObject): Readiness {
  const problem = objectsAt(object, 'status', 'conditions').find((entry) => entry['status'] === 'True');
  const type = textAt(problem ?? {}, 'type');
  const found = problem === undefined ? undefined : statusCondition(object, type);
  return found === undefined ? current() : inProgress(found.reason || 'Problem', describeCondition(type, found));
}

/**
 * Objects whose kind reports its readiness with the condition `Ready`, such as those of cert-manager, are ready when
 * this condition is True.
 */
export function readyCondition(object: KubeObject): Readiness {
  const ready = statusCondition(object, 'Ready');
  if (ready === undefined) return inProgress('NotObserved', 'condition Ready is not set yet');
  const stale = staleVerdict(object, 'Ready', ready);
  if (stale !== undefined) return stale;
  return ready.status === 'True'
    ? current(ready.reason || 'Ready')
    : inProgress(ready.reason || 'NotReady', describeCondition('Ready', ready));
}

/** A certificate request is ready when its condition `Ready` is True. It has failed if it was denied or is invalid. */
export function certificateRequest(object: KubeObject): Readiness {
  for (const type of ['Denied', 'InvalidRequest']) {
    const refused = statusCondition(object, type);
    if (refused?.status === 'True') return failed(refused.reason || type, describeCondition(type, refused));
  }
  return readyCondition(object);
}

const ACME_ENDS = ['invalid', 'expired', 'errored'];

/** An order or a challenge of ACME is ready in state `valid`. */
export function acmeState(object: KubeObject): Readiness {
  const state = textAt(object, 'status', 'state');
  if (state === 'valid') return current('Valid');
  const reason = textAt(object, 'status', 'reason');
  if (ACME_ENDS.includes(state)) return failed('Failed', `state is ${state}${reason === '' ? '' : `: ${reason}`}`);
  return inProgress('Pending', reason || `state is ${state || 'not known yet'}`);
}

/** The phase of a healthy CloudNativePG cluster. */
const CNPG_HEALTHY = 'Cluster in healthy state';

/**
 * A CloudNativePG cluster is ready when its phase is healthy and it has the number of ready instances that its spec
 * requests.
 */
export function cnpgCluster(object: KubeObject): Readiness {
  const wanted = numberAt(object, 'spec', 'instances') ?? 1;
  const ready = countAt(object, 'status', 'readyInstances');
  const phase = textAt(object, 'status', 'phase');
  if (phase === CNPG_HEALTHY && ready >= wanted) return current('Healthy');
  const done = progress(ready, wanted, 'instances are ready');
  if (phase !== '') return inProgress('NotReady', `${phase}; ${done}`);
  return inProgress('NotObserved', ready < wanted ? done : `${done}; status.phase is not set yet`);
}

/** A CloudNativePG pooler is ready when it has the number of instances that its spec requests. */
export function cnpgPooler(object: KubeObject): Readiness {
  const wanted = numberAt(object, 'spec', 'instances') ?? 1;
  const existing = countAt(object, 'status', 'instances');
  return existing >= wanted ? current() : inProgress('NotReady', progress(existing, wanted, 'instances exist'));
}

/** A backup of CloudNativePG is ready in phase `completed`. */
export function cnpgBackup(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'completed') return current('Completed');
  if (phase === 'failed') return failed('Failed', textAt(object, 'status', 'error') || 'the backup has failed');
  return inProgress(phase === '' ? 'NotObserved' : 'Running', `phase is ${phase || 'not known yet'}`);
}

/** A CloudNativePG database is ready when its operator has applied the newest generation. */
export function cnpgDatabase(object: KubeObject): Readiness {
  if (valueAt(object, 'status', 'applied') === true) return current('Applied');
  return inProgress('NotApplied', textAt(object, 'status', 'message') || 'its operator has not applied it yet');
}

/**
 * An object store of Rook, or a user of such a store, is ready in phase `Ready`. An external store is ready in phase
 * `Connected`.
 */
export function cephObject(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Ready' || phase === 'Connected') return current(phase);
  return inProgress(
    phase || 'NotObserved',
    textAt(object, 'status', 'message') || `phase is ${phase || 'not known yet'}`,
  );
}

/** A bucket claim is ready in phase `Bound`. */
export function objectBucketClaim(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Failed') return failed(phase, 'the bucket could not be made');
  return phase === 'Bound'
    ? current(phase)
    : inProgress(phase || 'NotObserved', `phase is ${phase || 'not known yet'}`);
}

/** A cluster of Valkey is ready when its operator has set `status.ready` to true. */
export function valkey(object: KubeObject): Readiness {
  if (valueAt(object, 'status', 'ready') === true) return current();
  const ready = statusCondition(object, 'Ready');
  return inProgress(
    ready?.reason || 'NotReady',
    ready === undefined ? 'its operator has not reported that it is ready' : describeCondition('Ready', ready),
  );
}

/**
 * Is the HelmRepository an OCI registry? Flux writes no status for such a repository: its `observedGeneration` stays at
 * -1, the CRD's default.
 */
export function isRegistry(object: KubeObject): boolean {
  return textAt(object, 'spec', 'type') === 'oci';
}

/** A HelmRepository with an index is ready when its condition Ready is True. */
export function helmRepository(object: KubeObject): Readiness {
  return needs(object, 'Ready');
}
