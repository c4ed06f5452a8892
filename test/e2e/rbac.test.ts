import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { controllerManifests } from '@typekro/controller/controller';
import { type KubeObject, refOf } from '@typekro/kit/core';
import { isNotFound, unlessFailed } from '@typekro/kube';
import { type ApiServer, serverKinds } from '../support/api-server.ts';
import { type RunningCommand, startCli } from '../support/command.ts';

const file = fileURLToPath(new URL('../fixtures/rights.rgd.yaml', import.meta.url));
const SYSTEM = 'typekro-e2e-system';
const NAMESPACE = 'typekro-e2e-rights';
const RIGHTS = { apiVersion: 'e2e.typekro.dev/v1alpha1', kind: 'Rights' };
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
const DEFINITION = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'rights' };

function ignoreMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}

describe.each(serverKinds())('the rights of a controller on $name', ({ start, workloads }) => {
  let server: ApiServer;
  let controller: RunningCommand | undefined;
  const applied: KubeObject[] = [];
  const apply = async (objects: readonly KubeObject[]) => {
    for (const object of objects) {
      await server.client.apply(object, { fieldManager: 'e2e', force: true });
      applied.push(object);
    }
  };
  const rbac = async (path: string, ...flags: readonly string[]): Promise<KubeObject[]> => {
    const args = ['rbac', path, '--controller', `${SYSTEM}/typekro`, ...flags];
    const { code, stdout, stderr } = await startCli(args, server.directory).ended;
    expect({ code, stderr }, stderr).toMatchObject({ code: 0 });
    return parseAllDocuments(stdout).map((document) => document.toJS() as KubeObject);
  };
  const instance = async () => (await server.client.find({ ...RIGHTS, name: 'a', namespace: NAMESPACE }))?.status;
  const definitionMessage = async () => {
    const { conditions } = (await server.client.get(DEFINITION)).status ?? {};
    const found = (conditions as { readonly type: string; readonly message: string }[] | undefined) ?? [];
    return found.find(({ type }) => type === 'ControllerReady')?.message;
  };
  const state = async () => (await instance())?.['state'];

  /** Binds the roles directly, because the cluster may not have the controller that aggregates roles. */
  const bindDirectly = (objects: readonly KubeObject[]): KubeObject[] =>
    objects
      .filter(
        ({ kind, metadata }) => kind === 'ClusterRole' && metadata.labels?.['rbac.kro.run/aggregate-to-controller'],
      )
      .map(({ metadata: { name = '' } }) => ({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ kind: 'ServiceAccount', name: 'typekro', namespace: SYSTEM }],
      }));
  const grant = (objects: readonly KubeObject[]) => apply(workloads ? objects : [...objects, ...bindDirectly(objects)]);

  beforeAll(async () => {
    server = await start();
    const manifests = controllerManifests({ image: 'typekro:none', namespace: SYSTEM });
    await grant(manifests.filter(({ kind }) => kind !== 'Deployment'));
    const metadata = { name: 'shared', namespace: NAMESPACE, labels: { colour: 'blue' } };
    await apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer', namespace: NAMESPACE } },
    ]);
    const answer = await server.client.raw({
      method: 'POST',
      path: `/api/v1/namespaces/${SYSTEM}/serviceaccounts/typekro/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
    });
    const { token } = (JSON.parse(answer.text) as { readonly status: { readonly token: string } }).status;
    const config = parse(readFileSync(server.kubeconfig, 'utf8')) as { users: { user: object }[] };
    config.users = config.users.map((user) => ({ ...user, user: { token } }));
    writeFileSync(join(server.directory, 'controller'), JSON.stringify(config));
    controller = startCli(
      [
        'controller',
        '--kubeconfig=controller',
        '--metrics-bind-address=0',
        '--health-probe-bind-address=0',
        '--leader-elect',
        `--leader-election-namespace=${SYSTEM}`,
      ],
      server.directory,
    );
    await controller.until(/the controller is ready/);
  }, 90_000);
  afterAll(async () => {
    // Deletes the objects while the controller runs, so that the controller removes its finalizers. kro's CRDs stay, as
    // after an installation.
    const ownObjects = applied.filter(({ kind }) => kind !== 'CustomResourceDefinition').reverse();
    const remove = async (object: KubeObject) => server.client.delete(refOf(object)).catch(ignoreMissing);
    for (const instance of ownObjects.filter(({ apiVersion }) => apiVersion === RIGHTS.apiVersion)) {
      await remove(instance);
      await vi.waitUntil(async () => (await server.client.find(refOf(instance))) === undefined, { timeout: 20_000 });
    }
    for (const object of ownObjects) await remove(object);
    for (const name of ['rights.e2e.typekro.dev', 'accounts.e2e.typekro.dev', 'identities.e2e.typekro.dev']) {
      await remove({ ...CRD, metadata: { name } });
    }
    controller?.process.kill('SIGTERM');
    await controller?.ended;
    await server.close();
  }, 60_000);

  test('the controller names the missing right of a definition, and needs only the rights that `typekro rbac` prints', async () => {
    await apply([parse(readFileSync(file, 'utf8')) as KubeObject]);
    await expect.poll(definitionMessage, { timeout: 20_000 }).toMatch(/cannot watch resource "rights"/);
    await grant(await rbac(file));
    await apply([{ ...RIGHTS, metadata: { name: 'a', namespace: NAMESPACE }, spec: { names: ['one', 'two'] } }]);
    await expect.poll(state, { timeout: 20_000 }).toBe('ACTIVE');
    expect(await instance()).toMatchObject({ colour: 'blue' });

    // The controller prunes objects when the list becomes shorter, and deletes the remaining objects with the instance.
    await apply([{ ...RIGHTS, metadata: { name: 'a', namespace: NAMESPACE }, spec: { names: ['one'] } }]);
    const secrets = async () =>
      (await server.client.list({ apiVersion: 'v1', kind: 'Secret' }, { namespace: NAMESPACE })).items.length;
    await expect.poll(secrets, { timeout: 20_000 }).toBe(1);
    await server.client.delete({ ...RIGHTS, name: 'a', namespace: NAMESPACE });
    await expect.poll(instance, { timeout: 20_000 }).toBeUndefined();
    expect(await secrets()).toBe(0);
  }, 60_000);

  test('a definition with a ServiceAccount uses the rights of that account', async () => {
    const definition = parse(readFileSync(file, 'utf8').replaceAll('Rights', 'Account')) as KubeObject;
    definition.metadata = { name: 'account', annotations: { 'typekro.dev/service-account': `${NAMESPACE}/deployer` } };
    const path = join(server.directory, 'account.json');
    writeFileSync(path, JSON.stringify(definition));
    const kind = { apiVersion: RIGHTS.apiVersion, kind: 'Account' };
    const metadata = { name: 'b', namespace: NAMESPACE };
    const status = async () => (await server.client.find({ ...kind, ...metadata }))?.status;
    const roles = await rbac(path);
    const forAccount = roles.filter(({ metadata: { name } }) => name === 'typekro:definition:account');
    expect(forAccount.map((role) => role.kind)).toEqual(['ClusterRole', 'ClusterRoleBinding']);

    await apply([definition]);
    await grant(roles.filter((role) => !forAccount.includes(role)));
    await expect.poll(() => unlessFailed(server.client.list(kind)), { timeout: 20_000 }).toBeDefined();
    await apply([{ ...kind, metadata, spec: { names: ['one'] } }]);
    // For this definition, the controller impersonates the account. Therefore the controller's own permissions for the
    // other definition have no effect.
    await expect
      .poll(async () => JSON.stringify(await status()), { timeout: 20_000 })
      .toMatch(/forbidden.*system:serviceaccount:typekro-e2e-rights:deployer/);
    await apply(forAccount);
    await expect.poll(async () => (await status())?.['state'], { timeout: 30_000 }).toBe('ACTIVE');
  }, 90_000);

  test('with --per-definition, the controller uses one account per definition and has no rights on children', async () => {
    const definition = parse(readFileSync(file, 'utf8').replaceAll('Rights', 'Identity')) as KubeObject;
    definition.metadata = { name: 'identity' };
    const path = join(server.directory, 'identity.json');
    writeFileSync(path, JSON.stringify(definition));
    const kind = { apiVersion: RIGHTS.apiVersion, kind: 'Identity' };
    const metadata = { name: 'c', namespace: NAMESPACE };
    const objects = await rbac(path, '--per-definition');
    const ofController = objects.filter(({ metadata: { labels } }) => labels !== undefined);
    expect(JSON.stringify(ofController)).not.toContain('secrets');
    await grant(objects);
    await expect.poll(() => unlessFailed(server.client.list(kind)), { timeout: 20_000 }).toBeDefined();
    await apply([{ ...kind, metadata, spec: { names: ['one'] } }]);
    const state = async () => (await server.client.find({ ...kind, ...metadata }))?.status?.['state'];
    await expect.poll(state, { timeout: 30_000 }).toBe('ACTIVE');
  }, 90_000);
});
