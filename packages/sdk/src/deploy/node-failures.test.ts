import { expect, test } from 'vitest';
import type { NodeReport } from '@typekro/engine/runtime';
import { remedyOfNode, remedyOfRefusal, remedyOfWaiting } from './node-failures.ts';

const object = { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' };
const failed = (because: NodeReport['because']): NodeReport => ({ id: 'web', state: 'failed', because, objects: [] });
const refused = (code: number, message: string) =>
  failed({ kind: 'write-failed', object, failure: { code, reason: '', message }, retryAt: Number.POSITIVE_INFINITY });

test.each([
  [401, 'Unauthorized', /^log in again/],
  [404, 'namespaces "shop" not found', /create the namespace first/],
  [403, 'pods "web" is forbidden: exceeded quota: q, requested: pods=1', /kubectl describe resourcequota -n shop/],
  [403, 'pods "web" is forbidden: failed quota: q: must specify cpu for: c', /^set the requests and limits/],
  [403, 'pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2', /describe limitrange -n shop/],
  [403, 'pods "web" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true', /securityContext/],
  [403, 'unable to create new content in namespace a because it is being terminated', /until the namespace is gone/],
  [403, 'admission webhook "images.example.com" denied the request: no', /a policy of the cluster refuses/],
  [422, "x is forbidden: ValidatingAdmissionPolicy 'images' with binding 'b' denied request: no", /a policy of/],
  [422, 'Service "web" is invalid: spec.clusterIPs[0]: may not change once set', /kubectl delete service web -n shop/],
  [422, 'spec.selector: Invalid value: {}: field is immutable', /take the old value/],
  [422, 'Service "web" is invalid: spec.ports: Required value', /correct the composition or the spec/],
])('a write refused with status %d and message "%s" has a remedy', (code, message, remedy) => {
  expect(remedyOfNode(refused(code, message))).toMatch(remedy);
});

test('the remedy for an object that has another owner suggests another name', () => {
  expect(remedyOfNode(failed({ kind: 'other-owner', object, owner: 'applyset-x' }))).toMatch(
    /^give the resource another name; or, if the owner of the existing object is gone, delete/,
  );
});

test.each([
  ['apply results contain errors: x belongs to a different ApplySet: a', true],
  ['deployments.apps "q-web" is forbidden: exceeded quota: q', true],
  ['pods is forbidden: User "system:serviceaccount:a:b" cannot patch resource "pods" in API group ""', true],
  ['pods "p" is forbidden: violates PodSecurity "restricted:latest"', true],
  ['Service "imm" is invalid: spec.clusterIPs: Invalid value', true],
  ['waiting for node "web": readyWhen condition evaluated to false', false],
  ['Internal error occurred: failed calling webhook "x": connection refused', false],
])('the message "%s" of a controller ends the deploy: %s', (message, expected) => {
  expect(remedyOfRefusal(message, 'shop') !== undefined).toBe(expected);
});

test('the remedy at the time limit names a webhook that does not answer', () => {
  const message = 'Internal error occurred: failed calling webhook "a.example.com": context deadline exceeded';
  expect(remedyOfWaiting(message)).toMatch(/^the webhook a\.example\.com must respond/);
  expect(remedyOfWaiting('0 of 1 replicas are ready')).toBeUndefined();
});

test.each([
  ['Warning Failed (web-x): Error: ImagePullBackOff', /^an image cannot be pulled: correct its name and tag/],
  ['Warning Failed (web-x): Error: CreateContainerConfigError', /^a container names a ConfigMap, a Secret or a key/],
  ['Warning BackOff (web-x): Back-off restarting failed container', /read its logs/],
  ['Warning FailedScheduling (web-x): 0/3 nodes are available', /^no node can run a pod: lower its requests/],
])('at the time limit, %s has a remedy', (event, remedy) => {
  expect(remedyOfWaiting(`shop "a" did not become ready in time:\n  ${event}`)).toMatch(remedy);
});
