import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { compareQuantities, labelSelectorMatcher, listAt, objectAt, quantityOf, textAt } from '@typekro/kit/kubernetes';
import type { BootstrapContext } from '../bootstrap.ts';
import { type SimulatedController, concerns, keyOfObject, targetIn } from './simulated-controller.ts';
import { recordEvent } from './events.ts';
import { putControllerObject } from './nodes/simulated-node.ts';
import { CLAIMS } from './scheduler.ts';
import type { ControllerClient } from './controller-client.ts';
import { claimsOfPod } from '../pods/bound-pod.ts';

const NAME = 'persistentvolume-controller';
export const VOLUMES = { group: '', plural: 'persistentvolumes' } as const;
const CLASSES = { group: 'storage.k8s.io', plural: 'storageclasses' } as const;

/** The provisioner of the default storage class. The claim controller creates the volumes of this provisioner. */
const PROVISIONER = 'typekro.dev/simulated';
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';

/** Creates the default storage class. A volume of this class is created when a claim requests one. */
export function putStorageClass(context: BootstrapContext): void {
  putControllerObject(context, CLASSES.group, CLASSES.plural, {
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: PROVISIONER,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    allowVolumeExpansion: true,
  });
}

/**
 * Binds claims to volumes that fit, and creates volumes for claims whose storage class has the simulated provisioner.
 */
export const claimController: SimulatedController = {
  name: NAME,
  target: targetIn(CLAIMS),

  *keysOf(event, client) {
    const { object, key } = event.stored;
    if (concerns(event, '', 'persistentvolumeclaims')) {
      if (event.type !== 'DELETED') yield key;
    } else if (concerns(event, '', 'persistentvolumes') || concerns(event, 'storage.k8s.io', 'storageclasses')) {
      const lost = event.type === 'DELETED' ? object.metadata.name : undefined;
      for (const claim of client.list(CLAIMS, '')) {
        if (isPending(claim) || textAt(claim.spec, 'volumeName') === lost) yield keyOfObject(claim);
      }
    } else if (concerns(event, '', 'pods') && event.type === 'ADDED') {
      // With `WaitForFirstConsumer`, a claim waits for the first pod that uses the claim, so each new pod queues the
      // claims that it uses.
      for (const claim of claimsOfPod(object)) yield `${object.metadata.namespace ?? ''}/${claim}`;
    }
  },

  reconcile(key, client) {
    const claim = client.at(CLAIMS, key);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return;
    if (!isPending(claim)) return resize(client, claim);
    // A claim that names a volume waits for this volume, even if the volume no longer exists.
    const namesVolume = textAt(claim.spec, 'volumeName') !== '';
    const volume = volumeFor(client, claim) ?? (namesVolume ? undefined : provision(client, claim));
    if (volume !== undefined) bind(client, claim, volume);
  },
};

const isPending = (claim: KubeObject): boolean => textAt(claim.status, 'phase') !== 'Bound';

const classOf = (object: KubeObject): string => textAt(object.spec, 'storageClassName');

const sizeOf = (parent: JsonObject) => quantityOf(parent['storage'] ?? '0');

const capacityOf = (volume: KubeObject): JsonObject => objectAt(volume.spec, 'capacity');

/**
 * The volume for a claim. A claim that names a volume gets only this volume. Any other claim gets a fitting volume that
 * is reserved for the claim; if none is reserved, it gets the smallest fitting free volume. Returns `undefined` when no
 * volume fits.
 */
function volumeFor(client: ControllerClient, claim: KubeObject): KubeObject | undefined {
  const named = textAt(claim.spec, 'volumeName');
  if (named !== '') {
    const volume = client.get(VOLUMES, '', named);
    return volume !== undefined && isFor(volume, claim) ? volume : undefined;
  }
  const fitting = client.list(VOLUMES, '').filter((volume) => fits(volume, claim));
  const reserved = fitting.find((volume) => textAt(objectAt(volume.spec, 'claimRef'), 'name') !== '');
  return reserved ?? fitting.toSorted((a, b) => compare(capacityOf(a), capacityOf(b)))[0];
}

function compare(a: JsonObject, b: JsonObject): number {
  const [left, right] = [sizeOf(a), sizeOf(b)];
  return left === undefined || right === undefined ? 0 : compareQuantities(left, right);
}

function fits(volume: KubeObject, claim: KubeObject): boolean {
  const modes = listAt(volume.spec, 'accessModes');
  const selector = claim.spec?.['selector'];
  return (
    volume.metadata.deletionTimestamp === undefined &&
    textAt(volume.status, 'phase') !== 'Released' &&
    textAt(volume.status, 'phase') !== 'Failed' &&
    isFor(volume, claim) &&
    classOf(volume) === classOf(claim) &&
    textAt(volume.spec, 'volumeMode') === textAt(claim.spec, 'volumeMode') &&
    listAt(claim.spec, 'accessModes').every((mode) => modes.includes(mode)) &&
    compare(capacityOf(volume), requestOf(claim)) >= 0 &&
    (selector === undefined || labelSelectorMatcher(objectAt(claim.spec, 'selector'))(volume.metadata.labels ?? {}))
  );
}

