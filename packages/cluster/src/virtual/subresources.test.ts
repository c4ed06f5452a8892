import { describe, expect, test } from 'vitest';
import { type JsonObject, refOf } from '@typekro/kit/core';
import { crdOf } from '@typekro/kit/test-support/crd';
import { KubeClient } from '@typekro/kube';
import { forwardHeaders } from '../../test-support/spdy-client.ts';
import { sendJson } from '../../test-support/send-json.ts';
import { createEmbeddedCluster } from '../cluster.ts';
import { channelPorts, streamRequest } from './forward-request.ts';

const parsing = (text: string, problem: string) =>
  `unable to parse "${text}" as a port: strconv.ParseUint: parsing "${text}": ${problem}`;

describe('the ports of a connection with channels', () => {
  test.each<[readonly string[], readonly number[] | string]>([
    [['80'], [80]],
    [
      ['80,443', '80'],
      [80, 443, 80],
    ],
    [['65535'], [65_535]],
    [[], 'query parameter "port" is required'],
    [['80', ''], 'query parameter "port" cannot be empty'],
    [['80,'], parsing('', 'invalid syntax')],
    [['-1'], parsing('-1', 'invalid syntax')],
    [['65536'], parsing('65536', 'value out of range')],
    [['0'], 'port "0" must be > 0'],
    [[Array.from({ length: 127 }, () => '1').join()], Array.from({ length: 127 }, () => 1)],
    [[Array.from({ length: 128 }, () => '1').join()], 'one connection has at most 127 ports'],
  ])('are parsed or refused for the parameters %j', (values, result) => {
    expect(channelPorts(values)).toEqual(result);
  });
});

describe('the headers of a stream', () => {
  test.each<[Record<string, string>, number, ReturnType<typeof streamRequest>]>([
    [forwardHeaders('data', 80, 7), 3, { type: 'data', port: 80, requestId: '7' }],
    [forwardHeaders('error', 80, 7), 1, { type: 'error', port: 80, requestId: '7' }],
    // Clients before Kubernetes 1.3 send no request ID.
    [forwardHeaders('error', 80), 5, { type: 'error', port: 80, requestId: '5' }],
    [forwardHeaders('data', 80), 7, { type: 'data', port: 80, requestId: '5' }],
    [forwardHeaders('stdin', 80), 1, undefined],
    [forwardHeaders('data', 0), 1, undefined],
    [forwardHeaders('data', 65_536), 1, undefined],
    [forwardHeaders('data', 'http'), 1, undefined],
    [{ streamtype: 'data' }, 1, undefined],
    [{ port: '80' }, 1, undefined],
  ])('%j are parsed or refused for the stream %i', (headers, id, result) => {
    expect(streamRequest(id, new Map(Object.entries(headers)))).toEqual(result);
  });
});

test.each([
  ['POST', 'pods/p/eviction', 'policy/v1 Eviction', {}],
  ['POST', 'pods/p/eviction', 'policy/v1beta1 Eviction', {}],
  ['POST', 'pods/p/binding', 'v1 Binding', { target: { name: 'n' } }],
  ['POST', 'bindings', 'v1 Binding', { target: { name: 'n' } }],
  ['POST', 'serviceaccounts/p/token', 'authentication.k8s.io/v1 TokenRequest', {}],
  ['PUT', 'replicationcontrollers/p/scale', 'autoscaling/v1 Scale', { spec: { replicas: 2 } }],
  ['PUT', 'pods/p/status', 'v1 Pod', {}],
  ['POST', 'localsubjectaccessreviews', 'authorization.k8s.io/v1 LocalSubjectAccessReview', { spec: { user: 'u' } }],
])('%s of %s with an object of another namespace is refused: %s', async (method, path, type, more) => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const containers = [{ name: 'c', image: 'i' }];
  const client = new KubeClient({ transport: cluster.transport() });
  const metadata = { name: 'p', namespace: 'default' };
  await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  await client.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } });
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers } };
  const spec = { replicas: 0, selector: { a: 'b' }, template };
  await client.create({ apiVersion: 'v1', kind: 'ReplicationController', metadata, spec });
  const [apiVersion, kind] = type.split(' ');
  const start = kind === 'LocalSubjectAccessReview' ? `/apis/${apiVersion}` : '/api/v1';
  const { status, body } = await sendJson(cluster, method, `${start}/namespaces/default/${path}`, {
    body: { apiVersion, kind, metadata: { name: 'p', namespace: 'other' }, ...more },
  });
  expect([status, body['message']]).toEqual([
    400,
    'the namespace of the provided object does not match the namespace sent on the request',
  ]);
  expect(await client.list({ apiVersion: 'v1', kind: 'Pod' })).toMatchObject({ items: [{ metadata }] });
});

test.each<[JsonObject]>([
  [{ spec: { replicas: 'x' } }],
  [{ spec: { replicas: 1.5 } }],
  [{ spec: 'x' }],
  [{ metadata: { labels: 'a' } }],
  [{ metadata: { resourceVersion: 5 } }],
  [{ status: 5 }],
  [{ kind: 5 }],
])('a patch of a scale with a value of a wrong type is refused: %j', async (patch) => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const client = new KubeClient({ transport: cluster.transport() });
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { selector: { matchLabels: { a: 'b' } }, template };
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec };
  await client.create(web);
  for (const type of ['merge', 'strategic'] as const)
    await expect(client.patch(refOf(web), patch, { type, subresource: 'scale' })).rejects.toMatchObject({
      status: 422,
    });
});

test.each(['.spec.__proto__.polluted', '.spec.constructor.polluted'])(
  'the replicas path %s works, although it contains the name of an inherited JavaScript property',
  async (specReplicasPath) => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const client = new KubeClient({ transport: cluster.transport() });
    const scale = { specReplicasPath, statusReplicasPath: '.status.replicas' };
    const spec = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const status = { type: 'object', properties: { replicas: { type: 'integer' } } };
    const fields = { subresources: { status: {}, scale } };
    await client.create(crdOf('Odd', { properties: { spec, status } }, { fields }));
    await cluster.idle();
    const path = '/apis/example.com/v1/namespaces/default/odds';
    const send = async (method: string, at: string, body: string): Promise<{ status: number; text: string }> => {
      const reply = await cluster
        .transport()
        .request({
          method,
          path: at,
          headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' },
          body,
        });
      let text = '';
      for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
      return { status: reply.status, text };
    };
    await client.create({
      apiVersion: 'example.com/v1',
      kind: 'Odd',
      metadata: { name: 'a', namespace: 'default' },
      spec: {},
    });
    const answer = await send('PATCH', `${path}/a/scale`, '{"spec":{"replicas":3}}');
    const isPolluted = Object.hasOwn(Object.prototype, 'polluted') || Object.hasOwn(Object, 'polluted');
    Reflect.deleteProperty(Object.prototype, 'polluted');
    Reflect.deleteProperty(Object, 'polluted');
    expect(isPolluted).toBe(false);
    expect(answer).toMatchObject({ status: 200, text: expect.stringContaining('"spec":{"replicas":3}') });
  },
);
