import { describe, expect, test } from 'vitest';
import type { Decision, NodeReport } from '@typekro/engine/runtime';
import type { Graph } from '@typekro/engine/graph';
import type { RetryPolicy } from '../compose/index.ts';
import { remedyOfNode, remedyOfRefusal, remedyOfWaiting } from './node-failures.ts';
import { describeLeftovers, podLogsCommand } from './failure-report.ts';
import { writeRulesOf } from './retries-of.ts';

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

const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' };

test.each([
  [web, 'kubectl logs -n shop deployment/web --all-containers'],
  [{ apiVersion: 'v1', kind: 'Pod', name: 'p' }, 'kubectl logs -n default pod/p --all-containers'],
  [{ apiVersion: 'v1', kind: 'Service', name: 's' }, undefined],
])('the command for the logs of %o is known only for kinds with logs', (ref, expected) => {
  expect(podLogsCommand(ref)).toBe(expected);
});

describe('the description of leftovers', () => {
  const decision = (names: readonly string[]): Decision =>
    ({
      nodes: names.map((name) => ({
        id: name,
        because: { kind: 'ready' },
        objects: [{ object: { ...web, name }, state: 'present' }],
      })),
    }) as unknown as Decision;

  const graphOf = (nodeType: string, ...names: string[]) =>
    ({ definedBy: 'definition', nodes: new Map(names.map((id) => [id, { id, nodeType }])) }) as unknown as Graph;
  const graph = graphOf('resource');

  test.each(['external', 'externalCollection', 'patch'])('leaves out the object of a node of type %s', (nodeType) => {
    expect(describeLeftovers(decision(['a', 'b']), graphOf(nodeType, 'a'), 'shop')[0]).toBe(
      'in the cluster: Deployment apps/v1 shop/b',
    );
  });

  test('has the objects and the remedies', () => {
    const [objects, ways] = describeLeftovers(decision(['a', 'b']), graph, 'shop');
    expect(objects).toContain('shop/a');
    expect(ways).toContain("rollback('shop')");
    expect(ways).toContain("deleteInstance('shop')");
  });

  test('counts the objects beyond the limit of a line', () => {
    const many = Array.from({ length: 12 }, (_, index) => `n${index}`);
    expect(describeLeftovers(decision(many), graph, 'shop')[0]).toMatch(/and 2 more$/);
  });

  test('is empty without objects', () => {
    expect(describeLeftovers(decision([]), graph, 'shop')).toEqual([]);
  });
});

test.each<[string, RetryPolicy, object]>([
  ['no options', {}, { backoff: { initialMs: 100, maxMs: 5000, factor: 2 }, silentRetries: 4 }],
  ['longer pauses', { initialDelay: 500, maxDelay: 9000 }, { backoff: { initialMs: 500, maxMs: 9000, factor: 2 } }],
  ['no pause at all', { initialDelay: 0, maxDelay: 0 }, { backoff: { initialMs: 100, maxMs: 100, factor: 2 } }],
  ['pauses that shrink', { backoffMultiplier: 0.5 }, { backoff: { factor: 1 } }],
  ['no retries', { maxRetries: 0 }, { silentRetries: 0 }],
])(
  'a policy with %s yields write rules whose pauses never become shorter and whose lasting failures are final',
  (_name, policy, rules) => {
    expect(writeRulesOf(policy)).toMatchObject({ ...rules, lasting: 'final' });
  },
);
