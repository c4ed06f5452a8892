import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { formatRef, isJsonObject, parseApiVersion, refOf } from '@typekro/kit/core';
import { asObject, LAST_APPLIED_ANNOTATION, withoutServerFields } from '@typekro/kit/kubernetes';
import { keys } from '@typekro/engine/runtime';

/**
 * Objects without the fields that a cluster assigned. `leftOut` has one line for each object that the definition leaves
 * out, wholly or in part.
 */
export interface WithoutLiveFields {
  readonly objects: readonly KubeObject[];
  readonly leftOut: readonly string[];
}

/** The prefixes of labels, annotations and finalizers that controllers and kubectl write. */
const OWN_KEYS: readonly string[] = [
  ...keys.RESERVED_PREFIXES,
  'applyset.kubernetes.io/',
  LAST_APPLIED_ANNOTATION,
  'deployment.kubernetes.io/',
  'deprecated.daemonset.template.generation',
  'control-plane.alpha.kubernetes.io/',
  'pv.kubernetes.io/',
  'volume.kubernetes.io/',
  'volume.beta.kubernetes.io/storage-provisioner',
  'batch.kubernetes.io/controller-uid',
  'controller-uid',
  'kubernetes.io/metadata.name',
];

/** Finalizers of Kubernetes itself. */
const OWN_FINALIZERS = /^(?:kubernetes\.io\/|foregroundDeletion$|orphan$|service\.kubernetes\.io\/)/;

/** The fields of a spec that the API server or a controller fills in, keyed by group and kind. */
const ASSIGNED: Readonly<Record<string, readonly string[]>> = {
  '/Service': ['clusterIP', 'clusterIPs', 'ipFamilies', 'healthCheckNodePort'],
  '/Pod': ['nodeName'],
  '/PersistentVolumeClaim': ['volumeName'],
  '/Namespace': ['finalizers'],
  'batch/Job': ['selector'],
};

/** Matches the name of the volume that each pod gets with the token of its service account. */
const TOKEN_VOLUME = /^kube-api-access-|-token-[a-z0-9]{5}$/;

/**
 * The kinds of owners whose controllers create objects. An object with a controlling owner of such a kind was not
 * created by a user.
 */
const MAKERS =
  /^(?:ReplicaSet|ReplicationController|Deployment|StatefulSet|DaemonSet|Job|CronJob|Service|Endpoints|Node)$/;

/**
 * Removes from live objects the fields that the cluster assigned or kro wrote. A definition can then create the objects
 * in any cluster. Objects without a UID come from files. From these objects, only labels, annotations and finalizers of
 * controllers are removed. Objects that a controller creates are left out completely. The status and the server's
 * metadata are not removed here, because `applicableObject` removes them from every object. Nevertheless, `leftOut`
 * lists them.
 */
export function withoutLiveFields(objects: readonly KubeObject[]): WithoutLiveFields {
  const leftOut: string[] = [];
  const kept = objects.flatMap((object) => {
    const name = formatRef(refOf(object));
    const maker = makerOf(object);
    if (maker !== undefined) {
      leftOut.push(`${name}: ${maker} makes it`);
      return [];
    }
    const { value, fields } = stripLiveFields(object);
    if (fields.length > 0) leftOut.push(`${name}: ${fields.join(', ')}`);
    return [value];
  });
  return { objects: kept, leftOut };
}

/** Returns an object as a user applies it: without its status, its owners, and the metadata that the server sets. */
export function applicableObject(object: KubeObject): JsonObject {
  const { apiVersion, kind, metadata, ...others } = withoutServerFields(object);
  const { ownerReferences: _owners, ...kept } = asObject(metadata);
  return { apiVersion, kind, metadata: kept, ...others };
}

/**
 * Describes what creates the object automatically: a controller or Kubernetes. Undefined for an object that a
 * user creates.
 */
function makerOf({ kind, metadata, ...rest }: KubeObject): string | undefined {
  const owner = metadata.ownerReferences?.find((each) => each.controller === true && MAKERS.test(each.kind));
  if (owner !== undefined) return `its controller, ${owner.kind} ${owner.name},`;
  const { name = '' } = metadata;
  if (kind === 'ConfigMap' && name === 'kube-root-ca.crt') return 'Kubernetes, in each namespace,';
  if (kind === 'ServiceAccount' && name === 'default') return 'Kubernetes, in each namespace,';
  if (kind === 'Secret' && (rest as JsonObject)['type'] === 'kubernetes.io/service-account-token')
    return 'the controller of service accounts';
  return undefined;
}

