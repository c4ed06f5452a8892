import { expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import { KubeClient } from '@typekro/kube';
import { createEmbeddedCluster } from '../cluster.ts';

const RIGS = { apiVersion: 'example.com/v1', kind: 'Rig' };

test('after a schema change, reads return objects in the new schema even while an older watch is open', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const client = new KubeClient({ transport });
  const define = async (note: object) => {
    await client.apply(crdOf('Rig', { properties: { spec: { type: 'object', properties: { ...note } } } }), {
      fieldManager: 'm',
      force: true,
    });
    await cluster.idle();
  };
  await define({ note: { type: 'string', default: 'none' } });
  const rig = { ...RIGS, metadata: { name: 'a', namespace: 'default' }, spec: {} };
  expect((await client.create(rig)).spec).toEqual({ note: 'none' });
  const path = '/apis/example.com/v1/rigs?watch=true';
  const watch = await transport.request({ method: 'GET', path });
  const lines = watch.body[Symbol.asyncIterator]();
  await lines.next();

  await define({});
  await client.apply({ ...rig, metadata: { ...rig.metadata, labels: { a: 'b' } } }, { fieldManager: 'm', force: true });
  await lines.next();
  expect((await client.get({ ...RIGS, name: 'a', namespace: 'default' })).spec).toEqual({});
  expect((await client.list(RIGS)).items.map(({ spec }) => spec)).toEqual([{}]);
  await lines.return?.();
});
