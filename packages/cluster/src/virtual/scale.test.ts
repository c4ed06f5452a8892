import { expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import { KubeClient } from '@typekro/kube';
import { createEmbeddedCluster } from '../cluster.ts';

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
