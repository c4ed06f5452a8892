import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type KubeObject, refOf } from '@typekro/kit/core';
import { type VirtualWorld, type VirtualWorldOptions, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { crdOf } from '@typekro/kit/test-support/crd';
import { diffReport } from './diff-report.ts';
import { whyOf, withFindings } from './evidence.ts';
import { observe } from './observation.ts';
import { statusView } from './status-view.ts';
import { treeNodes } from './tree-view.ts';
import { whyLines } from './why-view.ts';

let world: VirtualWorld;
afterEach(() => world.close());

const NEVER = new AbortController().signal;

/** The definition `app` of the kind App, with these resources (YAML). */
const definition = (resources: string, spec = '{ image: string | default="nginx", size: integer | default=1 }') =>
  parse(`
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: app }
spec:
  schema: { apiVersion: v1alpha1, kind: App, spec: ${spec} }
  resources:
${resources.replaceAll(/^/gm, '    ')}`) as KubeObject;

const instance = (spec = {}, metadata = {}): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'App',
  metadata: { name: 'shop', namespace: 'default', ...metadata },
  spec,
});

const deployment = (annotations = '{}', container = 'image: "${schema.spec.image}"') => `
- id: web
  readyWhen: ["\${web.status.readyReplicas == 1}"]
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: { name: "\${schema.metadata.name}" }
    spec:
      replicas: 1
      selector: { matchLabels: { app: web } }
      template:
        metadata: { labels: { app: web }, annotations: ${annotations} }
        spec: { containers: [{ name: main, ${container} }] }
- id: after
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: { name: "\${schema.metadata.name}-after" }
    data: { ready: "\${string(web.status.readyReplicas)}" }`;

const config = (id: string, data: string, more = '') => `
- id: ${id}
  ${more}
  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.metadata.name}-${id}" }, data: ${data} }`;

const job = (image: string) => `
- id: job
  template:
    apiVersion: batch/v1
    kind: Job
    metadata: { name: job }
    spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: "${image}" }] } } }`;

const observed = (text = 'shop') =>
  observe(world.user, text, 'default', NEVER, { settings: assumedSettings('this test') });

async function why(text = 'shop'): Promise<string> {
  const seen = await observed(text);
  const lines = whyLines(seen, await whyOf(seen, world.user, NEVER), world.clock.now(), false);
  // Names of pods end with random characters.
  return lines
    .join('\n')
    .replaceAll(/(Pod default\/\w+)-\w+-\w+/g, '$1-…')
    .replaceAll(/pod (\w+)-\w+-\w+ /g, 'pod $1-… ');
}

async function start(options: VirtualWorldOptions, ...objects: KubeObject[]): Promise<void> {
  world = await virtualWorld(options);
  for (const object of objects) {
    await world.apply(object);
    await world.advance(2000);
  }
  await world.advance(30_000);
}

const SIMULATED = { cluster: { workloads: true } };
const yaml = (text: string) => parse(text) as KubeObject;

const settings = (data: string, name = 'settings') =>
  yaml(`{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name}, namespace: default }, data: ${data} }`);
const reader = (name: string) => `
- id: ext
  externalRef: { apiVersion: v1, kind: ConfigMap, metadata: { name: ${name}, namespace: default } }`;
const external = reader('settings') + config('map', '{ a: "${ext.data.key}" }');
const failing = (reason: string) => definition(deployment(`{ typekro.dev/simulate-failure: ${reason} }`));
const plain = definition(config('map', '{ a: b }'));

const app = (resources: string) => [definition(resources), instance()];
const pod = `
- id: pod
  template: { apiVersion: v1, kind: Pod, metadata: { name: pod }, spec: { containers: [{ name: main, image: nginx }] } }`;
const untyped = (resource: string) => [definition(resource, '{ any: object }'), instance({ any: { a: true, b: 1 } })];
const UNTYPED = [
  'the API server refuses ConfigMap default/shop-map: failed to create typed patch object',
  'do         correct what the message names',
];

