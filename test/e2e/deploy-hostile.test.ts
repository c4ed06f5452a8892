import { type } from 'arktype';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ConfigMap } from '../../packages/sdk/src/factories/simple/index.ts';
import type { JsonObject } from '@typekro/kit/core';
import { kubernetesComposition } from '@typekro/sdk';
import { type Transport, createTransport, loadKubeConfig, waitForObject } from '@typekro/kube';
import { type ApiServer, serverKinds } from '../support/api-server.ts';

/** The embedded cluster, or the real server that the environment names. */
const kind = serverKinds().at(-1);
/** Each test has its own namespace. */
let namespace = '';
let namespaces = 0;

/** A composition with one ConfigMap that contains the field `text` of the spec. */
const note = (name: string) =>
  kubernetesComposition(
    { name, kind: 'Note', spec: type({ name: 'string', text: 'string' }), status: type({ done: 'boolean' }) },
    (spec) => {
      const page = ConfigMap({ id: 'page', name: `${spec.name}-page`, data: { text: spec.text } });
      return { done: page.metadata.uid !== '' };
    },
  );

let server: ApiServer;
beforeAll(async () => {
  if (kind === undefined) throw new Error('there is no server');
  server = await kind.start();
}, 90_000);
afterAll(() => server.close());
beforeEach(async () => {
  namespaces += 1;
  namespace = `typekro-e2e-hostile-${namespaces}`;
  await server.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  return async () => {
    await server.client.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
  };
});

const options = (more: object = {}) => ({ namespace, kubeConfig: server.kubeconfig, timeout: 20_000, ...more });
const direct = (name = 'note', more: object = {}) => note(name).factory('direct', options(more));
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace });
const textOf = async (name: string) => (await server.client.find(configMap(`${name}-page`)))?.['data'];

describe('another object with the name of the direct mode record', () => {
  test('a ConfigMap of another owner is not changed', async () => {
    const foreign = { ...configMap('typekro-note-a'), metadata: { name: 'typekro-note-a', namespace } };
    await server.client.create({ ...foreign, data: { mine: 'precious' } });
    await expect(direct().deploy({ name: 'a', text: '1' })).rejects.toMatchObject({ code: 'deploy/name-taken' });
    expect(await direct().deleteInstance('a')).toMatchObject({ status: 'complete', deleted: [] });
    expect((await server.client.get(configMap('typekro-note-a')))['data']).toEqual({ mine: 'precious' });
  });

  test('a deploy does not replace another deploy whose record has the same name', async () => {
    await direct('a-b').deploy({ name: 'c', text: '1' });
    await expect(direct('a').deploy({ name: 'b-c', text: '2' })).rejects.toMatchObject({ code: 'deploy/name-taken' });
    expect(await textOf('c')).toEqual({ text: '1' });
    expect(await direct('a').deleteInstance('b-c')).toMatchObject({ deleted: [] });
    expect(await textOf('c')).toEqual({ text: '1' });
  });

  test('a damaged record is reported, does not affect other instances, and is repaired by the next deploy', async () => {
    const factory = direct();
    await factory.deploy({ name: 'a', text: '1' });
    await factory.deploy({ name: 'b', text: '1' });
    await server.client.patch(configMap('typekro-note-a'), { data: { definition: '{' } }, { type: 'merge' });
    await expect(factory.getInstances()).rejects.toMatchObject({
      code: 'deploy/record-invalid',
      object: configMap('typekro-note-a'),
    });
    expect(await factory.deleteInstance('b')).toMatchObject({ status: 'complete' });
    await factory.deploy({ name: 'a', text: '2' });
    expect(await factory.getInstances()).toHaveLength(1);
  });
});

describe('rollback in direct mode', () => {
  test('a second rollback changes nothing, because the record holds only one previous deploy', async () => {
    const factory = direct();
    await factory.deploy({ name: 'a', text: '1' });
    await factory.deploy({ name: 'a', text: '2' });
    expect(await factory.rollback()).toMatchObject({ status: 'success' });
    expect(await factory.rollback()).toMatchObject({
      status: 'failed',
      errors: ['a: the deploy before the last one is not kept'],
    });
    expect(await textOf('a')).toEqual({ text: '1' });
  });

  test('a deploy cannot be rolled back if the record cannot hold both specs', async () => {
    const factory = direct();
    await factory.deploy({ name: 'a', text: 'x'.repeat(600_000) });
    const later = 'y'.repeat(600_000);
    await factory.deploy({ name: 'a', text: later });
    expect(await factory.rollback()).toMatchObject({ status: 'failed' });
    expect(await textOf('a')).toEqual({ text: later });
  });

  test('a rollback deletes nothing if the revision in the record is not a number', async () => {
    const factory = direct();
    await factory.deploy({ name: 'a', text: '1' });
    await factory.deploy({ name: 'a', text: '2' });
    const damage = { data: { revision: 'two', previous: null } };
    await server.client.patch(configMap('typekro-note-a'), damage);
    expect(await factory.rollback()).toMatchObject({
      status: 'failed',
      deletedInstances: [],
      errors: ['a: the deploy before the last one is not kept'],
    });
    expect(await textOf('a')).toEqual({ text: '2' });
  });
});

