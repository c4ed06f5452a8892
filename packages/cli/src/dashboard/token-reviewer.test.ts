import { chmodSync, mkdtempSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import type { Viewer } from '@typekro/controller/inspect';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { type TestCluster, createCluster } from '@typekro/testing';
import { reviewedApi } from './reviewed-api.ts';
import { TokenReviewer } from './token-reviewer.ts';
import { keptToken } from './kept-token.ts';

describe('token reviewer', () => {
  const JANE = { name: 'jane', groups: ['developers', 'system:authenticated'] };
  const CONFIG = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
  const BOAT = { apiVersion: 'acme.test/v1', kind: 'Boat' } as const;
  const NODE = { apiVersion: 'v1', kind: 'Node' } as const;
  const SECRET = { apiVersion: 'v1', kind: 'Secret' } as const;

  let cluster: TestCluster;
  let jane: Viewer;

  const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const config = (place: string): KubeObject => ({ ...CONFIG, metadata: { name: 'c', namespace: place }, data: {} });

  beforeAll(async () => {
    cluster = await createCluster({ tokens: { 'token-of-jane': JANE } });
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'readers', namespace: 'team-a' } };
    // The Role's rule for nodes has no effect, because nodes are cluster-scoped.
    const resources = ['configmaps', 'pods/log', 'nodes'];
    for (const object of [
      namespace('team-a'),
      namespace('team-b'),
      config('team-a'),
      config('team-b'),
      { ...SECRET, metadata: { name: 's', namespace: 'team-a' }, stringData: { password: 'hunter2' } },
      { ...role, kind: 'Role', rules: [{ apiGroups: [''], resources, verbs: ['get', 'list'] }] },
      {
        ...role,
        kind: 'RoleBinding',
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'readers' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'developers' }],
      },
    ])
      await cluster.client.create(object);
    const found = await new TokenReviewer(cluster.client, new TestClock()).authenticate('token-of-jane');
    if (found === undefined) throw new Error('the token is refused');
    jane = found;
  });
  afterAll(() => cluster.close());

  /** Returns the status and the message of a refused read, or `answered`. */
  const outcome = async (read: Promise<unknown>): Promise<unknown> =>
    read.then(
      () => 'answered',
      (error: unknown) => {
        if (!(error instanceof KubeError)) throw error;
        return { status: error.status, message: error.message };
      },
    );

  describe('authenticate', () => {
    it.each(['', 'another', 'token-of-jane ', 'x'.repeat(20_000)])('refuses the token "%.20s"', async (token) => {
      expect(await new TokenReviewer(cluster.client, new TestClock()).authenticate(token)).toBeUndefined();
    });

    it('names the user of a token', () => {
      expect(jane.user).toBe('jane');
    });
  });

  describe('a read as the user', () => {
    const reads: readonly [string, (api: KubernetesApi) => Promise<unknown>][] = [
      ['an object that the user may read', (api) => api.find(ref(CONFIG, 'team-a', 'c'))],
      ['an object of another namespace', (api) => api.find(ref(CONFIG, 'team-b', 'c'))],
      ['a Secret', (api) => api.get(ref(SECRET, 'team-a', 's'))],
      ['a list', (api) => api.list(CONFIG, { namespace: 'team-a' })],
      ['a list of all namespaces', (api) => api.list(CONFIG)],
      ['a list of Secrets', (api) => api.list(SECRET, { namespace: 'team-a' })],
      ['a list of a cluster-scoped kind in a namespace', (api) => api.list(NODE, { namespace: 'team-a' })],
      ['a list of a cluster-scoped kind', (api) => api.list(NODE)],
      ['a cluster-scoped object', (api) => api.get({ ...NODE, namespace: 'team-a', name: 'n' })],
      ['the status of an object', (api) => api.get(ref(CONFIG, 'team-a', 'c'), { subresource: 'status' })],
      ['an object of a kind that does not exist', (api) => api.get({ ...BOAT, namespace: 'team-a', name: 'b' })],
      ['an optional object of a kind that does not exist', (api) => api.find({ ...BOAT, name: 'b' })],
      ['a list of a kind that does not exist', (api) => api.list(BOAT)],
    ];
    it.each(reads)(
      'of %s has the same outcome as on the API server: success, or an equal error',
      async (_what, read) => {
        const own = cluster.connect({ user: JANE });
        expect(await outcome(read(jane.api))).toEqual(await outcome(read(own)));
      },
    );

    it('of a kind without a known resource is not passed on', async () => {
      const boat: KubeObject = { ...BOAT, metadata: { name: 'b', namespace: 'team-a' } };
      // The review does not find the kind, but the client knows the kind a moment later.
      const late = {
        discovery: { resourceOf: () => Promise.resolve(undefined) },
        find: () => Promise.resolve(boat),
        get: () => Promise.resolve(boat),
        list: () => Promise.resolve({ items: [boat], resourceVersion: '1' }),
      } as unknown as KubernetesApi;
      const api = reviewedApi(late, 'jane', () => Promise.resolve(true));
      expect(await api.find(ref(BOAT, 'team-a', 'b'))).toBeUndefined();
      const unknown = { status: 404, message: 'the server has no kind "Boat" in version "acme.test/v1"' };
      expect(await outcome(api.get(ref(BOAT, 'team-a', 'b')))).toEqual(unknown);
      expect(await outcome(api.list(BOAT))).toEqual(unknown);
    });

    it('of a log needs the right to read logs', async () => {
      const log = (api: KubernetesApi, place: string) =>
        outcome(api.raw({ path: `/api/v1/namespaces/${place}/pods/none/log?container=c` }));
      expect(await log(jane.api, 'team-a')).toMatchObject({ status: 404 });
      const refused = await log(jane.api, 'team-b');
      expect(refused).toEqual(await log(cluster.connect({ user: JANE }), 'team-b'));
      expect(refused).toEqual({
        status: 403,
        message:
          'pods "none" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "team-b"',
      });
    });

    it('of a watch is refused, and the message says which reads are allowed', async () => {
      const watch = jane.api.watch(CONFIG, { namespace: 'team-a' })[Symbol.asyncIterator]();
      const message = 'this server reads only objects, lists, logs of pods, the version and schemas';
      expect(await outcome(watch.next())).toEqual({ status: 403, message });
    });

    it.each([
      '/api/v1/namespaces/team-b/configmaps/c',
      '/api/v1/namespaces/team-a/pods/p/log/../../../../secrets',
      '/apis/../api/v1/secrets',
      '/metrics',
      '/api/v1/namespaces/team-a/pods/p/exec',
    ])('of the path %s is refused', async (path) => {
      const message = 'this server reads only objects, lists, logs of pods, the version and schemas';
      expect(await outcome(jane.api.raw({ path }))).toEqual({ status: 403, message });
    });

    it('is the only permitted request: every write is refused, even a dry run', async () => {
      const object = config('team-a');
      const place = ref(CONFIG, 'team-a', 'c');
      const options = { fieldManager: 'test', dryRun: true };
      for (const write of [
        jane.api.create(object, options),
        jane.api.update(object, options),
        jane.api.patch(place, {}, options),
        jane.api.apply(object, options),
        jane.api.delete(place),
        jane.api.as({ user: 'system:admin' }).delete(place),
        jane.api.raw({ method: 'POST', path: '/api/v1/namespaces', body: {} }),
      ])
        expect(await outcome(write)).toEqual({ status: 405, message: 'this server only reads the cluster' });
    });

    it('of a list is announced as allowed only where the user may list the kind', async () => {
      expect(await jane.mayList(CONFIG, 'team-a')).toBe(true);
      expect(await jane.mayList(CONFIG, 'team-b')).toBe(false);
      expect(await jane.mayList(CONFIG)).toBe(false);
      expect(await jane.mayList(NODE, 'team-a')).toBe(false);
      expect(await jane.mayList(BOAT, 'team-a')).toBe(false);
    });
  });

  describe('the reviews', () => {
    it('are cached for ten seconds, and a withdrawn right ends at that time', async () => {
      let reviews = 0;
      // A proxy, because the methods of a copied client would lack the private members of the client.
      const counted = new Proxy<KubernetesApi>(cluster.client, {
        get(client, name) {
          if (name === 'create') reviews += 1;
          const member: unknown = Reflect.get(client, name, client);
          return typeof member === 'function' ? (member.bind(client) as unknown) : member;
        },
      });
      const clock = new TestClock();
      const reviewer = new TokenReviewer(counted, clock);
      const mayList = async () => (await reviewer.authenticate('token-of-jane'))?.mayList(CONFIG, 'team-a');
      expect([await mayList(), await mayList(), reviews]).toEqual([true, true, 2]);
      const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' };
      await cluster.client.delete(ref(binding, 'team-a', 'readers'));
      expect(await mayList()).toBe(true);
      await clock.advance(10_000);
      expect([await mayList(), reviews]).toEqual([false, 4]);
    });
  });

  function ref(type: { apiVersion: string; kind: string }, place: string, name: string): ObjectRef {
    return { ...type, namespace: place, name };
  }
});

