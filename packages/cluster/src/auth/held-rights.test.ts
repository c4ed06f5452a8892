import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { type Cluster, createEmbeddedCluster } from '../index.ts';
import { sendJson } from '../../test-support/send-json.ts';
import { asTexts, ruleAllows } from '@typekro/kit/kubernetes';
import { type Attributes, authorize, grantsOf } from './authorizer.ts';
import { rightsOf } from './escalation.ts';
import { rightsIn, wantedOf } from './held-rights.ts';

const many = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const rule = (verbs: string[], resources: string[], apiGroups: string[] = [''], names?: string[]): JsonObject => ({
  verbs,
  resources,
  apiGroups,
  ...(names === undefined ? {} : { resourceNames: names }),
});
const urls = (verbs: string[], ...nonResourceURLs: string[]): JsonObject => ({ verbs, nonResourceURLs });

/** The lists that a rule can have of each member: without texts, with a wildcard, with one text, with many. */
const VERBS = [[], ['*'], ['get'], ['list', 'get']];
const GROUPS = [[], ['*'], [''], ['apps', '']];
const RESOURCES = [[], ['*'], ['pods'], ['*/status'], ['pods/status', 'pods'], [...many(40, 'r'), 'secrets']];
const NAMES = [undefined, [], [''], ['a', 'b'], [...many(40, 'n'), 'a']];
const URLS = [[], ['*'], ['/a'], ['/a/*'], ['/a*', '/b'], [...many(40, '/p'), '/a']];
const RULES: readonly JsonObject[] = VERBS.flatMap((verbs) => [
  ...GROUPS.flatMap((apiGroups) =>
    RESOURCES.flatMap((resources) => NAMES.map((names) => rule(verbs, resources, apiGroups, names))),
  ),
  ...URLS.map((each) => urls(verbs, ...each)),
]);
const RIGHTS = [
  rule(['*', 'get', 'list', 'put'], ['*', 'pods', 'secrets', 'pods/status'], ['', 'apps', '*'], ['', 'a', 'c']),
  urls(['get', 'put'], '*', '/a', '/a/b', '/a/*', '/b', '/c'),
].flatMap((each) => [...rightsOf(each)].map(({ attributes }) => attributes));

/** Does a rule allow the action? Decides without an index. */
const covers = (held: JsonObject, { path, ...action }: Attributes): boolean =>
  path === undefined
    ? ruleAllows(held, action)
    : asTexts(held['verbs']).some((verb) => verb === '*' || verb === action.verb) &&
      asTexts(held['nonResourceURLs']).some(
        (url) => url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))),
      );

test('rights are found like without an index, in one rule and among many', () => {
  const differences: unknown[] = [];
  const compare = (rules: JsonObject[]): void => {
    for (const right of RIGHTS)
      if (rightsIn(rules).covers(wantedOf(right)) !== rules.some((held) => covers(held, right)))
        differences.push([rules, right]);
  };
  for (const held of RULES) compare([held]);
  for (let step = 1; step < 200; step += 2) compare(RULES.filter((_, index) => (index * 31 + step) % 199 < step / 8));
  // No rule has all the members of an action, although each member is in many rules.
  const halves = [rule(['get'], ['x']), rule(['put'], ['pods']), rule(['get'], ['pods'], ['apps'])];
  compare(many(500, 'n').flatMap((name) => halves.map((half) => ({ ...half, resourceNames: [name, 'a', ''] }))));
  expect(differences).toEqual([]);
});

/** Rules that count the reads of their members. */
function countedRules(count: number): { readonly rules: JsonObject[]; readonly reads: () => number } {
  let reads = 0;
  const counted = (each: JsonObject) => new Proxy(each, { get: (target, key) => ((reads += 1), target[String(key)]) });
  const rules = many(count, 'r').map((name) => counted(rule(['get'], [name], [''], ['n'])));
  return { rules, reads: () => reads };
}

