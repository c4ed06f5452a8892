import { type JsonObject, type JsonValue, isJsonObject, firstDefined, getOrInsert } from '@typekro/kit/core';
import { ResourceIndex, typeKey } from './discovery.ts';
import { EMPTY, viewSchema } from './lazy.ts';
import type { ResourceInfo, Schema, SchemaSource } from './model.ts';

const REFERENCE = '#/components/schemas/';

/**
 * An OpenAPI v3 document of an API server, with the schemas of a group-version. Each schema is built when it is first
 * needed.
 */
export interface OpenApiDocument extends SchemaSource {
  /** A schema by its name under `components.schemas`. */
  schemaNamed(name: string): Schema | undefined;
}

/**
 * Reads an OpenAPI v3 document, which an API server serves per group-version (`/openapi/v3/apis/apps/v1`). Types may be
 * recursive: a reference is resolved when a member is read, and every named schema is one shared node. Resources come
 * from the `paths`; a document without paths has no resources.
 */
export function openApiDocument(document: JsonValue): OpenApiDocument {
  const components = member(member(document, 'components'), 'schemas');
  const nodes = new Map<string, Schema>();
  const schemaNamed = (name: string): Schema | undefined => {
    const known = nodes.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(components, name)) return undefined;
    const node = resolve(components[name], new Set([name]));
    nodes.set(name, node);
    return node;
  };
  const resolve = (raw: JsonValue | undefined, passed: ReadonlySet<string>): Schema => {
    if (!isJsonObject(raw)) return EMPTY;
    const name = referenceOf(raw);
    if (name === undefined) return viewSchema(raw, (child) => resolve(child, new Set()));
    // A reference without a target, and a cycle that consists only of references, get the empty schema.
    if (passed.has(name) || !Object.hasOwn(components, name)) return EMPTY;
    const target = components[name];
    return getOrInsert(nodes, name, () => resolve(target, new Set([...passed, name])));
  };
  const byKind = new Map<string, string>();
  for (const [name, raw] of Object.entries(components)) {
    for (const type of kindsOf(raw)) if (!byKind.has(typeKey(type))) byKind.set(typeKey(type), name);
  }
  const index = new ResourceIndex(resourcesOfPaths(member(document, 'paths')));
  return {
    schemaNamed,
    schemaOf(type) {
      const name = byKind.get(typeKey(type));
      return name === undefined ? undefined : schemaNamed(name);
    },
    resourceOf: (type) => index.get(type),
    kinds: () => index.values(),
  };
}

function member(value: JsonValue | undefined, name: string): JsonObject {
  const found = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return isJsonObject(found) ? found : {};
}

/** The name of the schema to which a node refers, directly or in an `allOf` that adds a description or a default. */
function referenceOf(raw: JsonObject): string | undefined {
  const reference = raw['$ref'];
  if (typeof reference === 'string') {
    return reference.startsWith(REFERENCE) ? decodeReference(reference.slice(REFERENCE.length)) : undefined;
  }
  const all = raw['allOf'];
  if (!Array.isArray(all)) return undefined;
  return firstDefined(all, (entry) =>
    isJsonObject(entry) && typeof entry['$ref'] === 'string' ? referenceOf(entry) : undefined,
  );
}

/** Decodes the escapes of a JSON pointer. Percent escapes do not occur in schema names. */
function decodeReference(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}

function kindsOf(raw: JsonValue | undefined): { group: string; version: string; kind: string }[] {
  const list = isJsonObject(raw) ? raw['x-kubernetes-group-version-kind'] : undefined;
  if (!Array.isArray(list)) return [];
  return list.filter(isJsonObject).map(groupVersionKind);
}

function groupVersionKind(raw: JsonObject): { group: string; version: string; kind: string } {
  const part = (name: string): string => (typeof raw[name] === 'string' ? raw[name] : '');
  return { group: part('group'), version: part('version'), kind: part('kind') };
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
/** Maps OpenAPI actions to the verbs of discovery, if the names differ. */
const VERB_OF: ReadonlyMap<string, string> = new Map([
  ['post', 'create'],
  ['put', 'update'],
  ['watchlist', 'watch'],
]);

/** The resources that a document's paths address: `/apis/G/V/namespaces/{namespace}/PLURAL/{name}[/SUBRESOURCE]`. */
function resourcesOfPaths(paths: JsonObject): ResourceInfo[] {
  const found = new Map<string, { info: ResourceInfo; verbs: Set<string>; subresources: Set<string> }>();
  const parsed = Object.keys(paths).map((path) => ({ path, parts: resourcePath(path) }));
  // Paths with a subresource are sorted last, because the path of the resource itself determines the kind.
  parsed.sort((a, b) => (a.parts?.subresource === undefined ? 0 : 1) - (b.parts?.subresource === undefined ? 0 : 1));
  for (const { path, parts } of parsed) {
    if (parts === undefined) continue;
    const key = parts.plural;
    for (const method of METHODS) {
      const operation = member(paths[path], method);
      const type = operation['x-kubernetes-group-version-kind'];
      if (!isJsonObject(type)) continue;
      const known = found.get(key);
      if (parts.subresource !== undefined) {
        known?.subresources.add(parts.subresource);
        continue;
      }
      const gvk = groupVersionKind(type);
      const entry = known ?? {
        info: {
          ...gvk,
          plural: parts.plural,
          singular: gvk.kind.toLowerCase(),
          namespaced: parts.namespaced,
          shortNames: [],
          categories: [],
          verbs: [],
          subresources: [],
        },
        verbs: new Set<string>(),
        subresources: new Set<string>(),
      };
      const action = operation['x-kubernetes-action'];
      if (typeof action === 'string') entry.verbs.add(VERB_OF.get(action) ?? action);
      if (parts.namespaced && !entry.info.namespaced) entry.info = { ...entry.info, namespaced: true };
      found.set(key, entry);
    }
  }
  return [...found.values()].map(({ info, verbs, subresources }) => ({
    ...info,
    verbs: [...verbs],
    subresources: [...subresources],
  }));
}

function resourcePath(path: string): { plural: string; namespaced: boolean; subresource?: string } | undefined {
  const match =
    /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(namespaces\/\{namespace\}\/)?([^/{}]+)(?:\/\{name\}(?:\/([^{}]+))?)?$/.exec(
      path,
    );
  const plural = match?.[2];
  if (match === null || plural === undefined || plural === 'watch') return undefined;
  const subresource = match[3];
  return { plural, namespaced: match[1] !== undefined, ...(subresource === undefined ? {} : { subresource }) };
}
