import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote, parseBool } from '@typekro/kit/golang';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { EXTENDED_TOKEN_SECONDS } from '../../auth/token-lifetime.ts';
import { ensureAt } from '../../types/parts.ts';
import { refusePod } from './pod-admission.ts';
import { aliasServiceAccount } from './pod-defaults.ts';
import { mirrorPodProblem, referenceProblem } from '../secret-references.ts';
import type { WriteContext } from '../strategy.ts';

/** The service account of pods that name no account. */
const DEFAULT_ACCOUNT = 'default';

/**
 * The ConfigMap with the certificate authority of the cluster. A controller maintains this ConfigMap in every
 * namespace.
 */
export const ROOT_CA = 'kube-root-ca.crt';

/** The prefix of the token volume's name. */
const VOLUME_PREFIX = 'kube-api-access-';

/** The mount path of the token volume in a container. */
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The permissions of the files in the token volume: `rw-r--r--`. */
const FILE_MODE = 0o644;

/** A kubelet sets this annotation on mirror pods. A mirror pod represents a static pod of the kubelet's node. */
const MIRROR = 'kubernetes.io/config.mirror';

/** An account with this annotation restricts its pods to the Secrets that the account names. */
const ENFORCE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';

const isMirrorPod = ({ metadata }: KubeObject): boolean => Object.hasOwn(metadata.annotations ?? {}, MIRROR);

/**
 * Completes a new pod as the admission plugin `ServiceAccount` does: sets the account, mounts the token of the account,
 * and copies the pull secrets of the account. Mirror pods are not changed.
 *
 * @throws ApiError 403 as `checkServiceAccount` does.
 */
export function admitServiceAccount(pod: KubeObject, context: WriteContext): void {
  if (!isMirrorPod(pod)) {
    const spec = ensureAt(pod, 'spec');
    if (textAt(spec, 'serviceAccountName') === '') spec['serviceAccountName'] = DEFAULT_ACCOUNT;
    aliasServiceAccount(spec);
    const account = accountOf(pod, context);
    if (isTokenMounted(spec, account)) mountToken(spec, context);
    const pullSecrets = objectsAt(account, 'imagePullSecrets').map((secret) => ({ name: textAt(secret, 'name') }));
    if (objectsAt(spec, 'imagePullSecrets').length === 0 && pullSecrets.length > 0)
      spec['imagePullSecrets'] = pullSecrets;
  }
  checkServiceAccount(pod, context);
}

/**
 * Throws 403 for a new pod without an account, for a pod whose account does not exist, and for a pod that references a
 * Secret which its account does not allow. Also throws 403 for a mirror pod that uses an account or a Secret.
 */
export function checkServiceAccount(pod: KubeObject, context: WriteContext): void {
  const spec = pod.spec ?? {};
  const problem = isMirrorPod(pod) ? mirrorPodProblem(spec) : referenceProblem(spec, restrictingAccount(pod, context));
  if (problem !== undefined) throw refusePod(pod, problem);
}

/** Refuses ephemeral containers that reference Secrets which the account of the pod does not name. Throws 403. */
export function checkEphemeralSecrets(pod: KubeObject, context: WriteContext): void {
  const containers = objectsAt(pod.spec, 'ephemeralContainers');
  if (containers.length === 0) return;
  const problem = referenceProblem({ ephemeralContainers: containers }, restrictingAccount(pod, context));
  if (problem !== undefined) throw refusePod(pod, problem);
}

/** The account of a pod. Throws 403 when it does not exist. */
function accountOf(pod: KubeObject, { store }: WriteContext): JsonObject & KubeObject {
  const { namespace = '', name: podName = '' } = pod.metadata;
  const name = textAt(pod.spec, 'serviceAccountName');
  if (name === '') throw refusePod(pod, `no service account specified for pod ${namespace}/${podName}`);
  const found = store.collection('', 'serviceaccounts').get(`${namespace}/${name}`)?.object;
  if (found !== undefined) return found;
  const problem = `serviceaccount ${goQuote(name)} not found`;
  throw refusePod(pod, `error looking up service account ${namespace}/${name}: ${problem}`);
}

/** The account of a pod if this account restricts the Secrets of its pods; otherwise `undefined`. */
function restrictingAccount(pod: KubeObject, context: WriteContext): KubeObject | undefined {
  const account = accountOf(pod, context);
  return parseBool(account.metadata.annotations?.[ENFORCE_SECRETS] ?? '') === true ? account : undefined;
}

/** Is the token mounted? The setting of the pod has precedence over the setting of its account. */
function isTokenMounted(spec: JsonObject, account: JsonObject): boolean {
  return (spec['automountServiceAccountToken'] ?? account['automountServiceAccountToken']) !== false;
}

/**
 * Mounts the token in each container without a mount at the token path. If a volume exists whose name begins with
 * `VOLUME_PREFIX`, the function uses this volume.
 */
function mountToken(spec: JsonObject, { generateName }: WriteContext): void {
  const containers = [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')].filter((container) =>
    objectsAt(container, 'volumeMounts').every(({ mountPath }) => mountPath !== TOKEN_PATH),
  );
  if (containers.length === 0) return;
  const volumes = objectsAt(spec, 'volumes');
  const known = volumes.map((volume) => textAt(volume, 'name')).find((name) => name.startsWith(VOLUME_PREFIX));
  const name = known ?? generateName(VOLUME_PREFIX);
  const mount = { name, readOnly: true, mountPath: TOKEN_PATH };
  for (const container of containers)
    container['volumeMounts'] = [...objectsAt(container, 'volumeMounts'), { ...mount }];
  if (known === undefined) spec['volumes'] = [...volumes, { name, projected: tokenSource() }];
}

/**
 * The sources of the token volume: the token, the certificate authority of the cluster, and the namespace of the pod.
 */
function tokenSource(): JsonObject {
  const namespace = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } };
  return {
    sources: [
      { serviceAccountToken: { expirationSeconds: EXTENDED_TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: ROOT_CA, items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [namespace] } },
    ],
    defaultMode: FILE_MODE,
  };
}
