import { type JsonValue, formatApiVersion, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { asObjects, asText, asTexts, groupVersionPath } from '@typekro/kit/kubernetes';
import { answerJson } from './http/answer-reader.ts';
import { elapsed } from './clock.ts';
import { isNotFound, KubeError } from './kube-error.ts';
import type { ApiResource, CallOptions, Clock, Discovery, ResourceType } from './kube-api.ts';
import { whileWanted } from './remember.ts';

/** The minimum interval between two requests for a kind that the server does not have, in milliseconds. */
const MISS_MS = 1000;

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

/** Reads a path of the server; rejects with `KubeError`. */
export type Fetch = (path: string, accept: string, options: CallOptions) => Promise<string>;

interface Known {
  readonly resources: Map<string, ApiResource>;
  /** Maps a kind to the time of its last failed look-up. */
  readonly missed: Map<string, number>;
}

/**
 * Discovery that reads a group-version at the first look-up of an unknown kind, and keeps the result until `forget`.
 * Reading a group-version is one small request, even on servers without aggregated discovery. Concurrent callers share
 * the request.
 */
export function createDiscovery(fetch: Fetch, clock: Clock): Discovery {
  const known = new Map<string, Known>();
  const inFlight = new Map<string, Promise<Known>>();

  /**
   * Reads a group-version. Callers share the request, so the abort of one caller must not end it for all other callers.
   */
  const readShared = (apiVersion: string): Promise<Known> => {
    const running = inFlight.get(apiVersion);
    if (running !== undefined) return running;
    const isWanted = () => inFlight.get(apiVersion) === began;
    const began = (async () => {
      try {
        const resources = await readGroupVersion(fetch, apiVersion);
        const entry = { resources, missed: known.get(apiVersion)?.missed ?? new Map<string, number>() };
        // If `forget` was called in the meantime, the response may be outdated, so it is not kept.
        if (isWanted()) known.set(apiVersion, entry);
        return entry;
      } finally {
        if (isWanted()) inFlight.delete(apiVersion);
      }
    })();
    inFlight.set(apiVersion, began);
    return began;
  };
  const readKinds = (apiVersion: string, { signal }: CallOptions): Promise<Known> =>
    whileWanted(readShared(apiVersion), signal);

  const resourceOf = async (type: ResourceType, options: CallOptions = {}): Promise<ApiResource | undefined> => {
    const { apiVersion, kind } = type;
    const entry = known.get(apiVersion);
    const found = entry?.resources.get(kind);
    if (found !== undefined) return found;
    const missedAt = entry?.missed.get(kind);
    if (missedAt !== undefined && elapsed(clock) - missedAt < MISS_MS) return undefined;
    const fresh = await readKinds(apiVersion, options);
    const resource = fresh.resources.get(kind);
    if (resource === undefined) fresh.missed.set(kind, elapsed(clock));
    else fresh.missed.delete(kind);
    return resource;
  };

  /** The resources of `/api` or `/apis`. A server may support aggregated discovery for only one of the two. */
  const readAll = async (path: string, options: CallOptions): Promise<readonly ApiResource[]> => {
    const list = answerJson(await fetch(path, AGGREGATED, options), 'discovery') ?? null;
    const aggregated = parseAggregated(list);
    if (aggregated !== undefined) return aggregated;
    const entries = await Promise.all(legacyVersions(list).map((apiVersion) => readKinds(apiVersion, options)));
    return entries.flatMap((entry) => [...entry.resources.values()]);
  };

  return {
    kindsOf: (apiVersion) => [...(known.get(apiVersion)?.resources.keys() ?? [])],
    peek: (type) => known.get(type.apiVersion)?.resources.get(type.kind),
    resourceOf,
    async inGroup(group: string, kind: string, options: CallOptions = {}) {
      for (const apiVersion of await groupVersions(fetch, group, options)) {
        const found = await resourceOf({ apiVersion, kind }, options);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    learn(resource: ApiResource) {
      const apiVersion = formatApiVersion(resource);
      const entry = known.get(apiVersion) ?? { resources: new Map(), missed: new Map() };
      entry.resources.set(resource.kind, resource);
      known.set(apiVersion, entry);
    },
    async all(options: CallOptions = {}) {
      return (await Promise.all(['/api', '/apis'].map((path) => readAll(path, options)))).flat();
    },
    forget(group?: string, kind?: string) {
      const isOther = (apiVersion: string) => group !== undefined && parseApiVersion(apiVersion).group !== group;
      for (const apiVersion of inFlight.keys()) if (!isOther(apiVersion)) inFlight.delete(apiVersion);
      for (const [apiVersion, entry] of known) {
        if (isOther(apiVersion)) continue;
        if (kind === undefined) known.delete(apiVersion);
        else {
          entry.resources.delete(kind);
          entry.missed.delete(kind);
        }
      }
    },
  };
}

/** The versions of a group, with the preferred version first; empty when the server does not have the group. */
async function groupVersions(fetch: Fetch, group: string, options: CallOptions): Promise<string[]> {
  if (group === '') return ['v1'];
  try {
    const answer = answerJson(
      await fetch(`/apis/${encodeURIComponent(group)}`, 'application/json', options),
      `discovery of ${group}`,
    );
    if (!isJsonObject(answer)) return [];
    const preferred = isJsonObject(answer['preferredVersion'])
      ? asText(answer['preferredVersion']['groupVersion'])
      : '';
    const versions = asObjects(answer['versions']).map((version) => asText(version['groupVersion']));
    return [...new Set([preferred, ...versions])].filter((version) => version !== '');
  } catch (thrown) {
    if (isNotFound(thrown)) return [];
    throw thrown;
  }
}

async function readGroupVersion(fetch: Fetch, apiVersion: string) {
  const type = parseApiVersion(apiVersion);
  try {
    return parseResourceList(
      type,
      answerJson(await fetch(groupVersionPath(type), 'application/json', {}), `discovery of ${apiVersion}`),
    );
  } catch (thrown) {
    if (isNotFound(thrown)) return new Map<string, ApiResource>();
    throw thrown;
  }
}

/** Reads an `APIResourceList`. A subresource (`pods/status`) is added to its resource. */
export function parseResourceList(
  type: { readonly group: string; readonly version: string },
  list: JsonValue,
): Map<string, ApiResource> {
  const entries = asObjects(isJsonObject(list) ? list['resources'] : undefined);
  const subresources = new Map<string, string[]>();
  for (const entry of entries) {
    const [plural = '', subresource] = asText(entry['name']).split('/');
    if (subresource !== undefined) subresources.set(plural, [...(subresources.get(plural) ?? []), subresource]);
  }
  const found = new Map<string, ApiResource>();
  for (const entry of entries) {
    const plural = asText(entry['name']);
    const kind = asText(entry['kind']);
    if (plural.includes('/') || found.has(kind)) continue;
    found.set(kind, {
      group: type.group,
      version: type.version,
      kind,
      plural,
      singular: asText(entry['singularName']),
      namespaced: entry['namespaced'] === true,
      shortNames: asTexts(entry['shortNames']),
      categories: asTexts(entry['categories']),
      verbs: asTexts(entry['verbs']),
      subresources: subresources.get(plural) ?? [],
    });
  }
  return found;
}

/** Reads an `APIGroupDiscoveryList`; `undefined` when the response has the old format. */
export function parseAggregated(list: JsonValue): ApiResource[] | undefined {
  if (!isJsonObject(list) || list['kind'] !== 'APIGroupDiscoveryList') return undefined;
  const found: ApiResource[] = [];
  for (const group of asObjects(list['items'])) {
    const metadata = group['metadata'];
    const name = isJsonObject(metadata) ? asText(metadata['name']) : '';
    for (const version of asObjects(group['versions'])) {
      for (const entry of asObjects(version['resources'])) {
        const responseKind = entry['responseKind'];
        found.push({
          group: name,
          version: asText(version['version']),
          kind: isJsonObject(responseKind) ? asText(responseKind['kind']) : '',
          plural: asText(entry['resource']),
          singular: asText(entry['singularResource']),
          namespaced: entry['scope'] === 'Namespaced',
          shortNames: asTexts(entry['shortNames']),
          categories: asTexts(entry['categories']),
          verbs: asTexts(entry['verbs']),
          subresources: asObjects(entry['subresources']).map((subresource) => asText(subresource['subresource'])),
        });
      }
    }
  }
  return found;
}

/** The `apiVersion`s of an `APIVersions` or `APIGroupList`. */
function legacyVersions(list: JsonValue): string[] {
  if (!isJsonObject(list)) return [];
  if (Array.isArray(list['versions'])) return asTexts(list['versions']);
  return asObjects(list['groups']).flatMap((group) =>
    asObjects(group['versions']).map((version) =>
      formatApiVersion({ group: asText(group['name']), version: asText(version['version']) }),
    ),
  );
}

/** The error of a request about a kind that the server does not have. */
export function unknownKind(type: ResourceType, cause?: unknown): KubeError {
  return new KubeError(`the server has no kind "${type.kind}" in version "${type.apiVersion}"`, {
    status: 404,
    reason: 'UnknownKind',
    ...(cause === undefined ? {} : { cause }),
  });
}
