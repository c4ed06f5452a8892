import type { KubeObject } from '@typekro/kit/core';
import { objectAt, textAt } from '@typekro/kit/kubernetes';
import { type SimulatedController, concerns, splitKey, targetIn } from './simulated-controller.ts';
import { isFinished } from './pods/pod-state.ts';
import { CLAIMS } from './scheduler.ts';
import { VOLUMES } from './volumes.ts';
import type { ControllerClient } from './controller-client.ts';
import { claimsOfPod } from '../pods/bound-pod.ts';

const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection';
const VOLUME_PROTECTION = 'kubernetes.io/pv-protection';

/** Removes the finalizer of a deleted claim when all pods that use the claim have ended or are gone. */
export const claimProtection: SimulatedController = {
  name: 'pvc-protection-controller',
  target: targetIn(CLAIMS),

  *keysOf(event) {
    const { object, key } = event.stored;
    if (concerns(event, '', 'persistentvolumeclaims') && event.type !== 'DELETED') yield key;
    if (!concerns(event, '', 'pods') || (event.type !== 'DELETED' && !isFinished(object))) return;
    for (const claim of claimsOfPod(object)) yield `${object.metadata.namespace ?? ''}/${claim}`;
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const claim = client.get(CLAIMS, namespace, name);
    if (claim?.metadata.deletionTimestamp === undefined) return;
    const used = client.podsOfClaim(namespace, name).some((pod) => !isFinished(pod));
    if (!used) client.dropFinalizer(claim, CLAIM_PROTECTION);
  },
};

/**
 * Writes the phase of volumes (available, bound, released). Deletes released volumes with the reclaim policy `Delete`.
 * Removes the finalizer of a deleted volume when no claim is bound to it.
 */
export const volumeController: SimulatedController = {
  name: 'pv-protection-controller',
  target: targetIn(VOLUMES),

  *keysOf(event) {
    const { object, key } = event.stored;
    if (concerns(event, '', 'persistentvolumes') && event.type !== 'DELETED') yield key;
    if (concerns(event, '', 'persistentvolumeclaims') && event.type === 'DELETED') {
      const volume = textAt(object.spec, 'volumeName');
      if (volume !== '') yield volume;
    }
  },

  reconcile(name, client) {
    const volume = client.get(VOLUMES, '', name);
    if (volume === undefined) return;
    const bound = claimOf(client, volume);
    if (volume.metadata.deletionTimestamp !== undefined) {
      if (bound === undefined) client.dropFinalizer(volume, VOLUME_PROTECTION);
      return;
    }
    const phase = phaseOf(volume, bound);
    if (phase !== textAt(volume.status, 'phase')) {
      client.updateStatus(volume, { ...volume.status, phase, lastPhaseTransitionTime: client.timestamp() });
    }
    if (phase === 'Released' && textAt(volume.spec, 'persistentVolumeReclaimPolicy') === 'Delete')
      client.remove(volume);
  },
};

function claimOf(client: ControllerClient, volume: KubeObject): KubeObject | undefined {
  const reference = objectAt(volume.spec, 'claimRef');
  const claim = client.get(CLAIMS, textAt(reference, 'namespace'), textAt(reference, 'name'));
  const uid = textAt(reference, 'uid');
  return claim !== undefined && (uid === '' || claim.metadata.uid === uid) ? claim : undefined;
}

function phaseOf(volume: KubeObject, claim: KubeObject | undefined): string {
  const uid = textAt(objectAt(volume.spec, 'claimRef'), 'uid');
  if (uid === '') return 'Available';
  return claim === undefined ? 'Released' : 'Bound';
}