const requestOf = (claim: KubeObject): JsonObject => objectAt(objectAt(claim.spec, 'resources'), 'requests');

/** Is the volume free, or reserved for this claim? */
function isFor(volume: KubeObject, claim: KubeObject): boolean {
  const reference = objectAt(volume.spec, 'claimRef');
  if (textAt(reference, 'name') === '') return true;
  const { name = '', namespace = '', uid = '' } = claim.metadata;
  if (textAt(reference, 'name') !== name || textAt(reference, 'namespace') !== namespace) return false;
  return textAt(reference, 'uid') === '' || textAt(reference, 'uid') === uid;
}

/**
 * Creates a volume for a claim. When no volume can be created, returns `undefined`, and in most cases records the
 * reason as an Event.
 */
function provision(client: ControllerClient, claim: KubeObject): KubeObject | undefined {
  const name = classOf(claim);
  const { namespace = '', name: claimName = '' } = claim.metadata;
  const recordReason = (reason: string, message: string, type: 'Normal' | 'Warning' = 'Normal') => {
    recordEvent(client, claim, NAME, reason, message, type);
    return undefined;
  };
  if (name === '') {
    return recordReason('FailedBinding', 'no persistent volumes available for this claim and no storage class is set');
  }
  const found = client.get(CLASSES, '', name);
  if (found === undefined) {
    return recordReason('ProvisioningFailed', `storageclass.storage.k8s.io ${goQuote(name)} not found`, 'Warning');
  }
  const waits = found['volumeBindingMode'] === 'WaitForFirstConsumer';
  if (waits && client.podsOfClaim(namespace, claimName).length === 0) {
    return recordReason('WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
  }
  const provisioner = textAt(found, 'provisioner');
  if (provisioner === 'kubernetes.io/no-provisioner') return undefined;
  if (provisioner !== PROVISIONER) {
    const text = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    return recordReason('ExternalProvisioning', text);
  }
  const volumeName = `pvc-${claim.metadata.uid ?? ''}`;
  const volume = client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName, annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
    spec: {
      accessModes: [...listAt(claim.spec, 'accessModes')],
      capacity: { storage: requestOf(claim)['storage'] ?? '0' },
      hostPath: { path: `/simulated/${volumeName}`, type: '' },
      persistentVolumeReclaimPolicy: textAt(found, 'reclaimPolicy') || 'Delete',
      storageClassName: name,
      volumeMode: textAt(claim.spec, 'volumeMode') || 'Filesystem',
    },
  });
  recordReason('ProvisioningSucceeded', `Successfully provisioned volume ${volumeName}`);
  return volume;
}

function bind(client: ControllerClient, claim: KubeObject, volume: KubeObject): void {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata;
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion };
  const reserved = textAt(objectAt(volume.spec, 'claimRef'), 'name') !== '';
  const bound = client.update({
    ...volume,
    metadata: {
      ...volume.metadata,
      annotations: { ...volume.metadata.annotations, ...(reserved ? {} : { [BOUND_BY_CONTROLLER]: 'yes' }) },
    },
    spec: { ...volume.spec, claimRef },
  });
  client.updateStatus(bound, { ...bound.status, phase: 'Bound' });
  const chosen = textAt(claim.spec, 'volumeName') === '';
  const provisioner = volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'];
  const taken = client.update({
    ...claim,
    metadata: {
      ...claim.metadata,
      annotations: {
        ...claim.metadata.annotations,
        'pv.kubernetes.io/bind-completed': 'yes',
        ...(chosen ? { [BOUND_BY_CONTROLLER]: 'yes' } : {}),
        ...(provisioner === undefined ? {} : { 'volume.kubernetes.io/storage-provisioner': provisioner }),
      },
    },
    spec: { ...claim.spec, volumeName: volume.metadata.name ?? '' },
  });
  client.updateStatus(taken, {
    ...taken.status,
    phase: 'Bound',
    accessModes: [...listAt(volume.spec, 'accessModes')],
    capacity: capacityOf(volume),
  });
}

/**
 * Enlarges the volume of a bound claim when the claim requests more storage. Enlarges only volumes whose storage class
 * has the simulated provisioner. A claim whose volume does not exist becomes Lost.
 */
function resize(client: ControllerClient, claim: KubeObject): void {
  const volume = client.get(VOLUMES, '', textAt(claim.spec, 'volumeName'));
  const storageClass = client.get(CLASSES, '', classOf(claim));
  if (volume === undefined) {
    client.updateStatus(claim, { ...claim.status, phase: 'Lost' });
    return;
  }
  if (storageClass === undefined || storageClass['provisioner'] !== PROVISIONER) return;
  if (compare(requestOf(claim), objectAt(claim.status, 'capacity')) <= 0) return;
  const capacity = { ...capacityOf(volume), storage: requestOf(claim)['storage'] ?? '0' };
  client.update({ ...volume, spec: { ...volume.spec, capacity } });
  client.updateStatus(claim, { ...claim.status, capacity });
}