/** The failures that the test causes: a title, the objects to apply, and the strings that `why` must print. */
const STAGED: readonly (readonly [title: string, objects: readonly KubeObject[], expected: readonly string[]])[] = [
  [
    'an image that is not there',
    [failing('ImagePullBackOff'), instance()],
    [
      'App default/shop   IN_PROGRESS 32s   revision 1   0 of 2 nodes ready',
      '… web  waiting: waits until web.status.readyReplicas == 1 is true',
      '└ because  ImagePullBackOff (Pod default/shop-…): container main waits',
      'do         correct registry, name and tag of the image nginx',
      'look       kubectl describe pod shop-… -n default',
      'waiting    after',
    ],
  ],
  [
    'a container that crashes',
    [failing('CrashLoopBackOff'), instance()],
    [
      '└ because  CrashLoopBackOff (Pod default/shop-…): container main ended with exit code 1',
      'its log says what is missing',
    ],
  ],
  [
    'a name that the server refuses',
    app(config('map', '{ a: b }').replace('"${schema', '"Not_${schema')),
    ['✗ map  failed: the API server refuses ConfigMap default/Not_shop-map', 'RFC 1123 subdomain'],
  ],
  [
    'a value of a label that the server refuses',
    app(config('map', '{ a: b }').replace('metadata: { ', 'metadata: { labels: { x: "a b" }, ')),
    [
      '✗ map  failed: the API server refuses ConfigMap default/shop-map',
      'metadata.labels: Invalid value: "a b"',
      'do         correct what the message names, in the definition or in the instance',
    ],
  ],
  [
    'a value that is no quantity',
    app(pod.replace('nginx', 'nginx, resources: { requests: { memory: lots } }')),
    [
      '✗ pod  failed: the API server refuses Pod default/pod: quantities must match',
      'do         write quantities such as',
    ],
  ],
  ['a number in the data of a ConfigMap', untyped(config('map', '"${schema.spec.any}"')), UNTYPED],
  [
    'a label that is true',
    untyped(config('map', '{}').replace('metadata: { ', 'metadata: { labels: "${schema.spec.any}", ')),
    UNTYPED,
  ],
  [
    'a division by zero',
    app(config('map', '{ a: "${string(10 / (schema.spec.size - 1))}" }') + config('after', '{ b: "${map.data.a}" }')),
    ['✗ map  failed: failed at data.a', 'division by zero', 'do         test the divisor first', 'waiting    after'],
  ],
  [
    'an external object that is missing',
    app(external),
    ['… ext  waiting: waits for ConfigMap v1 default/settings', 'do         create it', 'waiting    map'],
  ],
  [
    'an external object without the key',
    [settings('{ other: x }'), definition(external), instance()],
    [
      '· map  pending: waits for data: ext.data.key',
      '└ because  ConfigMap default/settings: data has other, and no key',
    ],
  ],
  [
    'a load balancer that has an IP address instead of a hostname',
    app(`
- id: service
  template: { apiVersion: v1, kind: Service, metadata: { name: "\${schema.metadata.name}" }, spec: { type: LoadBalancer, ports: [{ port: 80 }] } }
${config('map', '{ a: "${service.status.loadBalancer.ingress[0].hostname}" }')}`),
    ['└ because  Service default/shop: status.loadBalancer.ingress[0] has ip, ipMode, and no hostname'],
  ],
  [
    'a readyWhen that is false',
    app(config('map', '{ a: b }', 'readyWhen: ["${map.data.a == \'c\'}"]')),
    [
      "waits until map.data.a == 'c' is true",
      'it is false',
      '└ because  ConfigMap default/shop-map reports no problem',
    ],
  ],
  [
    'an instance that is suspended',
    [plain, instance({}, { annotations: { 'kro.run/reconcile': 'suspended' } })],
    [
      'suspended   revision 1   0 of 1 nodes ready',
      'note: suspended by the annotation kro.run/reconcile: no object is written before typekro resume app/default/shop',
      '! map  blocked: would be written, but the instance is suspended',
      'do         typekro resume app/default/shop',
    ],
  ],
  [
    'a namespace that is not there',
    app(config('map', '{ a: b }').replace('metadata: { name', 'metadata: { namespace: nowhere, name')),
    [
      'the API server refuses ConfigMap nowhere/shop-map: namespaces "nowhere" not found',
      'kubectl create namespace nowhere',
    ],
  ],
  [
    'a quota that forbids the object',
    [
      yaml(
        '{ apiVersion: v1, kind: ResourceQuota, metadata: { name: none, namespace: default }, spec: { hard: { configmaps: "0" } } }',
      ),
      plain,
      instance(),
    ],
    [
      'the API server refuses ConfigMap default/shop-map',
      'exceeded quota: none',
      'do         request at most what the quota still allows',
    ],
  ],
  [
    'a claim whose class does not exist',
    app(`
- id: claim
  readyWhen: ["\${claim.status.phase == 'Bound'}"]
  template: { apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: data }, spec: { storageClassName: none, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } } }`),
    ['└ because  ProvisioningFailed (PersistentVolumeClaim default/data)', 'do         set storageClassName'],
  ],
  [
    'a job that failed',
    app(`
- id: job
  readyWhen: ["\${job.status.succeeded == 1}"]
  template:
    apiVersion: batch/v1
    kind: Job
    metadata: { name: job }
    spec:
      backoffLimit: 0
      template:
        metadata: { annotations: { typekro.dev/simulate-failure: Error } }
        spec: { restartPolicy: Never, containers: [{ name: main, image: nginx }] }`),
    ['└ because  Error (Pod default/', '└ because  BackoffLimitExceeded (Job default/job)'],
  ],
  [
    'the template of a Job, which cannot change',
    [definition(job('nginx:1')), instance(), definition(job('nginx:2'))],
    [
      '✗ job  failed: the API server refuses Job default/job: Job.batch "job" is invalid: spec.template: Invalid value: {…',
      '└ because  the live object differs in spec.template.spec.containers',
      'do         the field cannot change on an object that exists',
    ],
  ],
  [
    'two items of a collection with the same name',
    app(`
- id: parts
  forEach: [{ part: "\${['a', 'a']}" }]
  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${part}" } }`),
    ['✗ parts  failed: has two items with one identity', 'do         give the objects different names'],
  ],
  [
    'a key that a ConfigMap of another client lacks',
    [
      yaml('{ apiVersion: v1, kind: ConfigMap, metadata: { name: settings, namespace: default }, data: { a: b } }'),
      definition(`
- id: settings
  externalRef: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings } }
- id: map
  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: map }, data: { c: "\${settings.data.c}" } }`),
      instance(),
    ],
    [
      'because  ConfigMap default/settings: data has a, and no c',
      'do         add "c" to ConfigMap default/settings, correct the name in the expression, or read it with a default',
    ],
  ],
  [
    'an object that another instance owns',
    [
      definition(config('map', '{ a: b }').replace('${schema.metadata.name}-map', 'same')),
      instance({}, { name: 'first' }),
      instance(),
    ],
    ['✗ map  failed: may not take ConfigMap v1 default/same, which belongs to App default/first'],
  ],
  [
    'a Service whose selector matches no pod',
    app(`
- id: service
  template: { apiVersion: v1, kind: Service, metadata: { name: web }, spec: { selector: { app: wrong }, ports: [{ port: 80 }] } }
- id: ends
  externalRef: { apiVersion: v1, kind: Endpoints, metadata: { name: "\${service.metadata.name}" } }
${config('map', '{ a: "${ends.subsets[0].addresses[0].ip}" }')}`),
    [
      'NoPod (Service default/web): no pod has the labels of spec.selector: app=wrong',
      'do         correct spec.selector',
    ],
  ],
  [
    'a definition that no longer compiles',
    [plain, instance(), definition(config('map', '{ a: "${schema.spec.nothing}" }'))],
    [
      'note: the present spec of the definition does not compile: revision 1 is served',
      "undefined field 'nothing'",
      '1 of 1 nodes ready',
    ],
  ],
  [
    'a kind that the cluster does not have',
    [
      plain,
      instance(),
      definition('- id: map\n  template: { apiVersion: example.com/v1, kind: Gone, metadata: { name: a } }'),
    ],
    ['note: the present spec of the definition does not compile: revision 1 is served', 'Gone'],
  ],
  [
    'none, because the instance is ACTIVE',
    [plain, instance()],
    ['App default/shop   ACTIVE', '1 of 1 nodes ready', 'the instance waits for nothing: every node is ready'],
  ],
];

