import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { Cluster, ClusterSnapshot, Transport, UserInfo } from '@typekro/cluster';
import { createEmbeddedCluster } from '@typekro/cluster';
import { crdOf } from '@typekro/kit/test-support/crd';

interface Served {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface Discovery {
  readonly items: {
    readonly metadata: { readonly name?: string };
    readonly versions: {
      readonly version: string;
      readonly resources: {
        readonly resource: string;
        readonly scope: string;
        readonly responseKind: { readonly kind: string };
        readonly verbs: readonly string[];
        readonly subresources?: readonly { readonly subresource: string }[];
      }[];
    }[];
  }[];
}

const discovery = JSON.parse(
  readFileSync(new URL('../../data/kubernetes-1.36/discovery.json', import.meta.url), 'utf8'),
) as { readonly api: Discovery; readonly apis: Discovery };

const builtin = [...discovery.api.items, ...discovery.apis.items].flatMap(({ metadata, versions }) =>
  versions.flatMap(({ version, resources }) =>
    resources.map((entry) => ({ ...entry, version, group: metadata.name ?? '' })),
  ),
);

const KINDS: readonly Served[] = [
  ...builtin.map(({ group, version, resource, responseKind, scope, verbs }) => ({
    group,
    version,
    plural: resource,
    kind: responseKind.kind,
    namespaced: scope === 'Namespaced',
    verbs,
  })),
  {
    group: 'example.com',
    version: 'v1',
    plural: 'widgets',
    kind: 'Widget',
    namespaced: true,
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  },
];

/**
 * The subresources of all built-in kinds, and some that no kind has. The test requests each subresource of each kind.
 */
const SUBRESOURCES: readonly string[] = [
  '',
  ...new Set(builtin.flatMap(({ subresources = [] }) => subresources.map(({ subresource }) => subresource))),
  'unknown',
  'constructor',
  '__proto__',
  'Exec',
];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'delete'];

/** Variants of a path: unchanged, with additional segments at the end, or with `watch` before the resource. */
const FORMS = ['plain', 'deeper', 'watch'] as const;

const identity = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;

function objectsIn(snapshot: ClusterSnapshot): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const { group, items } of snapshot.collections)
    for (const object of items) found.set(`${group}/${identity(object)}`, object.metadata.resourceVersion);
  return found;
}

interface Change {
  readonly what: 'changed' | 'created' | 'deleted';
  readonly object: string;
}

function changesBetween(before: Map<string, string | undefined>, after: ClusterSnapshot): Change[] {
  const changes: Change[] = [];
  const now = objectsIn(after);
  for (const [object, version] of now) {
    if (!before.has(object)) changes.push({ what: 'created', object });
    else if (before.get(object) !== version) changes.push({ what: 'changed', object });
  }
  for (const object of before.keys()) if (!now.has(object)) changes.push({ what: 'deleted', object });
  return changes;
}

const SCALE = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
const CRD = crdOf('Widget', {}, { fields: { subresources: { status: {}, scale: SCALE } } });

async function send(transport: Transport, method: string, path: string, body: object, type: string) {
  const reply = await transport.request({
    method,
    path,
    headers: { 'content-type': type, connection: 'Upgrade', upgrade: 'SPDY/3.1' },
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: JSON.stringify(body) }),
  });
  if (path.includes('/watch/') || reply.headers['transfer-encoding'] === 'chunked')
    return { status: reply.status, text: '' };
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
  return { status: reply.status, text };
}

/** The resources for which `furnished` stores no object: they already have one, or are never stored. */
const UNSTORED = new Set(['componentstatuses', 'customresourcedefinitions']);

/**
 * A cluster with one object of every stored kind. The objects come from a restored snapshot, so that the validation of
 * writes does not reject them.
 */
async function furnished(): Promise<Cluster> {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const created = await send(
    cluster.transport(),
    'POST',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    CRD,
    'application/json',
  );
  expect(created.status).toBe(201);
  const snapshot = cluster.snapshot();
  const collections = new Map(snapshot.collections.map((entry) => [`${entry.group}/${entry.plural}`, entry]));
  let version = Number(snapshot.resourceVersion);
  for (const { group, version: served, plural, kind, namespaced, verbs } of KINDS) {
    const key = `${group}/${plural}`;
    if (!verbs.includes('get') || UNSTORED.has(plural) || collections.get(key)?.items.some(isSample)) continue;
    version += 1;
    const sample: KubeObject = {
      apiVersion: group === '' ? served : `${group}/${served}`,
      kind,
      metadata: {
        name: 'x',
        ...(namespaced ? { namespace: 'default' } : {}),
        uid: `00000000-0000-4000-8000-${String(version).padStart(12, '0')}`,
        resourceVersion: String(version),
      },
    };
    collections.set(key, { group, plural, items: [...(collections.get(key)?.items ?? []), sample] });
  }
  cluster.restore({ ...snapshot, resourceVersion: String(version), collections: [...collections.values()] });
  return cluster;
}

