import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type KubeObject, refOf } from '@typekro/kit/core';
import { type InstancePage, type Plan, inspectPaths, instanceRef } from '@typekro/controller/inspect';
import { isNotFound, waitForObject } from '@typekro/kube';
import { type ApiServer, freePort, serverKinds } from '../support/api-server.ts';
import { type RunningCommand, startCli } from '../support/command.ts';

const TEAM = 'typekro-e2e-team';
const OTHER = 'typekro-e2e-other';
const NAME = 'typekro-e2e-dashboard';
const SETTINGS = { apiVersion: 'kro.run/v1alpha1', kind: 'Settings' };
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: TEAM, name: 'one-settings' };
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
const RBAC = 'rbac.authorization.k8s.io';

const definition = parse(
  readFileSync(new URL('../fixtures/configmap.rgd.yaml', import.meta.url), 'utf8'),
) as KubeObject;
const instance = (namespace: string): KubeObject => ({ ...SETTINGS, metadata: { name: 'one', namespace }, spec: {} });
const refIn = (namespace: string): string => instanceRef({ ...SETTINGS, namespace, name: 'one' });
const account = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: TEAM },
});

/**
 * The account `viewer` may read definitions everywhere, and instances and their ConfigMaps in its namespace. The
 * account `lister` has the same rights, except the rights on ConfigMaps.
 */
const rightsOfViewer = (): KubeObject[] => {
  const binding = (kind: string, name: string, ...accounts: string[]) => ({
    roleRef: { apiGroup: RBAC, kind, name },
    subjects: accounts.map((account) => ({ kind: 'ServiceAccount', name: account, namespace: TEAM })),
  });
  const reads = (apiGroup: string, ...resources: string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs: ['get', 'list'],
  });
  const apiVersion = `${RBAC}/v1`;
  const instances = { name: NAME, namespace: TEAM };
  const maps = { name: `${NAME}-maps`, namespace: TEAM };
  const definitions = reads('kro.run', 'resourcegraphdefinitions');
  const revisions = reads('internal.kro.run', 'graphrevisions');
  const crds = reads('apiextensions.k8s.io', 'customresourcedefinitions');
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name: NAME }, rules: [definitions, revisions, crds] },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: NAME },
      ...binding('ClusterRole', NAME, 'viewer', 'lister'),
    },
    { apiVersion, kind: 'Role', metadata: instances, rules: [reads('kro.run', 'settings')] },
    { apiVersion, kind: 'RoleBinding', metadata: instances, ...binding('Role', NAME, 'viewer', 'lister') },
    { apiVersion, kind: 'Role', metadata: maps, rules: [reads('', 'configmaps')] },
    { apiVersion, kind: 'RoleBinding', metadata: maps, ...binding('Role', maps.name, 'viewer') },
  ];
};

