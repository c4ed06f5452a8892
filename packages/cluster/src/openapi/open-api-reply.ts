import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { groupVersionPath } from '@typekro/kit/kubernetes';
import { toJsonBytes } from '../codec/json.ts';
import { CustomResource } from '../registry/served-custom-resource.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import { ApiError, methodNotAllowed } from '../errors/api-error.ts';
import { versionPaths, versionSchemas } from './version-schemas.ts';
import { swaggerProtobuf } from './swagger-protobuf.ts';
import { toSwaggerPaths, toSwaggerSchema } from './swagger.ts';
import { replyText } from '../protocol/reply.ts';
import type { Registry } from '../registry/registry.ts';
import { versionOf } from '../release.ts';

interface Cached {
  readonly generation: number;
  index: Buffer | undefined;
  v2: Buffer | undefined;
  v2Protobuf: Buffer | undefined;
  readonly hashes: Map<string, string>;
  readonly documents: Map<string, Buffer>;
}

const caches = new WeakMap<Registry, Cached>();

function cacheOf(registry: Registry): Cached {
  let cached = caches.get(registry);
  if (cached === undefined || cached.generation !== registry.generation) {
    cached = {
      generation: registry.generation,
      index: undefined,
      v2: undefined,
      v2Protobuf: undefined,
      hashes: new Map(),
      documents: new Map(),
    };
    caches.set(registry, cached);
  }
  return cached;
}

/** The response to `/openapi/v3`, `/openapi/v3/…` and `/openapi/v2`. */
export function openApiReply(registry: Registry, request: ApiRequest): ApiReply {
  const [, version, ...rest] = request.segments;
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  if (version === 'v2' && rest.length === 0) return swagger(registry, request);
  if (version !== 'v3') return replyText(404, '404 page not found\n');
  const cached = cacheOf(registry);
  if (rest.length === 0) {
    cached.index ??= toJsonBytes({ paths: index(registry, cached) });
    return {
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache, private' },
      body: cached.index,
    };
  }
  const key = rest.join('/');
  const place = groupVersions(registry).find(({ path }) => path === key);
  if (place === undefined) return replyText(404, '404 page not found\n');
  const hash = hashOf(registry, cached, place);
  const requestedHash = request.query.get('hash');
  if (requestedHash !== '' && requestedHash !== hash) {
    return {
      status: 301,
      headers: { location: `/openapi/v3/${key}?hash=${hash}`, 'content-type': 'text/plain; charset=utf-8' },
      body: Buffer.alloc(0),
    };
  }
  let body = cached.documents.get(key);
  if (body === undefined) {
    body = toJsonBytes(document(registry, place));
    cached.documents.set(key, body);
  }
  const headers = {
    'content-type': 'application/json',
    etag: `"${hash}"`,
    'cache-control': requestedHash === '' ? 'no-cache, private' : 'public, immutable',
    vary: 'Accept',
  };
  if (request.headers['if-none-match'] === headers.etag) return { status: 304, headers, body: Buffer.alloc(0) };
  return { status: 200, headers, body };
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
  readonly path: string;
}

function groupVersions(registry: Registry): GroupVersion[] {
  const found = new Map<string, GroupVersion>();
  for (const { group, version } of registry.all()) {
    const path = groupVersionPath({ group, version }).slice(1);
    if (!found.has(path)) found.set(path, { group, version, path });
  }
  return [...found.values()];
}

function index(registry: Registry, cached: Cached): JsonObject {
  const paths: JsonObject = {};
  for (const place of groupVersions(registry)) {
    paths[place.path] = { serverRelativeURL: `/openapi/v3/${place.path}?hash=${hashOf(registry, cached, place)}` };
  }
  return paths;
}

/** Must be incremented with each change of the data of the built-in groups. */
const DATA_REVISION = 1;

/** The hash of a document. It changes when the data of a built-in group or a schema of a custom resource changes. */
function hashOf(registry: Registry, cached: Cached, { group, version, path }: GroupVersion): string {
  let hash = cached.hashes.get(path);
  if (hash === undefined) {
    const sum = createHash('sha256').update(`kubernetes-1.${registry.release.minor}/${DATA_REVISION}`).update(path);
    for (const resource of registry.inVersion(group, version)) {
      sum.update(`${resource.plural} ${resource.kind} ${resource.namespaced}`);
      if (resource instanceof CustomResource) sum.update(toJsonBytes(resource.schema));
    }
    hash = sum.digest('hex').toUpperCase();
    cached.hashes.set(path, hash);
  }
  return hash;
}

/** The hash of the OpenAPI v2 document. It changes when the document of any group changes. */
function hashOfAll(registry: Registry, cached: Cached, isProtobuf: boolean): string {
  const sum = createHash('sha256').update(isProtobuf ? 'protobuf' : 'json');
  for (const place of groupVersions(registry)) sum.update(hashOf(registry, cached, place));
  return sum.digest('hex').toUpperCase();
}

const infoOf = ({ release }: Registry): JsonObject => ({ title: 'Kubernetes', version: versionOf(release) });

function document(registry: Registry, { group, version }: GroupVersion): JsonObject {
  return {
    openapi: '3.0.0',
    info: infoOf(registry),
    paths: versionPaths(registry, group, version),
    components: { schemas: versionSchemas(registry, group, version, '#/components/schemas/') },
  };
}

const SWAGGER_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** The response to `/openapi/v2`: JSON, or protobuf for a client that prefers protobuf. */
function swagger(registry: Registry, request: ApiRequest): ApiReply {
  const cached = cacheOf(registry);
  const isProtobuf = wantsProtobuf(request.headers['accept'] ?? '');
  const etag = `"${hashOfAll(registry, cached, isProtobuf)}"`;
  const headers = { 'cache-control': 'no-cache, private', etag, vary: 'Accept' };
  if (request.headers['if-none-match'] === etag) return { status: 304, headers, body: Buffer.alloc(0) };
  if (isProtobuf) {
    cached.v2Protobuf ??= swaggerProtobuf(swaggerDocument(registry));
    return { status: 200, headers: { 'content-type': SWAGGER_PROTOBUF, ...headers }, body: cached.v2Protobuf };
  }
  cached.v2 ??= toJsonBytes(swaggerDocument(registry));
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: cached.v2 };
}

/**
 * Is protobuf the first accepted type that the server offers? Throws 406 when the server offers none of the accepted
 * types.
 */
function wantsProtobuf(accept: string): boolean {
  if (accept === '') return false;
  for (const range of accept.split(',')) {
    const type = range.split(';')[0]?.trim().toLowerCase() ?? '';
    if (/^application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf$/.test(type)) return true;
    if (type === 'application/json' || type === 'application/*' || type === '*/*') return false;
  }
  throw new ApiError({
    code: 406,
    reason: 'NotAcceptable',
    message: `only the following media types are accepted: application/json, ${SWAGGER_PROTOBUF}`,
    details: {},
  });
}

function swaggerDocument(registry: Registry): JsonObject {
  const definitions: Record<string, JsonValue> = {};
  const paths: JsonObject = {};
  for (const { group, version } of groupVersions(registry)) {
    for (const [name, schema] of Object.entries(versionSchemas(registry, group, version, '#/definitions/'))) {
      if (!Object.hasOwn(definitions, name)) definitions[name] = toSwaggerSchema(schema);
    }
    Object.assign(paths, toSwaggerPaths(versionPaths(registry, group, version)));
  }
  return { swagger: '2.0', info: infoOf(registry), paths, definitions };
}
