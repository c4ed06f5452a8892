import { get, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { type Controller, controllerCrds, createController, silentLogger } from '@typekro/controller/controller';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { KubeClient, systemClock } from '@typekro/kube';
import { conversionsDigest } from '../../../packages/controller/src/controller/conversions/conversion-address.ts';
import {
  type OpenConversions,
  serveConversions,
} from '../../../packages/controller/src/controller/conversions/serve-conversions.ts';

let cluster: Cluster;
let client: KubeClient;
let controller: Controller;
let replicas: OpenConversions[] = [];

const SERVICE = { namespace: 'kro-system', name: 'conversions' };

/** Two replicas serve conversions, and the API server calls the second one, which has never led. */
beforeAll(async () => {
  cluster = await createEmbeddedCluster({
    webhookServices: {
      get 'kro-system/conversions'() {
        return replicas[1]?.url ?? '';
      },
    },
  });
  client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  const open = () =>
    serveConversions({ client, clock: systemClock, logger: silentLogger, bind: '127.0.0.1:0', service: SERVICE });
  replicas = await Promise.all([open(), open()]);
  const [leader] = replicas;
  if (leader === undefined) throw new Error('no replica');
  controller = createController({ client, conversions: leader.address, features: { versions: true } });
  await controller.start();
  await client.create(DEFINITION);
  await controller.idle();
});
afterAll(async () => {
  await controller.stop();
  await Promise.all(replicas.map((replica) => replica.close()));
  await client.close();
  await cluster.close();
});

const DEFINITION: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'site' },
  spec: {
    schema: {
      apiVersion: 'v1',
      kind: 'Site',
      group: 'acme.test',
      spec: { hostname: 'string | required=true', port: 'integer | default=80' },
      versions: [
        {
          name: 'v1alpha1',
          spec: { host: 'string | required=true' },
          convertTo: { 'spec.hostname': '${self.spec.host}' },
          convertFrom: { 'spec.host': '${self.spec.hostname}' },
          lossy: ['spec.port'],
        },
      ],
    },
    resources: [],
  },
};

const site = (version: string, name: string, spec: JsonObject): KubeObject => ({
  apiVersion: `acme.test/${version}`,
  kind: 'Site',
  metadata: { name, namespace: 'default' },
  spec,
});

test('the API server converts through a replica that does not lead, with the certificate in the CRD', async () => {
  await client.create(site('v1alpha1', 'a', { host: 'a.test' }));
  const ref = { apiVersion: 'acme.test/v1', kind: 'Site', namespace: 'default', name: 'a' };
  expect((await client.get(ref)).spec).toEqual({ hostname: 'a.test', port: 80 });
  const many = Array.from({ length: 20 }, (_, index) => `m${index}`);
  await Promise.all(many.map((name) => client.create(site('v1', name, { hostname: `${name}.test` }))));
  const { items } = await client.list({ apiVersion: 'acme.test/v1alpha1', kind: 'Site' });
  expect(items.map(({ spec }) => spec?.['host']).toSorted()).toEqual(
    ['a', ...many].map((name) => `${name}.test`).toSorted(),
  );
});

test('a manager moves from the former version to the new one by server-side apply', async () => {
  const options = { fieldManager: 'gitops' };
  await client.apply(site('v1alpha1', 'moved', { host: 'a.test' }), options);
  await client.apply(site('v1', 'moved', { hostname: 'b.test' }), options);
  const ref = { apiVersion: 'acme.test/v1alpha1', kind: 'Site', namespace: 'default', name: 'moved' };
  expect((await client.get(ref)).spec).toEqual({ host: 'b.test' });
});

test('a client cannot give a field a value by the annotation of kept fields that its version does not allow', async () => {
  const kept = (value: string) => ({ 'kro.run/kept-fields': `{"v1":[["spec/port",${value}]]}` });
  const made = async (name: string, value: string) => {
    const object = site('v1alpha1', name, { host: 'a.test' });
    await client.create({ ...object, metadata: { ...object.metadata, annotations: kept(value) } });
    return (await client.get({ apiVersion: 'acme.test/v1', kind: 'Site', namespace: 'default', name })).spec;
  };
  expect(await made('kept', '8080')).toEqual({ hostname: 'a.test', port: 8080 });
  expect(await made('text', '"8080"')).toEqual({ hostname: 'a.test', port: 80 });
});

test('both replicas have the same certificates, which the Secret has', () => {
  expect(replicas[0]?.address.caBundle?.()).toBe(replicas[1]?.address.caBundle?.());
});

/** Posts a body to the second replica, and returns the status and the body of the response. */
async function post(path: string, body: string): Promise<readonly [number | undefined, string]> {
  const { url = '', address } = replicas[1] ?? {};
  const options = { method: 'POST', ca: address?.caBundle?.(), servername: `${SERVICE.name}.${SERVICE.namespace}.svc` };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, options, (response) => {
      void text(response).then((read) => resolve([response.statusCode, read]), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const crdOfSites = () =>
  client.get({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'sites.acme.test' });
const review = (objects: unknown[], desiredAPIVersion = 'acme.test/v1') =>
  JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'u', desiredAPIVersion, objects },
  });
const old = site('v1alpha1', 'x', { host: 'x.test' });

test.each<[what: string, body: string, message: string]>([
  ['no JSON', '{', 'the request is not a ConversionReview of apiextensions.k8s.io/v1'],
  ['another object', JSON.stringify(old), 'the request is not a ConversionReview of apiextensions.k8s.io/v1'],
  ['an unknown version', review([old], 'acme.test/v7'), 'Site has no version v7 (it has v1, v1alpha1)'],
  ['another group', review([old], 'other.test/v1'), 'this is other.test/v1 Site, not a Site of acme.test'],
  ['mixed kinds', review([old, { ...old, kind: 'Page' }]), 'this is acme.test/v1alpha1 Page, not a Site of acme.test'],
  ['no object', review([7]), 'the review has an object that is not a JSON object'],
])('a review with %s is refused', async (_what, body, message) => {
  const path = `/convert/sites.acme.test/${conversionsDigest(await crdOfSites())}`;
  const [status, answer] = await post(path, body);
  expect(status).toBe(200);
  const shown = textAt(JSON.parse(answer) as JsonObject, 'response', 'result', 'message');
  expect(shown).toContain(message);
});

test.each<[path: string, message: string]>([
  ['/', 'the path / names no CustomResourceDefinition'],
  ['/convert/sites.acme.test', 'the path /convert/sites.acme.test names no CustomResourceDefinition'],
  ['/convert/sites.acme.test/00', 'the conversions of sites.acme.test have just changed; try again'],
  ['/convert/none.acme.test/00', 'the CustomResourceDefinition none.acme.test has no conversions'],
  ['/convert/..%2f..%2f/00', '"..%2f..%2f" cannot be the name of an object'],
])('a review to the path %s is refused', async (path, message) => {
  const [, answer] = await post(path, review([old]));
  expect(textAt(JSON.parse(answer) as JsonObject, 'response', 'result', 'message')).toContain(message);
});

test('other methods are refused, and so is a client that does not trust the certificate', async () => {
  const { url = '', address } = replicas[1] ?? {};
  const servername = `${SERVICE.name}.${SERVICE.namespace}.svc`;
  const status = await new Promise((resolve, reject) => {
    get(url, { ca: address?.caBundle?.(), servername }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
  expect(status).toBe(405);
  await expect(
    new Promise((resolve, reject) => void get(url, { servername }, resolve).on('error', reject)),
  ).rejects.toThrow(/certificate/);
});
