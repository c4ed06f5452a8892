import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, expect, test } from 'vitest';
import { withoutTimes } from '../../test-support/without-times.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import {
  conditionText,
  mapRef,
  mapResource,
  pot,
  potDefinition,
  potRef,
  virtualWorld,
} from '@typekro/testing/test-support/virtual-world';
import { type JsonObject, type KubeObject, refOf } from '@typekro/kit/core';
import { parse } from 'yaml';
import { KubeError, type KubernetesApi, readSession } from '@typekro/kube';
import { whyOf, withFindings } from './evidence.ts';
import { observe } from './observation.ts';
import { withRefusedWrites } from './pending-writes.ts';
import { statusView } from './status-view.ts';
import { treeNodes } from './tree-view.ts';
import { whyLines } from './why-view.ts';

let world: VirtualWorld;
afterEach(() => world.close());

const NEVER = new AbortController().signal;

async function why(text: string, api: KubernetesApi = world.user): Promise<string[]> {
  const session = readSession(api);
  const seen = await observe(session, text, 'default', NEVER, { settings: assumedSettings('this test') });
  return withoutTimes(whyLines(seen, await whyOf(seen, session, NEVER), world.clock.now(), false));
}

async function start(resources: JsonObject[], annotations = {}, options = {}): Promise<void> {
  world = await virtualWorld(options);
  await world.apply(potDefinition(resources, annotations));
  await world.advance(2000);
}

test('why prints the selector of an external reference that matches no object', async () => {
  const metadata = { namespace: 'default', selector: { matchLabels: { app: 'none' } } };
  const external = { id: 'maps', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata } };
  await start([external, mapResource('first', { name: '${maps[0].metadata.name}' })]);
  await world.apply(pot('shop'));
  await world.advance(2000);
  expect(await why('shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   IN_PROGRESS AGE   revision 1   1 of 2 nodes ready",
      "",
      "· first  pending: waits for data: maps[0].metadata.name has no value",
      "   └ because  maps: there is no ConfigMap with the labels app=none in namespace default",
      "   do         create such an object, or correct the selector of the reference",
      "",
      "the controller reports: waiting for unresolved resource: apply "first": resolve: node "first": eval "maps[0].metadata.name" at "data.name": eval "maps[0].metadata.name": index out of bounds: 0 (data pending) (executor: node not ready)",
    ]
  `);
});

test('why names the collection item that lacks a field', async () => {
  const parts = {
    id: 'parts',
    forEach: [{ name: "${['a', 'b']}" }],
    template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${name}' }, data: { name: '${name}' } },
  };
  await start([parts, mapResource('reads', { value: '${parts[1].data.other}' })]);
  await world.apply(pot('shop'));
  await world.advance(2000);
  expect(await why('shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   IN_PROGRESS AGE   revision 1   1 of 2 nodes ready",
      "",
      "· reads  pending: waits for data: parts[1].data.other has no value, "other" does not exist",
      "   └ because  ConfigMap default/b: data has name, and no other",
      "   do         add "other" to the template of parts, correct the name in the expression, or read it with a default: .?other.orValue(…) in CEL, ?? in TypeScript",
      "   look       kubectl describe configmap b -n default",
      "",
      "the controller reports: waiting for unresolved resource: apply "reads": resolve: node "reads": eval "parts[1].data.other" at "data.value": eval "parts[1].data.other": no such key: other (data pending) (executor: node not ready)",
    ]
  `);
});

