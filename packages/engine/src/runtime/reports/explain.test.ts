import { expect, test } from 'vitest';
import { type NodeReport, type Reports, Explanation, RootCause } from '../index.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'ns' };
const report = (id: string, state: Reports.NodeState, because: Reports.Because): NodeReport => ({
  id,
  state,
  because,
  objects: [],
});

test.each<[Reports.Because, string, string?]>([
  [{ kind: 'ready' }, 'is as wanted and ready'],
  [{ kind: 'excluded', expression: 'schema.spec.on', value: false }, 'is left out: schema.spec.on is false'],
  [{ kind: 'dependency', nodes: [{ id: 'db', state: 'waiting' }] }, 'waits for db (waiting)'],
  [
    { kind: 'not-ready', expression: 'db.status.ready', value: false, object: pod },
    'waits until db.status.ready is true of Pod v1 ns/web; it is false',
    'look at it with kubectl get pod web -n ns -o yaml, and correct readyWhen if its condition can never be true',
  ],
  [
    {
      kind: 'not-ready',
      expression: 'in.status.state == "ACTIVE"',
      value: false,
      object: { apiVersion: 'kro.run/v1alpha1', kind: 'Inner', name: 'a-in', namespace: 'ns' },
    },
    'waits until in.status.state == "ACTIVE" is true of Inner kro.run/v1alpha1 ns/a-in; it is false',
    'see what it waits for: typekro why inner/ns/a-in',
  ],
  [
    { kind: 'not-ready', expression: 'db.status.ready', missing: 'status' },
    'waits until db.status.ready is true; "status" does not exist yet',
  ],
  [
    { kind: 'missing-data', expression: 'schema.spec.a', path: 'a', message: '', nodes: [] },
    'waits for data: schema.spec.a has no value, "a" does not exist',
    'set "a" in the instance, give it a default in the schema, or read it with a default: .?a.orValue(…) in CEL, ?? in TypeScript',
  ],
  [
    { kind: 'missing-data', expression: 'db.status.a', path: 'a', message: '', nodes: ['db'] },
    'waits for data: db.status.a has no value, "a" does not exist',
  ],
  [
    { kind: 'being-deleted', objects: [{ object: pod, finalizers: ['a/b'], since: '2026-01-01T00:00:00Z' }] },
    'waits until Pod v1 ns/web is gone (deleted at 2026-01-01T00:00:00Z, held by a/b)',
    'find out which controller must remove a/b, and why it does not',
  ],
  [
    { kind: 'write-failed', object: pod, failure: { code: 422, reason: 'Invalid', message: 'no' }, retryAt: 0 },
    'the API server refuses Pod ns/web: no; next try at 1970-01-01T00:00:00.000Z',
  ],
  [
    {
      kind: 'write-failed',
      object: pod,
      failure: { code: 403, reason: 'Forbidden', message: 'pods "web" is forbidden: exceeded quota: q' },
      retryAt: Infinity,
    },
    'the API server refuses Pod ns/web: pods "web" is forbidden: exceeded quota: q',
    'request at most what the quota still allows, or have the quota raised: kubectl describe resourcequota -n ns',
  ],
  [
    { kind: 'missing-data', expression: 'schema.spec.labels["a.b/c"]', path: 'a.b/c', message: '', nodes: [] },
    'waits for data: schema.spec.labels["a.b/c"] has no value, "a.b/c" does not exist',
    'set "a.b/c" in the instance, give it a default in the schema, or read it with a default: [?"a.b/c"].orValue(…) in CEL, ?? in TypeScript',
  ],
  [
    { kind: 'missing-data', expression: 'schema.spec.map["a.b"]', message: '', nodes: [] },
    'waits for data: schema.spec.map["a.b"] has no value',
    'set "schema.spec.map["a.b"]" in the instance, give it a default in the schema, or read it with a default: [?…].orValue(…) in CEL, ?? in TypeScript',
  ],
  [
    { kind: 'missing-data', expression: 'schema.spec.hosts[5]', message: '', nodes: [] },
    'waits for data: schema.spec.hosts[5] has no value',
    'give the list more items, or test for them first: size(schema.spec.hosts) > 5 ? … : …',
  ],
  [
    {
      kind: 'expression-failed',
      expression: 'schema.spec.tls.secret',
      path: 'includeWhen',
      message: 'eval "schema.spec.tls.secret != \\"\\"": no such key: tls',
    },
    'failed at includeWhen: eval "schema.spec.tls.secret != \\"\\"": no such key: tls',
    'set spec.tls in the instance, or test it first: has(schema.spec.tls) && …, has(schema.spec.tls) ? … : …',
  ],
  [
    {
      kind: 'expression-failed',
      expression: '1 / 0',
      path: 'spec.replicas',
      message: 'eval "1 / 0": division by zero',
    },
    'failed at spec.replicas: eval "1 / 0": division by zero',
    'test the divisor first: x == 0 ? 0 : 10 / x',
  ],
  [
    { kind: 'other-owner', object: pod, owner: 'applyset-x-v1' },
    'may not take Pod v1 ns/web, which belongs to ApplySet applyset-x-v1',
    'choose another name, delete the object, or set an adoption policy that takes over the object',
  ],
  [
    { kind: 'other-owner', object: pod, owner: 'applyset-x-v1', instance: 'Shop ns/second' },
    'may not take Pod v1 ns/web, which belongs to Shop ns/second, ApplySet applyset-x-v1',
    'give the object another name (in a definition: one with ${schema.metadata.name}), or delete Shop ns/second',
  ],
  [
    { kind: 'retired', objects: [pod], heldBy: ['db'] },
    'waits for db before it deletes objects that are no longer wanted: Pod v1 ns/web',
  ],
  [{ kind: 'retired', objects: [pod] }, 'deletes objects that are no longer wanted: Pod v1 ns/web'],
  [{ kind: 'retired', isWhole: true, objects: [pod] }, 'deletes its objects: Pod v1 ns/web'],
  [
    { kind: 'retired', isWhole: true, objects: [pod], heldBy: ['db'] },
    'waits for db before it deletes its objects: Pod v1 ns/web',
  ],
])('explainNode returns the reason and the remedy of %o', (because, reason, remedy) => {
  const explanation = Explanation.of(report('x', 'waiting', because));
  expect(explanation.reason).toBe(reason);
  expect(explanation.remedy).toBe(remedy);
});

