/**
 * The outcome of an apply that changes nothing is cached. These tests check that the cache entry becomes invalid when
 * something on which the outcome depends changes.
 */
import { expect, test } from 'vitest';
import { call, CONFIGURATIONS, map, MAPS } from '../../test-support/webhook-cluster.ts';
import { podTemplate } from '../../test-support/cluster-story.ts';
import type { Transport } from '../index.ts';
import { createEmbeddedCluster } from '../index.ts';

const APPLY = 'application/apply-patch+yaml';
const apply = (transport: Transport, path: string, body: object) =>
  call(transport, 'PATCH', `${path}?fieldManager=m`, body, APPLY);

test('after the deletion of a policy that undid an apply, the repeated apply is effective', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const policies = `${CONFIGURATIONS}/mutatingadmissionpolicies`;
  const bindings = `${CONFIGURATIONS}/mutatingadmissionpolicybindings`;
  const rule = { operations: ['UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
  const path = `${MAPS}/x`;
  await apply(transport, path, map('x', { data: { a: '1' } }));
  const added = await call(transport, 'POST', policies, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: {
      matchConstraints: { resourceRules: [rule] },
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{data: {"a": "1"}}' } }],
    },
  });
  expect(added.status).toBe(201);
  await call(transport, 'POST', bindings, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: 'b' },
    spec: { policyName: 'p' },
  });
  const changed = map('x', { data: { a: '2' } });
  expect((await apply(transport, path, changed)).body['data']).toEqual({ a: '1' });
  for (const gone of [`${bindings}/b`, `${policies}/p`]) await call(transport, 'DELETE', gone);
  expect((await apply(transport, path, changed)).body['data']).toEqual({ a: '2' });
});

test('a new label of the namespace changes the warnings of a repeated apply', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const path = '/apis/apps/v1/namespaces/default/deployments/d';
  const labels = { app: 'd' };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: labels }, template: podTemplate(labels) },
  };
  for (let times = 0; times < 2; times++) expect((await apply(transport, path, deployment)).warning).toBeUndefined();
  for (const [level, warning] of [
    ['restricted', expect.stringContaining('would violate PodSecurity') as string],
    ['privileged', undefined],
  ] as const) {
    const change = { metadata: { labels: { 'pod-security.kubernetes.io/warn': level } } };
    await call(transport, 'PATCH', '/api/v1/namespaces/default', change, 'application/merge-patch+json');
    for (let times = 0; times < 2; times++) expect((await apply(transport, path, deployment)).warning).toEqual(warning);
  }
});