test('why follows an iterator to the external object that lacks a field', async () => {
  const metadata = { namespace: 'default', selector: { matchLabels: { app: 'some' } } };
  const external = { id: 'maps', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata } };
  const parts = {
    id: 'parts',
    forEach: [{ entry: '${maps}' }],
    template: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: "${entry.metadata.name + '-part'}" },
      data: { key: '${entry.data.key}' },
    },
  };
  await start([external, parts]);
  const labels = { app: 'some' };
  await world.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'default', labels },
    data: { other: 'x' },
  });
  await world.apply(pot('shop'));
  await world.advance(2000);
  expect(await why('shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   IN_PROGRESS AGE   revision 1   1 of 2 nodes ready",
      "",
      "· parts  pending: waits for data: entry.data.key has no value, "key" does not exist",
      "   └ because  ConfigMap default/settings: data has other, and no key",
      "   do         add "key" to ConfigMap default/settings, correct the name in the expression, or read it with a default: .?key.orValue(…) in CEL, ?? in TypeScript",
      "",
      "the controller reports: waiting for unresolved resource: apply "parts": resolve: node "parts": eval "entry.data.key" at "data.key": eval "entry.data.key": no such key: key (data pending) (executor: node not ready)",
    ]
  `);
});

test('why follows a field of the status that lacks data to the pods behind its node', async () => {
  const labels = { app: 'web' };
  const annotations = { 'typekro.dev/simulate-failure': 'ImagePullBackOff' };
  const pods = { metadata: { labels, annotations }, spec: { containers: [{ name: 'main', image: 'nginx' }] } };
  const spec = { selector: { matchLabels: labels }, template: pods };
  const web = { id: 'web', template: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec } };
  world = await virtualWorld({ cluster: { workloads: true } });
  const definition = potDefinition([web]);
  const status = { available: '${web.status.availableReplicas}' };
  const schema = { ...(definition.spec?.['schema'] as JsonObject), status };
  await world.apply({ ...definition, spec: { ...definition.spec, schema } });
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(30_000);
  expect((await why('shop')).slice(2, 8).map((line) => line.replaceAll(/web-\w+-\w+/g, 'web-…')))
    .toMatchInlineSnapshot(`
    [
      "status.available has no value: eval "web.status.availableReplicas": no such key: availableReplicas",
      "   └ because  ImagePullBackOff (Pod default/web-…): container main waits; simulated: ImagePullBackOff",
      "   └ because  Failed (Pod default/web-…): Failed to pull image "nginx": simulated",
      "   do         correct registry, name and tag of the image nginx; a private registry needs imagePullSecrets; here the annotation typekro.dev/simulate-failure causes the failure: remove it",
      "",
      "the instance waits for nothing: every node is ready",
    ]
  `);
});

test('why names the field that another client has changed', async () => {
  await start([mapResource('map', { a: 'b' })]);
  await world.apply(pot('shop'));
  await world.advance(2000);
  await world.controller.stop();
  await world.user.patch(mapRef('shop-map'), { data: { a: 'other' } }, { fieldManager: 'rival' });
  expect(await why('shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   ACTIVE AGE   revision 1   0 of 1 nodes ready",
      "",
      "> map  applying: reverts changes that another client made to its object",
      "   └ because  ConfigMap default/shop-map: data.a changed by rival",
      "   └ because  the API server would accept the write of ConfigMap default/shop-map now, but no controller has sent it",
      "   do         make sure that the controller runs and may write this kind; its log and events name the requests that were refused",
    ]
  `);
});

test('why shows for each instance of a canary whether it gets the new revision first', async () => {
  await start([mapResource('map', { a: 'b' })], { 'typekro.dev/canary': '1' });
  for (const name of ['one', 'two', 'three']) await world.apply(pot(name));
  await world.advance(5000);
  const broken = { ...mapResource('map', { a: 'c' }), readyWhen: ["${map.data.a == 'd'}"] };
  await world.apply(potDefinition([broken], { 'typekro.dev/canary': '1' }));
  await world.advance(10_000);
  const all = await Promise.all(['one', 'two', 'three'].map((name) => why(name)));
  const notes = all.map((lines) =>
    lines.find((line) => line.startsWith('note: revision 2'))?.replace(/default\/\w+/, 'X'),
  );
  expect(notes.toSorted()).toEqual([
    'note: revision 2 goes to 1 of 3 instances first: X; this instance is among them',
    'note: revision 2 goes to 1 of 3 instances first: X; this instance stays with revision 1 until they are ready',
    'note: revision 2 goes to 1 of 3 instances first: X; this instance stays with revision 1 until they are ready',
  ]);
  expect(all.map(([head = '']) => /revision \d/.exec(head)?.[0]).toSorted()).toEqual([
    'revision 1',
    'revision 1',
    'revision 2',
  ]);
});

