import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { RefusedObject } from '@typekro/engine/runtime';

/** The facts that select a remedy. */
interface CauseFacts {
  readonly object: ObjectRef;
  readonly reason: string;
  readonly message: string;
  /** The live object, if it still exists. */
  readonly about?: KubeObject | undefined;
}

/** The annotation that makes a pod or a claim fail in the embedded cluster. */
const SIMULATED = 'typekro.dev/simulate-failure';

const IMAGE = /^(?:ErrImagePull|Image(?:InspectError|PullBackOff)|InvalidImageName|RegistryUnavailable)$/;
const CRASH = /^(?:CrashLoopBackOff|Error)$/;
const START = /^(?:RunContainerError|CreateContainerError|StartError|ContainerCannotRun)$/;

/** Remedies by message, for causes whose reason is ambiguous. */
const REMEDIES_BY_MESSAGE: readonly (readonly [message: RegExp, remedy: string])[] = [
  [
    /storageclass\S* "[^"]*" not found/,
    'set storageClassName to a StorageClass of the cluster, leave it out to get the default one, or create that class',
  ],
  [/no storage class is set/, 'set storageClassName, or create a PersistentVolume of that size and access mode'],
  [
    /waiting for first consumer/,
    'mount the claim in a pod, because its class creates the volume only then; or use another class',
  ],
  [
    /volume to be created either by the external provisioner/,
    'install the provisioner that the message names, or use another StorageClass',
  ],
  [/persistentvolumeclaim "[^"]*" not found/, 'create the claim, or correct claimName in the volumes of the pod'],
  [/unbound immediate PersistentVolumeClaims/, 'the pod starts when its claims are bound: check those first'],
  [
    /(?:configmap|secret) "[^"]*" not found/i,
    'create it, or correct the name in the pod; with `optional: true` the pod starts without it',
  ],
  [
    /runAsNonRoot and image|non-root policy/,
    'set runAsUser to a number other than 0, or use an image whose user is such a number',
  ],
  [/Insufficient |Too many pods/, 'request less in resources.requests, or add a node'],
  [/node affinity|node selector/, 'correct nodeSelector and affinity of the pod, or label a node'],
  [/untolerated taint/, 'add a toleration to the pod, or remove the taint from a node'],
];

/** The remedy for a probe that fails. */
export const PROBE_REMEDY =
  'correct port, path and times of the probe, or the program that responds to it in the container';

/** The remedy for a cause that keeps an object from being ready; `undefined` for an unknown cause. */
export function remedyOfCause(facts: CauseFacts): string | undefined {
  const remedy = realRemedy(facts);
  if (!isSimulated(facts)) return remedy;
  return `${remedy === undefined ? '' : `${remedy}; `}here the annotation ${SIMULATED} causes the failure: remove it`;
}

function realRemedy({ object, reason, message, about }: CauseFacts): string | undefined {
  if (IMAGE.test(reason)) return imageRemedy(about);
  if (START.test(reason))
    return 'correct command, image, mounts or securityContext of the container: the message names it';
  if (CRASH.test(reason)) return 'correct command, args, env or image of the container: its log says what is missing';
  switch (reason) {
    case 'OOMKilled':
      return 'raise resources.limits.memory of the container, or reduce its use of memory';
    case 'ErrImageNeverPull':
      return 'put the image on the node, or set imagePullPolicy to IfNotPresent';
    case 'Unhealthy':
      return PROBE_REMEDY;
    case 'BackoffLimitExceeded':
      return 'correct the program of its pods, or raise backoffLimit for more tries; then delete the Job, so that it is created again';
    case 'DeadlineExceeded':
      return 'raise activeDeadlineSeconds, or make its pods faster; then delete the Job, so that it is created again';
    default:
      return (
        REMEDIES_BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ?? RefusedObject.remedy(message, object)
      );
  }
}

/**
 * Did the annotation cause the failure? In a real cluster, a pod may have the annotation too, but the annotation has no
 * effect there.
 */
function isSimulated({ about, message }: CauseFacts): boolean {
  if (about === undefined || (about.metadata.annotations?.[SIMULATED] ?? '') === '') return false;
  const images = objectsAt(about, 'status', 'containerStatuses').map((status) => textAt(status, 'imageID'));
  return message.startsWith('simulated: ') || images.some((image) => image.startsWith('simulated://'));
}

function imageRemedy(pod: KubeObject | undefined): string {
  const images = [...objectsAt(pod ?? {}, 'spec', 'initContainers'), ...objectsAt(pod ?? {}, 'spec', 'containers')].map(
    (container) => textAt(container, 'image'),
  );
  const which = images.length === 1 ? ` ${images[0]}` : '';
  return `correct registry, name and tag of the image${which}; a private registry needs imagePullSecrets`;
}
