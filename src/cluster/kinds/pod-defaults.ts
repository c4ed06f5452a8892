import { containersOf } from './pod-containers.ts';
import type { JsonObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { objectAt, objectsAt, optionalAt, textAt } from '../../kubernetes/index.ts';
import { ensureAt, fill } from '../types/parts.ts';
import { copyJson } from '../types/copy.ts';

/** Sets the defaults of a pod's specification, in pods and in templates. */
export function defaultPodSpec(spec: JsonObject, isPod: boolean): void {
  if (isPod) spec['enableServiceLinks'] ??= true;
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
  for (const volume of objectsAt(spec, 'volumes')) defaultVolume(volume);
}

/** Copies between `serviceAccountName` and its old name `serviceAccount`. The API shows both fields. */
export function aliasServiceAccount(spec: JsonObject) {
  const name = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount');
  if (name === '') return;
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
}

/**
 * The default pull policy of an image: `Always` when the tag is `latest` or absent and the image has no digest;
 * otherwise `IfNotPresent`.
 */
function pullPolicy(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (name.includes('@')) return 'IfNotPresent';
  const tag = name.includes(':') ? name.slice(name.lastIndexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultContainer(container: JsonObject, hostNetwork: boolean, isPod: boolean) {
  fill(container, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(textAt(container, 'image')),
  });
  for (const port of objectsAt(container, 'ports')) {
    fill(port, { protocol: 'TCP' });
    if (hostNetwork) port['hostPort'] ??= port['containerPort'];
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = optionalAt(container, name);
    if (probe === undefined) continue;
    for (const [key, value] of Object.entries({
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    })) {
      probe[key] ??= value;
    }
    defaultHandler(probe);
    const grpc = optionalAt(probe, 'grpc');
    if (grpc !== undefined) grpc['service'] ??= '';
  }
  const lifecycle = objectAt(container, 'lifecycle');
  for (const hook of ['postStart', 'preStop']) defaultHandler(objectAt(lifecycle, hook));
  for (const entry of objectsAt(container, 'env')) {
    const fieldRef = optionalAt(optionalAt(entry, 'valueFrom'), 'fieldRef');
    if (fieldRef !== undefined) fill(fieldRef, { apiVersion: 'v1' });
  }
  if (isPod) defaultRequests(container);
}

function defaultHandler(handler: JsonObject) {
  const get = optionalAt(handler, 'httpGet');
  if (get !== undefined) fill(get, { path: '/', scheme: 'HTTP' });
}

/** Sets each missing request to its limit. Only pods have this default; templates do not. */
function defaultRequests(container: JsonObject) {
  const limits = optionalAt(optionalAt(container, 'resources'), 'limits');
  if (limits === undefined) return;
  const requests = ensureAt(ensureAt(container, 'resources'), 'requests');
  for (const [name, value] of Object.entries(limits)) requests[name] ??= value;
}

const DEFAULT_FILE_MODE = 420;

function defaultVolume(volume: JsonObject) {
  if (Object.keys(volume).filter((key) => key !== 'name').length === 0) volume['emptyDir'] = {};
  for (const kind of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const source = optionalAt(volume, kind);
    if (source !== undefined) source['defaultMode'] ??= DEFAULT_FILE_MODE;
  }
  const items = [
    ...objectsAt(objectAt(volume, 'downwardAPI'), 'items'),
    ...objectsAt(objectAt(volume, 'projected'), 'sources').flatMap((source) =>
      objectsAt(objectAt(source, 'downwardAPI'), 'items'),
    ),
  ];
  for (const item of items) {
    const fieldRef = optionalAt(item, 'fieldRef');
    if (fieldRef !== undefined) fill(fieldRef, { apiVersion: 'v1' });
  }
  for (const source of objectsAt(objectAt(volume, 'projected'), 'sources')) {
    const token = optionalAt(source, 'serviceAccountToken');
    if (token !== undefined) token['expirationSeconds'] ??= 3600;
  }
  const hostPath = optionalAt(volume, 'hostPath');
  if (hostPath !== undefined) hostPath['type'] ??= '';
  const iscsi = optionalAt(volume, 'iscsi');
  if (iscsi !== undefined) fill(iscsi, { iscsiInterface: 'default' });
  const rbd = optionalAt(volume, 'rbd');
  if (rbd !== undefined) fill(rbd, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' });
  const claim = optionalAt(optionalAt(volume, 'ephemeral'), 'volumeClaimTemplate');
  if (claim !== undefined) ensureAt(claim, 'spec')['volumeMode'] ??= 'Filesystem';
}

/** Sets the defaults of a workload's pod template. */
export function defaultTemplate(owner: JsonObject): void {
  const template = ensureAt(owner, 'template');
  ensureAt(template, 'metadata');
  defaultPodSpec(ensureAt(template, 'spec'), false);
}

/** The quality-of-service class of a pod, by its requests and limits. */
export function qosClass(spec: JsonObject): string {
  let guaranteed = true;
  let any = false;
  for (const container of containersOf(spec)) {
    const resources = objectAt(container, 'resources');
    const [requests, limits] = [objectAt(resources, 'requests'), objectAt(resources, 'limits')];
    for (const name of ['cpu', 'memory']) {
      if (requests[name] !== undefined || limits[name] !== undefined) any = true;
      if (limits[name] === undefined || requests[name] !== limits[name]) guaranteed = false;
    }
  }
  return any ? (guaranteed ? 'Guaranteed' : 'Burstable') : 'BestEffort';
}

const NOT_READY = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Adds what admission gives every pod: the priority, and tolerations for short node failures. */
export function admitPod(spec: JsonObject): void {
  spec['priority'] ??= 0;
  spec['preemptionPolicy'] ??= 'PreemptLowerPriority';
  const tolerations = objectsAt(spec, 'tolerations').map(copyJson);
  const tolerated = (key: string) =>
    tolerations.some(
      (entry) =>
        isJsonObject(entry) &&
        (entry['key'] === key || entry['key'] === undefined) &&
        [undefined, '', 'NoExecute'].includes(entry['effect'] as string | undefined),
    );
  for (const key of NOT_READY) {
    if (!tolerated(key)) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec['tolerations'] = tolerations;
}
