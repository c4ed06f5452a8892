import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { definedMembers, isJsonObject, parseJson, stringifyJson, zlibLibrary, once } from '@typekro/kit/core';
import { asText, asTexts } from '@typekro/kit/kubernetes';
import { versionFacts } from './crd-versions.ts';
import { builtinSource } from '../builtin-source.ts';
import { ResourceIndex, typeKey } from '../discovery.ts';
import { deriveSchema, EMPTY, lazyMember, viewSchema } from '../lazy.ts';
import type { ResourceInfo, Schema, SchemaSource } from '../model.ts';

/** The verbs of every custom resource. */
const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** The options of a source over CRDs. */
export interface CrdSourceOptions {
  /**
   * Are schemas kept packed, i.e. compressed and without descriptions? Packing saves memory for hundreds of large CRDs,
   * because the source does not keep the given objects alive. A schema is unpacked on its first look-up. Default false:
   * the source refers to the given objects, which must not change afterwards.
   */
  readonly pack?: boolean;
}

/**
 * A source of the kinds that CustomResourceDefinitions define, in the form that an API server publishes. It has only
 * served versions. Schemas have `apiVersion`, `kind` and the full ObjectMeta, at the root and inside embedded
 * resources. Malformed parts of a CRD are skipped; the function never throws.
 */
export function crdSource(crds: Iterable<KubeObject>, options: CrdSourceOptions = {}): SchemaSource {
  const resources: ResourceInfo[] = [];
  const schemas = new Map<string, () => Schema>();
  for (const crd of crds) {
    for (const { info, listKind, schema } of servedVersions(crd)) {
      resources.push(info);
      const kind = publisher(keep(schema, options.pack === true), info);
      if (!schemas.has(typeKey(info))) schemas.set(typeKey(info), kind);
      const list = { ...info, kind: listKind };
      if (!schemas.has(typeKey(list)))
        schemas.set(
          typeKey(list),
          once(() => listSchema(list, kind)),
        );
    }
  }
  const index = new ResourceIndex(resources);
  return {
    schemaOf: (type) => schemas.get(typeKey(type))?.(),
    resourceOf: (type) => index.get(type),
    kinds: () => index.values(),
  };
}

/** A version of a CRD that an API server serves. */
interface ServedVersion {
  readonly info: ResourceInfo;
  readonly listKind: string;
  readonly schema: JsonValue | undefined;
}

/** The served versions of a CRD, in the CRD's order; empty for an object that is not a usable CRD. */
function* servedVersions(crd: KubeObject): Iterable<ServedVersion> {
  const spec = crd.spec;
  if (!isJsonObject(spec) || !isJsonObject(spec['names']) || !Array.isArray(spec['versions'])) return;
  const { names, versions } = spec;
  const kind = asText(names['kind']);
  if (kind === '') return;
  const warnings = new Map(versionFacts(crd).map(({ name, deprecated }) => [name, deprecated]));
  for (const version of versions) {
    if (!isJsonObject(version) || version['served'] !== true) continue;
    const subresources = isJsonObject(version['subresources']) ? Object.keys(version['subresources']) : [];
    yield {
      info: {
        group: asText(spec['group']),
        version: asText(version['name']),
        kind,
        plural: asText(names['plural']),
        singular: asText(names['singular']) || kind.toLowerCase(),
        namespaced: spec['scope'] === 'Namespaced',
        shortNames: asTexts(names['shortNames']),
        categories: asTexts(names['categories']),
        verbs: VERBS,
        subresources,
        ...definedMembers({ deprecated: warnings.get(asText(version['name'])) }),
      },
      listKind: asText(names['listKind']) || `${kind}List`,
      schema: isJsonObject(version['schema']) ? version['schema']['openAPIV3Schema'] : undefined,
    };
  }
}

/**
 * Returns a function that converts a schema to its published form on the first call. It then keeps only the published
 * form.
 */
function publisher(load: () => JsonValue | undefined, info: ResourceInfo): () => Schema {
  return once(() => publishSchema(load(), info));
}

