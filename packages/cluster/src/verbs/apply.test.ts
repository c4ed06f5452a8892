import { describe, expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import type { JsonObject } from '@typekro/kit/core';
import { sendJson } from '../../test-support/send-json.ts';
import { type Transport, createEmbeddedCluster } from '../index.ts';
import { CONFIGURATIONS, MAPS, call, map } from '../../test-support/webhook-cluster.ts';
import { podTemplate } from '../../test-support/cluster-story.ts';

describe('apply', () => {
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
});

describe('apply versions', () => {
  /**
   * Server-side apply of custom resources whose `managedFields` entries have versions other than that of the request. The
   * expected messages are kube-apiserver's messages.
   */
  const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const text = { type: 'string' };

  const version = (name: string, storage: boolean, fields: JsonObject) => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } } },
  });

  interface Gear {
    readonly message?: string;
    readonly metadata: {
      readonly managedFields?: readonly { manager: string; operation: string; apiVersion: string }[];
    };
    readonly spec?: Readonly<Record<string, string>>;
  }

  /**
   * A cluster with the kind Gear. After the objects are created, the kind gets the version v1, which has the additional
   * field `b`.
   */
  async function story(field: JsonObject, made: readonly string[]) {
    const cluster = await createEmbeddedCluster({ controllers: false });
    const transport = cluster.transport();
    const send = async (method: string, path: string, body: object, type = 'application/json') => {
      const headers = { 'content-type': type };
      const reply = await transport.request({ method, path, headers, body: JSON.stringify(body) });
      let answer = '';
      for await (const chunk of reply.body) answer += Buffer.from(chunk).toString('utf8');
      return { status: reply.status, answer: JSON.parse(answer) as Gear };
    };
    const path = (name: string, manager: string, served = 'v1') =>
      `/apis/example.com/${served}/namespaces/default/gears/${name}?fieldManager=${manager}`;
    const apply = (name: string, manager: string, spec: object, served = 'v1') =>
      send(
        'PATCH',
        `${path(name, manager, served)}&force=true`,
        { apiVersion: `example.com/${served}`, kind: 'Gear', metadata: { name }, spec },
        'application/apply-patch+yaml',
      );
    const merge = (name: string, manager: string, spec: object) =>
      send('PATCH', path(name, manager), { spec }, 'application/merge-patch+json');
    const crd = crdOf('Gear');
    const fields = { a: text, c: text };
    const versions = (list: object[]) => ({ ...crd, spec: { ...crd.spec, versions: list } });
    await send('POST', DEFINITIONS, versions([version('v1beta1', true, fields)]));
    for (const name of made) await apply(name, 'one', { a: '1' }, 'v1beta1');
    await send(
      'PATCH',
      `${DEFINITIONS}/gears.example.com`,
      { spec: { versions: [version('v1beta1', false, fields), version('v1', true, { ...fields, b: field })] } },
      'application/merge-patch+json',
    );
    return { apply, merge, [Symbol.asyncDispose]: () => cluster.close() };
  }

  const owners = ({ metadata: { managedFields = [] } }: Gear) =>
    managedFields.map(({ manager, operation, apiVersion }) => `${manager} ${operation} ${apiVersion}`);

  describe('a field that the version of a managedFields entry does not declare', () => {
    const undeclared = '.spec.b: field not declared in schema';

    test.each([
      ['one', `failed to prune fields: failed to convert merged object to last applied version: ${undeclared}`],
      ['two', `failed to convert new object: ${undeclared}`],
    ])('cannot be set by an apply of the manager "%s"', async (manager, message) => {
      await using cluster = await story(text, ['x']);
      expect(await cluster.apply('x', manager, { a: '1', b: '2' })).toMatchObject({ status: 500, answer: { message } });
    });

    test('causes the refusal of all applies when the stored object has the default of the field', async () => {
      await using cluster = await story({ ...text, default: 'd' }, ['x']);
      const first = await cluster.apply('x', 'two', { c: '1' });
      expect(first).toMatchObject({ status: 200, answer: { spec: { a: '1', b: 'd', c: '1' } } });
      expect(owners(first.answer)).toEqual(['one Apply example.com/v1beta1', 'two Apply example.com/v1']);
      for (const c of ['1', '2']) {
        expect(await cluster.apply('x', 'two', { c })).toMatchObject({ status: 500, answer: { message: undeclared } });
      }
    });

    test('causes no refusal when the only entry moves to the new version', async () => {
      await using cluster = await story({ ...text, default: 'd' }, ['x']);
      for (let time = 0; time < 2; time++) {
        const { status, answer } = await cluster.apply('x', 'one', { a: '1' });
        expect([status, owners(answer)]).toEqual([200, ['one Apply example.com/v1']]);
      }
    });

    test('causes a write other than an apply to remove all entries', async () => {
      await using cluster = await story({ ...text, default: 'd' }, ['x']);
      const { status, answer } = await cluster.merge('x', 'three', { c: '9' });
      expect([status, answer.metadata.managedFields]).toEqual([200, undefined]);
      const next = await cluster.apply('x', 'one', { a: '1' });
      expect(owners(next.answer)).toEqual(['one Apply example.com/v1', 'before-first-apply Update example.com/v1']);
    });
  });
});

