import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../cluster.ts';

test('the list of core versions contains the address by which the client reaches the server', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  for (const host of ['one.test:1', 'two.test:2']) {
    const reply = await cluster.transport().request({ method: 'GET', path: '/api', headers: { host } });
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
    expect(JSON.parse(text)).toMatchObject({
      kind: 'APIVersions',
      serverAddressByClientCIDRs: [{ serverAddress: host }],
    });
  }
});
