import { deprecationWarning, objectAt } from '@typekro/kit/kubernetes';
import { type KubeObject, formatApiVersion } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';

import type { CustomType, ServedResource, Subresource } from './served-resource.ts';
import type { Strategy } from '../kinds/strategy.ts';
import type { Collection } from '../store/store.ts';
import type { Conversions } from '../store/stored.ts';
import { ApiError, internalError } from '../errors/api-error.ts';
import type { ObjectNode } from '../types/type-node.ts';
import { type ConversionWebhook, type DefinedVersion, type ParsedCrd, pathParts } from '../crd/parsed-crd.ts';
import { rootNode } from '../crd/root-node.ts';
import type { SchemaEngineSource } from '../crd/needs-schemas.ts';
import { customStrategy } from '../kinds/custom-strategy.ts';

/** The verbs of a custom resource, in the order of the discovery document. */
export const CUSTOM_VERBS: ReadonlySet<string> = new Set([
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
]);
const SUBRESOURCE_VERBS = new Set(['get', 'patch', 'update']);

/** The free-form schema of a version that declares no schema. */
const FREE: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** One version of a custom resource, which is not necessarily served. */
export class CustomResource implements ServedResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs = CUSTOM_VERBS;
  readonly subresources: ReadonlyMap<string, Subresource>;
  readonly apiVersion: string;
  readonly collection: Collection;
  readonly custom: CustomType;
  readonly schema: Schema;
  readonly #storageVersion: string;
  readonly #storageSchema: Schema;
  readonly #family: ReadonlyMap<string, CustomResource>;
  readonly #schemas: SchemaEngineSource;
  readonly #webhook: ConversionWebhook | undefined;
  #node: ObjectNode | undefined;

  constructor(
    definition: ParsedCrd,
    version: DefinedVersion,
    collection: Collection,
    family: ReadonlyMap<string, CustomResource>,
    terminating: boolean,
    schemas: SchemaEngineSource,
  ) {
    const { names, group } = definition;
    this.group = group;
    this.version = version.name;
    this.plural = names.plural;
    this.singular = names.singular;
    this.kind = names.kind;
    this.listKind = names.listKind;
    this.namespaced = definition.namespaced;
    this.shortNames = names.shortNames;
    this.categories = names.categories;
    this.apiVersion = formatApiVersion({ group, version: version.name });
    this.collection = collection;
    this.schema = version.schema ?? FREE;
    this.subresources = subresourcesOf(this, version);
    const strategy = customStrategy(this.schema, version, terminating, this, schemas);
    const storage = definition.versions.find((entry) => entry.storage) ?? version;
    this.#storageVersion = formatApiVersion({ group, version: storage.name });
    this.#storageSchema = storage.schema ?? FREE;
    this.#family = family;
    this.#schemas = schemas;
    this.#webhook = definition.conversion;
    this.custom = {
      ...customType(this.schema, version, this.kind, definition, strategy, schemas),
      conversion: this.#conversion(),
      storageVersion: this.#storageVersion,
    };
  }

  get node(): ObjectNode {
    this.#node ??= rootNode(this.kind, this.schema);
    return this.#node;
  }

  settle(object: KubeObject): KubeObject {
    return object;
  }

  toStorage(object: KubeObject, conversions?: Conversions): KubeObject {
    if (object.apiVersion === this.#storageVersion) return object;
    if (this.#webhook !== undefined)
      return this.#answer(this.#webhook, object, this.#storageVersion, this.#storageSchema, conversions);
    // Fields that the storage version does not declare are not stored.
    const converted = { ...object, apiVersion: this.#storageVersion };
    return this.#schemas().StructuralSchema.prune(this.#storageSchema, converted).value as KubeObject;
  }

  /**
   * Converts a stored object to this version. If the definition has a conversion webhook, the webhook converts the
   * object; if not, only `apiVersion` changes. The object is pruned by this version's schema. An object that is stored
   * in this version also gets the schema's defaults.
   */
  fromStorage(object: KubeObject, conversions?: Conversions): KubeObject {
    if (this.#webhook !== undefined && this.isConverted(object)) {
      return this.#answer(this.#webhook, this.#inOwnVersion(object), this.apiVersion, this.schema, conversions);
    }
    const converted = object.apiVersion === this.apiVersion ? object : { ...object, apiVersion: this.apiVersion };
    const { StructuralSchema, withReadDefaults } = this.#schemas();
    const pruned = StructuralSchema.prune(this.schema, converted).value;
    const own = object.apiVersion === this.apiVersion;
    return (own ? withReadDefaults(this.schema, pruned) : pruned) as KubeObject;
  }

  isConverted(object: KubeObject): boolean {
    return this.#webhook !== undefined && object.apiVersion !== this.apiVersion;
  }

  convert(object: KubeObject, target: ServedResource, conversions?: Conversions): KubeObject {
    const schema = this.#family.get(target.apiVersion)?.schema;
    if (this.#webhook === undefined || schema === undefined) return target.fromStorage(this.toStorage(object));
    return this.#answer(this.#webhook, object, target.apiVersion, schema, conversions);
  }

  inVersion(apiVersion: string): ServedResource | undefined {
    return apiVersion === this.apiVersion ? this : this.#family.get(apiVersion);
  }

  #conversion(): CustomType['conversion'] {
    const webhook = this.#webhook;
    if (webhook === undefined) return undefined;
    return { webhook, sourceOf: (object) => withoutVersion(this.#inOwnVersion(object)) };
  }

  /**
   * Returns a stored object in the version in which it is stored, pruned and defaulted by the schema of that version.
   */
  #inOwnVersion(object: KubeObject): KubeObject {
    const version = this.#family.get(object.apiVersion);
    if (version === undefined)
      throw internalError(`request to convert CR from an invalid group/version: ${object.apiVersion}`);
    return version.fromStorage(object);
  }

  /** Returns the object as the webhook has converted it, pruned by the schema of the target version. */
  #answer(
    webhook: ConversionWebhook,
    object: KubeObject,
    apiVersion: string,
    schema: Schema,
    conversions: Conversions | undefined,
  ): KubeObject {
    // As in an API server, an object without content is not sent to the webhook.
    if (Object.keys(object).every((key) => key === 'kind' || key === 'apiVersion')) return { ...object, apiVersion };
    if (conversions === undefined) throw notConverted();
    const converted = conversions.find(webhook, withoutVersion(object), apiVersion);
    const metadata = withLabelsOf(object, converted);
    const pruned = this.#schemas().StructuralSchema.prune(schema, { ...converted, metadata }).value;
    return pruned as KubeObject;
  }
}

/** 503: the definition changed between the conversion of an object and its use. The client can try again. */
const notConverted = (): ApiError =>
  new ApiError({
    code: 503,
    reason: 'ServiceUnavailable',
    message: 'the definition of the resource is changing; please try again',
    details: { retryAfterSeconds: 1 },
    headers: { 'retry-after': '1' },
  });

/**
 * Removes `resourceVersion`, which webhooks do not receive and cannot change. A part of an object, of which a former
 * apply is pruned, may have no metadata.
 */
function withoutVersion(object: KubeObject): KubeObject {
  if (!Object.hasOwn(object, 'metadata')) return object;
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Returns an object's metadata with the labels and annotations of its converted form. */
function withLabelsOf(object: KubeObject, { metadata: converted }: KubeObject): KubeObject['metadata'] {
  const { labels: _labels, annotations: _annotations, ...rest } = objectAt(object, 'metadata');
  const { labels, annotations } = converted;
  return {
    ...rest,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function subresourcesOf(
  resource: { group: string; version: string; kind: string },
  version: DefinedVersion,
): Map<string, Subresource> {
  const map = new Map<string, Subresource>();
  const { group, kind } = resource;
  if (version.hasStatus)
    map.set('status', { name: 'status', group, version: resource.version, kind, verbs: SUBRESOURCE_VERBS });
  if (version.scale !== undefined)
    map.set('scale', { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: SUBRESOURCE_VERBS });
  return map;
}

function customType(
  schema: Schema,
  version: DefinedVersion,
  kind: string,
  definition: ParsedCrd,
  strategy: Strategy,
  schemas: SchemaEngineSource,
): Omit<CustomType, 'conversion' | 'storageVersion'> {
  const { scale } = version;
  return {
    strategy,
    decode: (object) => schemas().decodeCustom(schema, object),
    scale:
      scale === undefined
        ? undefined
        : {
            specReplicas: pathParts(scale.specReplicasPath),
            statusReplicas: pathParts(scale.statusReplicasPath),
            selector: scale.labelSelectorPath === undefined ? undefined : pathParts(scale.labelSelectorPath),
          },
    columns: version.columns,
    selectable: new Set(version.selectable.map((path) => path.replace(/^\./, ''))),
    deprecation: deprecationWarning(version, { ...definition, kind }),
  };
}