test.each<[because: Reports.Because, text: string]>([
  [
    { kind: 'missing-data', expression: 'db.status.a', path: 'a', message: '', nodes: ['db'] },
    'see why db does not have "a"',
  ],
  [{ kind: 'unread', object: pod }, 'make sure that the kind is served'],
  [{ kind: 'write', action: 'create', count: 1 }, 'make sure that the controller runs'],
  [{ kind: 'items-missing', present: 1, wanted: 2 }, 'make sure that the controller runs'],
  [{ kind: 'dependency', nodes: [{ id: 'db', state: 'failed' }] }, 'look at what db waits for'],
  [{ kind: 'not-ready', expression: 'db.status.ready', missing: 'status' }, 'see what writes "status"'],
  [{ kind: 'not-ready-by-kind', object: pod, reason: 'Pending', message: '' }, 'see why the controller of Pod'],
  [{ kind: 'being-deleted', objects: [{ object: pod, finalizers: [], since: '' }] }, 'see whether the API server'],
  [{ kind: 'read-failed', failure: { code: 503, reason: '', message: '' } }, 'make sure that the API server responds'],
  [{ kind: 'invalid-object', message: 'no', path: 'metadata.name' }, 'correct metadata.name in the definition'],
  [{ kind: 'retired', objects: [pod], heldBy: ['db'] }, 'look at what db waits for'],
  [
    { kind: 'write-failed', object: pod, failure: { code: 422, reason: 'Invalid', message: 'no' }, retryAt: 0 },
    'correct what the message names',
  ],
])(
  'the remedy for a cause that may be temporary has the condition "if it lasts", and explainNode omits it: %o',
  (because, text) => {
    expect(Explanation.remedy(because)).toMatchObject({
      when: 'if it lasts',
      text: expect.stringContaining(text) as string,
    });
    expect(Explanation.of(report('x', 'waiting', because)).remedy).toBeUndefined();
  },
);

const nodes = [
  report('db', 'waiting', { kind: 'external-missing', object: pod }),
  report('application', 'pending', { kind: 'dependency', nodes: [{ id: 'db', state: 'waiting' }] }),
  report('cfg', 'ready', { kind: 'ready' }),
];

test('a node that waits for no other unready node is a root cause, which lists the nodes that wait for it', () => {
  expect(RootCause.of(nodes).map(({ node, waiting }) => [node.id, waiting])).toEqual([['db', ['application']]]);
});
