import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { grouped, isJsonObject, oncePerObject, stringifyJson } from '@typekro/kit/core';
import { type PathStep, NameText } from '@typekro/engine/graph';
import { type WrittenObject, at, containerFields, entriesAt, podPath, textIn } from '../inputs/manifest.ts';

/** A field that must contain the name of another object in the same namespace. */
export interface NameReference {
  readonly kind: string;
  readonly name: JsonValue | undefined;
  /** The path of the field in the object. */
  readonly path: readonly PathStep[];
  /** A key that the referenced object must have, and the path of the field that names this key. */
  readonly key?: { readonly name: JsonValue | undefined; readonly path: readonly PathStep[] };
  /** The effect of a missing object. */
  readonly effect: string;
}

/** The ConfigMap that a controller creates in each namespace. */
const ROOT_CA = 'kube-root-ca.crt';

const POD_WAITS = 'its pods cannot start without it';

/** Returns the required references of an object of a built-in kind to other objects. */
export function referencesOf(manifest: WrittenObject): readonly NameReference[] {
  if (!manifest.builtin || manifest.external) return [];
  const { object, kind } = manifest;
  const pod = podPath(manifest);
  const own =
    kind === 'Ingress'
      ? ingressReferences(object)
      : kind === 'HorizontalPodAutoscaler'
        ? scaleReference(object)
        : kind === 'RoleBinding'
          ? roleReference(object)
          : [];
  return [...own, ...(pod === undefined ? [] : podReferences(object, pod))];
}

function podReferences(object: JsonObject, pod: readonly string[]): NameReference[] {
  // Kubernetes treats an empty name as absent. It reads the deprecated field `serviceAccount` only without
  // `serviceAccountName`.
  const account = ['serviceAccountName', 'serviceAccount']
    .map((field) => [...pod, 'spec', field])
    .find((path) => ![undefined, null, ''].some((absent) => at(object, ...path) === absent));
  const name = account === undefined ? undefined : at(object, ...account);
  const accounts: NameReference[] =
    account === undefined || name === 'default'
      ? []
      : [{ kind: 'ServiceAccount', name, path: account, effect: POD_WAITS }];
  const variables = containerFields(object, pod).flatMap(({ entry, path }) => [
    ...entriesAt(entry, 'env').flatMap((env) =>
      ['configMapKeyRef', 'secretKeyRef'].flatMap((from) =>
        source(at(env.entry, 'valueFrom', from), [...path, ...env.path, 'valueFrom', from]),
      ),
    ),
    ...entriesAt(entry, 'envFrom').flatMap((from) =>
      ['configMapRef', 'secretRef'].flatMap((ref) => source(at(from.entry, ref), [...path, ...from.path, ref])),
    ),
  ]);
  const volumes = entriesAt(object, ...pod, 'spec', 'volumes').flatMap(({ entry, path }) => [
    ...volumeSources(entry, path),
    ...entriesAt(entry, 'projected', 'sources').flatMap((part) => volumeSources(part.entry, [...path, ...part.path])),
    ...claim(entry, path),
  ]);
  return [...accounts, ...variables, ...volumes];
}

function claim(volume: JsonObject, path: readonly PathStep[]): NameReference[] {
  const name = at(volume, 'persistentVolumeClaim', 'claimName');
  const place = [...path, 'persistentVolumeClaim', 'claimName'];
  return name === undefined ? [] : [{ kind: 'PersistentVolumeClaim', name, path: place, effect: POD_WAITS }];
}

function volumeSources(volume: JsonObject, path: readonly PathStep[]): NameReference[] {
  return ['configMap', 'secret'].flatMap((from) => {
    const value = at(volume, from);
    if (!isJsonObject(value)) return [];
    const whole = source(value, [...path, from]);
    const items = entriesAt(value, 'items').flatMap((item) =>
      whole.map((each) => ({ ...each, key: { name: item.entry['key'], path: [...path, from, ...item.path, 'key'] } })),
    );
    return items.length > 0 ? items : whole;
  });
}

/** Returns the references to a ConfigMap or a Secret, in each form that a pod allows. */
function source(value: JsonValue | undefined, path: readonly PathStep[]): NameReference[] {
  if (!isJsonObject(value)) return [];
  const optional = value['optional'] ?? false;
  if (optional !== false) return [];
  const last = String(path.at(-1));
  const kind = last.startsWith('secret') ? 'Secret' : 'ConfigMap';
  const field = Object.hasOwn(value, 'secretName') ? 'secretName' : 'name';
  const name = value[field];
  if (name === undefined || (kind === 'ConfigMap' && name === ROOT_CA)) return [];
  const key =
    last.endsWith('KeyRef') && value['key'] !== undefined
      ? { key: { name: value['key'], path: [...path, 'key'] } }
      : {};
  return [{ kind, name, path: [...path, field], effect: POD_WAITS, ...key }];
}

function ingressReferences(object: JsonObject): NameReference[] {
  return ingressBackends(object).map(({ entry, path }) => ({
    kind: 'Service',
    name: entry['name'],
    path: [...path, 'name'],
    effect: 'the route has no backend without it',
  }));
}

/** Returns the backends of an Ingress that are Services. */
export function ingressBackends(
  object: JsonObject,
): readonly { readonly entry: JsonObject; readonly path: readonly PathStep[] }[] {
  const paths = entriesAt(object, 'spec', 'rules').flatMap((rule) =>
    entriesAt(rule.entry, 'http', 'paths').map((each) => [...rule.path, ...each.path, 'backend', 'service']),
  );
  return [['spec', 'defaultBackend', 'service'], ...paths].flatMap((path) => {
    const entry = at(object, ...path);
    return isJsonObject(entry) ? [{ entry, path }] : [];
  });
}

function scaleReference(object: JsonObject): NameReference[] {
  const kind = at(object, 'spec', 'scaleTargetRef', 'kind');
  const path = ['spec', 'scaleTargetRef', 'name'];
  const scaled = kind === 'Deployment' || kind === 'StatefulSet' || kind === 'ReplicaSet';
  return scaled ? [{ kind, name: at(object, ...path), path, effect: 'there is nothing to scale without it' }] : [];
}

function roleReference(object: JsonObject): NameReference[] {
  const path = ['roleRef', 'name'];
  if (at(object, 'roleRef', 'kind') !== 'Role') return [];
  return [{ kind: 'Role', name: at(object, ...path), path, effect: 'the binding grants no rights without it' }];
}

/** The objects by kind and name. Those whose name is not constant are found by their kind alone. */
const byName = oncePerObject((all: readonly WrittenObject[]) =>
  grouped(all, (each) => nameKey(each.kind, textIn(each, at(each.object, 'metadata', 'name')))),
);

const nameKey = (kind: string, name?: NameText): string =>
  stringifyJson(name !== undefined && NameText.isConstant(name) ? [kind, NameText.shown(name)] : [kind]);

/** The objects that may have this kind and name. For a name that an expression computes, all objects. */
export const namedLike = (kind: string, name: NameText, all: readonly WrittenObject[]): readonly WrittenObject[] =>
  NameText.isConstant(name) ? [nameKey(kind, name), nameKey(kind)].flatMap((key) => byName(all).get(key) ?? []) : all;
