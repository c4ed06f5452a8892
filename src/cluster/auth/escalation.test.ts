import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubeClient } from '../../kube/index.ts';
import type { Cluster } from '../index.ts';
import { createEmbeddedCluster } from '../index.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';
let cluster: Cluster;
let admin: KubeClient;
beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
  admin = new KubeClient({ transport: cluster.transport() });
});
afterAll(() => cluster.close());

test('a role with rights that its author lacks is refused; the message prints lists as Go does', async () => {
  const name = 'author';
  const rules = [{ apiGroups: [apiGroup], resources: ['clusterroles'], verbs: ['create'] }];
  await admin.create({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });
  const subjects = [{ apiGroup, kind: 'User', name }];
  const roleRef = { apiGroup, kind: 'ClusterRole', name };
  await admin.create({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects });
  const granted = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] }];
  const role = { apiVersion, kind: 'ClusterRole', metadata: { name: 'secrets' }, rules: granted };
  await expect(admin.as({ user: name }).create(role)).rejects.toMatchObject({
    status: 403,
    message: expect.stringMatching(
      /user "author" \(groups=\["[^",]+"( "[^",]+")*\]\) is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["secrets"\], Verbs:\["get" "list"\]\}$/,
    ) as string,
  });
});

test('an unknown field is quoted as Go quotes it', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
  const answer = await cluster.transport().request({
    method: 'POST',
    path: '/api/v1/namespaces/default/configmaps?fieldValidation=Strict',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...object, 'a\u0001"': 1 }),
  });
  let text = '';
  for await (const chunk of answer.body) text += Buffer.from(chunk).toString();
  expect(JSON.parse(text)).toMatchObject({
    message: expect.stringContaining(String.raw`unknown field "a\x01\""`) as string,
  });
});
