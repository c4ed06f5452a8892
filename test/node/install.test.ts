import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { numberAt, objectsAt, statusCondition, textAt } from '@typekro/kit/kubernetes';
import { type World, eventually, realNode } from './world.ts';

// The tests of this file build on each other: they are the life of one installation.

const NAMESPACE = 'typekro';
const POD = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE };

/** A definition of an API with a Deployment that has no pods, so that hundreds of instances fit on one node. */
const DEFINITION = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: notes }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Note
    spec: { text: string }
    status: { copy: '\${map.data.text}' }
  resources:
    - id: map
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: '\${schema.metadata.name}' }
        data: { text: '\${schema.spec.text}' }
    - id: web
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: '\${map.metadata.name}' }
        spec:
          replicas: 0
          selector: { matchLabels: { app: '\${schema.metadata.name}' } }
          template:
            metadata: { labels: { app: '\${schema.metadata.name}' } }
            spec: { containers: [{ name: web, image: 'typekro.test/web:1' }] }
`;
const NOTE = { apiVersion: 'kro.run/v1alpha1', kind: 'Note', namespace: 'default' };
const note = (name: string, text: string): string =>
  `{ apiVersion: kro.run/v1alpha1, kind: Note, metadata: { name: ${name}, namespace: default }, spec: { text: ${text} } }`;

let world: World;
beforeAll(async () => {
  world = await realNode();
});
afterAll(() => world.run('helm', `uninstall typekro -n ${NAMESPACE} --wait`));

/** Installs or upgrades the chart with its default values and those of `settings`, and waits until its pods are ready. */
async function helm(verb: 'install' | 'upgrade', ...settings: readonly string[]): Promise<void> {
  const values = settings.map((each) => ` --set ${each}`).join('');
  const line = `${verb} typekro charts/typekro -n ${NAMESPACE} --wait --timeout 120s${values}`;
  const { code, stderr } = await world.run('helm', line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

const controllerPods = async (): Promise<readonly KubeObject[]> =>
  (
    await world.client.list(POD, { namespace: NAMESPACE, labelSelector: 'app.kubernetes.io/name=typekro' })
  ).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);

const restartsOf = (pod: KubeObject | undefined): number | undefined =>
  numberAt(objectsAt(pod, 'status', 'containerStatuses')[0], 'restartCount');

async function leader(): Promise<string> {
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    namespace: NAMESPACE,
    name: 'controller.kro.run',
  };
  return textAt(await world.client.get(lease), 'spec', 'holderIdentity').split('_')[0] ?? '';
}

/** Passes when the controller has carried out the text of an instance: its status has it. */
const isCarriedOut = (name: string, text: string): Promise<void> =>
  eventually(async () => {
    const found = await world.client.get({ ...NOTE, name });
    expect(textAt(found, 'status', 'copy')).toBe(text);
    expect(textAt(found, 'status', 'state')).toBe('ACTIVE');
  });

/** The events of the audit log at a stage of their requests. A request that is not authenticated has only a start. */
const auditEvents = (at = 'ResponseComplete'): JsonObject[] =>
  readFileSync(world.auditLog, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonObject)
    .filter(({ stage }) => stage === at);

test('the chart with its defaults installs under the Pod Security level restricted, and its pod becomes ready', async () => {
  await world.apply(
    `{ apiVersion: v1, kind: Namespace, metadata: { name: ${NAMESPACE}, labels: { pod-security.kubernetes.io/enforce: restricted } } }`,
  );
  await helm('install');
  const [pod] = await controllerPods();
  expect(textAt(pod, 'status', 'phase')).toBe('Running');
  expect(restartsOf(pod)).toBe(0);
});

test('typekro rbac grants what a definition needs, and an instance becomes ACTIVE', async () => {
  const { stdout } = await world.run('typekro', 'rbac --controller typekro/typekro -', DEFINITION);
  await world.apply(stdout);
  await world.apply(DEFINITION);
  await eventually(async () => {
    const found = await world.client.get({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      name: 'notes',
    });
    expect(statusCondition(found, 'Ready')?.status).toBe('True');
  });
  await world.apply(note('first', 'one'));
  await isCarriedOut('first', 'one');
});

test.each([
  ['json', (line: string) => expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) as string })],
  ['console', (line: string) => expect(line).toMatch(/^\d{4}-\d\d-\d\dT\S+\t(?:INFO|DEBUG|ERROR)\t/)],
] as const)('kubectl logs has lines of the form %s', async (encoder, check) => {
  await helm('upgrade', `config.logEncoder=${encoder}`);
  await eventually(async () => {
    const [pod] = await controllerPods();
    const { stdout } = await world.run('kubectl', `logs -n ${NAMESPACE} ${pod?.metadata.name}`);
    const lines = stdout.trim().split('\n');
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) check(line);
  });
});

test('an upgrade while 200 instances change loses no edit, and writes no child without need', async () => {
  const names = Array.from({ length: 200 }, (_, index) => `note-${index}`);
  for (const name of names) await world.apply(note(name, 'a'));
  const upgrade = helm('upgrade', 'config.logLevel=debug');
  for (const name of names) await world.apply(note(name, 'b'));
  await upgrade;
  for (const name of names) await isCarriedOut(name, 'b');
  const writes = auditEvents().filter(
    ({ verb, objectRef, user }) =>
      /^(?:create|update|patch)$/.test(String(verb)) &&
      textAt(objectRef as JsonObject, 'resource') === 'configmaps' &&
      textAt(objectRef as JsonObject, 'name').startsWith('note-') &&
      textAt(user as JsonObject, 'username') === `system:serviceaccount:${NAMESPACE}:typekro`,
  );
  // One write creates the object with `a`, and one brings `b`, unless the controller saw only `b`.
  expect(writes.length).toBeGreaterThanOrEqual(200);
  expect(writes.length).toBeLessThanOrEqual(400);
});

test('the second replica leads after the container of the first one was killed', async () => {
  await helm('upgrade', 'deployment.replicaCount=2');
  expect(await controllerPods()).toHaveLength(2);
  const first = await eventually(async () => {
    const name = await leader();
    const found = (await controllerPods()).find(({ metadata }) => metadata.name === name);
    expect(found).toBeDefined();
    return found as KubeObject;
  });
  world.killContainer(first);
  await world.apply(note('first', 'two'));
  await isCarriedOut('first', 'two');
  await eventually(async () => {
    const killed = (await controllerPods()).find(({ metadata }) => metadata.name === first.metadata.name);
    expect(restartsOf(killed)).toBe(1);
  });
});

test('an eviction respects the disruption budget, and the other replica goes on', async () => {
  const [one, two] = (await controllerPods()).map(({ metadata }) => metadata.name ?? '');
  const evict = (name: string | undefined) =>
    world.run(
      'kubectl',
      `create --raw /api/v1/namespaces/${NAMESPACE}/pods/${name}/eviction -f -`,
      JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: NAMESPACE } }),
    );
  expect(await evict(one)).toMatchObject({ code: 0 });
  expect((await evict(two)).stderr).toContain('disruption budget');
  await world.apply(note('first', 'three'));
  await isCarriedOut('first', 'three');
  await eventually(async () => expect(await controllerPods()).toHaveLength(2));
});

test('the pod ends within its grace period, and leaves the lease at once', async () => {
  await helm('upgrade', 'deployment.replicaCount=1');
  await eventually(async () => expect(await controllerPods()).toHaveLength(1));
  const [pod] = await controllerPods();
  const began = Date.now();
  await world.run('kubectl', `delete pod -n ${NAMESPACE} ${pod?.metadata.name}`);
  console.log(`the pod ended after ${Date.now() - began} ms`);
  await eventually(async () => expect(await leader()).not.toBe(pod?.metadata.name));
  await world.apply(note('first', 'four'));
  await isCarriedOut('first', 'four');
});

test('a container beyond its memory limit is killed and started again, and its instances go on', async () => {
  await world.run(
    'kubectl',
    `set resources -n ${NAMESPACE} deploy/typekro --limits=memory=24Mi --requests=memory=24Mi`,
  );
  await eventually(async () => {
    const states = (await controllerPods()).flatMap((pod) => objectsAt(pod, 'status', 'containerStatuses'));
    expect(states.map((state) => textAt(state, 'lastState', 'terminated', 'reason'))).toContain('OOMKilled');
  });
  await helm('upgrade');
  await world.apply(note('first', 'five'));
  await isCarriedOut('first', 'five');
});

test('after a crash of the node, the controller and its instances go on', async () => {
  await world.restart();
  await world.apply(note('first', 'six'));
  await isCarriedOut('first', 'six');
  const [pod] = await controllerPods();
  expect(restartsOf(pod)).toBe(1);
});

test('a controller whose token is no longer valid goes on with the next token of its file', async () => {
  const [before] = await controllerPods();
  await world.expireTokens();
  await eventually(() => {
    expect(
      auditEvents('ResponseStarted').some(({ responseStatus }) => (responseStatus as JsonObject)['code'] === 401),
    ).toBe(true);
  });
  world.startKubelet();
  await world.apply(note('first', 'seven'));
  await isCarriedOut('first', 'seven');
  const [after] = await controllerPods();
  expect(after?.metadata.uid).toBe(before?.metadata.uid);
  expect(restartsOf(after)).toBe(restartsOf(before));
});

test('the memory of the container is that of docs/scale.md for 200 instances', async () => {
  const [pod] = await controllerPods();
  const { working, peak } = world.memoryOf(pod as KubeObject);
  console.log(`200 instances: working set ${working} MB, peak ${peak} MB`);
  expect(peak).toBeLessThan(256);
});

test('the API server refused nothing that the installation asked for', () => {
  const refused = auditEvents().filter(
    ({ user, responseStatus }) =>
      textAt(user as JsonObject, 'username') === `system:serviceaccount:${NAMESPACE}:typekro` &&
      (responseStatus as JsonObject)['code'] === 403,
  );
  expect(refused.map(({ verb, requestURI }) => [verb, requestURI].join(' '))).toEqual([]);
});
