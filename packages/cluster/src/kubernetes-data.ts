import {
  kubernetesDescriptionsText,
  kubernetesDiscoveryText,
  kubernetesFurtherTypesText,
  kubernetesRbacDefaultsText,
  kubernetesSystemObjectsText,
  kubernetesStorageHashesText,
  kubernetesTableColumnsText,
  kubernetesTypesText,
  getOrInsert,
} from '@typekro/kit/core';
import type { JsonObject } from '@typekro/kit/core';
import type { BuiltinDescriptions } from '@typekro/engine/schema';

/** A field of a built-in type in `types.json`. The README next to the data explains the letters. */
export interface FieldFacts {
  readonly t: string;
  readonly n?: number;
  readonly p?: number;
  readonly k?: number;
  readonly inline?: number;
  readonly list?: 'map' | 'set' | 'atomic';
  readonly keys?: readonly string[];
  readonly map?: 'atomic' | 'granular';
  readonly patch?: string;
  readonly mergeKey?: string;
}

/** A built-in type in `types.json`. */
export interface TypeFacts {
  readonly fields: Readonly<Record<string, FieldFacts>>;
  readonly required?: readonly string[];
  readonly gvk?: readonly (readonly [string, string, string])[];
  readonly map?: 'atomic' | 'granular';
}

/** A resource in the aggregated discovery document. */
export interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
    readonly verbs: readonly string[];
  }[];
}

/** A group with its versions in the aggregated discovery document. */
export interface DiscoveredGroup {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly {
    readonly version: string;
    readonly freshness?: string;
    readonly resources: readonly DiscoveredResource[];
  }[];
}

/** A column of the Table output of a resource. */
export interface ColumnFacts {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly priority: number;
}

interface DataFiles {
  readonly descriptions: BuiltinDescriptions;
  readonly types: { readonly types: Readonly<Record<string, TypeFacts>> };
  readonly 'further-types': { readonly types: Readonly<Record<string, TypeFacts>> };
  readonly discovery: { readonly api: { items: DiscoveredGroup[] }; readonly apis: { items: DiscoveredGroup[] } };
  readonly 'table-columns': Readonly<Record<string, readonly ColumnFacts[]>>;
  readonly 'storage-version-hashes': Readonly<Record<string, string>>;
  readonly 'rbac-defaults': Readonly<Record<string, readonly JsonObject[]>>;
  /** The objects of a group that an API server creates for itself, keyed by resource. */
  readonly 'system-objects': Readonly<Record<string, readonly JsonObject[]>>;
}

const TEXTS: Readonly<Record<keyof DataFiles, () => string>> = {
  descriptions: kubernetesDescriptionsText,
  types: kubernetesTypesText,
  'further-types': kubernetesFurtherTypesText,
  discovery: kubernetesDiscoveryText,
  'table-columns': kubernetesTableColumnsText,
  'storage-version-hashes': kubernetesStorageHashesText,
  'rbac-defaults': kubernetesRbacDefaultsText,
  'system-objects': kubernetesSystemObjectsText,
};

const loaded = new Map<string, unknown>();

/** The data file `name` of Kubernetes 1.36. Each file is read once per process, at its first use. */
export function loadData<Name extends keyof DataFiles>(name: Name): DataFiles[Name] {
  const value = getOrInsert(loaded, name, () => JSON.parse(TEXTS[name]()));
  return value as DataFiles[Name];
}

/** The groups whose types are in `further-types.json`. This file is loaded only when one of these groups is used. */
const FURTHER = /^(?:apiregistration|flowcontrol|resource)\./;

/** The data about a built-in type, such as `core.v1.Pod`; `undefined` when the type does not exist. */
export function typeFacts(name: string): TypeFacts | undefined {
  const { types } = loadData(FURTHER.test(name) ? 'further-types' : 'types');
  return Object.hasOwn(types, name) ? types[name] : undefined;
}
