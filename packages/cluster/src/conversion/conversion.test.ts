import { expect, test } from 'vitest';
import {
  convertPanels,
  DEFINITION,
  panel,
  panelCrd,
  panels,
  setUpConversion,
} from '../../test-support/conversion-cluster.ts';
import { call } from '../../test-support/webhook-cluster.ts';
import type { JsonObject } from '@typekro/kit/core';

const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

test('an object is stored in the storage version and read in each version', async () => {
  await using set = await setUpConversion();
  const { transport, seen } = set;
  const created = await call(transport, 'POST', panels('v2'), panel('v2', 'a', { width: 3, height: 4 }));
  expect([created.status, created.body['apiVersion'], created.body['spec']]).toEqual([
    201,
    'example.com/v2',
    { width: 3, height: 4, level: 5 },
  ]);
  expect(seen.map(({ desiredAPIVersion }) => desiredAPIVersion)).toEqual(['example.com/v1', 'example.com/v2']);
  // The webhook gets the metadata of the object, without its `resourceVersion`.
  expect(seen[0]?.objects[0]?.metadata).toMatchObject({
    name: 'a',
    namespace: 'default',
    uid: created.body.metadata['uid'],
  });
  expect(seen.flatMap(({ objects }) => objects).map(({ metadata }) => metadata.resourceVersion)).toEqual([
    undefined,
    undefined,
  ]);
  const own = await call(transport, 'GET', `${panels('v1')}/a`);
  expect(own.body['spec']).toEqual({ size: '3x4', level: 5 });
  expect(seen).toHaveLength(2);
  const again = await call(transport, 'GET', `${panels('v2')}/a`);
  expect(again.body['spec']).toEqual({ width: 3, height: 4, level: 5 });
  expect(again.body.metadata['resourceVersion']).toBe(created.body.metadata['resourceVersion']);
  expect(seen).toHaveLength(3);
});