test('why uses the collection limit that the controller reports', async () => {
  world = await virtualWorld({ controller: { maxCollectionSize: 3000 } });
  const parts = {
    id: 'parts',
    forEach: [{ name: '${lists.range(schema.spec.count)}' }],
    template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: "${'p' + string(name)}" } },
  };
  await world.apply(potDefinition([parts]));
  await world.advance(2000);
  await world.apply(pot('shop', { count: 1100 }));
  await world.advance(60_000);
  expect((await why('shop')).at(-1)).toBe('the instance waits for nothing: every node is ready');
  await world.apply(pot('shop', { count: 3100 }));
  await world.advance(60_000);
  expect((await why('shop')).join('\n')).toContain('has 3100 items, more than the 3000 allowed');
});

const USER = 'system:serviceaccount:default:deployer';
const yaml = (text: string) => parse(text) as KubeObject;
const rights = (verbs: string): KubeObject[] => [
  yaml(`{ apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: { name: deployer, namespace: default },
    rules: [{ apiGroups: [''], resources: [configmaps], verbs: [${verbs}] }] }`),
  yaml(`{ apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: { name: deployer, namespace: default },
    roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer },
    subjects: [{ kind: ServiceAccount, name: deployer, namespace: default }] }`),
];
const metadata = { name: 'src', namespace: 'default' };
const external = { id: 'src', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata } };
const source = yaml('{ apiVersion: v1, kind: ConfigMap, metadata: { name: src, namespace: default }, data: { v: x } }');
const reads = mapResource('map', { v: '${src.data.v}' });

/** Rows: the verbs of the account, the source, and the node with the verb of the missing right. */
test.each<readonly [verbs: string, objects: readonly KubeObject[], node: string, right: string]>([
  ['create, patch', [], 'src', '"list", "watch"'],
  ['create, patch', [source], 'src', '"list", "watch"'],
  ['get, create, patch', [source], 'src', '"list", "watch"'],
  ['get, list, create, patch', [source], 'src', '"list", "watch"'],
  ['get, list, watch', [source], 'map', '"create", "patch"'],
  ['get, list, watch, create', [source], 'map', '"create", "patch"'],
  ['list, watch, create, patch', [source], '', ''],
])(
  'with the verbs %s of the account, the views name the right that the controller lacks',
  async (verbs, objects, node, right) => {
    for (const options of [{}, { controller: { instanceServiceAccount: 'deployer' } }]) {
      const annotations = 'controller' in options ? {} : { 'typekro.dev/service-account': 'default/deployer' };
      await start([external, reads], annotations, options);
      await world.apply(...rights(verbs), ...objects, pot('shop'));
      await world.advance(30_000);
      const api = readSession(world.user);
      const settings = { ...assumedSettings('this test'), ...options.controller };
      const seen = await withRefusedWrites(api, await observe(api, 'shop', 'default', NEVER, { settings }), NEVER);
      const { causes } = await whyOf(seen, api, NEVER);
      const open = treeNodes(seen).filter(({ state }) => state === 'failed');
      expect(causes.map(({ node: id }) => id)).toEqual(node === '' ? [] : [node]);
      expect(open.map(({ id }) => id)).toEqual(causes.map(({ node: id }) => id));
      for (const { state, reason, remedy } of causes) {
        expect(reason).toContain(`verbs: [${right}]} for ${USER} in namespace default`);
        expect(remedy).toContain(`give ${USER} the missing right`);
        expect(open[0]).toMatchObject({ state, reason, remedy });
        expect(statusView(seen).open[0]).toMatchObject({ state, reason, remedy });
        const ready = conditionText(await world.user.get(potRef('shop')), 'Ready');
        expect(ready).toContain(`verbs: [${right}]} for ${USER} in namespace default`);
      }
      if (options.controller === undefined) await world.close();
    }
  },
);