function stripLiveFields(object: KubeObject): { readonly value: KubeObject; readonly fields: readonly string[] } {
  const fields: string[] = [];
  const isLive = object.metadata.uid !== undefined;
  const metadata = { ...object.metadata } as JsonObject;
  for (const name of ['labels', 'annotations'] as const) dropOwnKeys(metadata, name, `metadata.${name}`, fields);
  const finalizers = (object.metadata.finalizers ?? []).filter((each) => !isOwnKey(each) && !OWN_FINALIZERS.test(each));
  if (finalizers.length < (object.metadata.finalizers ?? []).length) fields.push('metadata.finalizers');
  if (finalizers.length === 0) delete metadata['finalizers'];
  else metadata['finalizers'] = finalizers;
  const value = { ...object, metadata };
  if (isLive) dropAssigned(value, object, fields);
  const server = ['uid', 'resourceVersion', 'managedFields', 'ownerReferences'].filter((each) => each in metadata);
  if (server.length > 0) fields.push(...server.map((each) => `metadata.${each}`));
  if (object.status !== undefined) fields.push('status');
  return { value, fields };
}

const isOwnKey = (key: string): boolean => OWN_KEYS.some((each) => key.startsWith(each));

function dropOwnKeys(parent: JsonObject, name: string, path: string, fields: string[]): void {
  const map = parent[name];
  if (!isJsonObject(map)) return;
  const own = Object.keys(map).filter(
    (key) => isOwnKey(key) || (key === keys.MANAGED_BY_LABEL && /^(?:kro|typekro)$/.test(String(map[key]))),
  );
  if (own.length === 0) return;
  for (const key of own) fields.push(`${path}["${key}"]`);
  const kept = Object.fromEntries(Object.entries(map).filter(([key]) => !own.includes(key)));
  if (Object.keys(kept).length === 0) delete parent[name];
  else parent[name] = kept;
}

function dropAssigned(value: JsonObject, { apiVersion, kind }: KubeObject, fields: string[]): void {
  const { spec } = value;
  if (isJsonObject(spec)) {
    const copy: JsonObject = { ...spec };
    value['spec'] = copy;
    for (const name of ASSIGNED[`${parseApiVersion(apiVersion).group}/${kind}`] ?? []) {
      if (!(name in copy) || isChosen(kind, name, copy)) continue;
      delete copy[name];
      fields.push(`spec.${name}`);
    }
    if (kind === 'Service' && Array.isArray(copy['ports'])) copy['ports'] = withoutNodePorts(copy['ports'], fields);
    if (kind === 'Pod') dropTokenVolume(copy, 'spec', fields);
    if (kind === 'Job' && copy['manualSelector'] !== true) dropJobLabels(copy, fields);
  }
  if (kind === 'ServiceAccount' && 'secrets' in value) {
    delete value['secrets'];
    fields.push('secrets');
  }
}

/** Did the author choose the value? A headless Service has the address `None`, and a Job can have its own selector. */
function isChosen(kind: string, name: string, spec: JsonObject): boolean {
  if (kind === 'Service' && name.startsWith('clusterIP')) return spec['clusterIP'] === 'None';
  return kind === 'Job' && name === 'selector' && spec['manualSelector'] === true;
}

function withoutNodePorts(ports: readonly JsonValue[], fields: string[]): JsonValue[] {
  return ports.map((port, index) => {
    if (!isJsonObject(port) || port['nodePort'] === undefined) return port;
    const { nodePort: _assigned, ...rest } = port;
    fields.push(`spec.ports[${index}].nodePort`);
    return rest;
  });
}

function dropTokenVolume(spec: JsonObject, path: string, fields: string[]): void {
  const isToken = (each: JsonValue): boolean => isJsonObject(each) && TOKEN_VOLUME.test(String(each['name']));
  const without = (list: JsonValue | undefined): JsonValue | undefined =>
    Array.isArray(list) ? list.filter((each) => !isToken(each)) : list;
  const volumes = spec['volumes'];
  if (!Array.isArray(volumes) || !volumes.some(isToken)) return;
  fields.push(`${path}.volumes (the token of the service account)`);
  spec['volumes'] = without(volumes);
  for (const name of ['containers', 'initContainers']) {
    const containers = spec[name];
    if (!Array.isArray(containers)) continue;
    spec[name] = containers.map((each) =>
      isJsonObject(each) && each['volumeMounts'] !== undefined
        ? { ...each, volumeMounts: without(each['volumeMounts']) }
        : each,
    );
  }
}

/** Removes the labels by which a Job finds its pods. They contain the uid or the name of the Job. */
function dropJobLabels(spec: JsonObject, fields: string[]): void {
  const { template } = spec;
  if (!isJsonObject(template) || !isJsonObject(template['metadata'])) return;
  const metadata = { ...template['metadata'] };
  const labels = isJsonObject(metadata['labels']) ? { ...metadata['labels'] } : {};
  const own = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name'];
  const found = own.filter((key) => key in labels);
  if (found.length === 0) return;
  for (const key of found) delete labels[key];
  metadata['labels'] = labels;
  spec['template'] = { ...template, metadata };
  for (const key of found) fields.push(`spec.template.metadata.labels["${key}"]`);
}
