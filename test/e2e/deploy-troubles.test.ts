/** Failures of the server during a deploy. The deploy continues, or it fails at once. */
import { type } from 'arktype';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FactoryOptions, createResource, kubernetesComposition } from '@typekro/sdk';
import { ConfigMap, Job } from '../../packages/sdk/src/factories/simple/index.ts';
import type { Transport, TransportRequest, TransportResponse } from '@typekro/kube';
import { type DeployServer, startDeployServer } from '../support/deploy-server.ts';

let server: DeployServer;
beforeEach(async () => {
  server = await startDeployServer();
  await server.startController({ features: { omit: true, now: true } });
}, 90_000);
afterEach(() => server.close());

const note = kubernetesComposition(
  { name: 'note', spec: type({ name: 'string', text: 'string' }), status: type({ text: 'string' }) },
  (spec) => {
    const map = ConfigMap({ id: 'map', name: spec.name, data: { text: spec.text } });
    return { text: map.data['text'] ?? '' };
  },
);
const work = kubernetesComposition({ name: 'work', spec: type({ name: 'string', image: 'string' }) }, (spec) => {
  Job({ id: 'job', name: spec.name, image: spec.image, command: ['true'] }).withReadyWhen(() => true);
});
const gizmos = kubernetesComposition({ name: 'gizmos', spec: type({ name: 'string' }) }, (spec) => {
  const names = { kind: 'Gizmo', plural: 'gizmos', singular: 'gizmo', listKind: 'GizmoList' };
  const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object' } } };
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }];
  const metadata = { name: 'gizmos.example.com' };
  const crd = { group: 'example.com', scope: 'Namespaced', names, versions };
  const apiVersion = 'apiextensions.k8s.io/v1';
  createResource({ apiVersion, kind: 'CustomResourceDefinition', metadata, spec: crd }, { id: 'crd' });
  createResource({ apiVersion: 'example.com/v1', kind: 'Gizmo', metadata: { name: spec.name } }, { id: 'gizmo' });
});

const modes = ['direct', 'kro'] as const;
const options = (more: Partial<FactoryOptions> = {}): FactoryOptions => ({
  namespace: 'default',
  transport: server.transport,
  timeout: 30_000,
  ...more,
});

/** A transport that returns the response of `answer`, or the server's response if `answer` returns undefined. */
function answering(
  answer: (request: TransportRequest) => Promise<TransportResponse | undefined> | TransportResponse | undefined,
): Transport {
  return {
    request: async (request) => (await answer(request)) ?? server.transport.request(request),
    close: () => Promise.resolve(),
  };
}

function failure(code: number, reason: string): TransportResponse {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code };
  const body = Buffer.from(JSON.stringify({ ...status, message: reason }));
  const stream = async function* () {
    yield body;
  };
  return { status: code, headers: { 'content-type': 'application/json' }, body: stream() };
}

describe.each(modes)('%s mode', (mode) => {
  test('the error for an immutable field names the object, the reason and the remedy', async () => {
    const factory = work.factory(mode, options());
    await factory.deploy({ name: 'a', image: 'one' });
    const error = await factory.deploy({ name: 'a', image: 'two' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'deploy/failed',
      message: expect.stringMatching(/Job.*"a" is invalid: spec\.template: [^]* … [^]*field is immutable/) as string,
      remedy: expect.stringContaining('(kubectl delete job a -n default)') as string,
    });
    for (const line of (error as Error).message.split('\n')) expect(line.length).toBeLessThan(1200);
  });

  test('a deploy ends at once when another process deploys another spec', async () => {
    let rival: Promise<unknown> | undefined;
    const transport = answering(async (request) => {
      const place = mode === 'kro' ? '/notes/a?' : '/configmaps/typekro-note-a?';
      if (rival !== undefined || request.method !== 'PATCH' || !request.path.includes(place)) return undefined;
      const answer = await server.transport.request(request);
      rival = note.factory(mode, options()).deploy({ name: 'a', text: 'theirs' });
      await rival;
      return answer;
    });
    await expect(note.factory(mode, options({ transport })).deploy({ name: 'a', text: 'ours' })).rejects.toMatchObject({
      code: 'deploy/superseded',
    });
    const map = await server.client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'default' });
    expect(map.data).toEqual({ text: 'theirs' });
  });

  test('a deploy whose token expires at some request either succeeds or fails with a remedy, and the next deploy completes the work', async () => {
    for (let valid = 0; ; valid += 1) {
      let requests = 0;
      const transport = answering(() => {
        requests += 1;
        return requests > valid ? failure(401, 'Unauthorized') : undefined;
      });
      const end = await note
        .factory(mode, options({ transport }))
        .deploy({ name: 'a', text: `${valid}` })
        .catch((thrown: unknown) => thrown);
      if (requests <= valid) break;
      // If the watches are open before the token expires, the deploy may succeed without another request.
      if (end instanceof Error) {
        expect(end, `after ${valid}`).toMatchObject({ remedy: expect.stringMatching(/^log in again/) as string });
      }
    }
    expect((await note.factory(mode, options()).deploy({ name: 'a', text: 'end' })).status).toMatchObject({
      text: 'end',
    });
  });

  test('a graph may install a CRD and create an object of its kind', async () => {
    const factory = gizmos.factory(mode, options({ target: 'typekro' }));
    await expect(factory.deploy({ name: 'a' })).resolves.toMatchObject({ status: { state: 'ACTIVE' } });
  });
});

