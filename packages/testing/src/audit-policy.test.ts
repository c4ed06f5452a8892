import { describe, expect, test } from 'vitest';
import { createCluster } from './create-cluster.ts';
import { readAuditPolicy } from './audit-policy.ts';

const HEAD = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';

/** The problems of a policy: severity, line, path and message. */
const problems = (text: string) =>
  readAuditPolicy(text, 'policy.yaml').diagnostics.map(
    ({ severity, source, path, message }) => `${severity} ${source?.line} ${path ?? '-'}: ${message}`,
  );

test.each([
  ['namespaces: default', 'write [default]'],
  ['verbs: get', 'write [get]'],
  ['users: jane', 'write [jane]'],
  ['userGroups: devs', 'write [system:authenticated]'],
  ['resources: [{resources: pods}]', 'write [configmaps]'],
  ["resources: [{group: '*'}]", 'name each group in its own entry; a rule without resources is for all groups'],
  ['resources: [{group: apps/v1}]', 'write apps'],
])('the hint for %s matches the field', (line, hint) => {
  const { diagnostics } = readAuditPolicy(`${HEAD}rules:\n- level: None\n  ${line}\n`, 'policy.yaml');
  expect(diagnostics.map((each) => each.hint)).toEqual([hint]);
});

test('a policy with all fields has no problems', () => {
  const text = `${HEAD}metadata: { name: p }
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: None
  users: [a]
  userGroups: [b]
  verbs: [watch]
  resources: [{ group: apps, resources: [deployments, '*/scale'], resourceNames: [x] }, { group: '' }]
  namespaces: ['']
  omitStages: [Panic]
  omitManagedFields: false
- level: Metadata
  nonResourceURLs: ['/healthz*', '*']
`;
  const { policy, diagnostics } = readAuditPolicy(text, 'policy.yaml');
  expect(diagnostics).toEqual([]);
  expect(policy).toMatchObject({ omitManagedFields: true, rules: [{ level: 'None' }, { level: 'Metadata' }] });
});

describe('mistakes are named with their lines and paths', () => {
  test.each([
    ['', ['error 1 -: the file has no policy']],
    [
      'kind: Policy\nrules: []\n',
      ['error 1 -: "apiVersion" is missing', 'error 2 rules: a policy without rules records nothing'],
    ],
    [
      'apiVersion: audit.k8s.io/v1beta1\nkind: Policies\nrules: [{level: None}]',
      [
        'error 1 apiVersion: "apiVersion" cannot be "audit.k8s.io/v1beta1"',
        'error 2 kind: "kind" cannot be "Policies"',
      ],
    ],
    [
      `${HEAD}rules:\n- level: All\n- users: jane\n`,
      [
        'error 4 rules[0].level: "level" cannot be "All"',
        'error 5 rules[1]: "level" is missing',
        'error 5 rules[1].users: "users" must be a list, but is a string',
      ],
    ],
    [
      `${HEAD}rules:\n- level: None\n  resources:\n  - group: apps/v1\n    resourceNames: [a]\n`,
      [
        'error 6 rules[0].resources[0].group: "apps/v1" is not an API group; the name of a group does not include a version',
        'error 7 rules[0].resources[0].resourceNames: resourceNames needs resources in the same entry',
      ],
    ],
    [
      `${HEAD}rules:\n- level: None\n  nonResourceURLs: [version, '/a*b']\n  namespaces: [a]\n`,
      [
        'error 5 rules[0].nonResourceURLs[0]: the path "version" does not begin with /',
        `error 5 rules[0].nonResourceURLs[1]: the path "/a*b" has a * that is not its last character`,
        'error 5 rules[0].nonResourceURLs: a rule with nonResourceURLs cannot have resources or namespaces',
      ],
    ],
    [
      `${HEAD}rules: [{level: None, omitStages: [Begin]}]`,
      ['error 3 rules[0].omitStages[0]: an entry of "omitStages" cannot be "Begin"'],
    ],
    [`${HEAD}rules: [{level: None}]\n---\na: b\n`, ['error 5 -: an audit log has one policy']],
  ])('%j', (text, expected) => {
    expect(problems(text)).toEqual(expected);
    expect(readAuditPolicy(text, 'policy.yaml').policy).toBeUndefined();
  });

  test('an unknown field is a warning, as for kube-apiserver', () => {
    const text = `${HEAD}rules: [{level: None, verb: [get]}]`;
    expect(problems(text)).toEqual(['warning 3 rules[0].verb: there is no field "verb" here']);
    expect(readAuditPolicy(text, 'policy.yaml').policy).toBeDefined();
  });

  test('a version as a group is a warning, because no API group has this name', () => {
    const text = `${HEAD}rules:\n- level: None\n  resources:\n  - group: v1\n    resources: [pods]\n`;
    expect(problems(text)).toEqual(['warning 6 rules[0].resources[0].group: "v1" is a version, not an API group']);
    expect(readAuditPolicy(text, 'policy.yaml').policy).toBeDefined();
  });
});

describe('createCluster with an audit log', () => {
  test('calls onEvent for the requests of its clients', async () => {
    const seen: string[] = [];
    const policy = `${HEAD}omitStages: [RequestReceived]\nrules: [{level: Metadata, verbs: [create, delete]}]`;
    await using cluster = await createCluster({
      audit: { policy, onEvent: ({ verb, objectRef }) => void seen.push(`${verb} ${objectRef?.name}`) },
    });
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
    await cluster.client.create(map);
    await cluster.client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'default' });
    expect(seen).toEqual(['create a']);
  });

  test.each([
    ['an object', { rules: [{ level: 'Alle' as 'None' }] }, /level" cannot be "Alle"[\s\S]*rules\[0\]\.level/],
    ['a text', 'rules: 1', /audit policy:1:1: error: "apiVersion" is missing/],
  ])('refuses an invalid policy in the form of %s', async (_, policy, message) => {
    await expect(createCluster({ audit: { policy } })).rejects.toMatchObject({
      code: 'cluster/audit-policy',
      message: expect.stringMatching(message),
    });
  });
});
