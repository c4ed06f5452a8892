import { createHash } from 'node:crypto';
import { type JsonObject, type JsonValue, oncePerObject, getOrInsert } from '@typekro/kit/core';
import { groupVersionPath } from '@typekro/kit/kubernetes';
import { toJsonBytes, toJsonText } from '../codec/json.ts';
import { CustomResource } from '../registry/served-custom-resource.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import { ApiError, methodNotAllowed } from '../errors/api-error.ts';
import { versionPaths, versionSchemas } from './version-schemas.ts';
import { Turns } from '../verbs/list-reply.ts';
import { swaggerProtobuf } from './swagger-protobuf.ts';
import { toSwaggerPaths, toSwaggerSchema } from './swagger.ts';
import { replyText } from '../protocol/reply.ts';
import type { Registry } from '../registry/registry.ts';
import { versionOf } from '../release.ts';

/** What was made for a state of the registry: the documents by path or media type, and the hashes of versions. */
interface Cached {
  readonly generation: number;
  readonly documents: Map<string, Promise<Buffer[]>>;
  readonly hashes: Map<string, string>;
}

const caches = new WeakMap<Registry, Cached>();

function cacheOf(registry: Registry): Cached {
  let cached = caches.get(registry);
  if (cached === undefined || cached.generation !== registry.generation) {
    cached = { generation: registry.generation, documents: new Map(), hashes: new Map() };
    caches.set(registry, cached);
  }
  return cached;
}

/** Returns the cached document of a path, or makes it. */
function made(registry: Registry, path: string, make: () => Promise<Buffer[]>): Promise<Buffer[]> {
  const { documents } = cacheOf(registry);
  const document = documents.get(path) ?? make();
  documents.set(path, document);
  return document;
}

/** The response to `/openapi/v3`, `/openapi/v3/…` and `/openapi/v2`. */
export async function openApiReply(registry: Registry, request: ApiRequest): Promise<ApiReply> {
  const [, version, ...rest] = request.segments;
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  if (version === 'v2' && rest.length === 0) return swagger(registry, request);
  if (version !== 'v3') return replyText(404, '404 page not found\n');
  const cached = cacheOf(registry);
  if (rest.length === 0) {
    return {
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache, private' },
      body: toJsonBytes({ paths: index(registry, cached) }),
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
  const headers = {
    'content-type': 'application/json',
    etag: `"${hash}"`,
    'cache-control': requestedHash === '' ? 'no-cache, private' : 'public, immutable',
    vary: 'Accept',
  };
  if (request.headers['if-none-match'] === headers.etag) return { status: 304, headers, body: Buffer.alloc(0) };
  return { status: 200, headers, body: await made(registry, key, () => document(registry, place)), ownBytes: 0 };
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

/** The hashes of the schemas of custom resources. A schema object never changes. */
const schemaHash = oncePerObject((schema: object) => createHash('sha256').update(toJsonBytes(schema)).digest());

/** The hash of a document. It changes when the data of a built-in group or a schema of a custom resource changes. */
function hashOf(registry: Registry, cached: Cached, { group, version, path }: GroupVersion): string {
  return getOrInsert(cached.hashes, path, () => {
    const sum = createHash('sha256').update(`kubernetes-1.${registry.release.minor}/${DATA_REVISION}`).update(path);
    for (const resource of registry.inVersion(group, version)) {
      sum.update(`${resource.plural} ${resource.kind} ${resource.namespaced}`);
      if (resource instanceof CustomResource) sum.update(schemaHash(resource.schema));
    }
    return sum.digest('hex').toUpperCase();
  });
}

/** The hash of the OpenAPI v2 document. It changes when the document of any group changes. */
function hashOfAll(registry: Registry, cached: Cached, isProtobuf: boolean): string {
  const sum = createHash('sha256').update(isProtobuf ? 'protobuf' : 'json');
  for (const place of groupVersions(registry)) sum.update(hashOf(registry, cached, place));
  return sum.digest('hex').toUpperCase();
}

const infoOf = ({ release }: Registry): JsonObject => ({ title: 'Kubernetes', version: versionOf(release) });

type NamedSchema = readonly [name: string, schema: JsonValue];

/** Prints the schemas of a document one by one, and lets other requests be handled. */
async function printed(
  schemas: Iterable<NamedSchema>,
  print: (schema: NamedSchema, index: number) => Buffer,
): Promise<Buffer[]> {
  const turns = new Turns();
  const chunks: Buffer[] = [];
  for (const schema of schemas) {
    chunks.push(print(schema, chunks.length));
    await turns.next();
  }
  return chunks;
}

/** Prints a document whose last `depth` members are open: the innermost object is empty, and gets the schemas. */
async function printedJson(document: JsonObject, depth: number, schemas: Iterable<NamedSchema>): Promise<Buffer[]> {
  const text = toJsonText(document);
  const members = await printed(schemas, ([name, schema], index) =>
    Buffer.from(`${index === 0 ? '' : ','}${toJsonText(name)}:${toJsonText(schema)}`),
  );
  return [Buffer.from(text.slice(0, -depth)), ...members, Buffer.from('}'.repeat(depth))];
}

function document(registry: Registry, { group, version }: GroupVersion): Promise<Buffer[]> {
  const paths = versionPaths(registry, group, version);
  const head = { openapi: '3.0.0', info: infoOf(registry), paths, components: { schemas: {} } };
  return printedJson(head, 3, versionSchemas(registry, group, version, '#/components/schemas/'));
}

const SWAGGER_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** The response to `/openapi/v2`: JSON, or protobuf for a client that prefers protobuf. */
async function swagger(registry: Registry, request: ApiRequest): Promise<ApiReply> {
  const cached = cacheOf(registry);
  const isProtobuf = wantsProtobuf(request.headers['accept'] ?? '');
  const etag = `"${hashOfAll(registry, cached, isProtobuf)}"`;
  const headers = { 'cache-control': 'no-cache, private', etag, vary: 'Accept' };
  if (request.headers['if-none-match'] === etag) return { status: 304, headers, body: Buffer.alloc(0) };
  const type = isProtobuf ? SWAGGER_PROTOBUF : 'application/json';
  const body = await made(registry, type, () => swaggerDocument(registry, isProtobuf));
  return { status: 200, headers: { 'content-type': type, ...headers }, body, ownBytes: 0 };
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

async function swaggerDocument(registry: Registry, isProtobuf: boolean): Promise<Buffer[]> {
  const places = groupVersions(registry);
  const paths = Object.assign(
    {},
    ...places.map(({ group, version }) => toSwaggerPaths(versionPaths(registry, group, version))),
  ) as JsonObject;
  const head = { swagger: '2.0', info: infoOf(registry), paths };
  const definitions = swaggerSchemas(registry, places);
  if (!isProtobuf) return printedJson({ ...head, definitions: {} }, 2, definitions);
  const print = ([name, schema]: NamedSchema) => swaggerProtobuf({ definitions: { [name]: schema } });
  return [swaggerProtobuf(head), ...(await printed(definitions, print))];
}

/** Yields the schemas of all versions, each once. */
function* swaggerSchemas(registry: Registry, places: readonly GroupVersion[]): Generator<NamedSchema> {
  const known = new Set<string>();
  for (const { group, version } of places) {
    for (const [name, schema] of versionSchemas(registry, group, version, '#/definitions/')) {
      if (!known.has(name)) yield [name, toSwaggerSchema(schema)];
      known.add(name);
    }
  }
}
