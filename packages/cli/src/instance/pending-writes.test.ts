import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { KubeError, type KubernetesApi } from '@typekro/kube';
import type { Graph } from '@typekro/engine/graph';
import { observedReason } from '../dashboard/cluster-details.ts';
import {
  type InstanceObservation,
  diffReport,
  instanceStatus,
  observe,
  statusView,
  treeLines,
  treeNodes,
  whyLines,
  whyOf,
  withRefusedWrites,
} from '@typekro/app/instance';

const NEVER = new AbortController().signal;
const yaml = (text: string) => parse(text) as KubeObject;

let world: VirtualWorld;
afterEach(() => world.close());

/** A definition of caches with these nodes. */
const caches = (nodes: readonly string[], spec = '{}'): KubeObject =>
  yaml(`
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: caches }
spec: { schema: { apiVersion: v1alpha1, kind: Cache, spec: ${spec} }, resources: [${nodes.join(', ')}] }
`);
const cache = (spec: JsonObject = {}): KubeObject => ({
  ...yaml('{ apiVersion: kro.run/v1alpha1, kind: Cache, metadata: { name: mine, namespace: default } }'),
  spec,
});
/** An instance whose only write is pending, because the controller has ended. */
async function pending(): Promise<InstanceObservation> {
  world = await virtualWorld();
  await world.apply(caches(['{ id: map, template: { apiVersion: v1, kind: ConfigMap, metadata: { name: mine } } }']));
  await world.advance(2000);
  await world.controller.stop();
  await world.apply(cache());
  return observed();
}
const observed = () => observe(world.user, 'mine', 'default', NEVER, { settings: assumedSettings('this test') });

test('every view shows a write that a quota refuses, with the reason that typekro why shows', async () => {
  world = await virtualWorld({ cluster: { workloads: true } });
  await world.apply(
    yaml(
      '{ apiVersion: v1, kind: ResourceQuota, metadata: { name: none, namespace: default }, spec: { hard: { services: "0" } } }',
    ),
    caches([
      '{ id: svc, template: { apiVersion: v1, kind: Service, metadata: { name: mine }, spec: { ports: [{ port: 80 }] } } }',
      `{ id: map, template: { apiVersion: v1, kind: ConfigMap, metadata: { name: mine }, data: { ip: "\${svc.spec.clusterIP}" } } }`,
    ]),
  );
  await world.advance(2000);
  await world.apply(cache());
  await world.advance(3000);
  const before = await observed();
  expect(treeNodes(before).map(({ state }) => state)).toEqual(['applying', 'pending']);

  const seen = await withRefusedWrites(world.user, before, NEVER);
  const why = await whyOf(before, world.user, NEVER);
  const reason = why.causes[0]?.reason ?? '';
  expect(reason).toContain('exceeded quota: none');
  // The controller's message repeats the server's message.
  expect(why.recorded).toContain('exceeded quota: none');
  expect(
    whyLines(before, why, world.clock.now(), false)
      .join('\n')
      .match(/exceeded quota/g),
  ).toHaveLength(1);
  expect(treeLines(seen, world.clock.now(), false).slice(1)).toEqual([
    `├─ ✗ svc  Service default/mine    failed: ${reason}`,
    '└─ ! map  ConfigMap default/mine  blocked: waits for svc (failed)',
  ]);
  expect(statusView(seen).open).toEqual([
    {
      node: 'svc',
      state: 'failed',
      reason,
      remedy: why.causes[0]?.remedy,
      command: 'kubectl describe resourcequota -n default',
    },
    { node: 'map', state: 'blocked', reason: 'waits for svc (failed)' },
  ]);
  expect(treeNodes(seen)[0]?.remedy).toBe(why.causes[0]?.remedy);
  expect([...instanceStatus(seen).nodes.values()].map(({ tone }) => tone)).toEqual(['failed', 'failed']);
});

test('the check of a pending write does not change what a view shows if the API server accepts the write', async () => {
  const before = await pending();
  expect(await withRefusedWrites(world.user, before, NEVER)).toBe(before);
  expect(treeNodes(before).map(({ state, reason }) => `${state}: ${reason}`)).toEqual(['applying: creates its object']);
});

test('a dry run counts as refused when the server refuses the object, and not when it refuses the request', async () => {
  const before = await pending();
  const cannot = 'configmaps "mine" is forbidden: User "dev" cannot patch resource "configmaps" in API group ""';
  const responses: readonly [status: number, reason: string, message: string, isRefused: boolean][] = [
    [400, 'BadRequest', 'no', true],
    [400, 'BadRequest', 'admission webhook "a" does not support dry run', false],
    [401, 'Unauthorized', 'Unauthorized', false],
    [403, 'Forbidden', 'exceeded quota: none', true],
    [403, 'Forbidden', cannot, false],
    [404, 'NotFound', 'namespaces "default" not found', true],
    [409, 'Conflict', 'admission webhook "a" denied the request: no', true],
    [409, 'Conflict', 'the object has been modified', false],
    [413, 'RequestEntityTooLarge', 'no', true],
    [422, 'Invalid', 'no', true],
    [429, 'TooManyRequests', 'later', false],
    [500, 'InternalError', 'etcdserver: request is too large', true],
    [500, 'InternalError', 'Internal error occurred: failed calling webhook "a"', true],
    [503, 'ServiceUnavailable', 'later', false],
    [0, 'Transport', 'no connection', false],
  ];
  for (const [status, reason, message, isRefused] of responses) {
    const apply = () => Promise.reject(new KubeError(message, { status, reason }));
    const seen = await withRefusedWrites({ apply } as unknown as KubernetesApi, before, NEVER);
    expect([status, message, treeNodes(seen)[0]?.state]).toEqual([status, message, isRefused ? 'failed' : 'applying']);
  }
});

