import type { GroupVersionKind, JsonValue } from '@typekro/kit/core';
import { kubernetesDiscoveryText, kubernetesTypesText, TypeKroError, once, getOrInsert } from '@typekro/kit/core';
import { type TypeFacts, type TypeTable, BuiltinTypes } from './builtin-types.ts';
import { withSupplement } from './builtin-supplement.ts';
import { resourcesOfDiscovery, ResourceIndex, typeKey } from './discovery.ts';
import type { ResourceInfo, Schema, SchemaSource } from './model.ts';
import { tableOfFacts, tableOfText } from './type-table.ts';

/** The Kubernetes minor version whose built-in kinds are bundled. */
const DEFAULT_KUBERNETES_MINOR = '1.36';

/**
 * Kinds that occur only as the body of another group's subresource. A server publishes such a kind under the other
 * group. `schemaOf` therefore does not find the kind under its own group, but `typeNamed` does.
 */
const PUBLISHED_ELSEWHERE = new Set(['policy/v1/Eviction', 'authentication.k8s.io/v1/TokenRequest']);

/** A source of built-in kinds that also gives access to types that are not kinds. */
export interface BuiltinSource extends SchemaSource {
  /** The schema of a built-in type, by its name in the data file: `meta.v1.ObjectMeta`, `core.v1.PodTemplateSpec`. */
  typeNamed(name: string): Schema;
  /** The names of all types. */
  typeNames(): Iterable<string>;
  /**
   * The name of the type that declares a field of a kind. `fields` is the path of the field without indices and map
   * keys. Undefined if the kind has no such field.
   */
  ownerOf(type: GroupVersionKind, fields: readonly string[]): string | undefined;
}

const bundles = new Map<string, BuiltinSource>();

/**
 * The built-in kinds of a Kubernetes minor version (`1.36`), offline. The data is parsed on the first look-up. Calls
 * with the same version return the same source.
 *
 * @throws TypeKroError `schema/unknown-kubernetes-version` when no data is bundled for that version.
 */
export function builtinSource(minor: string = DEFAULT_KUBERNETES_MINOR): BuiltinSource {
  return getOrInsert(bundles, minor, () => openBundle(minor));
}

/** Maps a bundled version to the contents of its data files. */
const TEXTS = new Map([[DEFAULT_KUBERNETES_MINOR, { types: kubernetesTypesText, discovery: kubernetesDiscoveryText }]]);

function openBundle(minor: string): BuiltinSource {
  const texts = TEXTS.get(minor);
  if (texts === undefined) {
    throw new TypeKroError(`no built-in kinds are bundled for Kubernetes ${minor}`, {
      code: 'schema/unknown-kubernetes-version',
      remedy: `use ${DEFAULT_KUBERNETES_MINOR}, or read the schemas from a cluster`,
    });
  }
  return sourceOf({
    types: () => withSupplement(tableOfText(texts.types)),
    discovery() {
      const { api, apis } = JSON.parse(texts.discovery()) as { api: JsonValue; apis: JsonValue };
      return [api, apis];
    },
  });
}

/** The data of a bundle. Each function is called on the first use of its data. */
export interface BundleParts {
  /** Returns the facts of all types, as `bundleTypes` does. */
  readonly types: () => Readonly<Record<string, TypeFacts>>;
  /** Returns the aggregated discovery responses of `/api` and `/apis`. */
  readonly discovery: () => readonly JsonValue[];
}

/** Creates a source from a bundle of built-in types, for example a bundle of a cluster's OpenAPI documents. */
export function bundledSource({ types, discovery }: BundleParts): BuiltinSource {
  return sourceOf({ types: () => tableOfFacts(types()), discovery });
}

function sourceOf(parts: Pick<BundleParts, 'discovery'> & { readonly types: () => TypeTable }): BuiltinSource {
  const types = once(() => new BuiltinTypes(parts.types()));
  const names = once(() => namesByKind(types()));
  const resources = once(() => new ResourceIndex(parts.discovery().flatMap((list) => resourcesOfDiscovery(list))));
  return {
    typeNamed: (name) => types().node(name),
    typeNames: () => types().names(),
    ownerOf(type, fields) {
      const name = names().get(typeKey(type));
      return name === undefined ? undefined : types().ownerOf(name, fields);
    },
    schemaOf(type: GroupVersionKind): Schema | undefined {
      const name = names().get(typeKey(type));
      if (name !== undefined) return types().node(name);
      return resources().get(type) === undefined ? undefined : openKind(types());
    },
    resourceOf: (type: GroupVersionKind): ResourceInfo | undefined => resources().get(type),
    kinds: () => resources().values(),
  };
}

/** The schema of a served kind whose fields are not bundled. The metadata is typed; every other field is allowed. */
function openKind(types: BuiltinTypes): Schema {
  return {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: types.node('meta.v1.ObjectMeta'),
    },
    'x-kubernetes-preserve-unknown-fields': true,
  };
}

/** Maps each kind to the name of its type. One type may be a kind of several groups (`DeleteOptions`). */
function namesByKind(types: BuiltinTypes): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const name of types.names()) {
    for (const [group, version, kind] of types.facts(name)?.gvk ?? []) {
      const key = typeKey({ group, version, kind });
      if (!PUBLISHED_ELSEWHERE.has(key)) names.set(key, name);
    }
  }
  return names;
}
