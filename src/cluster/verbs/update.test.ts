import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../cluster.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly observedGeneration?: number };
}

test('a write changes either spec or status, and only a change of the spec increases the generation', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const send = async (method: string, path: string, body: object): Promise<Deployment> => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { 'content-type': type };
    const reply = await cluster.transport().request({ method, path, headers, body: JSON.stringify(body) });
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
    return JSON.parse(text) as Deployment;
  };
  const labels = { app: 'a' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  const seen = ({ metadata, spec: { replicas }, status }: Deployment) => [
    metadata.generation,
    replicas,
    status?.observedGeneration,
  ];
  const both = (replicas: number) => ({ spec: { replicas }, status: { observedGeneration: replicas } });
  expect(seen(await send('POST', DEPLOYMENTS, { metadata: { name: 'a' }, spec }))).toEqual([1, 1, undefined]);
  expect(seen(await send('PATCH', `${DEPLOYMENTS}/a`, both(2)))).toEqual([2, 2, undefined]);
  expect(seen(await send('PATCH', `${DEPLOYMENTS}/a/status`, both(3)))).toEqual([2, 2, 3]);
  expect(seen(await send('PATCH', `${DEPLOYMENTS}/a`, { metadata: { labels } }))).toEqual([2, 2, 3]);
});