test('a look-up of a right takes few steps', () => {
  const rules = many(1000, 'r').map((name) => rule(['get'], [name], [''], ['n']));
  const work = { steps: 0 };
  const right = { verb: 'get', group: '', resource: 'r7', subresource: '', namespace: '', name: 'n' };
  expect(rightsIn(rules).covers(wantedOf(right), work)).toBe(true);
  expect(work.steps).toBeLessThan(100);
});

test('the requests of a user read the rules of the roles once', () => {
  const roles = Array.from({ length: 3 }, () => countedRules(100));
  const subjects = [{ kind: 'User', name: 'u' }];
  const bindings = roles.map((_, index) => ({
    object: { metadata: { name: 'b', namespace: 'n' }, roleRef: { kind: 'Role', name: String(index) }, subjects },
  }));
  const objects = roles.map(({ rules }) => ({ object: { rules } }));
  const get = (key: string) => objects[Number(key.slice(2))];
  const context = { store: { collection: () => ({ all: () => [], inNamespace: () => bindings, get }) } };
  const right = { verb: 'get', group: '', resource: 'none', subresource: '', namespace: 'n', name: '' };
  const user = { name: 'u', uid: '', groups: [], extra: {} };
  for (let request = 0; request < 100; request += 1)
    expect(authorize({ ...context, allowsAll: false } as never, user, right).allowed).toBe(false);
  expect(roles.map(({ reads }) => reads() <= 400)).toEqual([true, true, true]);
});

test('several bindings of a user to one role are one grant, by the first of them', () => {
  const binding = (name: string, role: string) => ({
    object: {
      metadata: { name, namespace: 'n' },
      roleRef: { kind: 'Role', name: role },
      subjects: [{ kind: 'User', name: 'u' }],
    },
  });
  const bindings = [binding('a', 'r'), binding('b', 'r'), binding('c', 's'), binding('d', 'none'), binding('e', 'r')];
  const get = (key: string) => (key === 'n/none' ? undefined : { object: { rules: [rule(['get'], [key])] } });
  const store = { collection: () => ({ all: () => [], inNamespace: () => bindings, get }) };
  const problems: string[] = [];
  const user = { name: 'u', uid: '', groups: [], extra: {} };
  const grants = [...grantsOf({ store, allowsAll: false } as never, user, 'n', problems)];
  expect(grants.map(({ description }) => description)).toEqual([
    'RoleBinding "a/n" of Role "r" to User "u"',
    'RoleBinding "c/n" of Role "s" to User "u"',
  ]);
  expect(problems).toHaveLength(1);
});

describe('create rights', () => {
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
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'a', namespace: 'default' },
    };
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
});

describe('escalation', () => {
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

  test('a review lists the rules of many bindings to a role once', async () => {
    const roleRef = { apiGroup, kind: 'ClusterRole', name: 'view' };
    const subjects = [{ kind: 'User', name: 'twice', apiGroup }];
    for (const name of ['first', 'second'])
      await admin.create({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects });
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', metadata: {} };
    const { status } = await admin.as({ user: 'twice' }).create({ ...review, spec: { namespace: 'default' } });
    const rules = JSON.stringify(status?.['resourceRules']).split('},{');
    expect(rules).toHaveLength(new Set(rules).size);
  });

  test('a review of more rules than the server can print is incomplete, and says so', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `long-${index}`);
    for (const name of names) {
      const rules = [{ verbs: ['get'], apiGroups: [''], resources: [name], resourceNames: ['x'.repeat(1_500_000)] }];
      const subjects = [{ apiGroup, kind: 'User', name: 'long' }];
      await admin.create({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });
      const roleRef = { apiGroup, kind: 'ClusterRole', name };
      await admin.create({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects });
    }
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', metadata: {} };
    const { status } = await admin.as({ user: 'long' }).create({ ...review, spec: { namespace: 'default' } });
    const evaluationError = expect.stringContaining('SelfSubjectAccessReview') as string;
    expect(status).toMatchObject({ incomplete: true, evaluationError });
    expect(status?.['resourceRules']).toHaveLength(5);
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
});
