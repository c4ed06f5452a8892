import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubeClient } from '@typekro/kube';
import type { Cluster } from '../index.ts';
import { createEmbeddedCluster } from '../index.ts';

const GROUP = 'rbac.authorization.k8s.io';
let cluster: Cluster;
let admin: KubeClient;
beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
  admin = new KubeClient({ transport: cluster.transport() });
});
afterAll(() => cluster.close());

/** Grants a user these verbs for ConfigMaps and Leases. Returns a client that acts as the user. */
async function userWith(name: string, verbs: readonly string[]): Promise<KubeClient> {
  const apiVersion = `${GROUP}/v1`;
  const rules = ['', 'coordination.k8s.io'].map((group) => ({
    apiGroups: [group],
    resources: ['configmaps', 'leases'],
    verbs: [...verbs],
  }));
  await admin.create({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });
  const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name };
  const subjects = [{ apiGroup: GROUP, kind: 'User', name }];
  await admin.create({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects });
  return admin.as({ user: name });
}

test('an apply or an update that creates an object requires the right to create', async () => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'a', namespace: 'default' } };
  const patching = await userWith('patching', ['get', 'patch', 'update']);
  const creating = await userWith('creating', ['get', 'patch', 'update', 'create']);
  const refusal = {
    status: 403,
    message:
      'configmaps "a" is forbidden: User "patching" cannot create resource "configmaps" in API group "" in the namespace "default"',
  };
  await expect(patching.apply(map, { fieldManager: 't' })).rejects.toMatchObject(refusal);
  await expect(patching.update(lease)).rejects.toMatchObject({ status: 403 });
  await creating.apply(map, { fieldManager: 't' });
  await creating.update(lease);
  await patching.apply({ ...map, data: { a: 'b' } }, { fieldManager: 't' });
  expect((await admin.get({ ...map, name: 'a', namespace: 'default' }))['data']).toEqual({ a: 'b' });
});
