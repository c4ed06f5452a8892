import { expect, test } from 'vitest';
import { type Transport, createEmbeddedCluster } from '../index.ts';
import { call, CONFIGURATIONS } from '../../test-support/webhook-cluster.ts';

const ROLES = '/apis/rbac.authorization.k8s.io/v1';
const apiVersion = 'admissionregistration.k8s.io/v1';
const rules = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const USER = '&{ann  [system:authenticated] map[]}';

const KINDS = [
  ['Validating', { validations: [{ expression: 'true' }] }, { validationActions: ['Deny'] }],
  [
    'Mutating',
    {
      reinvocationPolicy: 'Never',
      mutations: [
        { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "test", path: "/kind", value: "Pod"}]' } },
      ],
    },
    {},
  ],
] as const;

/** Grants the user `ann` permissions on policies and bindings, and the additional rules `more`. */
async function grant(transport: Transport, more: readonly object[]) {
  const policies = { apiGroups: ['admissionregistration.k8s.io'], resources: ['*'], verbs: ['*'] };
  const group = 'rbac.authorization.k8s.io';
  await call(transport, 'PUT', `${ROLES}/clusterroles/r`, {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'r' },
    rules: [policies, ...more],
  });
  await call(transport, 'POST', `${ROLES}/clusterrolebindings`, {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'r' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'r' },
    subjects: [{ apiGroup: group, kind: 'User', name: 'ann' }],
  });
}

test.each(KINDS)(
  'a user who creates a %s policy or its binding must be able to read the parameters',
  async (kind, spec, bindingSpec) => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const admin = cluster.transport();
    const ann = cluster.transport({ name: 'ann', groups: ['system:authenticated'] });
    const policies = `${CONFIGURATIONS}/${kind.toLowerCase()}admissionpolicies`;
    const bindings = `${CONFIGURATIONS}/${kind.toLowerCase()}admissionpolicybindings`;
    const policy = {
      apiVersion,
      kind: `${kind}AdmissionPolicy`,
      metadata: { name: 'p' },
      spec: { ...spec, matchConstraints: { resourceRules: [rules] }, paramKind: { apiVersion: 'v1', kind: 'Secret' } },
    };
    const binding = (ref: object) => ({
      apiVersion,
      kind: `${kind}AdmissionPolicyBinding`,
      metadata: { name: 'b' },
      spec: { ...bindingSpec, policyName: 'p', paramRef: { parameterNotFoundAction: 'Deny', ...ref } },
    });
    await grant(admin, []);
    const refused = await call(ann, 'POST', policies, policy);
    expect([refused.status, refused.body.message]).toEqual([
      422,
      expect.stringContaining(
        `spec.paramKind: Forbidden: user ${USER} must have "get" permission on all objects of the referenced paramKind (kind=Secret, apiVersion=v1)`,
      ),
    ]);
    await call(admin, 'POST', policies, policy);
    // An update that does not change `paramKind` needs no permission on the parameters.
    const labels = { metadata: { labels: { a: 'b' } } };
    const kept = await call(ann, 'PATCH', `${policies}/p`, labels, 'application/merge-patch+json');
    expect(kept.status).toBe(200);
    for (const [ref, verb] of [
      [{ name: 's' }, 'get'],
      [{ selector: {} }, 'list'],
    ] as const) {
      const { status, body } = await call(ann, 'POST', bindings, binding(ref));
      const message = `spec.paramRef: Forbidden: user ${verb} does not have "${USER}" permission on the object referenced by paramRef`;
      expect([status, body.message]).toEqual([422, expect.stringContaining(message)]);
    }
    await grant(admin, [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]);
    expect((await call(ann, 'POST', bindings, binding({ name: 's' }))).status).toBe(201);
    const other = { ...policy, metadata: { name: 'q' } };
    expect((await call(ann, 'POST', policies, other)).status).toBe(201);
  },
);