describe('kept token', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-token-'));
    path = join(folder, 'dashboard-token');
  });

  describe('the token in a file', () => {
    it('is the same for the same port, in a file that only its user may read, and no other file is left', () => {
      const token = keptToken(path, 8090);
      expect(token).toMatch(/^[\w-]{32}$/);
      expect(keptToken(path, 8090)).toBe(token);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readdirSync(folder)).toEqual(['dashboard-token']);
    });

    it.each<[string, () => void, number]>([
      ['another port, because another program may use the earlier port later', () => {}, 8091],
      ['a file that other users may read', () => chmodSync(path, 0o644), 8090],
      ['a file that the group may write', () => chmodSync(path, 0o620), 8090],
    ])('is replaced by a new token for %s', (_what, change, port) => {
      const token = keptToken(path, 8090);
      change();
      const next = keptToken(path, port);
      expect(next).not.toBe(token);
      expect(keptToken(path, port)).toBe(next);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readdirSync(folder)).toEqual(['dashboard-token']);
    });

    it.each<[string, () => void]>([
      ['a file of another program', () => writeFileSync(path, 'apiVersion: v1', { mode: 0o600 })],
      ['a short token', () => writeFileSync(path, '{"port":8090,"token":"abc"}', { mode: 0o600 })],
      ['an empty file', () => writeFileSync(path, '', { mode: 0o600 })],
      ['a large file', () => writeFileSync(path, `{"port":8090,"token":"${'a'.repeat(2000)}"}`, { mode: 0o600 })],
      ['a link', () => symlinkSync(join(folder, 'other'), path)],
      ['a folder', () => (path = folder)],
      ['a missing folder', () => (path = join(folder, 'none', 'file'))],
    ])('is refused for %s, and no file changes', (_what, make) => {
      make();
      const before = readdirSync(folder).map((name) => [name, name === 'dashboard-token' ? linkOrText() : '']);
      expect(() => keptToken(path, 8090)).toThrow(expect.objectContaining({ code: 'dashboard/token-file' }));
      expect(readdirSync(folder).map((name) => [name, name === 'dashboard-token' ? linkOrText() : ''])).toEqual(before);
    });
  });

  function linkOrText(): string {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return 'unreadable';
    }
  }
});