describe('concurrent calls in direct mode', () => {
  test('a deploy that begins during a deletion ends the deletion, and the deployed objects stay', async () => {
    await direct().deploy({ name: 'a', text: '1' });
    await server.client.patch(configMap('a-page'), { metadata: { finalizers: ['acme.test/hold'] } });
    const deletion = direct().deleteInstance('a');
    const ended = expect(deletion).rejects.toMatchObject({ code: 'deploy/superseded' });
    await waitForObject(
      server.client,
      configMap('a-page'),
      AbortSignal.timeout(20_000),
      (object) => object?.metadata.deletionTimestamp,
    );
    const deploy = direct().deploy({ name: 'a', text: '2' });
    await waitForObject(
      server.client,
      configMap('typekro-note-a'),
      AbortSignal.timeout(20_000),
      (record) => String(((record?.data ?? {}) as JsonObject)['spec']).includes('"2"') || undefined,
    );
    await server.client.patch(configMap('a-page'), { metadata: { finalizers: [] } });
    await ended;
    expect((await deploy).spec.text).toBe('2');
    expect(await textOf('a')).toEqual({ text: '2' });
    expect(await server.client.find(configMap('typekro-note-a'))).toBeDefined();
  });

  test('a deploy does not create a record again that a deletion has removed', async () => {
    let writes = 0;
    const inner = await createTransport(await loadKubeConfig({ path: server.kubeconfig, env: {} }));
    const transport: Transport = {
      async request(request) {
        const isWrite = request.method === 'PATCH' && request.path.includes('/configmaps/typekro-note-a?');
        if (isWrite && (writes += 1) === 2) await server.client.delete(configMap('typekro-note-a'));
        return inner.request(request);
      },
      close: () => inner.close(),
    };
    await expect(direct('note', { transport }).deploy({ name: 'a', text: '1' })).rejects.toMatchObject({
      code: 'deploy/superseded',
    });
    expect(writes).toBeGreaterThan(1);
    expect(await server.client.find(configMap('typekro-note-a'))).toBeUndefined();
    await inner.close();
  });

  test('after concurrent deploys of one instance, the record and the children come from the same deploy, and a deploy that fails reports that another one superseded it', async () => {
    const texts = ['1', '2', '3'];
    const results = await Promise.allSettled(texts.map((text) => direct().deploy({ name: 'a', text })));
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.spec.text] : []));
    const [recorded] = await direct().getInstances();
    expect(won).toContain(recorded?.spec.text);
    expect(await textOf('a')).toEqual({ text: recorded?.spec.text });
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'deploy/superseded' });
    }
  });

  test('two deletions of one instance both succeed', async () => {
    await direct().deploy({ name: 'a', text: '1' });
    const results = await Promise.all([direct().deleteInstance('a'), direct().deleteInstance('a')]);
    expect(results.map(({ status }) => status)).toEqual(['complete', 'complete']);
    expect(await textOf('a')).toBeUndefined();
    expect(await server.client.find(configMap('typekro-note-a'))).toBeUndefined();
  });
});

describe('calls that cannot succeed', () => {
  test.each([
    ['an instance name that is too long for a label', 'note', 'a'.repeat(64)],
    ['an instance name that no object can have', 'note', 'A_b'],
  ])('%s is refused before the first request', async (_what, definition, name) => {
    await expect(direct(definition).deploy({ name, text: '' })).rejects.toMatchObject({ code: 'deploy/invalid-name' });
  });

  test('a definition name that is too long for a label is refused when the definition is created', () => {
    expect(() => direct('n'.repeat(64))).toThrow(expect.objectContaining({ code: 'compose/definition' }));
  });

  test('a missing namespace is named, with a remedy', async () => {
    await expect(
      direct('note', { namespace: 'nowhere', createNamespace: false }).deploy({ name: 'a', text: '' }),
    ).rejects.toMatchObject({
      code: 'deploy/no-namespace',
      message: expect.stringContaining('"nowhere"') as string,
      remedy: expect.stringContaining('createNamespace') as string,
    });
  });

  test('in kro mode, the error for missing CRDs names the command that installs them', async ({ skip }) => {
    const crd = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    const installed = await server.client.find({ ...crd, name: 'resourcegraphdefinitions.kro.run' });
    if (installed !== undefined) skip('this cluster has them');
    await expect(note('note').factory('kro', options()).deploy({ name: 'a', text: '' })).rejects.toMatchObject({
      code: 'deploy/not-installed',
    });
  });

  test.each(['direct', 'kro'] as const)(
    '%s: a call that is aborted rejects with the reason of the abort',
    async (mode) => {
      const reason = new Error('changed my mind');
      const controller = new AbortController();
      const factory = note('note').factory(mode, options({ progressCallback: () => controller.abort(reason) }));
      await expect(factory.deploy({ name: 'a', text: '' }, { abortSignal: controller.signal })).rejects.toBe(reason);
    },
  );

  test('the error names a missing kubeconfig, and the next call reads the file again', async () => {
    const factory = direct('note', { transport: undefined, kubeConfig: '/does/not/exist' });
    for (const attempt of [1, 2]) {
      await expect(factory.deploy({ name: `a${attempt}`, text: '' })).rejects.toMatchObject({
        code: 'deploy/bad-kubeconfig',
        message: 'there is no kubeconfig /does/not/exist',
      });
    }
    await factory.dispose();
  });
});
