import { cryptoLibrary, grouped } from '@typekro/kit/core';
import { toJsonText } from '../codec/json.ts';
import { loadData } from '../kubernetes-data.ts';
import { type Negotiated, negotiate } from '../protocol/negotiate.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import { unknownResource } from '../errors/api-error.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { compareVersions } from '@typekro/kit/kubernetes';
import { replyValue } from '../protocol/reply.ts';
import type { Registry } from '../registry/registry.ts';

interface Documents {
  readonly generation: number | string;
  readonly replies: Map<string, ApiReply>;
}

const caches = new WeakMap<object, Documents>();

/**
 * The response to an `/api…` or `/apis…` path without a resource; `undefined` when the group is unknown.
 *
 * @throws ApiError 404 when the group does not have the version.
 */
export function discoveryReply(
  registry: Registry,
  request: ApiRequest,
  group: string | undefined,
  version: string | undefined,
): ApiReply | undefined {
  const output = negotiate(request.headers['accept'], {
    discovery: group === undefined || (group === '' && version === undefined),
  });
  const make = () => build(registry, request, group, version, output);
  // The response is different for each host, because the list of core versions contains the address by which the client
  // reaches the server.
  const isForHost = group === '' && version === undefined && output.form !== 'discovery';
  if (isForHost) return make();
  return cachedReply(
    registry,
    registry.generation,
    `${request.segments.join('/')} ${output.contentType}`,
    request,
    make,
  );
}

/**
 * Returns the reply with this key that `make` has made for the owner's generation, or 304 when the client has this
 * reply.
 */
export function cachedReply(
  owner: object,
  generation: number | string,
  key: string,
  request: Pick<ApiRequest, 'headers'>,
  make: () => ApiReply | undefined,
): ApiReply | undefined {
  let documents = caches.get(owner);
  if (documents?.generation !== generation) caches.set(owner, (documents = { generation, replies: new Map() }));
  const reply = documents.replies.get(key) ?? make();
  if (reply === undefined) return undefined;
  if (documents.replies.size < 200) documents.replies.set(key, reply);
  const { etag } = reply.headers;
  if (etag !== undefined && request.headers['if-none-match'] === etag)
    return { status: 304, headers: { etag, vary: 'Accept' }, body: Buffer.alloc(0) };
  return reply;
}

/** Makes the reply with the aggregated document of these groups. */
export function aggregatedReplyOf(value: object, output: Negotiated): ApiReply {
  const etag = `"${cryptoLibrary().createHash('sha256').update(toJsonText(value)).digest('hex').toUpperCase()}"`;
  return replyValue(200, value, output, { etag, vary: 'Accept', 'cache-control': 'public' });
}

function build(
  registry: Registry,
  request: ApiRequest,
  group: string | undefined,
  version: string | undefined,
  output: Negotiated,
): ApiReply | undefined {
  const core = request.segments[0] === 'api';
  if (output.form === 'discovery') {
    const items = groupsOf(registry).filter(({ name }) => (name === '') === core);
    const value = {
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: items.map((entry) => aggregated(registry, entry)),
    };
    return aggregatedReplyOf(value, output);
  }
  if (core && version === undefined) {
    return replyValue(
      200,
      {
        kind: 'APIVersions',
        versions: ['v1'],
        serverAddressByClientCIDRs: [
          { clientCIDR: '0.0.0.0/0', serverAddress: request.headers['host'] ?? 'localhost' },
        ],
      },
      output,
    );
  }
  if (!core && group === undefined) {
    const groups = groupsOf(registry).flatMap((entry) => (entry.name === '' ? [] : [groupValue(entry)]));
    return replyValue(200, { kind: 'APIGroupList', apiVersion: 'v1', groups }, output);
  }
  if (group === undefined) return undefined;
  if (version === undefined) {
    const entry = groupsOf(registry).find(({ name }) => name === group);
    return entry === undefined
      ? undefined
      : replyValue(200, { kind: 'APIGroup', apiVersion: 'v1', ...groupValue(entry) }, output);
  }
  if (!registry.hasGroup(group)) return undefined;
  if (!registry.hasVersion(group, version)) throw unknownResource();
  const groupVersion = group === '' ? version : `${group}/${version}`;
  const resources = [...registry.inVersion(group, version)].flatMap((resource) => legacy(resource));
  resources.sort((a, b) => (a.name < b.name ? -1 : 1));
  // Like the response to `/api`, the list of the core group has no `apiVersion`.
  const apiVersion = group === '' ? {} : { apiVersion: 'v1' };
  return replyValue(200, { kind: 'APIResourceList', ...apiVersion, groupVersion, resources }, output);
}

interface Group {
  readonly name: string;
  readonly versions: readonly string[];
}

function groupsOf(registry: Registry): Group[] {
  return [...grouped(registry.all(), ({ group }) => group)].map(([name, resources]) => ({
    name,
    versions: [...new Set(resources.map(({ version }) => version))].sort(compareVersions),
  }));
}

function groupValue({ name, versions }: Group) {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function aggregated(registry: Registry, { name, versions }: Group) {
  return {
    metadata: name === '' ? {} : { name },
    versions: versions.map((version) => ({
      version,
      resources: [...registry.inVersion(name, version)].map(aggregatedResource),
      freshness: 'Current',
    })),
  };
}

const sorted = (verbs: ReadonlySet<string>) => [...verbs].sort();

function aggregatedResource(resource: ServedResource) {
  const custom = resource.custom !== undefined;
  const kind = (target: { group: string; version: string; kind: string }) => ({
    group: target.group,
    version: target.version,
    kind: target.kind,
  });
  const own = { group: custom ? resource.group : '', version: custom ? resource.version : '', kind: resource.kind };
  return {
    resource: resource.plural,
    responseKind: own,
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: custom ? [...resource.verbs] : sorted(resource.verbs),
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(resource.subresources.size === 0
      ? {}
      : {
          subresources: [...resource.subresources.values()].map((entry) => ({
            subresource: entry.name,
            responseKind: kind(entry),
            verbs: custom ? [...entry.verbs] : sorted(entry.verbs),
          })),
        }),
  };
}

interface LegacyResource {
  readonly name: string;
}

function legacy(resource: ServedResource): LegacyResource[] {
  const custom = resource.custom !== undefined;
  const hashes = loadData('storage-version-hashes');
  const key = `${resource.apiVersion}/${resource.plural}`;
  const hash = custom ? hashOf(resource) : Object.hasOwn(hashes, key) ? hashes[key] : undefined;
  const own = {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: custom ? [...resource.verbs] : sorted(resource.verbs),
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(hash === undefined ? {} : { storageVersionHash: hash }),
  };
  const subresources = [...resource.subresources.values()].map((entry) => ({
    name: `${resource.plural}/${entry.name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(entry.group === '' || (custom && entry.name === 'status') ? {} : { group: entry.group }),
    ...(entry.version === '' || (custom && entry.name === 'status') ? {} : { version: entry.version }),
    kind: entry.kind,
    verbs: custom ? [...entry.verbs] : sorted(entry.verbs),
  }));
  return [own, ...subresources];
}

/** A hash that identifies the storage version of a resource. Clients treat it as opaque. */
function hashOf({ custom, apiVersion, kind }: ServedResource): string | undefined {
  if (custom?.storageVersion !== apiVersion) return undefined;
  return cryptoLibrary()
    .createHash('sha256')
    .update(`${apiVersion}/${kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64');
}
