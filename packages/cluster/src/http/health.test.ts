import { expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import { textAt } from '@typekro/kit/kubernetes';
import { createManualClock } from '../cluster-clock.ts';
import { createEmbeddedCluster } from '../cluster.ts';

test.each([
  ['/healthz', 200, /^ok$/],
  ['/readyz/ping', 200, /^ok$/],
  ['/livez/poststarthook/crd-informer-synced', 200, /^ok$/],
  ['/livez/informer-sync', 404, /^404 page not found/],
  ['/readyz/nothing', 404, /^404 page not found/],
  [
    '/healthz?verbose',
    200,
    /^\[\+\]ping ok\n\[\+\]log ok\n\[\+\]etcd ok\n\[\+\]poststarthook[^]*\nhealthz check passed\n$/,
  ],
  [
    '/readyz?verbose=1',
    200,
    /\n\[\+\]etcd ok\n\[\+\]etcd-readiness ok\n\[\+\]informer-sync ok\n[^]*\[\+\]shutdown ok\nreadyz check passed\n$/,
  ],
  ['/readyz/poststarthook/rbac/bootstrap-roles', 200, /^ok$/],
  ['/healthz/poststarthook/start-kubernetes-service-cidr-controller', 200, /^ok$/],
  ['/livez/poststarthook/priority-and-fairness-filter', 200, /^ok$/],
  ['/livez/poststarthook/apiservice-discovery-controller', 200, /^ok$/],
  ['/readyz/shutdown', 200, /^ok$/],
  ['/livez/etcd-readiness', 404, /^404 page not found/],
  ['/healthz/shutdown', 404, /^404 page not found/],
  [
    '/livez?verbose&exclude=etcd&exclude=log&exclude=x',
    200,
    /\n\[\+\]log excluded: ok\n\[\+\]etcd excluded: ok\n[^]*no matches for "x"\nlivez check passed\n$/,
  ],
])('the response for the path %s has the status %i', async (path, status, text) => {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const reply = await cluster.transport().request({ method: 'GET', path, headers: {} });
  let body = '';
  for await (const chunk of reply.body) body += Buffer.from(chunk).toString('utf8');
  expect(reply.status).toBe(status);
  expect(body).toMatch(text);
  await cluster.close();
});

test('the server, its OpenAPI documents and its nodes report the same version', async () => {
  await using story = await startClusterStory();
  const read = async (path: string) => {
    const reply = await story.cluster.transport().request({ method: 'GET', path, headers: {} });
    let body = '';
    for await (const chunk of reply.body) body += Buffer.from(chunk).toString('utf8');
    return JSON.parse(body) as { gitVersion?: string; info?: { version?: string } };
  };
  const [node] = await story.list('v1 Node', '');
  const version = textAt(node?.status, 'nodeInfo', 'kubeletVersion');
  expect(version).toMatch(/^v1\./);
  expect((await read('/version')).gitVersion).toBe(`${version}+typekro`);
  expect((await read('/openapi/v3/api/v1')).info?.version).toBe(version);
});

test('a condition of a pod says why the pod fits no node', async () => {
  await using story = await startClusterStory();
  const [node] = await story.names('v1 Node', '');
  await story.client.patch({ apiVersion: 'v1', kind: 'Node', name: node ?? '' }, { spec: { unschedulable: true } });
  const waiting = await story.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { nodeSelector: { a: 'b' }, containers: [{ name: 'c', image: 'i' }] },
  });
  const messageOf = async () => {
    const pod = await story.get('v1 Pod', waiting.metadata.name ?? '');
    return (pod.status as { conditions?: { message?: string }[] }).conditions?.[0]?.message;
  };
  const end = 'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
  expect(await messageOf()).toBe(`0/1 nodes are available: 1 node(s) were unschedulable. ${end}`);
  await story.client.patch({ apiVersion: 'v1', kind: 'Node', name: node ?? '' }, { spec: { unschedulable: null } });
  await story.cluster.idle();
  expect(await messageOf()).toBe(
    `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${end}`,
  );
});

test('the Date header of a response follows the clock of the cluster', async () => {
  const now = Date.parse('2031-05-06T07:08:09Z');
  const cluster = await createEmbeddedCluster({ controllers: false, clock: createManualClock(now) });
  const { url } = await cluster.listen({ https: false });
  const answer = await fetch(`${url}/healthz`);
  expect(answer.headers.get('date')).toBe(new Date(now).toUTCString());
  await cluster.close();
});