describe('direct mode with a failing server', () => {
  const isWatch = ({ path }: TransportRequest) => path.includes('watch=');
  const isWrite = (place: string) => (request: TransportRequest) =>
    request.method === 'PATCH' && request.path.includes(`/configmaps/${place}?`);
  const isRead = ({ method, path }: TransportRequest) => method === 'GET' && path.endsWith('/configmaps/a');

  test.each<[string, (request: TransportRequest) => boolean, number, string, number, boolean]>([
    ['is too busy for a child', isWrite('a'), 429, 'TooManyRequests', 3, false],
    ['is unavailable when a child is written', isWrite('a'), 503, 'ServiceUnavailable', 3, false],
    ['fails to write a child', isWrite('a'), 500, 'InternalError', 2, true],
    ['is too busy for the record', isWrite('typekro-note-a'), 429, 'TooManyRequests', 3, false],
    ['fails to read a child whose watch it forbids', isRead, 500, 'InternalError', 1, true],
  ])('the server %s: the deploy continues', async (_name, isHit, code, reason, times, isReported) => {
    let hits = 0;
    const transport = answering((request) => {
      if (isHit === isRead && isWatch(request)) return failure(403, 'Forbidden');
      if (!isHit(request) || hits >= times) return undefined;
      hits += 1;
      return failure(code, reason);
    });
    const messages: string[] = [];
    const progressCallback: FactoryOptions['progressCallback'] = ({ message }) => void messages.push(message);
    const factory = note.factory('direct', options({ transport, progressCallback }));
    await expect(factory.deploy({ name: 'a', text: 'b' })).resolves.toMatchObject({ status: { text: 'b' } });
    expect(hits).toBe(times);
    expect(messages.some((message) => message.includes(reason))).toBe(isReported);
  });
});

test('direct mode adopts an object of another client with a warning', async () => {
  const metadata = { name: 'a', namespace: 'default', labels: { 'app.kubernetes.io/managed-by': 'Helm' } };
  const existing = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'theirs' } };
  await server.client.apply(existing, { fieldManager: 'helm' });
  const warnings: string[] = [];
  const progressCallback: FactoryOptions['progressCallback'] = ({ type: event, message }) => {
    if (event === 'resource-warning') warnings.push(message);
  };
  await note.factory('direct', options({ progressCallback })).deploy({ name: 'a', text: 'ours' });
  expect(warnings).toEqual(['ConfigMap v1 default/a exists already, written by helm: the deploy takes it over']);
});

test('direct mode refuses a spec that is too large for the record, and names a remedy', async () => {
  const text = 'x'.repeat(1_200_000);
  await expect(note.factory('direct', options()).deploy({ name: 'a', text })).rejects.toMatchObject({
    code: 'deploy/too-large',
    remedy: expect.stringContaining('keep large values in separate objects') as string,
  });
});

test('a deletion in direct mode reports an object once, even if the server refuses the first request to delete the object', async () => {
  let refusals = 0;
  const transport = answering(({ method, path }) => {
    if (refusals > 0 || method !== 'DELETE' || !path.includes('/configmaps/a')) return undefined;
    refusals += 1;
    return failure(403, 'Forbidden');
  });
  const factory = note.factory('direct', options({ transport }));
  await factory.deploy({ name: 'a', text: '1' });
  expect(await factory.deleteInstance('a')).toMatchObject({ status: 'complete', deleted: [{ name: 'a' }] });
  expect(refusals).toBe(1);
});

test('a dry run in direct mode returns both of two objects with one name in two namespaces', async () => {
  const copies = kubernetesComposition(
    { name: 'copies', spec: type({ name: 'string', places: 'string[]' }) },
    ({ name, places }) => {
      for (const place of places) ConfigMap({ id: 'copy', name, namespace: place, data: {} });
    },
  );
  const { objects } = await copies
    .factory('direct', options())
    .toDryRun({ name: 'a', places: ['default', 'kube-public'] });
  expect(objects.map(({ metadata }) => metadata.namespace).sort()).toEqual(['default', 'kube-public']);
});
