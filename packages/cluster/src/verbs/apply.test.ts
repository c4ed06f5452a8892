import { expect, test } from 'vitest';
import { sendJson } from '../../test-support/send-json.ts';
import { createEmbeddedCluster } from '../cluster.ts';

const GADGETS = '/apis/example.com/v1/namespaces/default/gadgets';
const MAPS = '/api/v1/namespaces/default/configmaps';
const SCALERS = 'namespaces/default/horizontalpodautoscalers/x';

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  map: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['k'],
                    items: { type: 'object', required: ['k'], properties: { k: { type: 'string' } } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

interface Answer {
  readonly message?: string;
  readonly metadata: { readonly resourceVersion?: string; readonly managedFields?: readonly object[] };
  readonly status?: object | string;
}

async function story() {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const send = async (method: string, path: string, body?: object, type?: string) => {
    const { status, body: answer } = await sendJson<Answer>(cluster, method, path, { body, type });
    return { status, answer };
  };
  await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', DEFINITION);
  await cluster.idle();
  const apply = (path: string, body: object) =>
    send('PATCH', `${path}?fieldManager=m&force=true`, body, 'application/apply-patch+yaml');
  const gadget = (metadata: object, spec: object = {}) =>
    apply(`${GADGETS}/g`, { apiVersion: 'example.com/v1', kind: 'Gadget', metadata, spec });
  const map = (metadata: object, data: object = {}) =>
    apply(`${MAPS}/g`, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  return { send, apply, gadget, map, [Symbol.asyncDispose]: () => cluster.close() };
}

const MODIFIED = /the object has been modified; please apply your changes/;
const UID = /metadata.uid: Invalid value: "x": field is immutable/;

test.each([
  ['another resource version', { resourceVersion: '1' }, 409, MODIFIED],
  ['an invalid resource version', { resourceVersion: 'x' }, 500, /^strconv.ParseUint: parsing "x": invalid syntax/],
  ['another uid', { uid: 'x' }, 422, UID],
])('an apply with %s is refused, whether or not a manager owns metadata', async (_, named, status, message) => {
  await using cluster = await story();
  for (const owned of [{ labels: { a: '1' } }, {}]) {
    for (const kind of ['gadget', 'map'] as const) {
      await cluster[kind]({ name: 'g', ...owned });
      const refused = await cluster[kind]({ name: 'g', ...named });
      expect([kind, owned, refused.status]).toEqual([kind, owned, status]);
      expect(refused.answer.message).toMatch(message);
    }
  }
});

test('an apply with the stored resource version is accepted', async () => {
  await using cluster = await story();
  const { resourceVersion } = (await cluster.gadget({ name: 'g', labels: { a: '1' } })).answer.metadata;
  expect((await cluster.gadget({ name: 'g', resourceVersion })).status).toBe(200);
});

test.each([
  [{ map: [{ k: null }] }, 422, 'spec.map[0].k: Invalid value: "null": spec.map[0].k in body must be of type string'],
  [{ map: [{ k: 'a' }, { k: null }] }, 422, 'spec.map[1].k: Invalid value: "null"'],
  [{ map: [{ k: 'a' }, { k: 'b' }, { k: 'a' }] }, 500, '.spec.map: duplicate entries for key [k="a"]'],
  [{ map: 'x' }, 500, '.spec.map: expected list, got &{x}'],
  [{ map: { a: 1 } }, 500, '.spec.map: expected list, got &{map[a:1]}'],
])('an apply of %j is refused with %i', async (spec, status, message) => {
  await using cluster = await story();
  const refused = await cluster.gadget({ name: 'g' }, spec);
  expect(refused.status).toBe(status);
  expect(refused.answer.message).toContain(message);
});

test('the error of an apply whose body has no name contains the name in the URL', async () => {
  await using cluster = await story();
  expect((await cluster.gadget({})).answer.message).toBe(
    'the name of the object (g based on URL) was undeterminable: name must be provided',
  );
});

test.each([
  ['have no fields', { apiVersion: 'v1', fieldsV1: {} }],
  ['have an unknown version', { apiVersion: 'zz/v9', fieldsV1: { 'f:data': {} } }],
])('managedFields entries are dropped when they %s, even if nothing else changes', async (_, entry) => {
  await using cluster = await story();
  await cluster.map({ name: 'g' }, { a: '1' });
  const managedFields = [{ manager: 'x', operation: 'Apply', fieldsType: 'FieldsV1', ...entry }];
  const patched = await cluster.send(
    'PATCH',
    `${MAPS}/g`,
    { metadata: { managedFields } },
    'application/merge-patch+json',
  );
  expect([patched.status, patched.answer.metadata.managedFields]).toEqual([200, undefined]);
});

test('an autoscaler that is applied in v1 has no current replicas when it is read in v2', async () => {
  await using cluster = await story();
  await cluster.apply(`/apis/autoscaling/v1/${SCALERS}`, {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'x' },
    spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
  });
  const { answer } = await cluster.send('GET', `/apis/autoscaling/v2/${SCALERS}`);
  expect(answer.status).toEqual({ currentMetrics: null, desiredReplicas: 0 });
});

const PLACED = { namespace: 'elsewhere' };

test.each([
  ['/api/v1/namespaces/one', { apiVersion: 'v1', kind: 'Namespace' }],
  ['/api/v1/nodes/one', { apiVersion: 'v1', kind: 'Node' }],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/one',
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [] },
  ],
  ['/apis/example.com/v1/wholes/one', { apiVersion: 'example.com/v1', kind: 'Whole' }],
])('the cluster-scoped object %s never gets a namespace', async (path, type) => {
  await using cluster = await story();
  const { send } = cluster;
  const whole = structuredClone(DEFINITION);
  const names = { plural: 'wholes', singular: 'whole', kind: 'Whole', listKind: 'WholeList' };
  const spec = { ...whole.spec, scope: 'Cluster', names };
  await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    ...whole,
    metadata: { name: 'wholes.example.com' },
    spec,
  });
  const apply = (labels: object) =>
    send(
      'PATCH',
      `${path}?fieldManager=m&force=true`,
      { ...type, metadata: { name: 'one', ...PLACED, labels } },
      'application/apply-patch+yaml',
    );
  const created = await apply({});
  expect(created).toMatchObject({ status: 201 });
  expect(created.answer.metadata).not.toHaveProperty('namespace');
  const repeated = await apply({});
  expect(repeated.answer.metadata).toStrictEqual(created.answer.metadata);
  const changed = await apply({ a: 'b' });
  expect(changed.answer.metadata).toMatchObject({ labels: { a: 'b' } });
  expect(changed.answer.metadata).not.toHaveProperty('namespace');
  const merged = await send('PATCH', path, { metadata: PLACED }, 'application/merge-patch+json');
  expect(merged.answer.metadata).not.toHaveProperty('namespace');
  const replaced = await send('PUT', path, { ...merged.answer, metadata: { ...merged.answer.metadata, ...PLACED } });
  expect(replaced).toMatchObject({ status: 200 });
  expect(replaced.answer.metadata).not.toHaveProperty('namespace');
});
