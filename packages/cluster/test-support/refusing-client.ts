import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import type { KubeObject } from '@typekro/kit/core';
import { type Clock, type TransportRequest, KubeClient } from '@typekro/kube';

/** Creates a cluster that has these objects and no controllers of workloads. */
export async function clusterWith(objects: readonly KubeObject[]): Promise<Cluster> {
  const cluster = await createEmbeddedCluster({ workloads: false });
  const admin = new KubeClient({ transport: cluster.transport() });
  for (const object of objects) await admin.create(object);
  return cluster;
}

/**
 * A client whose requests are collected in `requests`. Its transport refuses a request if `METHOD /path?query` matches
 * the pattern `refuses`.
 */
export function refusingClient(
  cluster: Cluster,
  { refuses, clock }: { readonly refuses?: RegExp | undefined; readonly clock?: Clock } = {},
): { readonly client: KubeClient; readonly requests: TransportRequest[] } {
  const requests: TransportRequest[] = [];
  const inner = cluster.transport();
  const refusal = (path: string) => ({
    status: 403,
    headers: { 'content-type': 'application/json' },
    body: (async function* () {
      const message = messageOf(path);
      yield Buffer.from(JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message }));
    })(),
  });
  const client = new KubeClient({
    transport: {
      request: (request) => {
        requests.push(request);
        const isRefused = refuses?.test(`${request.method} ${request.path}`) === true;
        return isRefused ? Promise.resolve(refusal(request.path)) : inner.request(request);
      },
      close: () => inner.close(),
    },
    ...(clock === undefined ? {} : { clock }),
  });
  return { client, requests };
}

/** The message with which an API server refuses a get or a list by a user without a role. */
function messageOf(path: string): string {
  const match = /^\/(?:api|apis\/([^/]+))\/[^/]+\/(?:namespaces\/([^/]+)\/)?([^/?]+)(?:\/([^/?]+))?/.exec(path);
  const [, group = '', namespace, resource = '', name = ''] = match ?? [];
  const place = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = [resource, ...(group === '' ? [] : [group])].join('.');
  const verb = name === '' ? 'list' : 'get';
  const object = name === '' ? what : `${what} "${name}"`;
  return `${object} is forbidden: User "dev" cannot ${verb} resource "${resource}" in API group "${group}" ${place}`;
}