test.each(STAGED)(
  'why explains the failure, and tree and diff show the same: %s',
  async (_title, objects, expected) => {
    await start(SIMULATED, ...objects);
    const text = await why();
    for (const each of expected) expect(text).toContain(each);
    const seen = await observed();
    const { causes } = await whyOf(seen, world.user, NEVER);
    const tried = await withFindings(world.user, seen, NEVER);
    const nodes = treeNodes(tried);
    const changes = tried.graph === undefined ? [] : diffReport(tried, tried.graph).changes;
    for (const { node: id, state, reason, remedy, troubles, command } of causes) {
      expect(nodes).toContainEqual(expect.objectContaining({ id, state, reason }));
      for (const each of [nodes.find((one) => one.id === id), statusView(tried).open.find(({ node }) => node === id)])
        if (each?.remedy !== undefined || troubles.length > 0)
          expect([each?.reason, each?.remedy, each?.command]).toEqual([reason, remedy, command]);
      if (!reason.startsWith('the API server refuses')) continue;
      expect(changes.map(({ refused }) => refused)).toContainEqual(expect.objectContaining({ reason, remedy }));
    }
  },
);

test('why for a waiting node prints the same report as why for the node that it waits for', async () => {
  await start(SIMULATED, failing('CrashLoopBackOff'), instance());
  const text = await why('shop/after');
  expect(text).toContain('CrashLoopBackOff');
  expect(text).toBe(await why('default/shop/web'));
});