test('the message about a refused object does not quote a Secret value', async () => {
  world = await virtualWorld();
  await world.apply(
    caches([
      '{ id: login, template: { apiVersion: v1, kind: Secret, metadata: { name: mine }, stringData: { key: "hush hush!" } } }',
      `{ id: map, template: { apiVersion: v1, kind: ConfigMap, metadata: { name: mine, labels: { token: "\${string(login.data.key)}" } } } }`,
    ]),
  );
  await world.advance(2000);
  await world.apply(cache());
  await world.advance(3000);
  const before = await observed();
  const seen = await withRefusedWrites(world.user, before, NEVER);
  const why = await whyOf(before, world.user, NEVER);
  expect(why.causes[0]?.objects).toMatchObject([{ kind: 'ConfigMap', name: 'mine', namespace: 'default' }]);
  const texts = [treeNodes(seen)[1]?.reason, why.causes[0]?.reason, why.recorded];
  for (const text of [
    ...texts,
    ...statusView(seen)
      .conditions.map(({ message }) => message)
      .slice(-1),
  ]) {
    expect(text).toContain('Invalid value: "(secret)"');
  }
  expect(JSON.stringify([seen.instance, why, statusView(seen)])).not.toMatch(/hush|aHVzaCB/);
});

const FROZEN = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: frozen }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [DELETE], resources: [configmaps] }]
  matchConditions: [{ name: guarded, expression: "has(oldObject.metadata.labels) && 'guard' in oldObject.metadata.labels" }]
  validations: [{ expression: "false", message: "guarded config maps stay during the freeze" }]
`;
const guarded = (id: string, name: string, more: string) =>
  `{ id: ${id}, ${more} template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "${name}", labels: { guard: "yes" } } } }`;

test.each<[what: string, spec: JsonObject | undefined, nodes: string[]]>([
  ['a node that is no longer included', { extra: false }, ['extra']],
  ['a node and an item of a collection', { extra: false, names: ['b'] }, ['col', 'extra']],
  ['an item of a collection that also gets a new item', { names: ['b', 'c'] }, ['col']],
  ['all objects of a deleted instance', undefined, ['col', 'extra']],
])('every view shows the policy that refuses the deletion of %s', async (_what, spec, nodes) => {
  world = await virtualWorld();
  await world.apply(
    yaml(FROZEN),
    yaml(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: frozen }
spec: { policyName: frozen, validationActions: [Deny] }
`),
    caches(
      [
        guarded('extra', 'extra', 'includeWhen: ["${schema.spec.extra}"],'),
        guarded('col', 'col-${name}', 'forEach: [{ name: "${schema.spec.names}" }],'),
      ],
      `{ extra: "boolean | default=true", names: '[]string | default=["a","b"]' }`,
    ),
  );
  await world.advance(2000);
  await world.apply(cache());
  await world.advance(3000);
  if (spec === undefined)
    await world.user.delete({ apiVersion: 'kro.run/v1alpha1', kind: 'Cache', name: 'mine', namespace: 'default' });
  else await world.apply(cache(spec));
  await world.advance(5000);
  const before = await observed();
  const seen = await withRefusedWrites(world.user, before, NEVER);
  const why = await whyOf(before, world.user, NEVER);
  const failed = <Each extends { readonly state: string; readonly reason: string }>(all: readonly Each[]): Each[] =>
    all.filter(
      ({ state, reason }) => state === 'failed' && reason.includes('guarded config maps stay during the freeze'),
    );
  const ids = (all: readonly { readonly id?: string; readonly node?: string }[]) =>
    all.map(({ id, node }) => id ?? node).sort();
  expect(ids(failed(why.causes))).toEqual(nodes);
  expect(ids(failed(treeNodes(seen)))).toEqual(nodes);
  expect(ids(failed(statusView(seen).open))).toEqual(nodes);
  expect(why.causes.filter(({ reason }) => reason.includes('no longer wanted'))).toEqual([]);
  for (const { reason, found, remedy, look } of failed(why.causes)) {
    expect(reason).toMatch(/^the API server refuses the deletion of ConfigMap default\/(?:extra|col-[ab]): /);
    expect(found).toEqual([]);
    expect(remedy).toBe(
      'let the policy or the program that the message names allow the deletion, which is tried again',
    );
    expect(look).toContain('kubectl describe configmap');
  }
  expect(observedReason(seen)).toContain('guarded config maps stay during the freeze');
  const open = spec === undefined ? '0 of 2 nodes deleted' : `, ${nodes.length} deletion`;
  expect(treeLines(seen, world.clock.now(), false)[0]).toContain(open);
  const { changes } = diffReport(seen, seen.graph as Graph);
  expect(changes.filter(({ action }) => action === 'delete').map(({ node, refused }) => refused && node)).toEqual(
    expect.arrayContaining(nodes),
  );
});
