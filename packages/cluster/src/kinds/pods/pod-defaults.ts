import { containersOf } from './pod-resources.ts';
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import {
  compareQuantities,
  formatQuantity,
  objectAt,
  objectsAt,
  optionalAt,
  quantityOf,
  textAt,
} from '@typekro/kit/kubernetes';
import { copyJson, ensureAt, fill } from '../../types/parts.ts';
import { type Amounts, addAmounts, containerTotals, hasPodLevelResources } from './pod-totals.ts';
import { isHugePages, isPodLevelResource } from './resource-names.ts';

/** Sets the defaults in the specification of a pod or a pod template. */
export function defaultPodSpec(spec: JsonObject, isPod: boolean): void {
  if (isPod) fill(spec, { enableServiceLinks: true });
  fill(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    terminationGracePeriodSeconds: 30,
  });
  ensureAt(spec, 'securityContext');
  aliasServiceAccount(spec);
  for (const key of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of objectsAt(spec, key)) defaultContainer(container, spec['hostNetwork'] === true, isPod);
  }
  if (isPod) defaultPodResources(spec);
  for (const volume of objectsAt(spec, 'volumes')) defaultVolume(volume);
}

/**
 * Copies the value of `serviceAccountName` to the deprecated field `serviceAccount`, or the other way round, because
 * the API shows both fields.
 */
export function aliasServiceAccount(spec: JsonObject) {
  const name = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount');
  if (name === '') return;
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
}

/**
 * The default pull policy of an image. It is `Always` for the tag `latest` and for an image without a tag and a digest,
 * and `IfNotPresent` for all other images and for invalid names.
 */
