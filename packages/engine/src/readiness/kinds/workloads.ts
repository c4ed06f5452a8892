import type { KubeObject } from '@typekro/kit/core';
import { countAt, numberAt, objectsAt, statusCondition, textAt } from '@typekro/kit/kubernetes';
import { type Readiness, current, failed, inProgress, progress, describeCondition } from '../verdict.ts';

/**
 * A Deployment is ready when all its replicas are updated, available and ready, and no replica of an old revision
 * exists. It has failed if the progress deadline has passed. `readinessOf` checks deletion, `observedGeneration` and
 * `Stalled` before this rule. In direct mode, `packages/engine/src/runtime/nodes/ready.ts` decides with this rule whether a node without
 * `readyWhen` is ready. In the controller, as in kro, `readyWhen` alone decides.
 */
export function deployment(object: KubeObject): Readiness {
  const progressing = statusCondition(object, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return failed('ProgressDeadlineExceeded', describeCondition('Progressing', progressing));
  }
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const updated = countAt(object, 'status', 'updatedReplicas');
  const available = countAt(object, 'status', 'availableReplicas');
  const ready = countAt(object, 'status', 'readyReplicas');
  const total = countAt(object, 'status', 'replicas');
  const failure = statusCondition(object, 'ReplicaFailure');
  const why = failure?.status === 'True' ? `; ${describeCondition('ReplicaFailure', failure)}` : '';
  if (updated < wanted) return inProgress('Updating', `${progress(updated, wanted, 'replicas are updated')}${why}`);
  if (total > updated)
    return inProgress('Updating', progress(total - updated, total, 'replicas are of the old version'));
  if (available < wanted) return inProgress('Unavailable', progress(available, wanted, 'replicas are available'));
  if (ready < wanted) return inProgress('NotReady', progress(ready, wanted, 'replicas are ready'));
  const availability = statusCondition(object, 'Available');
  if (availability !== undefined && availability.status !== 'True')
    return inProgress('Unavailable', describeCondition('Available', availability));
  return current();
}

/**
 * A StatefulSet is ready when all its replicas are ready and every replica that the update strategy replaces has the
 * new revision.
 */
export function statefulSet(object: KubeObject): Readiness {
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const ready = countAt(object, 'status', 'readyReplicas');
  if (ready < wanted) return inProgress('NotReady', progress(ready, wanted, 'replicas are ready'));
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return current();
  const partition = countAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  const updated = countAt(object, 'status', 'updatedReplicas');
  const due = Math.max(0, wanted - partition);
  if (updated < due) return inProgress('Updating', progress(updated, due, 'replicas are updated'));
  const revision = textAt(object, 'status', 'updateRevision');
  if (partition === 0 && revision !== textAt(object, 'status', 'currentRevision')) {
    return inProgress('Updating', `revision ${revision} is not in place yet`);
  }
  return current();
}

/**
 * A DaemonSet is ready when every node that should run its pod has an available pod. Unless the update strategy is
 * OnDelete, the pods must also be updated.
 */
export function daemonSet(object: KubeObject): Readiness {
  const wanted = numberAt(object, 'status', 'desiredNumberScheduled');
  if (wanted === undefined) return inProgress('NotScheduled', 'the controller has not counted the nodes yet');
  const updated = countAt(object, 'status', 'updatedNumberScheduled');
  const rolling = textAt(object, 'spec', 'updateStrategy', 'type') !== 'OnDelete';
  if (rolling && updated < wanted) return inProgress('Updating', progress(updated, wanted, 'pods are updated'));
  const available = countAt(object, 'status', 'numberAvailable');
  if (available < wanted) return inProgress('Unavailable', progress(available, wanted, 'pods are available'));
  const ready = countAt(object, 'status', 'numberReady');
  return ready < wanted ? inProgress('NotReady', progress(ready, wanted, 'pods are ready')) : current();
}

/**
 * A ReplicaSet or ReplicationController is ready when it has exactly the wanted number of replicas and all are
 * available.
 */
export function replicaSet(object: KubeObject): Readiness {
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const total = countAt(object, 'status', 'replicas');
  const available = countAt(object, 'status', 'availableReplicas');
  const failure = statusCondition(object, 'ReplicaFailure');
  if (failure?.status === 'True') return inProgress('ReplicaFailure', describeCondition('ReplicaFailure', failure));
  if (available < wanted) return inProgress('Unavailable', progress(available, wanted, 'replicas are available'));
  return total > wanted ? inProgress('ScalingDown', `${total - wanted} replicas too many`) : current();
}

/**
 * A pod is ready when it has succeeded, or when it runs and its condition Ready is True. It has failed in phase Failed.
 */
export function pod(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Succeeded') return current('Completed');
  if (phase === 'Failed') return failed('Failed', textAt(object, 'status', 'message') || 'the pod has failed');
  const stuck = objectsAt(object, 'status', 'containerStatuses')
    .concat(objectsAt(object, 'status', 'initContainerStatuses'))
    .map((status) => ({ name: textAt(status, 'name'), reason: textAt(status, 'state', 'waiting', 'reason') }))
    .find(({ reason }) => reason !== '' && reason !== 'ContainerCreating' && reason !== 'PodInitializing');
  if (stuck !== undefined) return inProgress(stuck.reason, `container ${stuck.name} waits: ${stuck.reason}`);
  const scheduled = statusCondition(object, 'PodScheduled');
  if (scheduled?.status === 'False') return inProgress('Unschedulable', describeCondition('PodScheduled', scheduled));
  const ready = statusCondition(object, 'Ready');
  if (phase === 'Running' && ready?.status === 'True') return current();
  if (ready !== undefined && phase === 'Running')
    return inProgress('ContainersNotReady', describeCondition('Ready', ready));
  return inProgress(phase === '' ? 'Pending' : phase, `the pod is in phase ${phase === '' ? 'Pending' : phase}`);
}

/**
 * A Job is ready when it is complete. A failed Job stays failed; a suspended Job is not ready until a client resumes
 * it.
 */
export function job(object: KubeObject): Readiness {
  const bad = statusCondition(object, 'Failed');
  if (bad?.status === 'True') return failed('JobFailed', describeCondition('Failed', bad));
  if (statusCondition(object, 'Complete')?.status === 'True') return current('Completed');
  if (statusCondition(object, 'Suspended')?.status === 'True') return inProgress('Suspended', 'the job is suspended');
  const done = countAt(object, 'status', 'succeeded');
  const wanted = numberAt(object, 'spec', 'completions') ?? 1;
  return inProgress('Running', progress(done, wanted, 'completions'));
}