/**
 * Returns a function that loads a schema. The schema is kept unchanged or packed, i.e. as compressed JSON without
 * descriptions.
 */
function keep(schema: JsonValue | undefined, pack: boolean): () => JsonValue | undefined {
  return pack && schema !== undefined ? unpacker(packed(schema)) : () => schema;
}

/** Compresses a schema. The bytes are copied, because the compressor's result may be a part of a larger buffer. */
function packed(schema: JsonValue): Uint8Array {
  return Uint8Array.from(zlibLibrary().deflateRawSync(stringifyJson(withoutDescriptions(schema))));
}

/**
 * Returns a function that unpacks a schema. This is a separate function, so that the closure keeps only the packed
 * bytes alive, and not the caller's variables.
 */
function unpacker(bytes: Uint8Array): () => JsonValue {
  return () => parseJson(zlibLibrary().inflateRawSync(bytes).toString('utf8'));
}

/**
 * Members that map names to schemas. A key `description` directly inside them is the name of a field, not a
 * description.
 */
const BY_NAME = new Set(['properties', 'patternProperties', 'definitions']);
/** Members that hold data, not schemas. */
const DATA = new Set(['default', 'enum', 'example']);

/** The depth at which packing truncates a schema. API servers refuse far shallower schemas. */
const MAX_DEPTH = 500;

function withoutDescriptions(schema: JsonValue, depth = 0): JsonValue {
  if (depth > MAX_DEPTH) return {};
  if (Array.isArray(schema)) return schema.map((entry) => withoutDescriptions(entry, depth + 1));
  if (!isJsonObject(schema)) return schema;
  const entries: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(schema)) {
    if (value === undefined || name === 'description') continue;
    if (DATA.has(name)) entries.push([name, value]);
    else if (BY_NAME.has(name) && isJsonObject(value)) {
      const members = Object.entries(value).map(([key, child]) => [key, withoutDescriptions(child ?? null, depth + 1)]);
      entries.push([name, Object.fromEntries(members) as JsonObject]);
    } else entries.push([name, withoutDescriptions(value, depth + 1)]);
  }
  return Object.fromEntries(entries);
}

/** The schemas of the members that every object has. An API server adds them to a CRD's own schema. */
function typeMembers(): Record<string, Schema> {
  const metadata = builtinSource().typeNamed('meta.v1.ObjectMeta');
  return { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata };
}

/**
 * The declared properties, which stay lazy, together with the members that every object has. The latter replace
 * properties of the same names.
 */
function withMembers(properties: Readonly<Record<string, Schema>> | undefined): Record<string, Schema> {
  return deriveSchema(properties ?? {}, typeMembers()) as Record<string, Schema>;
}

/** A CRD's schema as an API server publishes it for one kind. */
function publishSchema(raw: JsonValue | undefined, info: ResourceInfo): Schema {
  const own = isJsonObject(raw) ? publishNode(raw) : EMPTY;
  return deriveSchema(own, {
    type: 'object',
    properties: withMembers(own.properties),
    'x-kubernetes-group-version-kind': [{ group: info.group, version: info.version, kind: info.kind }],
  });
}

function publishNode(raw: JsonValue | undefined): Schema {
  if (!isJsonObject(raw)) return EMPTY;
  const node = viewSchema(raw, publishNode);
  if (node['x-kubernetes-embedded-resource'] !== true) return node;
  const required = new Set([...(node.required ?? []), 'kind', 'apiVersion']);
  return deriveSchema(node, { properties: withMembers(node.properties), required: [...required] });
}

/** The schema of the list kind. */
function listSchema(list: ResourceInfo, item: () => Schema): Schema {
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: builtinSource().typeNamed('meta.v1.ListMeta'),
      items: lazyMember<Schema>({ type: 'array' }, 'items', item),
    },
    'x-kubernetes-group-version-kind': [{ group: list.group, version: list.version, kind: list.kind }],
  };
}
