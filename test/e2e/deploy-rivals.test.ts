/**
 * Two processes deploy in kro mode. The second process does all its work during a single request of the first process:
 * before the server receives this request, or before the response arrives. A deploy never waits until its timeout for
 * an object that another client has deleted.
 */
import { type } from 'arktype';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kubernetesComposition } from '@typekro/sdk';
import { ConfigMap } from '../../packages/sdk/src/factories/simple/index.ts';
import { type Transport, isNotFound, waitForObject } from '@typekro/kube';
import { type DeployServer, startDeployServer } from '../support/deploy-server.ts';

let server: DeployServer;
beforeEach(async () => {
  server = await startDeployServer();
  await server.startController();
}, 90_000);
afterEach(() => server.close());

const page = kubernetesComposition(
  { name: 'page', spec: type({ name: 'string' }), status: type({ text: 'string' }) },
  (spec) => {
    const map = ConfigMap({ id: 'map', name: spec.name, data: { text: `of ${spec.name}` } });
    return { text: map.data['text'] ?? '' };
  },
);

/**
 * Runs `action` once, at the request number `at` (counted from 0): before the server receives the request if `before`
 * is set, otherwise after its response.
 */
class Interrupted implements Transport {
  requests = 0;
  happened = false;
  readonly #at: number;
  readonly #before: boolean;
  readonly #action: () => Promise<unknown>;

  constructor(at: number, before: boolean, action: () => Promise<unknown>) {
    this.#at = at;
    this.#before = before;
    this.#action = action;
  }

  async request(request: Parameters<Transport['request']>[0]) {
    const isTarget = this.requests === this.#at;
    this.requests += 1;
    if (isTarget && this.#before) await this.#carryOut();
    const response = await server.transport.request(request);
    // The start of a watch response can already contain the final state. In this case, the action could run after the
    // end of the deploy.
    if (isTarget && !this.#before && !request.path.includes('watch=true')) await this.#carryOut();
    return response;
  }

  async #carryOut(): Promise<void> {
    this.happened = true;
    await this.#action();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const factory = (transport: Transport) => page.factory('kro', { namespace: 'default', transport, timeout: 20_000 });
const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'page' };
const instance = (name: string) => ({ apiVersion: 'kro.run/v1alpha1', kind: 'Page', name, namespace: 'default' });

/**
 * Calls `process` twice per request number, for the points before and after the request, until `process` returns false.
 * Returns the number of requests.
 */
async function atEachPoint(process: (at: number, before: boolean) => Promise<boolean>): Promise<number> {
  for (let at = 0; ; at += 1) {
    for (const before of [true, false]) if (!(await process(at, before))) return at;
  }
}

/** Checks that a controller keeps the instance: the controller creates a deleted child again. */
async function isKept(name: string): Promise<void> {
  const { metadata } = await server.client.get(definition);
  expect(metadata.deletionTimestamp).toBeUndefined();
  const child = { apiVersion: 'v1', kind: 'ConfigMap', name, namespace: 'default' };
  const before = await server.client.get(child);
  await server.client.delete(child);
  await waitForObject(server.client, child, AbortSignal.timeout(20_000), (object) =>
    object === undefined || object.metadata.uid === before.metadata.uid ? undefined : true,
  );
}

const remove = (ref: typeof definition) =>
  server.client.delete(ref).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });

