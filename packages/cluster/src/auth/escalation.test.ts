import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KubeClient } from '@typekro/kube';
import { sendJson } from '../../test-support/send-json.ts';
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

test('a role with rights that its author lacks is refused, and the message prints lists in Go syntax', async () => {
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

describe('a user who may read and write roles and bindings, and nothing else', () => {
  const name = 'clerk';
  let clerk: KubeClient;
  const read = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { gather: 'yes' } }] };

  beforeAll(async () => {
    const resources = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'];
    const rules = [{ apiGroups: [apiGroup], resources, verbs: ['create', 'update', 'patch', 'get'] }];
    await admin.create({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });
    const roleRef = { apiGroup, kind: 'ClusterRole', name };
    const subjects = [{ apiGroup, kind: 'User', name }];
    await admin.create({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects });
    await admin.create({ apiVersion, kind: 'ClusterRole', metadata: { name: 'strong' }, rules: read });
    const strong = { apiGroup, kind: 'ClusterRole', name: 'strong' };
    await admin.create({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name: 'strong' }, roleRef: strong });
    await admin.create({ apiVersion, kind: 'ClusterRole', metadata: { name: 'gathered' }, aggregationRule });
    clerk = admin.as({ user: name });
  });

  test.each([
    ['RoleBinding', 'Role', 'role'],
    ['RoleBinding', 'ClusterRole', 'clusterrole'],
    ['ClusterRoleBinding', 'ClusterRole', 'clusterrole'],
  ])('gets 404 for a %s to a missing %s', async (kind, role, shown) => {
    const metadata = { name: 'b', ...(kind === 'RoleBinding' ? { namespace: 'default' } : {}) };
    const binding = { apiVersion, kind, metadata, roleRef: { apiGroup, kind: role, name: 'missing' } };
    await expect(clerk.create(binding)).rejects.toMatchObject({
      status: 404,
      reason: 'NotFound',
      message: expect.stringContaining(`${shown}.${apiGroup} "missing" not found`) as string,
    });
  });

  test('may change only metadata for garbage collection in a role or binding with rights that the user lacks', async () => {
    for (const kind of ['ClusterRole', 'ClusterRoleBinding']) {
      const ref = { apiVersion, kind, name: 'strong' };
      await expect(clerk.patch(ref, { metadata: { labels: { a: 'b' } } })).rejects.toMatchObject({ status: 403 });
      const kept = await clerk.patch(ref, { metadata: { finalizers: ['example.com/x'] } });
      expect(kept.metadata.finalizers).toEqual(['example.com/x']);
    }
  });

  test('may not write a role that aggregates the rules of other roles', async () => {
    const refused = {
      status: 403,
      message: expect.stringContaining('must have cluster-admin privileges to use the aggregationRule') as string,
    };
    const role = { apiVersion, kind: 'ClusterRole', metadata: { name: 'mine' }, aggregationRule };
    await expect(clerk.create(role)).rejects.toMatchObject(refused);
    const ref = { apiVersion, kind: 'ClusterRole', name: 'gathered' };
    await expect(clerk.patch(ref, { aggregationRule: null })).rejects.toMatchObject(refused);
  });
});

test('a cluster that allows all requests allows every user to write roles and bindings', async () => {
  await using free = await createEmbeddedCluster({ controllers: false, authorization: 'AlwaysAllow' });
  const anyone = new KubeClient({ transport: free.transport({ name: 'anyone', groups: [] }) });
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  const name = 'all';
  await anyone.create({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });
  await anyone.create({ apiVersion, kind: 'Role', metadata: { name, namespace: 'default' }, rules });
  const roleRef = { apiGroup, kind: 'ClusterRole', name: 'missing' };
  await anyone.create({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef });
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { gather: 'yes' } }] };
  await anyone.create({ apiVersion, kind: 'ClusterRole', metadata: { name: 'gathered' }, aggregationRule });
  const binding = await anyone.get({ apiVersion, kind: 'ClusterRoleBinding', name });
  expect(binding).toMatchObject({ roleRef });
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', metadata: {} };
  expect((await anyone.create({ ...review, spec: { namespace: 'default' } })).status).toMatchObject({
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  });
});

test('an unknown field is quoted in Go syntax', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
  const path = '/api/v1/namespaces/default/configmaps?fieldValidation=Strict';
  const { body } = await sendJson(cluster, 'POST', path, { body: { ...object, 'a\u0001"': 1 } });
  expect(body).toMatchObject({ message: expect.stringContaining(String.raw`unknown field "a\x01\""`) as string });
});

test('a rule with more rights than the server can compare is refused', async () => {
  const client = admin.as({ user: 'clerk' });
  const texts = (prefix: string) => Array.from({ length: 1000 }, (_, index) => `${prefix}${index}`);
  const rules = [{ apiGroups: texts('g'), resources: texts('r'), verbs: texts('v') }];
  await expect(
    client.create({ apiVersion, kind: 'ClusterRole', metadata: { name: 'wide' }, rules }),
  ).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining(
      'clusterroles.rbac.authorization.k8s.io "wide" is forbidden: the rules have too many rights to compare',
    ) as string,
  });
});
