import { expect, test } from 'vitest';
import { call } from '../../test-support/webhook-cluster.ts';
import type { JsonObject } from '@typekro/kit/core';
import { createEmbeddedCluster } from '../cluster.ts';
import type { UserInfo } from '../cluster-options.ts';
import { toHeader } from '../protocol/reply.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const GROUP = 'authentication.k8s.io';

type Rule = readonly [verb: string, group: string, resource: string, ...names: string[]];

const ME: UserInfo = { name: 'me', groups: [] };
const AGENT: UserInfo = {
  name: 'system:serviceaccount:default:agent',
  groups: [],
  extra: { 'authentication.kubernetes.io/node-name': ['n1'] },
};

/**
 * Returns the effective user of a request with impersonation headers, or the error. `rules` are the rights of the
 * requesting user.
 */
async function impersonate(rules: readonly Rule[], headers: Record<string, string>, user = ME): Promise<unknown> {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  await call(cluster.transport(), 'POST', `${RBAC}/clusterroles`, {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name: 'r' },
    rules: rules.map(([verb, group, resource, ...names]) => ({
      verbs: [verb],
      apiGroups: [group],
      resources: [resource],
      ...(names.length === 0 ? {} : { resourceNames: names }),
    })),
  });
  await call(cluster.transport(), 'POST', `${RBAC}/clusterrolebindings`, {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'b' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user.name }],
  });
  const reply = await cluster
    .transport(user)
    .request({
      method: 'POST',
      path: REVIEWS,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ apiVersion: `${GROUP}/v1`, kind: 'SelfSubjectReview' }),
    });
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
  const body = JSON.parse(text) as { message?: string; status?: { userInfo?: JsonObject } };
  return body.status?.userInfo ?? `${reply.status} ${body.message}`;
}

const as = (name: string, more: Record<string, string> = {}) => ({ 'impersonate-user': name, ...more });
const on = (mode: string): Rule => [`impersonate-on:${mode}:create`, GROUP, 'selfsubjectreviews'];
const refused = (verb: string, resource: string, group: string, name: string, why = '') =>
  `403 ${resource}${group === '' ? '' : `.${group}`}${name === '' ? '' : ` "${name}"`} is forbidden: User "me" cannot ${verb} resource "${resource}" in API group "${group}" at the cluster scope${why}`;
const cannotReview = (mode: string) =>
  `403 selfsubjectreviews.${GROUP} is forbidden: User "me" cannot impersonate-on:${mode}:create resource "selfsubjectreviews" in API group "${GROUP}" at the cluster scope`;

const ANNA = { username: 'anna', groups: ['system:authenticated'] };
const ACCOUNT = 'system:serviceaccount:default:builder';

test.each<[string, readonly Rule[], Record<string, string>, unknown]>([
  ['a user, with the right', [['impersonate', '', 'users', 'anna']], as('anna'), ANNA],
  [
    'a name in UTF-8, whose bytes Node reads as Latin-1',
    [['impersonate', '', 'users', 'jürgen']],
    as(toHeader('jürgen')),
    { username: 'jürgen', groups: ['system:authenticated'] },
  ],
  ['no right', [], as('anna'), cannotReview('user-info')],
  ['a service account, without the right', [], as(ACCOUNT), cannotReview('serviceaccount')],
  ['a node, without the right', [], as('system:node:n1'), cannotReview('arbitrary-node')],
  [
    'a service account',
    [['impersonate', '', 'serviceaccounts', 'builder']],
    as(ACCOUNT),
    { username: ACCOUNT, groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'] },
  ],
  [
    'a name that only resembles that of a service account',
    [['impersonate', '', 'users']],
    as('system:serviceaccount:de fault:a'),
    { username: 'system:serviceaccount:de fault:a', groups: ['system:authenticated'] },
  ],
  [
    'groups, a uid and extra values',
    [
      ['impersonate', '', 'users'],
      ['impersonate', '', 'groups', 'a, b', 'c'],
      ['impersonate', GROUP, 'uids'],
      ['impersonate', GROUP, 'userextras/example.com/x', '1', '2'],
    ],
    as('anna', { 'impersonate-group': 'a, b\nc', 'impersonate-uid': 'u', 'impersonate-extra-example.com%2fx': '1\n2' }),
    {
      username: 'anna',
      uid: 'u',
      groups: ['a, b', 'c', 'system:authenticated'],
      extra: { 'example.com/x': ['1', '2'] },
    },
  ],
  [
    'extra keys with the names of properties of Object.prototype',
    [
      ['impersonate', '', 'users'],
      ['impersonate', GROUP, 'userextras/__proto__'],
    ],
    as('anna', { 'impersonate-extra-__proto__': 'x' }),
    { ...ANNA, extra: JSON.parse('{"__proto__":["x"]}') as JsonObject },
  ],
  [
    'an anonymous user, outside of the group of authenticated users',
    [['impersonate', '', 'users']],
    as('system:anonymous'),
    `403 selfsubjectreviews.${GROUP} is forbidden: User "system:anonymous" cannot create resource "selfsubjectreviews" in API group "${GROUP}" at the cluster scope`,
  ],
  [
    'constrained, with both rights',
    [on('user-info'), ['impersonate:user-info', GROUP, 'users', 'anna']],
    as('anna'),
    ANNA,
  ],
  [
    'constrained, without the right for the user',
    [on('user-info')],
    as('anna'),
    refused('impersonate:user-info', 'users', GROUP, 'anna'),
  ],
  [
    'constrained, the group system:masters',
    [on('user-info'), ['impersonate:user-info', GROUP, 'users'], ['impersonate:user-info', GROUP, 'groups']],
    as('anna', { 'impersonate-group': 'system:masters' }),
    refused(
      'impersonate:user-info',
      'groups',
      GROUP,
      'system:masters',
      ': impersonating the system:masters group is not allowed',
    ),
  ],
  [
    'constrained, an extra key without a domain',
    [on('user-info'), ['impersonate:user-info', GROUP, 'users'], ['impersonate:user-info', GROUP, 'userextras/x']],
    as('anna', { 'impersonate-extra-x': '1' }),
    refused(
      'impersonate:user-info',
      'userextras',
      GROUP,
      '',
      ': impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")',
    ),
  ],
  [
    'constrained, a node',
    [on('arbitrary-node'), ['impersonate:arbitrary-node', GROUP, 'nodes', 'n1']],
    as('system:node:n1'),
    { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] },
  ],
  [
    'a node together with a group, which requires the unconstrained right',
    [on('arbitrary-node'), ['impersonate:arbitrary-node', GROUP, 'nodes']],
    as('system:node:n1', { 'impersonate-group': 'g' }),
    refused('impersonate', 'users', '', 'system:node:n1'),
  ],
  [
    'a group without a user',
    [],
    { 'impersonate-group': 'a' },
    '400 requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"a"}, Extra:map[string][]string(nil)} without impersonating a user name',
  ],
])('impersonation is allowed or refused: %s', async (_what, rules, headers, outcome) => {
  expect(await impersonate(rules, headers)).toEqual(outcome);
});

test('a service account may impersonate only the node of its pod', async () => {
  const rules: Rule[] = [on('associated-node'), ['impersonate:associated-node', GROUP, 'nodes', '*']];
  expect(await impersonate(rules, as('system:node:n1'), AGENT)).toEqual({
    username: 'system:node:n1',
    groups: ['system:nodes', 'system:authenticated'],
  });
  expect(await impersonate(rules, as('system:node:n2'), AGENT)).toContain(
    'cannot impersonate-on:arbitrary-node:create',
  );
});