test('a user who may not impersonate the account sees that the rights differ', async () => {
  await start([external, reads], { 'typekro.dev/service-account': 'default/deployer' });
  await world.apply(pot('shop'));
  const message = 'users "x" is forbidden: User "dev" cannot impersonate resource "users" in API group ""';
  const raw = () => Promise.reject(new KubeError(message, { status: 403, reason: 'Forbidden' }));
  const refused = { ...readSession(world.user), as: () => ({ ...readSession(world.user), raw }) };
  expect((await why('shop', refused))[1]).toContain(`you may not impersonate ${USER}`);
});

/** The definition of a kind whose only node is an instance of another kind with the same name. */
const around = (kind: string, of: string) =>
  yaml(`{ apiVersion: kro.run/v1alpha1, kind: ResourceGraphDefinition, metadata: { name: ${kind.toLowerCase()} },
    spec: { schema: { apiVersion: v1, kind: ${kind}, spec: {} }, resources: [{ id: app,
      readyWhen: ["\${app.status.state == 'ACTIVE'}"],
      template: { apiVersion: ${of}, metadata: { name: "\${schema.metadata.name}" }, spec: {} } }] } }`);
const outer = [around('Outer', 'acme.test/v1, kind: Pot')];
const outermost = [...outer, around('Outermost', 'kro.run/v1, kind: Outer')];
const web = yaml(`{ id: web, readyWhen: ["\${web.status.readyReplicas == 1}"], template: { apiVersion: apps/v1,
  kind: Deployment, metadata: { name: web }, spec: { replicas: 1, selector: { matchLabels: { a: b } }, template: {
    metadata: { labels: { a: b }, annotations: { typekro.dev/simulate-failure: ImagePullBackOff } },
    spec: { containers: [{ name: main, image: nginx }] } } } } }`);
const never = { ...mapResource('map', { a: 'b' }), readyWhen: ["${map.data.a == 'c'}"] };
const plain = mapResource('map', { a: 'b' });
const pots = potDefinition([]);
const again = 'apply the definition pots again';

/** Rows: the case, the node of the innermost instance, the definitions around it, what is deleted, and strings of `why`. */
test.each<readonly [string, JsonObject, readonly KubeObject[], readonly string[], readonly string[], string]>([
  ['waits', never, outer, [], ["Pot default/shop: map waiting: waits until map.data.a == 'c'"], 'correct readyWhen'],
  [
    'lacks an image',
    { ...web },
    outer,
    [],
    ['ImagePullBackOff (Pod', 'look       kubectl describe pod'],
    'correct registry',
  ],
  [
    'is in two',
    never,
    outermost,
    [],
    ['Outer default/shop: app waiting', 'kubectl describe configmap shop-map'],
    'correct readyWhen',
  ],
  [
    'has no definition',
    { ...web },
    outer,
    ['pots'],
    ['Pot default/shop: the definition pots is deleted', 'ImagePull'],
    again,
  ],
  [
    'cannot be deleted',
    plain,
    outer,
    ['pots', 'outer'],
    ['pots is gone', 'look       typekro why pot/default/shop'],
    again,
  ],
])('every view gives the cause of a nested instance: it %s', async (_case, node, around, deleted, words, advice) => {
  await start([node], {}, { cluster: { workloads: true } });
  await world.apply(...around);
  await world.advance(2000);
  const kind = around.length === 1 ? 'Outer' : 'Outermost';
  const whole = { ...pot('shop'), apiVersion: 'kro.run/v1', kind };
  await world.apply(whole);
  await world.advance(30_000);
  if (deleted.includes('pots')) await world.user.delete(refOf(pots));
  await world.advance(30_000);
  if (deleted.includes('outer')) await world.user.delete(refOf(whole));
  await world.advance(30_000);
  const name = `${kind}/shop`;
  const text = (await why(name)).join('\n');
  for (const each of words) expect(text).toContain(each);
  const seen = await observe(world.user, name, 'default', NEVER, { settings: assumedSettings('this test') });
  const [cause] = (await whyOf(seen, world.user, NEVER)).causes;
  expect(cause?.remedy).toContain(advice);
  const found = await withFindings(world.user, seen, NEVER);
  expect([treeNodes(found)[0]?.remedy, statusView(found).open[0]?.remedy]).toEqual([cause?.remedy, cause?.remedy]);
});
