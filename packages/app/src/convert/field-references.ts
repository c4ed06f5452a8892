import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { objectAt } from '@typekro/kit/kubernetes';
import type { PathStep } from '@typekro/engine/graph';
import { valueAtSteps } from '@typekro/engine/schema';

/** A field that repeats the name, or another part, of another object. */
export interface FieldReference {
  readonly path: readonly PathStep[];
  /** The referenced object. */
  readonly target: KubeObject;
  /** The path in `target` of the part whose value the field repeats. */
  readonly part: readonly string[];
}

/** Fields, each with a kind. The value of such a field is the name of an object of this kind. */
const NAME_FIELDS: ReadonlyMap<PathStep | undefined, string> = new Map([
  ['serviceAccountName', 'ServiceAccount'],
  ['serviceAccount', 'ServiceAccount'],
  ['claimName', 'PersistentVolumeClaim'],
  ['serviceName', 'Service'],
  ['secretName', 'Secret'],
  ['storageClassName', 'StorageClass'],
  ['priorityClassName', 'PriorityClass'],
  ['ingressClassName', 'IngressClass'],
]);

/**
 * Fields, each with a kind. The value of such a field is an object whose `name` is the name of an object of this kind.
 */
const NAME_OBJECTS: ReadonlyMap<PathStep | undefined, string> = new Map([
  ['configMapRef', 'ConfigMap'],
  ['configMapKeyRef', 'ConfigMap'],
  ['configMap', 'ConfigMap'],
  ['secretRef', 'Secret'],
  ['secretKeyRef', 'Secret'],
  ['imagePullSecrets', 'Secret'],
]);

/** Fields whose value is an object with `kind` and `name`. */
const KIND_OBJECTS: ReadonlySet<PathStep | undefined> = new Set(['scaleTargetRef', 'roleRef']);

const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** The maximum depth of the search for references. */
const MAX_DEPTH = 60;

/** Objects, grouped by what a field says of them. */
export type ObjectIndex = ReadonlyMap<string, readonly KubeObject[]>;

/** Groups objects for `fieldReferences`: by kind and name, and workloads by their `matchLabels`. */
export function indexObjects(objects: readonly KubeObject[]): ObjectIndex {
  const index = new Map<string, KubeObject[]>();
  const add = (key: string, object: KubeObject): void => {
    const group = index.get(key);
    if (group === undefined) index.set(key, [object]);
    else group.push(object);
  };
  for (const object of objects) {
    const { name = '', namespace } = object.metadata;
    add(nameKey(object.kind, name, namespace), object);
    if (WORKLOADS.has(object.kind))
      add(labelsKey(objectAt(object, 'spec', 'selector', 'matchLabels'), namespace), object);
  }
  return index;
}

function nameKey(kind: string, name: string, namespace: string | undefined): string {
  return stringifyJson([kind, name, CLUSTER_KINDS.has(kind) ? null : (namespace ?? null)]);
}

function labelsKey(labels: JsonObject, namespace: string | undefined): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => compareText(a, b));
  return stringifyJson([namespace ?? null, ...sorted.map(([key, value]) => [key, value ?? null])]);
}

/**
 * Finds the fields of an object that certainly refer to another object. The value of a field is a reference when the
 * field holds names of one kind, and exactly one object of this kind has this name. Unless the kind is cluster-scoped,
 * this object must be in the same namespace. The selector of a Service is a reference when exactly one workload in the
 * namespace has the same `matchLabels`.
 */
export function fieldReferences(object: KubeObject, all: ObjectIndex): FieldReference[] {
  const found: FieldReference[] = [];
  const { namespace } = object.metadata;
  const onlyOther = (key: string): KubeObject | undefined => {
    const others = (all.get(key) ?? []).filter((each) => each !== object);
    return others.length === 1 ? others[0] : undefined;
  };
  visit(object, []);
  const selector = object.kind === 'Service' ? objectAt(object, 'spec', 'selector') : {};
  const selected = Object.keys(selector).length === 0 ? undefined : onlyOther(labelsKey(selector, namespace));
  if (selected !== undefined) {
    found.push({ path: ['spec', 'selector'], target: selected, part: ['spec', 'selector', 'matchLabels'] });
  }
  return found;

  function visit(value: JsonValue, path: readonly PathStep[]): void {
    if (path.length > MAX_DEPTH) return;
    if (typeof value === 'string') {
      const kind = kindNamedAt(object, path);
      const target = kind === undefined ? undefined : onlyOther(nameKey(kind, value, namespace));
      if (target !== undefined) found.push({ path, target, part: ['metadata', 'name'] });
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, [...path, index]);
    } else if (isJsonObject(value)) {
      for (const [key, member] of Object.entries(value)) if (member !== undefined) visit(member, [...path, key]);
    }
  }
}

/** The kind of the object that a field names, or `undefined`. */
function kindNamedAt(object: KubeObject, path: readonly PathStep[]): string | undefined {
  if (path.join('.') === 'metadata.namespace') return 'Namespace';
  // Strings in metadata and data can have any value, so a value that equals a name is not a reference.
  if (path[0] === 'metadata' || path[0] === 'data' || path[0] === 'stringData') return undefined;
  const last = path.at(-1);
  const byField = NAME_FIELDS.get(last);
  if (byField !== undefined) return byField;
  if (last !== 'name') return undefined;
  const above = path.slice(0, -1).findLast((step) => typeof step === 'string');
  if (above === 'service' && path.some((step) => step === 'backend' || step === 'defaultBackend')) return 'Service';
  if (!KIND_OBJECTS.has(above)) return NAME_OBJECTS.get(above);
  const parent = valueAtSteps(object, path.slice(0, -1));
  const kind = isJsonObject(parent) ? parent['kind'] : undefined;
  return typeof kind === 'string' ? kind : undefined;
}

/** Cluster-scoped kinds. Objects in any namespace can refer to an object of such a kind. */
const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  'Namespace',
  'StorageClass',
  'PriorityClass',
  'IngressClass',
  'ClusterRole',
]);