/**
 * The outcome of an apply that changes nothing is cached. These tests check that the cache entry becomes invalid when
 * something on which the outcome depends changes.
 */
const APPLY = 'application/apply-patch+yaml';
const apply = (transport: Transport, path: string, body: object) =>
  call(transport, 'PATCH', `${path}?fieldManager=m`, body, APPLY);

test('conflicts of thousands of fields are counted, and the first ones are listed', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const data = (value: string) => ({ data: Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [at, value])) });
  await apply(cluster.transport(), `${MAPS}/x`, map('x', data('a')));
  const path = `${MAPS}/x?fieldManager=other`;
  const { status, body } = await call(cluster.transport(), 'PATCH', path, map('x', data('b')), APPLY);
  expect(status).toBe(409);
  expect((body['details'] as { readonly causes: unknown[] }).causes).toHaveLength(2000);
  expect(body['message']).toMatch(
    /^Apply failed with 5000 conflicts: conflicts with "m":\n- .data.0\n.*\nand 3000 more$/s,
  );
});

test('after the deletion of a policy that undid an apply, the repeated apply is effective', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const policies = `${CONFIGURATIONS}/mutatingadmissionpolicies`;
  const bindings = `${CONFIGURATIONS}/mutatingadmissionpolicybindings`;
  const rule = { operations: ['UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
  const path = `${MAPS}/x`;
  await apply(transport, path, map('x', { data: { a: '1' } }));
  const added = await call(transport, 'POST', policies, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: {
      matchConstraints: { resourceRules: [rule] },
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{data: {"a": "1"}}' } }],
    },
  });
  expect(added.status).toBe(201);
  await call(transport, 'POST', bindings, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: 'b' },
    spec: { policyName: 'p' },
  });
  const changed = map('x', { data: { a: '2' } });
  expect((await apply(transport, path, changed)).body['data']).toEqual({ a: '1' });
  for (const gone of [`${bindings}/b`, `${policies}/p`]) await call(transport, 'DELETE', gone);
  expect((await apply(transport, path, changed)).body['data']).toEqual({ a: '2' });
});

test('a new label of the namespace changes the warnings of a repeated apply', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const path = '/apis/apps/v1/namespaces/default/deployments/d';
  const labels = { app: 'd' };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: labels }, template: podTemplate(labels) },
  };
  for (let times = 0; times < 2; times++) expect((await apply(transport, path, deployment)).warning).toBeUndefined();
  for (const [level, warning] of [
    ['restricted', expect.stringContaining('would violate PodSecurity') as string],
    ['privileged', undefined],
  ] as const) {
    const change = { metadata: { labels: { 'pod-security.kubernetes.io/warn': level } } };
    await call(transport, 'PATCH', '/api/v1/namespaces/default', change, 'application/merge-patch+json');
    for (let times = 0; times < 2; times++) expect((await apply(transport, path, deployment)).warning).toEqual(warning);
  }
});