test('a list converts all objects in one review, selects by converted fields and prints converted columns', async () => {
  await using set = await setUpConversion();
  const { transport, seen } = set;
  for (const [name, size] of [
    ['a', '1x2'],
    ['b', '3x4'],
    ['c', '3x6'],
  ] as const)
    await call(transport, 'POST', panels('v1'), panel('v1', name, { size }));
  expect(seen).toHaveLength(0);
  const list = await call(transport, 'GET', `${panels('v2')}?fieldSelector=spec.width%3D3`);
  const items = list.body['items'] as JsonObject[];
  expect(items.map(({ spec }) => spec)).toEqual([
    { width: 3, height: 4, level: 5 },
    { width: 3, height: 6, level: 5 },
  ]);
  expect(seen.map(({ objects }) => objects.length)).toEqual([3]);
  const response = await transport.request({
    method: 'GET',
    path: panels('v2'),
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  let text = '';
  for await (const chunk of response.body) text += Buffer.from(chunk).toString();
  const { rows } = JSON.parse(text) as { rows: { cells: unknown[] }[] };
  expect(rows.map(({ cells }) => cells)).toEqual([
    ['a', 1],
    ['b', 3],
    ['c', 3],
  ]);
  expect(seen).toHaveLength(1);
});

test('each write converts the stored object, and a field manager that wrote in another version no longer owns a field that the write changes', async () => {
  await using set = await setUpConversion();
  const { transport } = set;
  const apply = (version: 'v1' | 'v2', spec: JsonObject, manager: string) =>
    call(transport, 'PATCH', `${panels(version)}/a?fieldManager=${manager}`, panel(version, 'a', spec), APPLY);
  expect((await apply('v1', { size: '1x2' }, 'one')).status).toBe(201);
  const conflict = await apply('v2', { width: 9, height: 2 }, 'two');
  expect([conflict.status, conflict.body.message]).toEqual([
    409,
    'Apply failed with 1 conflict: conflict with "one": .spec.size',
  ]);
  expect((await apply('v2', { width: 1, height: 2 }, 'two')).status).toBe(200);
  const patched = await call(transport, 'PATCH', `${panels('v2')}/a?fieldManager=three`, { spec: { width: 7 } }, MERGE);
  expect([patched.status, patched.body['spec']]).toEqual([200, { width: 7, height: 2, level: 5 }]);
  const managers = patched.body.metadata['managedFields'] as JsonObject[];
  expect(managers.map(({ manager, apiVersion, fieldsV1 }) => [manager, apiVersion, fieldsV1])).toEqual([
    ['two', 'example.com/v2', { 'f:spec': { 'f:height': {} } }],
    ['three', 'example.com/v2', { 'f:spec': { 'f:width': {} } }],
  ]);
  expect((await call(transport, 'GET', `${panels('v1')}/a`)).body['spec']).toEqual({ size: '7x2', level: 5 });
  const { body } = await call(transport, 'GET', `${panels('v2')}/a`);
  const put = await call(transport, 'PUT', `${panels('v2')}/a`, { ...body, spec: { width: 8, height: 8 } });
  expect([put.status, put.body['spec']]).toEqual([200, { width: 8, height: 8, level: 5 }]);
  const invalid = await call(transport, 'PATCH', `${panels('v2')}/a`, { spec: { width: 101 } }, MERGE);
  expect(invalid.body.message).toContain('spec.width: Invalid value: 101');
  const lit = await call(transport, 'PATCH', `${panels('v2')}/a/status`, { status: { lit: true } }, MERGE);
  expect([lit.body['status'], lit.body['spec']]).toEqual([{ lit: true }, { width: 8, height: 8, level: 5 }]);
  const scaled = await call(transport, 'PATCH', `${panels('v2')}/a/scale`, { spec: { replicas: 2 } }, MERGE);
  expect([scaled.status, scaled.body['spec']]).toEqual([200, { replicas: 2 }]);
  expect((await call(transport, 'GET', `${panels('v1')}/a`)).body['spec']).toEqual({ size: '2x8', level: 5 });
  const deleted = await call(transport, 'DELETE', `${panels('v2')}/a`);
  expect([deleted.status, deleted.body['status']]).toEqual([200, 'Success']);
});

test('a manager applies in one version and then in the other, and a part of the object without metadata is converted', async () => {
  await using set = await setUpConversion((request) =>
    (convertPanels(request) as JsonObject[]).map((object) => ({ metadata: {}, ...object })),
  );
  const apply = (version: 'v1' | 'v2', spec: JsonObject, labels: JsonObject) => {
    const object = panel(version, 'a', spec, { labels });
    return call(set.transport, 'PATCH', `${panels(version)}/a?fieldManager=one&force=true`, object, APPLY);
  };
  expect((await apply('v1', { size: '1x2' }, { a: 'b', c: 'd' })).status).toBe(201);
  await call(set.transport, 'PATCH', `${panels('v1')}/a/status`, { status: { lit: true } }, MERGE);
  const { status, body } = await apply('v2', { width: 3, height: 2 }, { a: 'b' });
  expect({ status, spec: body['spec'], labels: body.metadata['labels'] }).toEqual({
    status: 200,
    spec: { width: 3, height: 2, level: 5 },
    labels: { a: 'b' },
  });
});

test('a watch gets converted objects in the order of their changes', async () => {
  await using set = await setUpConversion();
  const { transport, seen } = set;
  await call(transport, 'POST', panels('v1'), panel('v1', 'a', { size: '1x1' }));
  const watch = await transport.request({ method: 'GET', path: `${panels('v2')}?watch=true` });
  const lines = watch.body[Symbol.asyncIterator]();
  let rest = '';
  const next = async () => {
    while (!rest.includes('\n')) rest += Buffer.from((await lines.next()).value as Uint8Array).toString();
    const end = rest.indexOf('\n');
    const line = JSON.parse(rest.slice(0, end)) as { type: string; object: { spec: JsonObject; metadata: JsonObject } };
    rest = rest.slice(end + 1);
    return [line.type, line.object.metadata['name'], line.object.spec['width']];
  };
  expect(await next()).toEqual(['ADDED', 'a', 1]);
  for (const width of [2, 3]) {
    await call(transport, 'PATCH', `${panels('v1')}/a`, { spec: { size: `${width}x1` } }, MERGE);
  }
  await call(transport, 'POST', panels('v2'), panel('v2', 'b', { width: 4, height: 1 }));
  const before = seen.length;
  await call(transport, 'DELETE', `${panels('v1')}/a`);
  expect([await next(), await next(), await next(), await next()]).toEqual([
    ['MODIFIED', 'a', 2],
    ['MODIFIED', 'a', 3],
    ['ADDED', 'b', 4],
    ['DELETED', 'a', 3],
  ]);
  // The watch has already converted this version of the object, so the deletion needs no review.
  expect(seen.length).toBe(before);
  await lines.return?.();
});

test('objects in an earlier storage version are converted on each read until they are written again', async () => {
  await using set = await setUpConversion();
  const { transport, conversion } = set;
  await call(transport, 'POST', panels('v1'), panel('v1', 'a', { size: '1x1' }));
  const { body } = await call(transport, 'GET', DEFINITION);
  const changed = await call(transport, 'PUT', DEFINITION, { ...body, spec: panelCrd(conversion, 'v2').spec });
  expect([changed.status, (changed.body['status'] as JsonObject)['storedVersions']]).toEqual([200, ['v1', 'v2']]);
  await set.cluster.idle();
  expect((await call(transport, 'GET', `${panels('v2')}/a`)).body['spec']).toEqual({ width: 1, height: 1, level: 5 });
  const stored = () =>
    set.cluster
      .snapshot()
      .collections.find(({ plural }) => plural === 'panels')
      ?.items.map(({ apiVersion }) => apiVersion);
  expect(stored()).toEqual(['example.com/v1']);
  await call(transport, 'PATCH', `${panels('v1')}/a`, { metadata: { labels: { a: 'b' } } }, MERGE);
  expect(stored()).toEqual(['example.com/v2']);
});

test('an apply to an object whose field managers name a removed version is refused, and other writes drop the managers', async () => {
  await using set = await setUpConversion();
  const { transport, cluster } = set;
  await call(transport, 'POST', `${panels('v2')}?fieldManager=x`, panel('v2', 'a', { width: 1, height: 1 }));
  const { body } = await call(transport, 'GET', DEFINITION);
  const spec = body['spec'] as JsonObject;
  const [stored] = spec['versions'] as JsonObject[];
  const left = await call(transport, 'PUT', DEFINITION, {
    ...body,
    spec: { ...spec, versions: [stored ?? {}], conversion: { strategy: 'None' } },
  });
  expect(left.status).toBe(200);
  await cluster.idle();
  const path = `${panels('v1')}/a`;
  const applied = await call(transport, 'PATCH', `${path}?fieldManager=y&force=true`, panel('v1', 'a', {}), APPLY);
  expect([applied.status, applied.body.message]).toEqual([
    500,
    'request to convert CR to an invalid group/version: example.com/v2',
  ]);
  const patched = await call(transport, 'PATCH', path, { metadata: { labels: { a: 'b' } } }, MERGE);
  expect([patched.status, patched.body.metadata['managedFields']]).toEqual([200, undefined]);
  expect((await call(transport, 'PATCH', `${path}?fieldManager=y`, panel('v1', 'a', {}), APPLY)).status).toBe(200);
});

test('a webhook is called through a Service, and with ConversionReview v1beta1', async () => {
  await using set = await setUpConversion();
  const { transport, conversion, seen } = set;
  const { body } = await call(transport, 'GET', DEFINITION);
  const { clientConfig } = conversion['webhook'] as { clientConfig: JsonObject };
  const service = { name: 'hook', namespace: 'system', path: '/convert' };
  const webhook = {
    conversionReviewVersions: ['v9', 'v1beta1'],
    clientConfig: { ...clientConfig, url: undefined, service },
  };
  const spec = panelCrd({ strategy: 'Webhook', webhook }).spec;
  const changed = await call(transport, 'PUT', DEFINITION, { ...body, spec });
  expect(changed.body['spec']).toMatchObject({ conversion: { webhook: { clientConfig: { service: { port: 443 } } } } });
  await set.cluster.idle();
  const created = await call(transport, 'POST', panels('v2'), panel('v2', 'a', { width: 3, height: 4 }));
  expect([created.status, seen.length]).toEqual([201, 2]);
});

test('the webhook may change labels and annotations, but no other metadata', async () => {
  await using set = await setUpConversion((request) =>
    (convertPanels(request) as JsonObject[]).map((object) => ({
      ...object,
      metadata: {
        ...(object['metadata'] as JsonObject),
        labels: { from: 'webhook' },
        annotations: null,
        finalizers: ['example.com/never'],
        generation: 99,
      },
    })),
  );
  const metadata = { labels: { from: 'client' }, annotations: { a: 'b' } };
  const { body } = await call(set.transport, 'POST', panels('v2'), panel('v2', 'a', { width: 1, height: 1 }, metadata));
  expect(body.metadata).toMatchObject({ name: 'a', generation: 1, labels: { from: 'webhook' } });
  expect([body.metadata['annotations'], body.metadata['finalizers']]).toEqual([undefined, undefined]);
});

test('the deletion of a CRD deletes its objects although the conversion webhook fails', async () => {
  await using set = await setUpConversion(() => (response) => void response.writeHead(500).end(), {});
  const { transport, cluster } = set;
  await call(transport, 'POST', panels('v1'), panel('v1', 'a', { size: '1x1' }));
  expect((await call(transport, 'DELETE', DEFINITION)).status).toBe(200);
  await cluster.idle();
  expect((await call(transport, 'GET', DEFINITION)).status).toBe(404);
});
