import { expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import { sendJson } from '../../test-support/send-json.ts';
import { call, map, MAPS } from '../../test-support/webhook-cluster.ts';
import { createEmbeddedCluster } from '../cluster.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly observedGeneration?: number };
}

test('a write changes either the spec or the status, and only a change of the spec increases the generation', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const send = async (method: string, path: string, body: object): Promise<Deployment> => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return (await sendJson<Deployment>(cluster, method, path, { body, type })).body;
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

test.each([
  ['', 200, 422],
  ['0', 200, 422],
  ['00', 200, 422],
  ['live', 200, 200],
  ['00live', 200, 200],
  ['1', 409, 409],
  ['99999999999999999999999', 500, 500],
  ['x', 500, 500],
])(
  'a PUT with the resource version %j gets the status %i, and %i for a custom resource',
  async (version, builtin, custom) => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const transport = cluster.transport();
    await call(transport, 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crdOf('Gear'));
    await cluster.idle();
    const gears = '/apis/example.com/v1/namespaces/default/gears';
    const gear = { apiVersion: 'example.com/v1', kind: 'Gear', metadata: { name: 'a' } };
    for (const [path, object, status] of [
      [MAPS, map('a'), builtin],
      [gears, gear, custom],
    ] as const) {
      const live = await call(transport, 'POST', path, object);
      const resourceVersion = version.replace('live', String(live.body.metadata['resourceVersion']));
      const body = { ...object, metadata: { name: 'a', resourceVersion } };
      expect((await call(transport, 'PUT', `${path}/a`, body)).status).toBe(status);
    }
  },
);
