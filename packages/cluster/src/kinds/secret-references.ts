import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';

/** The paths at which a volume names a Secret. Projected volumes are handled separately. */
const VOLUME_SECRETS: readonly (readonly string[])[] = [
  ['azureFile', 'secretName'],
  ['cephfs', 'secretRef', 'name'],
  ['cinder', 'secretRef', 'name'],
  ['csi', 'nodePublishSecretRef', 'name'],
  ['flexVolume', 'secretRef', 'name'],
  ['iscsi', 'secretRef', 'name'],
  ['rbd', 'secretRef', 'name'],
  ['scaleIO', 'secretRef', 'name'],
  ['secret', 'secretName'],
  ['storageos', 'secretRef', 'name'],
];

/** The lists of containers in a specification, each with the word that messages use for its entries. */
const LISTS = [
  ['initContainers', 'init container'],
  ['containers', 'container'],
  ['ephemeralContainers', 'ephemeral container'],
] as const;

interface ContainerReference {
  /** The location of the reference in the API server's words, e.g. `container c with envVar X`. */
  readonly place: string;
  readonly secret: string;
}

/** The references to Secrets in the environments of containers. */
function* environmentSecrets(spec: JsonObject): Generator<ContainerReference> {
  for (const [list, word] of LISTS) {
    for (const container of objectsAt(spec, list)) {
      const place = `${word} ${textAt(container, 'name')}`;
      for (const entry of objectsAt(container, 'env')) {
        const secret = textAt(entry, 'valueFrom', 'secretKeyRef', 'name');
        if (secret !== '') yield { place: `${place} with envVar ${textAt(entry, 'name')}`, secret };
      }
      for (const source of objectsAt(container, 'envFrom')) {
        const secret = textAt(source, 'secretRef', 'name');
        if (secret !== '') yield { place: `${place} with envFrom`, secret };
      }
    }
  }
}

/** Does the specification of a pod reference a Secret? */
function referencesSecret(spec: JsonObject): boolean {
  if (objectsAt(spec, 'imagePullSecrets').length > 0) return true;
  for (const _ of environmentSecrets(spec)) return true;
  return objectsAt(spec, 'volumes').some(
    (volume) =>
      VOLUME_SECRETS.some((path) => textAt(volume, ...path) !== '') ||
      objectsAt(volume, 'projected', 'sources').some(({ secret }) => secret !== undefined),
  );
}

/** The reason why a mirror pod is refused; `undefined` for an allowed pod. */
export function mirrorPodProblem(spec: JsonObject): string | undefined {
  if (textAt(spec, 'serviceAccountName') !== '') return 'a mirror pod may not reference service accounts';
  if (referencesSecret(spec)) return 'a mirror pod may not reference secrets';
  const sources = objectsAt(spec, 'volumes').flatMap((volume) => objectsAt(volume, 'projected', 'sources'));
  return sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)
    ? 'a mirror pod may not use ServiceAccountToken volume projections'
    : undefined;
}

/**
 * The reason why a pod is refused. The reason names the first Secret of the specification that the account does not
 * list. `undefined` when the account lists all Secrets, and when `account` is `undefined`.
 */
export function referenceProblem(spec: JsonObject, account: KubeObject | undefined): string | undefined {
  if (account === undefined) return undefined;
  const named = (list: string) => new Set(objectsAt(account, list).map((secret) => textAt(secret, 'name')));
  const end = `is not allowed because service account ${account.metadata.name ?? ''} does not reference that`;
  const [mountable, pullable] = [named('secrets'), named('imagePullSecrets')];
  for (const volume of objectsAt(spec, 'volumes')) {
    const name = textAt(volume, 'secret', 'secretName');
    if (name !== '' && !mountable.has(name)) return `volume with secret.secretName="${name}" ${end} secret`;
  }
  for (const { place, secret } of environmentSecrets(spec))
    if (!mountable.has(secret)) return `${place} referencing secret.secretName="${secret}" ${end} secret`;
  for (const [index, { name }] of objectsAt(spec, 'imagePullSecrets').entries())
    if (!pullable.has(String(name))) return `imagePullSecrets[${index}].name="${String(name)}" ${end} imagePullSecret`;
  return undefined;
}
