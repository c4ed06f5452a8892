import { type JsonObject, type JsonValue, isJsonObject, setOwn, upperFirst } from '@typekro/kit/core';
import { groupVersionPath } from '@typekro/kit/kubernetes';
import { CustomResource } from '../registry/served-custom-resource.ts';
import { builtinTypesOf } from '../types/builtin.ts';
import { builtinTypeName } from '../registry/builtin-resources.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { SchemaCollector, componentName } from './builtin-schemas.ts';
import type { Registry } from '../registry/registry.ts';

const PATCHES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** The component name of a custom kind: the reversed group, the version and the kind. */
export function customComponent(resource: ServedResource): string {
  return `${resource.group.split('.').toReversed().join('.')}.${resource.version}.${resource.kind}`;
}

/**
 * Yields the schemas of all kinds in a group version with their names, and each schema once. Those of custom resources
 * are made one by one.
 */
export function* versionSchemas(
  registry: Registry,
  group: string,
  version: string,
  prefix: string,
): Generator<readonly [name: string, schema: JsonValue]> {
  const collector = new SchemaCollector(prefix, registry.release);
  const types = builtinTypesOf(registry.release);
  for (const resource of registry.inVersion(group, version)) {
    if (resource instanceof CustomResource) yield* customSchemas(resource, collector);
    else {
      const name = builtinTypeName(group, version, resource.kind);
      if (types.has(name)) collector.add(name);
      if (types.has(`${name}List`)) collector.add(`${name}List`);
      for (const subresource of resource.subresources.values()) {
        const other = builtinTypeName(subresource.group || group, subresource.version || version, subresource.kind);
        if (types.has(other)) collector.add(other);
      }
    }
  }
  for (const type of ['meta.v1.DeleteOptions', 'meta.v1.Status', 'meta.v1.ObjectMeta']) collector.add(type);
  yield* Object.entries(collector.schemas);
}

function* customSchemas(
  resource: CustomResource,
  collector: SchemaCollector,
): Generator<readonly [string, JsonObject]> {
  const published = publish(resource.schema as JsonValue, collector, 0) as JsonObject;
  const name = customComponent(resource);
  const { group, kind, listKind, version } = resource;
  const properties = withMetadata(published, collector);
  yield [
    name,
    { ...published, type: 'object', properties, 'x-kubernetes-group-version-kind': [{ group, kind, version }] },
  ];
  const list = {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { allOf: [collector.reference('meta.v1.ListMeta')] },
      items: { type: 'array', items: { $ref: `#/components/schemas/${name}` } },
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
  };
  yield [`${name}List`, list];
}

/** The properties of the published schema of an object. */
const withMetadata = ({ properties }: JsonObject, collector: SchemaCollector): JsonObject => ({
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  ...(isJsonObject(properties) ? properties : {}),
  metadata: { allOf: [collector.reference('meta.v1.ObjectMeta')] },
});

const MAX_DEPTH = 150;

/**
 * Converts a custom schema to its published form, in which embedded resources have `apiVersion`, `kind` and `metadata`.
 */
function publish(value: JsonValue, collector: SchemaCollector, depth: number): JsonValue {
  if (depth > MAX_DEPTH) return {};
  if (Array.isArray(value)) return value.map((entry) => publish(entry, collector, depth + 1));
  if (!isJsonObject(value)) return value;
  const out: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    if (entry === undefined) continue;
    const verbatim = key === 'default' || key === 'enum' || key === 'example' || key === 'x-kubernetes-validations';
    const published = verbatim ? entry : publish(entry, collector, depth + 1);
    setOwn(out, key, published);
  }
  if (value['x-kubernetes-embedded-resource'] === true) out['properties'] = withMetadata(out, collector);
  return out;
}

/** The paths of a group version: one path per resource that can be patched, with only the patch operation. */
export function versionPaths(registry: Registry, group: string, version: string): JsonObject {
  const root = groupVersionPath({ group, version });
  const paths: JsonObject = {};
  for (const resource of registry.inVersion(group, version)) {
    if (!resource.verbs.has('patch')) continue;
    const base = resource.namespaced
      ? `${root}/namespaces/{namespace}/${resource.plural}/{name}`
      : `${root}/${resource.plural}/{name}`;
    paths[base] = { patch: patchOperation(resource, group, version) };
  }
  return paths;
}

function patchOperation(resource: ServedResource, group: string, version: string): JsonObject {
  const word = upperFirst((group === '' ? 'core' : (group.split('.')[0] ?? '')).replaceAll('-', ''));
  const custom = resource.custom !== undefined;
  const prefix = custom ? group.split('.').map(upperFirst).join('') : word;
  const body = custom ? customComponent(resource) : componentName(builtinTypeName(group, version, resource.kind));
  const types = custom ? PATCHES.filter((type) => !type.includes('strategic')) : PATCHES;
  return {
    operationId: `patch${prefix}${upperFirst(version)}${resource.namespaced ? 'Namespaced' : ''}${resource.kind}`,
    tags: [`${custom ? group.replaceAll('.', '') : word.charAt(0).toLowerCase() + word.slice(1)}_${version}`],
    parameters: [
      { name: 'dryRun', in: 'query', schema: { type: 'string', uniqueItems: true } },
      { name: 'fieldManager', in: 'query', schema: { type: 'string', uniqueItems: true } },
      { name: 'fieldValidation', in: 'query', schema: { type: 'string', uniqueItems: true } },
      { name: 'force', in: 'query', schema: { type: 'boolean', uniqueItems: true } },
    ],
    requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'object' } }])) },
    responses: {
      '200': {
        description: 'OK',
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${body}` } } },
      },
    },
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group, kind: resource.kind, version },
  };
}
