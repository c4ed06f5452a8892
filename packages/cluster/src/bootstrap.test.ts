import { expect, test } from 'vitest';
import { objectAt } from '@typekro/kit/kubernetes';
import { Api } from './api.ts';
import { bootstrap } from './bootstrap.ts';
import { decodeObject } from './types/decode.ts';
import { startClusterStory } from '../test-support/cluster-story.ts';

test.each([
  ['127.0.0.1', 'IPv4'],
  ['::1', 'IPv6'],
])('the Service of the server leads to %s and its port', async (ip, addressType) => {
  const serverAddress = { ip, port: 40_003 };
  await using story = await startClusterStory({ controllers: false, serviceCidr: '10.0.0.0/24', serverAddress });
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

test('a cluster has the APIServices of its groups, and the default FlowSchemas, each with an existing priority level', async () => {
  await using story = await startClusterStory({ controllers: false });
  const services = await story.list('apiregistration.k8s.io/v1 APIService');
  const core = services.find(({ metadata }) => metadata.name === 'v1.');
  expect(core?.['spec']).toEqual({ version: 'v1', groupPriorityMinimum: 18_000, versionPriority: 1 });
  for (const { status } of services)
    expect(status).toMatchObject({ conditions: [{ type: 'Available', status: 'True' }] });
  const levels = new Set(await story.names('flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration'));
  const schemas = await story.list('flowcontrol.apiserver.k8s.io/v1 FlowSchema');
  expect([services.length, schemas.length, levels.size]).toEqual([21, 11, 8]);
  for (const { spec } of schemas) expect(levels).toContain(objectAt(spec, 'priorityLevelConfiguration')['name']);
});

test.each([
  ['rbac.authorization.k8s.io', 'clusterroles'],
  ['rbac.authorization.k8s.io', 'clusterrolebindings'],
  ['rbac.authorization.k8s.io', 'roles'],
  ['rbac.authorization.k8s.io', 'rolebindings'],
  ['apiregistration.k8s.io', 'apiservices'],
  ['flowcontrol.apiserver.k8s.io', 'flowschemas'],
  ['flowcontrol.apiserver.k8s.io', 'prioritylevelconfigurations'],
])('the default objects of %s %s are stored in the decoded form of their type', (group, plural) => {
  const api = new Api();
  bootstrap(api, false);
  const resource = api.registry.findAny(group, plural);
  const objects = (resource?.collection.all() ?? []).map(({ object }) => object);
  expect(objects.length).toBeGreaterThan(6);
  // Ignores the metadata, to which the server adds members.
  const text = (object: object | undefined) => JSON.stringify({ ...object, metadata: {} });
  for (const object of objects) {
    const decoded = resource === undefined ? undefined : decodeObject(resource.node, object);
    expect(text(object)).toBe(text(decoded?.value));
    expect(object.metadata).toEqual(decoded?.value['metadata']);
  }
});