test('why for a ready node names the other nodes that are not ready', async () => {
  const waits = config('other', '{ a: b }', 'readyWhen: ["${other.data.a == \'c\'}"]');
  await start(SIMULATED, definition(config('map', '{ a: b }') + waits), instance());
  expect(await why('shop/map')).toContain('map waits for nothing; other nodes are not ready: other');
});

test('why reports that two nodes render the same object', async () => {
  const same = (id: string) => config(id, '{ a: "${schema.spec.image}" }').replace(`-${id}`, '-${schema.spec.image}');
  await start(SIMULATED, definition(same('one') + same('two')), instance());
  const text = await why();
  expect(text).toMatch(/(?:one|two)  \w+: renders ConfigMap v1 default\/shop-nginx, and so does/);
  expect(text).not.toContain('every node is ready');
});

test('why prints the refusal of an immutable field once, and not the value of the field', async () => {
  await start(SIMULATED, definition(job('nginx:1')), instance(), definition(job('nginx:2')));
  const text = await why();
  expect(text.match(/field is immutable/g)).toHaveLength(1);
  expect(text.length).toBeLessThan(1000);
});

test('why names the refused item of a collection', async () => {
  const items = `
- id: parts
  forEach: [{ name: "\${['ok', 'Not_ok']}" }]
  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${name}" } }`;
  await start(SIMULATED, definition(items), instance());
  expect(await why()).toContain('the API server refuses ConfigMap default/Not_ok');
});

test('why prints the conditions of a custom resource', async () => {
  const bucket = crdOf(
    'Bucket',
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    { fields: { subresources: { status: {} } } },
  );
  const node = `
- id: bucket
  readyWhen: ["\${bucket.status.ready == true}"]
  template: { apiVersion: example.com/v1, kind: Bucket, metadata: { name: data } }`;
  await start(SIMULATED, bucket, definition(node), instance());
  const conditions = [
    { type: 'Ready', status: 'False', reason: 'Creating', message: 'waits for the account' },
    { type: 'ACK.Terminal', status: 'True', reason: 'BucketAlreadyExists', message: 'the name is taken' },
  ];
  const ref = { apiVersion: 'example.com/v1', kind: 'Bucket', name: 'data', namespace: 'default' };
  await world.user.patch(ref, { status: { conditions } }, { subresource: 'status' });
  await world.advance(2000);
  const text = await why();
  expect(text).toContain('└ because  BucketAlreadyExists (Bucket default/data): the name is taken');
  expect(text).toContain('└ because  Creating (Bucket default/data): waits for the account');
});

