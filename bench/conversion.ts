/**
 * Measures conversions between the versions of an API, with a controller in the same process, on an embedded cluster or,
 * with `KUBEBUILDER_ASSETS`, on the kube-apiserver of that folder.
 * Run: `npm run bench -- conversion [--objects N] [--rate N]`. Prints one row per figure, with its goal.
 *
 * The reviews are those of `LocalConversions`, which answers as the controller in a cluster does, with the Node flags of
 * the image. A row with the bare JSON of the same review shows the speed of the machine.
 */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { textAt } from '@typekro/kit/kubernetes';
import { LocalConversions, controllerCrds, runController, silentLogger } from '../dist/controller/index.js';
import type { JsonObject, KubeObject, ObjectRef } from '../dist/core/index.js';
import { parseDefinitions } from '../dist/graph/index.js';
import { KubeClient, type PatchOptions, loadKubeConfig } from '../dist/kube/index.js';
import { freePort, serverKinds } from '../test/support/api-server.ts';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';

const { objects: TOTAL, rate: RATE } = readOptions({ objects: 1000, rate: 100 });
setFlagsFromString('--no-opt');
setFlagsFromString('--no-maglev');

const REVIEWED = 500;
const [ROUNDS, WARM_UP] = [15, 5];
const GROUP = 'bench.typekro.dev';

const FORMER_SCHEMA = `
      host: string | required=true
      image: string | required=true
      replicas: integer | default=1
      labels: map[string]string
      ports: '[]integer'`;

/** A definition with one version. The new one renames a field, splits one in two, and has one more. */
const former = definition(`
    apiVersion: v1alpha1
    kind: Site
    group: ${GROUP}
    spec:${FORMER_SCHEMA}`);
const present = definition(`
    apiVersion: v1
    kind: Site
    group: ${GROUP}
    spec:
      hostname: string | required=true
      port: integer | default=80
      image: string | required=true
      tag: string | default="latest"
      replicas: integer | default=1
      labels: map[string]string
      ports: '[]integer'
    versions:
    - name: v1alpha1
      spec:${FORMER_SCHEMA.replaceAll('\n', '\n  ')}
      convertTo:
        spec.hostname: \${self.spec.host}
        spec.image: "\${self.spec.image.contains(':') ? self.spec.image.split(':', 2)[0] : self.spec.image}"
        spec.tag: "\${self.spec.image.contains(':') ? self.spec.image.split(':', 2)[1] : ''}"
      convertFrom:
        spec.host: \${self.spec.hostname}
        spec.image: "\${self.spec.tag == '' ? self.spec.image : self.spec.image + ':' + self.spec.tag}"
      lossy: [spec.port, spec.tag, spec.image]`);

function definition(schema: string): KubeObject {
  const text = `apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata:\n  name: site\nspec:\n  schema:${schema}\n  resources: []\n`;
  return parseDefinitions(text).documents[0]?.value as KubeObject;
}

const site = (index: number): KubeObject => ({
  apiVersion: `${GROUP}/v1alpha1`,
  kind: 'Site',
  metadata: { name: `site-${String(index).padStart(6, '0')}`, namespace: 'default', labels: { team: 'web' } },
  spec: {
    host: `h${index}.example.com`,
    image: `app-${index}:v${index}`,
    replicas: 2,
    labels: { a: 'b', c: 'd' },
    ports: [80, 443],
  },
});

/** The times of the writes of instances by the controller. */
const writes: number[] = [];
/** The client of the controller, whose writes are counted. */
class CountedClient extends KubeClient {
  override patch(ref: ObjectRef, patch: JsonObject | JsonObject[], options?: PatchOptions): Promise<KubeObject> {
    if (ref.kind === 'Site' && options?.subresource === undefined) writes.push(performance.now());
    return super.patch(ref, patch, options);
  }
}

const kind = serverKinds().at(-1);
if (kind === undefined) throw new Error('there is no server');
const server = await kind.start();
const config = await loadKubeConfig({ path: server.kubeconfig, env: {} });
const api = new KubeClient({ config });
const conversions = new LocalConversions();
conversions.connect(api);
const address = `127.0.0.1:${await freePort()}`;
const ended = new AbortController();

const print = (what: string, goal: string, value: string) => console.log(`| ${what} | ${goal} | ${value} |`);
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * The median time of each piece of work, in milliseconds. The pieces run in turns. Default: the processor time of this
 * process.
 */