const pullPolicy = (image: string): string => (imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent');

/** Sets the defaults of numbers that are missing or zero, as Go does not distinguish them. */
function fillNumbers(target: JsonObject, defaults: Readonly<Record<string, JsonValue>>): void {
  for (const [key, value] of Object.entries(defaults)) if ((target[key] ?? 0) === 0) target[key] = value;
}

function defaultContainer(container: JsonObject, hostNetwork: boolean, isPod: boolean) {
  fill(container, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(textAt(container, 'image')),
  });
  for (const port of objectsAt(container, 'ports')) {
    fill(port, { protocol: 'TCP' });
    const hostPort = port['containerPort'];
    if (isPod && hostNetwork && hostPort !== undefined) fillNumbers(port, { hostPort });
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = optionalAt(container, name);
    if (probe === undefined) continue;
    fillNumbers(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
    defaultHandler(probe);
    fill(optionalAt(probe, 'grpc'), { service: '' });
  }
  const lifecycle = objectAt(container, 'lifecycle');
  for (const hook of ['postStart', 'preStop']) defaultHandler(objectAt(lifecycle, hook));
  for (const entry of objectsAt(container, 'env')) {
    fill(optionalAt(entry, 'valueFrom', 'fieldRef'), { apiVersion: 'v1' });
    fill(optionalAt(entry, 'valueFrom', 'fileKeyRef'), { optional: false });
  }
  if (isPod) defaultRequests(container);
}

const defaultHandler = (handler: JsonObject) => fill(optionalAt(handler, 'httpGet'), { path: '/', scheme: 'HTTP' });

/** Sets each missing request to its limit. Only pods have this default; templates do not. */
function defaultRequests(container: JsonObject) {
  const limits = optionalAt(optionalAt(container, 'resources'), 'limits');
  if (limits === undefined) return;
  const requests = ensureAt(ensureAt(container, 'resources'), 'requests');
  for (const [name, value] of Object.entries(limits)) requests[name] ??= value;
}

/**
 * Sets the defaults of pod-level resources. A missing limit for huge pages becomes the sum of the containers' limits,
 * unless the pod has a request for them. If the pod then has any limits, a missing request becomes the sum of the
 * containers' requests. For huge pages, and if no container has such a request, it becomes the pod's limit.
 */
function defaultPodResources(spec: JsonObject) {
  const resources = optionalAt(spec, 'resources');
  if (resources === undefined) return;
  const [limits, requests] = [{ ...objectAt(resources, 'limits') }, { ...objectAt(resources, 'requests') }];
  if (Object.keys(limits).length + Object.keys(requests).length === 0) return;
  for (const [name, sum] of containerTotals(spec, 'limits'))
    if (isHugePages(name) && requests[name] === undefined) limits[name] ??= formatQuantity(sum);
  if (Object.keys(limits).length === 0) return;
  for (const [name, sum] of containerTotals(spec, 'requests'))
    if (isPodLevelResource(name) && !isHugePages(name)) requests[name] ??= formatQuantity(sum);
  for (const [name, limit] of Object.entries(limits)) if (isPodLevelResource(name)) requests[name] ??= limit;
  resources['limits'] = limits;
  if (Object.keys(requests).length > 0) resources['requests'] = requests;
}

const DEFAULT_FILE_MODE = 420;

function defaultVolume(volume: JsonObject) {
  if (Object.keys(volume).filter((key) => key !== 'name').length === 0) volume['emptyDir'] = {};
  for (const kind of ['configMap', 'secret', 'projected', 'downwardAPI'])
    fill(optionalAt(volume, kind), { defaultMode: DEFAULT_FILE_MODE });
  const projected = objectsAt(volume, 'projected', 'sources');
  for (const source of [volume, ...projected])
    for (const item of objectsAt(source, 'downwardAPI', 'items'))
      fill(optionalAt(item, 'fieldRef'), { apiVersion: 'v1' });
  for (const source of projected) fill(optionalAt(source, 'serviceAccountToken'), { expirationSeconds: 3600 });
  defaultVolumeSource(volume);
  fill(optionalAt(volume, 'image'), { pullPolicy: pullPolicy(textAt(volume, 'image', 'reference')) });
  const claim = optionalAt(optionalAt(volume, 'ephemeral'), 'volumeClaimTemplate');
  if (claim !== undefined) ensureAt(claim, 'spec')['volumeMode'] ??= 'Filesystem';
}

/** The defaults of the volume sources that both pods and PersistentVolumes can have. */
const SOURCE_DEFAULTS: readonly (readonly [source: string, defaults: JsonObject])[] = [
  ['azureDisk', { cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false }],
  ['hostPath', { type: '' }],
  ['iscsi', { iscsiInterface: 'default' }],
  ['rbd', { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }],
  ['scaleIO', { storageMode: 'ThinProvisioned', fsType: 'xfs' }],
];

/** Sets the defaults of a volume source. `owner` is a volume of a pod, or the specification of a PersistentVolume. */
export function defaultVolumeSource(owner: JsonObject): void {
  for (const [name, defaults] of SOURCE_DEFAULTS) fill(optionalAt(owner, name), defaults);
}

/** Sets the defaults of a workload's pod template. */
export function defaultTemplate(owner: JsonObject): void {
  const template = ensureAt(owner, 'template');
  ensureAt(template, 'metadata');
  defaultPodSpec(ensureAt(template, 'spec'), false);
}

/**
 * The quality-of-service class of a pod, which depends on its requests and limits for CPU and memory. If the pod sets
 * pod-level resources, the containers' resources are ignored. Amounts of zero count as absent.
 */
export function qosClass(spec: JsonObject): string {
  const requests: Amounts = new Map();
  const limits: Amounts = new Map();
  let isLimited = true;
  for (const owner of hasPodLevelResources(spec) ? [spec] : containersOf(spec)) {
    addAmounts(requests, computeAmounts(owner, 'requests'));
    const own = computeAmounts(owner, 'limits');
    addAmounts(limits, own);
    if (own.size < COMPUTE_RESOURCES.length) isLimited = false;
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const isEqual = [...requests].every(([name, request]) => {
    const limit = limits.get(name);
    return limit !== undefined && compareQuantities(request, limit) === 0;
  });
  return isLimited && isEqual && requests.size === limits.size ? 'Guaranteed' : 'Burstable';
}

const COMPUTE_RESOURCES = ['cpu', 'memory'];

/** The amounts of CPU and memory that are greater than zero. */
function computeAmounts(owner: JsonObject, part: 'requests' | 'limits'): Amounts {
  const amounts = objectAt(owner, 'resources', part);
  return new Map(
    COMPUTE_RESOURCES.flatMap((name) => {
      const amount = quantityOf(amounts[name]);
      return amount !== undefined && amount.unscaled > 0n ? [[name, amount] as const] : [];
    }),
  );
}

const NOT_READY = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/**
 * Sets the default priority and preemption policy of a pod, and adds the tolerations for short node failures, as
 * admission does for every pod.
 */
export function admitPod(spec: JsonObject): void {
  spec['priority'] ??= 0;
  spec['preemptionPolicy'] ??= 'PreemptLowerPriority';
  const tolerations = objectsAt(spec, 'tolerations').map(copyJson);
  const tolerated = (key: string) =>
    tolerations.some(
      (entry) =>
        isJsonObject(entry) &&
        [key, undefined, ''].includes(entry['key'] as string | undefined) &&
        [undefined, '', 'NoExecute'].includes(entry['effect'] as string | undefined),
    );
  for (const key of NOT_READY) {
    if (!tolerated(key)) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec['tolerations'] = tolerations;
}

/** Reads the tags of image names, by the rules of `github.com/distribution/reference`. */
const LABEL = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)';
const DOMAIN = String.raw`(?:${LABEL}(?:\.${LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const TAG = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
const DIGEST = 'sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}';
const REFERENCE = new RegExp(
  `^(?:${DOMAIN}/)?(?<path>${COMPONENT}(?:/${COMPONENT})*)(?::(?<tag>${TAG}))?(?:@(?<digest>${DIGEST}))?$`,
);
const IDENTIFIER = /^[a-f0-9]{64}$/;
const MAX_PATH_LENGTH = 255;

/**
 * Returns the tag of an image name: `latest` for a name without a tag and a digest, and an empty string for a name with
 * only a digest. Returns `undefined` for an invalid name, such as a name with a capital letter.
 */
export function imageTag(image: string): string | undefined {
  if (IDENTIFIER.test(image)) return undefined;
  const groups = REFERENCE.exec(withDomain(image))?.groups;
  if (groups === undefined || (groups['path'] ?? '').length > MAX_PATH_LENGTH) return undefined;
  return groups['tag'] ?? (groups['digest'] === undefined ? 'latest' : '');
}

/**
 * Adds the domain of Docker Hub to a name without a domain. The part before the first slash is a domain if it is
 * `localhost`, or contains a dot, a colon or a capital letter.
 */
function withDomain(image: string): string {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(0, slash));
  return first === 'localhost' || /[.:A-Z]/.test(first) ? image : `docker.io/${slash < 0 ? 'library/' : ''}${image}`;
}
