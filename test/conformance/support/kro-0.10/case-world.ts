import type { ControllerOptions } from '@typekro/controller/controller';
import type { JsonObject, JsonValue, KubeObject, ObjectRef } from '@typekro/kit/core';
import { isJsonObject, parseApiVersion, stringifyJson } from '@typekro/kit/core';
import type { ClusterSnapshot } from '@typekro/cluster';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import { failure } from '@typekro/testing/test-support/intercept-request';
import type { SeenRequest, VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { conditionText, virtualWorld } from '@typekro/testing/test-support/virtual-world';

export const GRAPH = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph' } as const;
/** The namespace of a Graph when its case does not name one. */
export const NAMESPACE = 'team';

/** The time after which a Graph has settled, if it does not wait for an object. */
const SETTLING_MS = 5000;

const CONTROLLER = {
  kroCompatibility: '0.10',
  serviceAccount: { namespace: 'kro-system', name: 'kro' },
} as const;

/** Grants all rights to all accounts, as in the cluster in which kro was observed. */
const RIGHTS: KubeObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'accounts' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:serviceaccounts' }],
};

let prepared: ClusterSnapshot | undefined;

/** Creates a cluster for one case, with kro's CRDs and a controller at level 0.10. */
export async function caseWorld(features: ControllerOptions['features'] = {}): Promise<VirtualWorld> {
  const controller = { ...CONTROLLER, features: { graphKind: true, ...features } };
  if (prepared !== undefined) return virtualWorld({ controller, from: prepared });
  const first = await virtualWorld({ controller });
  await first.apply(RIGHTS, namespace(NAMESPACE));
  await first.controller.stop();
  prepared = first.cluster.snapshot();
  await first.close();
  return virtualWorld({ controller, from: prepared });
}

/** Runs a check in its own virtual world. */
export async function inWorld<Result>(
  check: (world: VirtualWorld) => Promise<Result>,
  features: ControllerOptions['features'] = {},
): Promise<Result> {
  const world = await caseWorld(features);
  try {
    return await check(world);
  } finally {
    await world.close();
  }
}

export const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** Creates the namespaces that do not exist. */
export async function putNamespaces(world: VirtualWorld, names: Iterable<string>): Promise<void> {
  for (const name of new Set(names)) {
    const ref = { apiVersion: 'v1', kind: 'Namespace', name };
    if ((await world.user.find(ref)) === undefined) await world.user.create(namespace(name));
  }
}

/** The CRD of a kind that accepts any fields and has a status subresource. */
export function anyCrd(apiVersion: string, kind: string, versions: readonly string[] = []): KubeObject {
  const { group, version } = parseApiVersion(apiVersion);
  const made = crdOf(kind, { properties: { spec: ANYTHING, status: ANYTHING } }, {
    group,
    version,
    fields: { subresources: { status: {} } },
  });
  const [first] = (made.spec as { versions: JsonObject[] }).versions;
  const more = versions.map((name) => ({ ...first, name, storage: false }));
  return { ...made, spec: { ...made.spec, versions: [first ?? {}, ...more] } };
}

/** Applies a CRD and waits until its kind is served. */
export async function serve(world: VirtualWorld, crd: KubeObject): Promise<void> {
  await world.user.apply(crd, { fieldManager: 'user', force: true });
  await world.advance(1000);
}

export const graphRef = (name = 'g', place = NAMESPACE): ObjectRef => ({ ...GRAPH, name, namespace: place });
export const mapRef = (name: string, place = NAMESPACE): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  namespace: place,
});

export function graphObject(nodes: JsonValue, name = 'g', place = NAMESPACE, spec: JsonObject = {}): KubeObject {
  return { ...GRAPH, metadata: { name, namespace: place }, spec: { nodes, ...spec } };
}

/** The template of a ConfigMap. */
export const config = (name: string, data: JsonObject = { k: 'v' }): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

/** A ConfigMap that another client creates. */
export const liveMap = (name: string, data: JsonObject = { k: 'v' }, metadata: JsonObject = {}): KubeObject =>
  ({ ...config(name, data), metadata: { name, namespace: NAMESPACE, ...metadata } }) as unknown as KubeObject;

export const template = (id: string, name = id, data: JsonObject = { k: 'v' }): JsonObject => ({
  id,
  template: config(name, data),
});

/** Creates a Graph or replaces its spec, as the user does, and waits until the Graph has settled. */
export async function putGraph(world: VirtualWorld, graph: KubeObject, waitMs = SETTLING_MS): Promise<void> {
  const { name = '', namespace: place = '' } = graph.metadata;
  const known = await world.user.find(graphRef(name, place));
  if (known === undefined) await world.user.create(graph);
  else await world.user.update({ ...known, spec: graph.spec ?? {} });
  await world.advance(waitMs);
}

export const getGraph = (world: VirtualWorld, name = 'g', place = NAMESPACE): Promise<KubeObject | undefined> =>
  world.user.find(graphRef(name, place));

/** A condition of a Graph, in the form `Status Reason: message`. */
export async function graphCondition(
  world: VirtualWorld,
  type: 'Accepted' | 'ResourcesConverged' | 'Ready' | 'WatchesHealthy',
  name = 'g',
  place = NAMESPACE,
): Promise<string> {
  return conditionText(await getGraph(world, name, place), type);
}

/** The entries of one list in the status of a Graph. */
export function entriesOf(graph: KubeObject | undefined, list: 'managedResources' | 'contributions'): JsonObject[] {
  const entries = graph?.status?.[list];
  return Array.isArray(entries) ? entries.filter(isJsonObject) : [];
}

/**
 * Returns a predicate. It is true for requests for resources, except access reviews, that the controller sends as the
 * account of a Graph. The request must have one of the methods; without `methods`, any method matches.
 */
export function ofGraphs(...methods: readonly string[]): (request: SeenRequest) => boolean {
  return ({ method, path, headers }) =>
    (methods.length === 0 || methods.includes(method)) &&
    headers?.['impersonate-user'] !== undefined &&
    !path.includes('accessreviews') &&
    /\/(api|apis\/[^/?]+)\/[^/?]+\/[^?]+/.test(path);
}

/** Refuses the controller's requests that match the predicate. */
export function refuse(
  world: VirtualWorld,
  fits: (request: SeenRequest) => boolean,
  status: number,
  reason: string,
  message: string,
): void {
  world.intercept = (request) => (fits(request) ? failure(status, reason, message) : undefined);
}

/**
 * Does a value have all members of the expected value? Lists are compared item by item. `<…>` matches any non-empty
 * text on one line.
 */
export function includes(found: JsonValue | undefined, expected: JsonValue): boolean {
  if (Array.isArray(expected)) {
    return Array.isArray(found) && found.length === expected.length && expected.every((each, at) => includes(found[at], each));
  }
  if (isJsonObject(expected)) {
    return isJsonObject(found) && Object.entries(expected).every(([key, each]) => includes(found[key], each ?? null));
  }
  if (typeof expected === 'string' && /<[^>]*>/.test(expected)) {
    const pattern = expected.split(/<[^>]*>/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.+');
    return typeof found === 'string' && new RegExp(`^${pattern}$`).test(found);
  }
  return found === expected;
}

/** Describes the whole found and the whole expected value, if the found value does not have all expected members. */
export function differences(what: string, found: JsonValue | undefined, expected: JsonValue): string[] {
  return includes(found, expected) ? [] : [`${what}: ${stringifyJson(found ?? null)} instead of ${stringifyJson(expected)}`];
}