describe.each(serverKinds())('the dashboard of a controller on $name', ({ start }) => {
  let server: ApiServer;
  let controller: RunningCommand;
  let url: string;
  let viewer: string;
  let lister: string;
  let stranger: string;
  const applied: KubeObject[] = [];
  const apply = async (...objects: KubeObject[]): Promise<void> => {
    for (const object of objects) {
      await server.client.apply(object, { fieldManager: 'e2e', force: true });
      applied.push(object);
    }
  };
  const never = new AbortController().signal;

  const tokenOf = async (name: string): Promise<string> => {
    const { text } = await server.client.raw({
      method: 'POST',
      path: `/api/v1/namespaces/${TEAM}/serviceaccounts/${name}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
    });
    return (JSON.parse(text) as { readonly status: { readonly token: string } }).status.token;
  };

  beforeAll(async () => {
    server = await start();
    const installed = await startCli(['install', '--kubeconfig', 'kubeconfig'], server.directory).ended;
    expect(installed).toMatchObject({ code: 0 });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const flags = [
      '--metrics-bind-address=0',
      '--health-probe-bind-address=0',
      `--dashboard-bind-address=127.0.0.1:${port}`,
    ];
    controller = startCli(['controller', '--kubeconfig=kubeconfig', ...flags], server.directory);
    for (const name of [TEAM, OTHER]) await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await apply(...['viewer', 'lister', 'stranger'].map(account), ...rightsOfViewer(), definition);
    const isActive = (object: KubeObject | undefined) => (object?.status?.['state'] === 'Active' ? true : undefined);
    await waitForObject(server.client, refOf(definition), never, isActive);
    for (const object of [instance(TEAM), instance(OTHER)]) {
      await apply(object);
      await waitForObject(server.client, refOf(object), never, (found) =>
        found?.status?.['state'] === 'ACTIVE' ? true : undefined,
      );
    }
    [viewer, lister, stranger] = await Promise.all([tokenOf('viewer'), tokenOf('lister'), tokenOf('stranger')]);
    // The dashboard reads the instances from its own watches, which may be late.
    const total = async () => ((await read(inspectPaths.instances(), viewer)).body as InstancePage).total;
    await vi.waitUntil(async () => (await total()) === 1, { timeout: 20_000 });
  }, 120_000);
  afterAll(async () => {
    for (const object of applied.toReversed()) {
      await server.client.delete(refOf(object)).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
      if (object.kind === SETTINGS.kind || object === definition)
        await waitForObject(server.client, refOf(object), never, (found) => (found === undefined ? true : undefined));
    }
    await server.client.delete({ ...CRD, name: 'settings.kro.run' });
    controller.process.kill('SIGTERM');
    await controller.ended;
    await server.close();
  }, 60_000);

  const read = async (path: string, token?: string, init: RequestInit = {}) => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(init.method === 'POST' ? { 'content-type': 'application/json' } : {}),
    };
    const answer = await fetch(url + path, { ...init, headers });
    return { status: answer.status, body: (await answer.json()) as unknown };
  };
  const post = (path: string, token: string, body: unknown) =>
    read(path, token, { method: 'POST', body: JSON.stringify(body) });

  test('the log of the controller names the address of the dashboard, and no token', () => {
    expect(controller.output).toContain(url);
    expect(controller.output).not.toContain('token');
  });

  test('a user sees only the instances that RBAC allows', async () => {
    expect(await read(inspectPaths.meta(), viewer)).toMatchObject({
      status: 200,
      body: { user: `system:serviceaccount:${TEAM}:viewer`, source: 'controller', actions: [] },
    });
    expect((await read(inspectPaths.definitions(), viewer)).body).toMatchObject({
      items: [{ name: 'settings', instances: 1 }],
    });
    expect((await read(inspectPaths.instances(), viewer)).body).toMatchObject({ items: [{ ref: refIn(TEAM) }] });
    expect(await read(inspectPaths.instance(refIn(TEAM)), viewer)).toMatchObject({
      status: 200,
      body: { nodes: [{ id: 'configMap', state: 'ready' }] },
    });
    for (const path of [inspectPaths.instance(refIn(OTHER)), inspectPaths.why(refIn(OTHER))])
      expect(await read(path, viewer)).toMatchObject({ status: 403, body: { code: 'inspect/forbidden' } });
  });

  test('a user without rights on the objects of an instance does not see what the controller reads from these objects', async () => {
    const map = await server.client.get(MAP);
    const object = inspectPaths.object(refIn(TEAM), MAP);
    const own = [inspectPaths.instance(refIn(TEAM)), inspectPaths.why(refIn(TEAM)), object];
    const report = `${inspectPaths.instance(refIn(TEAM))}/report`;
    for (const path of [report, ...own, inspectPaths.instances(), inspectPaths.instanceEvents(refIn(TEAM))]) {
      const { body } = await read(path, lister);
      expect([path, JSON.stringify(body)]).toEqual([path, expect.not.stringContaining(map.metadata.uid ?? '')]);
    }
    expect((await read(own[0] ?? '', lister)).body).toMatchObject({ nodes: [{ id: 'configMap', state: 'unknown' }] });
    expect(JSON.stringify((await read(object, viewer)).body)).toContain(map.metadata.uid);
    // No user gets the controller's report, because it contains data that the controller reads with its own rights.
    for (const token of [lister, viewer])
      expect(await read(report, token)).toMatchObject({ status: 404, body: { code: 'inspect/no-reports' } });
  });

  test('validation rules instead of dry runs check the plan of a user, and the user cannot change an object', async () => {
    const changed = { ...instance(TEAM), spec: { colour: 'blue' } };
    const { status, body } = await post(inspectPaths.plan(), viewer, {
      files: [{ name: 'one.yaml', text: JSON.stringify(changed) }],
    });
    expect({ status, body }).toMatchObject({ status: 200 });
    const { instances, limits } = body as Plan;
    expect(instances).toMatchObject([{ state: 'changed', writes: [{ node: 'configMap', checked: 'rules' }] }]);
    expect(instances[0]?.writes[0]).not.toHaveProperty('refusal');
    expect(limits).toContain('no dry run was made: this server only reads the cluster');
    expect(await post(inspectPaths.actions(refIn(TEAM)), viewer, { action: 'suspend' })).toMatchObject({
      status: 403,
      body: { code: 'inspect/read-only' },
    });
    expect((await server.client.get(refOf(changed))).spec).toEqual({ colour: 'red' });
  });

  test('a user without rights gets refusals with a reason, and empty lists', async () => {
    expect(await read(inspectPaths.definitions(), stranger)).toMatchObject({
      status: 403,
      body: { message: 'you may not list resourcegraphdefinitions.kro.run' },
    });
    expect((await read(inspectPaths.instances(), stranger)).body).toMatchObject({ items: [], total: 0 });
    expect(await read(inspectPaths.instance(refIn(TEAM)), stranger)).toMatchObject({
      status: 403,
      body: { message: `you may not list Settings in ${TEAM}` },
    });
    const text = JSON.stringify(instance(TEAM));
    // The plan includes only the kinds that the user may read.
    expect(await post(inspectPaths.plan(), stranger, { files: [{ name: 'a', text }] })).toMatchObject({
      status: 422,
      body: { diagnostics: [{ message: 'kro.run/v1alpha1 has no kind "Settings"' }] },
    });
  });

  test.each<[string, () => string | undefined, string]>([
    ['no token', () => undefined, ''],
    ['an empty token', () => '', ''],
    ['a token that belongs to no user', () => 'nonsense', ''],
    ['a changed token', () => `${viewer}x`, ''],
    ['a token in the address', () => undefined, 'viewer'],
  ])('a request with %s is refused', async (_what, token, inAddress) => {
    const query = inAddress === '' ? '' : `?token=${viewer}`;
    for (const path of [inspectPaths.meta(), inspectPaths.instances(), inspectPaths.events()]) {
      const { status, body } = await read(path + query, token());
      expect([path, status, body]).toMatchObject([path, 401, { code: 'inspect/cluster-token' }]);
    }
  });

  test.each([
    ['under a foreign host name', { host: 'evil.test' }, 421],
    ['from a page of another origin', { origin: 'https://evil.test' }, 403],
  ])('%s, a request with a valid token is refused', async (_what, headers, status) => {
    for (const path of ['/', inspectPaths.instances(), inspectPaths.events()]) {
      const seen = await new Promise<number | undefined>((resolve, reject) => {
        get(url + path, { headers: { authorization: `Bearer ${viewer}`, ...headers } }, (answer) => {
          answer.destroy();
          resolve(answer.statusCode);
        }).on('error', reject);
      });
      expect([path, seen]).toEqual([path, status]);
    }
  });

  test('the page contains no data, and runs only scripts of the server', async () => {
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(await page.text()).not.toContain('settings');
  });

  test('the stream of each user contains only the changes that RBAC allows', async () => {
    const end = new AbortController();
    /** Follows the stream of a user. `text` is the part that has arrived. */
    const follow = async (token: string): Promise<{ text: string }> => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(url + inspectPaths.events(), { headers, signal: end.signal });
      const seen = { text: '' };
      const collect = async (): Promise<void> => {
        for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) seen.text += part;
      };
      collect().catch((error: unknown) => {
        if (!end.signal.aborted) throw error;
      });
      await expect.poll(() => seen.text).toContain('event: hello');
      return seen;
    };
    const [own, foreign] = await Promise.all([follow(viewer), follow(stranger)]);
    const patch = { metadata: { annotations: { 'kro.run/reconcile': 'suspended' } } };
    for (const namespace of [OTHER, TEAM]) await server.client.patch(refOf(instance(namespace)), patch);
    await expect.poll(() => own.text, { timeout: 20_000 }).toContain(refIn(TEAM));
    await server.client.patch(refOf(definition), { metadata: { labels: { changed: 'yes' } } });
    await server.client.patch(refOf(instance(TEAM)), { metadata: { annotations: { 'kro.run/reconcile': null } } });
    await expect.poll(() => own.text.match(/event: changes/g)?.length ?? 0, { timeout: 20_000 }).toBeGreaterThan(1);
    end.abort();
    expect(own.text).not.toContain(refIn(OTHER));
    expect(foreign.text).not.toContain('changes');
  });
});
