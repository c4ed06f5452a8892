import { expect, test } from 'vitest';
import { tellClusterStory } from '../../test/support/cluster-story.ts';

test.each([
  ['127.0.0.1', 'IPv4'],
  ['::1', 'IPv6'],
])('the Service of the server leads to %s and its port', async (ip, addressType) => {
  const serverAddress = { ip, port: 40_003 };
  await using story = await tellClusterStory({ controllers: false, serviceCidr: '10.0.0.0/24', serverAddress });
  expect((await story.get('v1 Service', 'kubernetes')).spec).toMatchObject({
    clusterIP: '10.0.0.1',
    ports: [{ port: 443, targetPort: 40_003 }],
  });
  expect(await story.get('v1 Endpoints', 'kubernetes')).toMatchObject({
    subsets: [{ addresses: [{ ip }], ports: [{ name: 'https', port: 40_003 }] }],
  });
  expect(await story.get('discovery.k8s.io/v1 EndpointSlice', 'kubernetes')).toMatchObject({
    addressType,
    endpoints: [{ addresses: [ip] }],
    ports: [{ name: 'https', port: 40_003 }],
  });
});
