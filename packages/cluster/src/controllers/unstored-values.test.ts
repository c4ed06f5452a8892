import { expect, test, vi } from 'vitest';
import { certificateRequest } from '../../test-support/certificate-request.ts';
import { Api } from '../api.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { tokenController } from './account-tokens.ts';
import { signingController } from './certificates.ts';
import { ControllerClient, createIndexes } from './controller-client.ts';
import type { SimulatedController } from './simulated-controller.ts';

const request = Buffer.from(certificateRequest('ada').request).toString('base64');
const signing: KubeObject = {
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'ada', uid: 'u' },
  spec: { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['digital signature', 'client auth'] },
  status: { conditions: [{ type: 'Approved', status: 'True' }] },
};
const annotations = { 'kubernetes.io/service-account.name': 'robot' };
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'kubernetes.io/service-account-token',
  metadata: { name: 'ada', namespace: 'default', uid: 'u', annotations },
};
const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'robot', namespace: 'default', uid: 'r' },
};

/** A store with the object, and a client for a controller. All updates of this client are refused. */
function refused(group: string, plural: string, key: string, object: KubeObject) {
  const api = new Api({});
  const collection = api.store.collection(group, plural);
  api.store.collection('', 'serviceaccounts').put('default/robot', account);
  const client = new ControllerClient(api, 'test', createIndexes(api.store));
  const made: JsonObject[] = [];
  for (const write of ['update', 'updateStatus'] as const)
    vi.spyOn(client, write).mockImplementation((...[written, status]: unknown[]) => {
      made.push((status ?? written) as JsonObject);
      throw new Error('refused');
    });
  return { client, collection, context: api, key, made, object, store: api.store };
}

const signingCase = () => {
  const set = refused('certificates.k8s.io', 'certificatesigningrequests', 'ada', signing);
  const sign = vi.spyOn(set.context.clientAuthority, 'sign');
  return { ...set, make: sign, controller: signingController(set.context) };
};

const tokenCase = () => {
  const set = refused('', 'secrets', 'default/ada', secret);
  const issue = vi.spyOn(set.context.access.tokens, 'issue');
  return { ...set, make: issue, controller: tokenController(set.context) };
};

test.each([
  ['certificate', signingCase],
  ['token', tokenCase],
])('after a refused write, the next attempt writes the same %s; the deletion of the object discards it', (_, setUp) => {
  const { client, collection, controller, key, made, make, object, store } = setUp();
  const due: string[] = [];
  store.subscribe((event) => due.push(...controller.keysOf(event, client)));
  const run = (each: SimulatedController) => {
    for (const name of due.splice(0)) each.reconcile(name, client);
  };
  collection.put(key, object);
  expect(() => run(controller)).toThrow('refused');
  expect(() => controller.reconcile(key, client)).toThrow('refused');
  expect(made[1]).toEqual(made[0]);
  expect(make).toHaveBeenCalledTimes(1);
  collection.remove(key);
  run(controller);
  collection.put(key, object);
  expect(() => run(controller)).toThrow('refused');
  expect(make).toHaveBeenCalledTimes(2);
});
