import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, jsonEquals } from '../../core/index.ts';
import { objectAt } from '../../kubernetes/index.ts';
import type { PathStep } from '../../graph/index.ts';

/** A field that names another of the objects, or repeats a part of it. */
export interface FieldReference {
  readonly path: readonly PathStep[];
  /** The object that is meant. */
  readonly target: KubeObject;
  /** The part of it that stands in the field. */
  readonly part: readonly string[];
}

/** Fields that hold the name of an object of one kind. */
const NAME_FIELDS: ReadonlyMap<PathStep | undefined, string> = new Map([
  ['serviceAccountName', 'ServiceAccount'],
  ['claimName', 'PersistentVolumeClaim'],
  ['serviceName', 'Service'],
  ['secretName', 'Secret'],
  ['storageClassName', 'StorageClass'],
  ['priorityClassName', 'PriorityClass'],
  ['ingressClassName', 'IngressClass'],
]);

/** Fields with a `name` below them, which is that of an object of one kind. */
const NAME_OBJECTS: ReadonlyMap<PathStep | undefined, string> = new Map([
  ['configMapRef', 'ConfigMap'],
  ['configMapKeyRef', 'ConfigMap'],
  ['configMap', 'ConfigMap'],
  ['secretRef', 'Secret'],
  ['secretKeyRef', 'Secret'],
  ['imagePullSecrets', 'Secret'],
]);

/** Fields with `kind` and `name` below them. */
const KIND_OBJECTS: ReadonlySet<PathStep | undefined> = new Set(['scaleTargetRef', 'roleRef']);

const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** Deepest nesting that is looked through. */
const MAX_DEPTH = 60;

/**
 * The fields of an object that refer to one of the others, where that is certain: the name stands in a field that holds
 * names of this kind, and there is one such object in the same namespace; or a Service selects exactly by the labels by
 * which one workload selects its pods.
 */
export function fieldReferences(object: KubeObject, all: readonly KubeObject[]): FieldReference[] {
  const found: FieldReference[] = [];
  const others = all.filter((each) => each !== object);
  visit(object as unknown as JsonObject, []);
  const selected = object.kind === 'Service' ? selectedWorkload(object, others) : undefined;
  if (selected !== undefined) {
    found.push({ path: ['spec', 'selector'], target: selected, part: ['spec', 'selector', 'matchLabels'] });
  }
  return found;

  function visit(value: JsonValue, path: readonly PathStep[]): void {
    if (path.length > MAX_DEPTH) return;
    if (typeof value === 'string') {
      const kind = kindNamedAt(object, path);
      const target = kind === undefined ? undefined : onlyObject(object, others, kind, value);
      if (target !== undefined) found.push({ path, target, part: ['metadata', 'name'] });
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, [...path, index]);
    } else if (isJsonObject(value)) {
      for (const [key, member] of Object.entries(value)) if (member !== undefined) visit(member, [...path, key]);
    }
  }
}

/** The kind whose names a field holds. */
function kindNamedAt(object: KubeObject, path: readonly PathStep[]): string | undefined {
  if (path.join('.') === 'metadata.namespace') return 'Namespace';
  // Metadata and data hold texts of the author.
  if (path[0] === 'metadata' || path[0] === 'data' || path[0] === 'stringData') return undefined;
  const last = path.at(-1);
  const byField = NAME_FIELDS.get(last);
  if (byField !== undefined) return byField;
  if (last !== 'name') return undefined;
  const above = path.slice(0, -1).findLast((step) => typeof step === 'string');
  if (above === 'service' && path.some((step) => step === 'backend' || step === 'defaultBackend')) return 'Service';
  if (!KIND_OBJECTS.has(above)) return NAME_OBJECTS.get(above);
  const parent = path
    .slice(0, -1)
    .reduce<JsonValue | undefined>(
      (value, step) =>
        isJsonObject(value) ? value[String(step)] : Array.isArray(value) ? value[Number(step)] : undefined,
      object as unknown as JsonObject,
    );
  const kind = isJsonObject(parent) ? parent['kind'] : undefined;
  return typeof kind === 'string' ? kind : undefined;
}

/** Kinds of the whole cluster: their namespace does not have to be that of the object. */
const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  'Namespace',
  'StorageClass',
  'PriorityClass',
  'IngressClass',
  'ClusterRole',
]);

function onlyObject(
  object: KubeObject,
  others: readonly KubeObject[],
  kind: string,
  name: string,
): KubeObject | undefined {
  const found = others.filter(
    (each) =>
      each.kind === kind &&
      each.metadata.name === name &&
      (CLUSTER_KINDS.has(kind) || each.metadata.namespace === object.metadata.namespace),
  );
  return found.length === 1 ? found[0] : undefined;
}

function selectedWorkload(service: KubeObject, others: readonly KubeObject[]): KubeObject | undefined {
  const selector = objectAt(service, 'spec', 'selector');
  if (Object.keys(selector).length === 0) return undefined;
  const found = others.filter(
    (each) =>
      WORKLOADS.has(each.kind) &&
      each.metadata.namespace === service.metadata.namespace &&
      jsonEquals(objectAt(each, 'spec', 'selector', 'matchLabels'), selector),
  );
  return found.length === 1 ? found[0] : undefined;
}