test('why does not report labels and annotations that another version of kro wrote', async () => {
  await start(SIMULATED, plain, instance());
  await world.controller.stop();
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'shop-map', namespace: 'default' };
  const annotations = { 'internal.kro.run/apply-order': '7' };
  await world.user.patch(ref, { metadata: { annotations } }, { fieldManager: 'kro.run/applyset' });
  expect(await why()).toContain('the instance waits for nothing: every node is ready');
});

test.each([
  ['of the instance', '', undefined],
  ['of a node that is left out', 'includeWhen: ["${schema.spec.size == 1}"]', { size: 2 }],
  ['of an item of a collection', 'forEach: [{ n: "${schema.spec.size > 0 ? [\'map\'] : []}" }]', { size: 0 }],
])('every view names the finalizer that delays the deletion %s', async (_title, more, spec) => {
  const name = more.startsWith('forEach') ? '-${n}"' : '-map"';
  const held = config('map', '{ a: b }', more)
    .replace('-map"', name)
    .replace('metadata: { ', 'metadata: { finalizers: [ex.com/hold], ');
  await start(SIMULATED, definition(held), instance());
  if (spec === undefined) await world.user.delete(refOf(instance()));
  else await world.apply(instance(spec));
  await world.advance(60_000);
  const reason = expect.stringMatching(
    /^waits until ConfigMap v1 default\/shop-map is gone .*, held by ex.com\/hold\)$/,
  );
  const [state, seen] = ['deleting', await withFindings(world.user, await observed(), NEVER)];
  const remedy = 'find out which controller must remove ex.com/hold, and why it does not';
  expect((await whyOf(seen, world.user, NEVER)).causes).toMatchObject([{ node: 'map', state, reason, remedy }]);
  expect(treeNodes(seen)).toContainEqual(expect.objectContaining({ state, reason, remedy }));
  expect(statusView(seen).open).toMatchObject([{ node: 'map', state, reason }]);
});

const counter = settings('{ n: "0" }', 'shop-map');
test.each([
  [
    'the manager of a contested field',
    config('map', '{ a: b }') + config('after', '{ c: "${map.metadata.name}" }'),
    'data.a repeatedly changed by other; the controller now pauses',
    'leave the field out of the template, or stop the other manager',
  ],
  [
    'a node that changes the value that it reads',
    reader('shop-map') + config('map', '{ n: "${string(int(ext.data.n) + 1)}" }'),
    'gets a different value with each write',
    'correct the expression whose value changes with each write, or leave its field out of the template',
  ],
])('every view names %s, and other nodes continue', async (_title, nodes, words, remedy) => {
  await start(SIMULATED, counter, definition(nodes), instance());
  for (let change = 0; change < 9; change += 1) {
    await world.user.patch(refOf(counter), { data: { a: `x${change}` } }, { fieldManager: 'other' });
    await world.advance(2000);
  }
  const seen = await withFindings(world.user, await observed(), NEVER);
  const reason = expect.stringContaining(words);
  expect((await whyOf(seen, world.user, NEVER)).causes).toMatchObject([{ node: 'map', reason, remedy }]);
  const open = treeNodes(seen).filter(({ state }) => state !== 'ready');
  expect(open).toMatchObject([{ state: 'waiting', reason, remedy }]);
  expect(statusView(seen).open).toMatchObject([{ node: 'map', state: 'waiting', reason }]);
});

test('why reports that no controller has seen the instance', async () => {
  await start(SIMULATED, plain);
  await world.controller.stop();
  await world.apply(instance());
  const text = await why();
  expect(text).toContain('App default/shop   no controller has written its status yet');
  expect(text).toContain(
    'the API server would accept the write of ConfigMap default/shop-map now, but no controller has sent it',
  );
});

test('why names the last change before the instance became not ready', async () => {
  await start({}, definition(config('map', '{ a: "${string(10 / schema.spec.size)}" }')), instance({ size: 5 }));
  expect(await why()).not.toContain('last change');
  const app = { apiVersion: 'kro.run/v1alpha1', kind: 'App', namespace: 'default', name: 'shop' };
  await world.user.patch(app, { spec: { size: 0 } }, { fieldManager: 'jane' });
  await world.advance(125_000);
  expect(await why()).toContain('\n  last change  jane: App default/shop, 2m5s ago\n');
});