describe('while one process deploys', () => {
  const rivals: readonly (readonly [string, () => Promise<unknown>])[] = [
    [
      'deletes the only other instance, and with it the definition',
      () => factory(server.transport).deleteInstance('a'),
    ],
    ['deletes the definition', () => remove(definition)],
  ];
  test.each(rivals)(
    'while another process %s, the deploy makes the definition serve the kind again',
    async (_what, rival) => {
      const points = await atEachPoint(async (at, before) => {
        await factory(server.transport).deploy({ name: 'a' });
        const transport = new Interrupted(at, before, rival);
        const deployed = await factory(transport).deploy({ name: 'b' });
        expect(deployed.status, `request ${at}`).toMatchObject({ text: 'of b', state: 'ACTIVE' });
        await isKept('b');
        await factory(server.transport).deleteInstance('b');
        return transport.requests > at;
      });
      expect(points).toBeGreaterThan(5);
    },
    120_000,
  );

  test('a deploy reports that another process deletes the instance, unless the deploy ends before the deletion', async () => {
    const codes = new Set<unknown>();
    await atEachPoint(async (at, before) => {
      const transport = new Interrupted(at, before, () => factory(server.transport).deleteInstance('b'));
      const end = await factory(transport)
        .deploy({ name: 'b' })
        .catch((error: unknown) => error);
      codes.add(end instanceof Error && 'code' in end ? end.code : 'deployed');
      await factory(server.transport).deploy({ name: 'b' });
      await isKept('b');
      await factory(server.transport).deleteInstance('b');
      return transport.requests > at;
    });
    expect([...codes].toSorted()).toEqual(['deploy/superseded', 'deployed']);
  }, 120_000);
});

test('an instance that is deployed during the deletion of the only other instance is kept', async () => {
  const points = await atEachPoint(async (at, before) => {
    await factory(server.transport).deploy({ name: 'a' });
    const transport = new Interrupted(at, before, () => factory(server.transport).deploy({ name: 'b' }));
    const result = await factory(transport).deleteInstance('a');
    expect(result, `request ${at}`).toMatchObject({ status: 'complete', remaining: [] });
    await expect(server.client.get(instance('a'))).rejects.toMatchObject({ status: 404 });
    if (transport.happened) await isKept('b');
    await factory(server.transport).deleteInstance('b');
    return transport.requests > at;
  });
  expect(points).toBeGreaterThan(4);
}, 120_000);

test('the definition stays if another process deploys an instance during a deletion, even if the caller aborts the deletion', async () => {
  const points = await atEachPoint(async (at, before) => {
    await factory(server.transport).deploy({ name: 'a' });
    const abort = new AbortController();
    const transport = new Interrupted(at, before, async () => {
      await factory(server.transport).deploy({ name: 'b' });
      abort.abort(new Error('the caller aborts'));
    });
    const ended = await factory(transport)
      .deleteInstance('a', { abortSignal: abort.signal })
      .then(({ status }) => status, String);
    expect(['complete', 'Error: the caller aborts'], `request ${at}`).toContain(ended);
    if (transport.happened) await isKept('b');
    await factory(server.transport).deleteInstance('a');
    await factory(server.transport).deleteInstance('b');
    return transport.requests > at;
  });
  expect(points).toBeGreaterThan(4);
}, 120_000);

test('an instance that is being deleted is created again after its deletion', async () => {
  const hold = (finalizers: string[] | null) =>
    server.client.patch(instance('a'), { metadata: { finalizers } }, { type: 'merge' });
  await factory(server.transport).deploy({ name: 'a' });
  const first = await server.client.get(instance('a'));
  await hold([...(first.metadata.finalizers ?? []), 'example.com/hold']);
  await server.client.delete(instance('a'));
  const messages: string[] = [];
  const deployed = await page
    .factory('kro', {
      namespace: 'default',
      transport: server.transport,
      timeout: 20_000,
      progressCallback: ({ message }) => {
        messages.push(message);
        if (message.startsWith('waiting until the former')) void hold(null);
      },
    })
    .deploy({ name: 'a' });
  expect(deployed.metadata.uid).not.toBe(first.metadata.uid);
  expect(messages).toContain('waiting until the former Page kro.run/v1alpha1 default/a is gone');
});

test('the error names the finalizer of an instance whose deletion does not end', async () => {
  await factory(server.transport).deploy({ name: 'a' });
  const { metadata } = await server.client.get(instance('a'));
  const finalizers = [...(metadata.finalizers ?? []), 'example.com/hold'];
  await server.client.patch(instance('a'), { metadata: { finalizers } }, { type: 'merge' });
  await server.client.delete(instance('a'));
  const impatient = page.factory('kro', { namespace: 'default', transport: server.transport, timeout: 1000 });
  await expect(impatient.deploy({ name: 'a' })).rejects.toMatchObject({
    code: 'deploy/timeout',
    message: expect.stringMatching(/Page a still exists: it is being deleted \(since .*example\.com\/hold/) as unknown,
  });
});