/**
 * The name of the object of a kind. The name of a CRD is determined by its resource. The objects of all other kinds
 * have the name `x`.
 */
const nameOf = ({ plural }: Served): string => (plural === 'customresourcedefinitions' ? 'widgets.example.com' : 'x');

const isSample = ({ metadata }: KubeObject): boolean => metadata.name === 'x';

function pathOf(
  { group, version, plural, namespaced }: Served,
  name: string,
  subresource: string,
  form: string,
): string {
  const parts = [
    group === '' ? `/api/${version}` : `/apis/${group}/${version}`,
    ...(form === 'watch' ? ['watch'] : []),
    ...(namespaced ? ['namespaces/default'] : []),
    plural,
    name,
    subresource,
    ...(form === 'deeper' ? ['foo', 'bar'] : []),
  ];
  return parts.filter((part) => part !== '').join('/');
}

/** Subresources that read or write a part of the stored object. */
const PARTS = new Set(['status', 'scale', 'finalize', 'approval', 'ephemeralcontainers', 'resize']);

/** Is this change the purpose of the request? Every other change is a defect. */
function isIntended(
  kind: Served,
  name: string,
  subresource: string,
  method: string,
  { what, object }: Change,
): boolean {
  // Both API groups of Events serve the same objects.
  const group = kind.kind === 'Event' ? '' : kind.group;
  const own = object.startsWith(`${group}/${kind.kind}/`) && (name === '' || object.endsWith(`/${nameOf(kind)}`));
  if (subresource === '') {
    // The deletion of a CRD deletes its objects and the APIService of its version. The deletion of a Service deletes
    // its IPAddress.
    const dependents =
      (kind.plural === 'customresourcedefinitions' &&
        /^(?:example\.com\/Widget\/|apiregistration\.k8s\.io\/APIService\/\/v1\.example\.com$)/.test(object)) ||
      (kind.plural === 'services' && what === 'deleted' && object.startsWith('networking.k8s.io/IPAddress/'));
    if (method === 'DELETE') return (own || dependents) && what !== 'created';
    if (method === 'POST') return own && what === 'created';
    return (method === 'PUT' || method === 'PATCH') && own && what === 'changed';
  }
  if (PARTS.has(subresource)) return (method === 'PUT' || method === 'PATCH') && own && what === 'changed';
  if (method !== 'POST' || kind.plural !== 'pods') return false;
  return (
    (subresource === 'eviction' && what === 'deleted' && own) ||
    (subresource === 'binding' && what === 'changed' && own)
  );
}

const bodies = (kind: Served): { readonly body: object; readonly type: string }[] => [
  { body: {}, type: 'application/json' },
  {
    body: {
      apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
      kind: kind.kind,
      metadata: { name: nameOf(kind), labels: { a: 'b' } },
    },
    type: 'application/merge-patch+json',
  },
];

describe('requests with every method, for every subresource of every kind', () => {
  let cluster: Cluster;
  let start: ClusterSnapshot;

  beforeAll(async () => {
    cluster = await furnished();
    start = cluster.snapshot();
    return () => cluster.close();
  });

  test.each(FORMS)(
    'write only the requested object (%s paths)',
    async (form) => {
      const transport = cluster.transport();
      const before = objectsIn(start);
      const wrong: string[] = [];
      for (const kind of KINDS) {
        for (const subresource of SUBRESOURCES) {
          for (const name of subresource === '' && form === 'plain' ? ['', nameOf(kind)] : [nameOf(kind)]) {
            for (const method of METHODS) {
              const path = pathOf(kind, name, subresource, form);
              for (const { body, type } of bodies(kind)) {
                const { status } = await send(transport, method, path, body, type);
                const after = cluster.snapshot();
                if (after.resourceVersion === start.resourceVersion) continue;
                const changes = changesBetween(before, after);
                const refused = status >= 400 || form === 'watch' || (form === 'deeper' && subresource !== 'proxy');
                if (refused || changes.some((change) => !isIntended(kind, name, subresource, method, change)))
                  wrong.push(
                    `${method} ${path} (${status}): ${changes.map(({ what, object }) => `${what} ${object}`).join()}`,
                  );
                cluster.restore(start);
                start = cluster.snapshot();
              }
            }
          }
        }
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );

  test('require rights: a user without rights changes nothing and reads nothing', async () => {
    const nobody: UserInfo = { name: 'nobody', groups: ['system:authenticated'] };
    const transport = cluster.transport(nobody);
    const allowed: string[] = [];
    for (const kind of KINDS.filter(({ group }) => !['authorization.k8s.io', 'authentication.k8s.io'].includes(group)))
      for (const subresource of SUBRESOURCES)
        for (const method of METHODS) {
          const path = pathOf(kind, nameOf(kind), subresource, 'plain');
          const { status } = await send(transport, method, path, {}, 'application/json');
          if (status !== 403) allowed.push(`${method} ${path} (${status})`);
        }
    expect(allowed).toEqual([]);
    expect(cluster.snapshot().resourceVersion).toBe(start.resourceVersion);
  }, 60_000);
});
