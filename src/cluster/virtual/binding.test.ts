import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../cluster.ts';

test('a binding names a node', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const post = async (path: string, body: object) => {
    const reply = await transport.request({
      method: 'POST',
      path: `/api/v1/namespaces/default/pods${path}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
    return { status: reply.status, message: (JSON.parse(text) as { message?: string }).message };
  };
  const bind = (target: object) =>
    post('/p/binding', { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target });
  await post('', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });

  expect(await bind({ kind: 'Node' })).toEqual({ status: 500, message: 'target.name: Required value' });
  expect(await bind({ kind: 'X', name: '' })).toEqual({
    status: 500,
    message: '[target.kind: Unsupported value: "X": supported values: "Node", "<empty>", target.name: Required value]',
  });
  expect(await bind({ name: 'n' })).toEqual({ status: 201, message: undefined });
  expect((await bind({ kind: 'Node', name: 'm' })).status).toBe(409);
});