async function times(works: readonly (() => unknown)[], clock = cpu): Promise<number[]> {
  const found = works.map((): number[] => []);
  for (let round = 0; round < ROUNDS + WARM_UP; round += 1) {
    for (const [index, work] of works.entries()) {
      const began = clock();
      await work();
      if (round >= WARM_UP) found[index]?.push(clock() - began);
    }
  }
  return found.map(median);
}

const ref = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'site' };
const isTrue = async (type: string) => {
  for (;;) {
    const { status, metadata } = await api.get(ref);
    const conditions = (status?.['conditions'] ?? []) as JsonObject[];
    const { generation } = metadata;
    if (
      conditions.some(
        (each) => each['type'] === type && each['status'] === 'True' && each['observedGeneration'] === generation,
      )
    )
      return;
    await setTimeout(50);
  }
};

/** A server needs a moment until it serves a new kind or version. */
const isServed = async (ofKind: { readonly apiVersion: string; readonly kind: string }) => {
  while (
    await api.list(ofKind, { limit: 1 }).then(
      () => false,
      () => true,
    )
  )
    await setTimeout(50);
};

await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
for (const crd of controllerCrds()) await api.create(crd);
await isServed(ref);
const controller = runController({
  client: new CountedClient({ config }),
  logger: silentLogger,
  signal: ended.signal,
  identity: 'bench',
  args: [
    '--feature-gates=APIVersions=true',
    '--conversion-service=kro-system/conversions',
    `--conversion-bind-address=${address}`,
    `--conversion-url=https://${address}`,
    `--migration-qps=${RATE}`,
    '--metrics-bind-address=0',
    '--health-probe-bind-address=0',
    '--leader-elect=false',
  ],
});
await api.create(former);
await isTrue('Ready');
await isServed({ apiVersion: `${GROUP}/v1alpha1`, kind: 'Site' });
for (let index = 0; index < TOTAL; index += 1) await api.create(site(index));
writes.length = 0;
const began = performance.now();
await api.update({ ...present, metadata: (await api.get(ref)).metadata });
await isTrue('StorageMigrated');
const seconds = (performance.now() - began) / 1000;
const busiest = Math.max(...writes.map((at, index) => writes.slice(index).filter((each) => each < at + 1000).length));

const crd = await api.get({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: `sites.${GROUP}`,
});
const { pathname: path } = new URL(textAt(crd.spec, 'conversion', 'webhook', 'clientConfig', 'url'));
const [answer] = Object.values(conversions.services);
const listed = async (version: string) => (await api.list({ apiVersion: `${GROUP}/${version}`, kind: 'Site' })).items;
const review = async (from: string, to: string) =>
  JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'u', desiredAPIVersion: `${GROUP}/${to}`, objects: (await listed(from)).slice(0, REVIEWED) },
  });
const answered = async (text: string) => {
  const response = await answer?.(path, JSON.parse(text) as JsonObject);
  if (textAt(response, 'response', 'result', 'status') !== 'Success') throw new Error(JSON.stringify(response));
  return JSON.stringify(response);
};
const [toHub, fromHub] = [await review('v1alpha1', 'v1'), await review('v1', 'v1alpha1')];
const [json, to, from] = await times([
  () => JSON.stringify(JSON.parse(fromHub)),
  () => answered(toHub),
  () => answered(fromHub),
]);
const [hub, version] = await times([() => listed('v1'), () => listed('v1alpha1')], () => performance.now());

console.log(`on ${kind.name}`);
print('what', 'goal', 'measured');
print('---', '---', '---');
const ms = (value = Number.NaN) => `${value.toFixed(1)} ms`;
print(`the bare JSON of a review of ${REVIEWED} objects`, '', ms(json));
print(`a review of ${REVIEWED} objects to the hub`, '≤ 15 ms', ms(to));
print(`a review of ${REVIEWED} objects from the hub`, '≤ 15 ms', ms(from));
print(
  `a list of ${TOTAL} objects in another version, against the hub`,
  '≤ 1.3',
  ((version ?? 0) / (hub ?? 1)).toFixed(2),
);
print(
  `a migration of ${TOTAL} objects with ${RATE} a second: writes in the busiest second, duration`,
  `≤ ${RATE}`,
  `${busiest} of ${writes.length}, ${seconds.toFixed(1)} s`,
);
ended.abort();
await controller;
await api.close();
conversions.close();
await server.close();
