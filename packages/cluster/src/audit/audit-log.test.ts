import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AuditEvent, AuditLevel, AuditOptions, AuditPolicyRule, Cluster, UserInfo } from '../index.ts';
import { createEmbeddedCluster, createManualClock } from '../index.ts';
import { allow, call, CONFIGURATIONS, map, MAPS } from '../../test-support/webhook-cluster.ts';
import { openWebhookServer, patchAnswer } from '../../test-support/webhook-server.ts';
import { AuditLog } from './audit-log.ts';
import { RequestTrail, sourceIps } from './request-trail.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-audit-'));
  folders.push(folder);
  return folder;
}

interface Audited extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly events: AuditEvent[];
  call(method: string, path: string, body?: object, user?: UserInfo, type?: string): ReturnType<typeof call>;
}

/** Starts a cluster whose audit policy has the given rules, or one level for all requests. */
async function audited(
  rules: AuditLevel | readonly AuditPolicyRule[],
  more: Omit<AuditOptions, 'policy' | 'onEvent'> & {
    omitManagedFields?: boolean;
    services?: Record<string, string>;
  } = {},
): Promise<Audited> {
  const events: AuditEvent[] = [];
  const { omitManagedFields = false, services = {}, ...options } = more;
  const cluster = await createEmbeddedCluster({
    controllers: false,
    clock: createManualClock(NOON),
    webhookServices: services,
    audit: {
      policy: { rules: typeof rules === 'string' ? [{ level: rules }] : rules, omitManagedFields },
      onEvent: (event) => void events.push(event),
      ...options,
    },
  });
  return {
    cluster,
    events,
    call: (method, path, body, user, type) => call(cluster.transport(user), method, path, body, type),
    [Symbol.asyncDispose]: () => cluster.close(),
  };
}

const JANE: UserInfo = { name: 'jane', groups: ['devs'] };

describe('the audit log of requests', () => {
  test('has an event for the arrival and one for the response, with the same id', async () => {
    await using log = await audited('Metadata');
    await log.call('GET', `${MAPS}/a`, undefined, JANE);
    const both = {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      requestURI: `${MAPS}/a`,
      verb: 'get',
      user: { username: 'jane', groups: ['devs', 'system:authenticated'] },
      objectRef: { resource: 'configmaps', namespace: 'default', name: 'a', apiVersion: 'v1' },
      requestReceivedTimestamp: '2026-01-01T12:00:00.000000Z',
      stageTimestamp: '2026-01-01T12:00:00.000000Z',
      auditID: log.events[0]?.auditID,
    };
    const message =
      'configmaps "a" is forbidden: User "jane" cannot get resource "configmaps" in API group "" in the namespace "default"';
    expect(log.events).toEqual([
      { ...both, stage: 'RequestReceived' },
      {
        ...both,
        stage: 'ResponseComplete',
        responseStatus: {
          metadata: {},
          status: 'Failure',
          message,
          reason: 'Forbidden',
          details: { name: 'a', kind: 'configmaps' },
          code: 403,
        },
        annotations: { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': '' },
      },
    ]);
    expect(both.auditID).toMatch(/^[\da-f-]{36}$/);
  });

  test.each<[AuditLevel, string[]]>([
    ['None', []],
    ['Metadata', []],
    ['Request', ['requestObject']],
    ['RequestResponse', ['requestObject', 'responseObject']],
  ])('the level %s shows %j', async (level, shown) => {
    await using log = await audited(level);
    await log.call('POST', MAPS, map('a', { data: { key: 'value' } }));
    const complete = log.events.find(({ stage }) => stage === 'ResponseComplete');
    expect(Object.keys(complete ?? {}).filter((key) => key.endsWith('Object'))).toEqual(shown);
    expect(log.events).toHaveLength(level === 'None' ? 0 : 2);
    if (level === 'None') return;
    expect(complete?.objectRef).toEqual({ resource: 'configmaps', namespace: 'default', name: 'a', apiVersion: 'v1' });
    expect(complete?.responseStatus).toEqual({ metadata: {}, code: 201 });
    if (shown.length > 0) expect(complete?.requestObject).toEqual(map('a', { data: { key: 'value' } }));
    if (shown.length > 1)
      expect(complete?.responseObject).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'a' } });
  });

  test('an event has the patch as the object of the request, and no uid in objectRef', async () => {
    await using log = await audited('Request', {});
    await log.call('POST', MAPS, map('a'));
    await log.call('PATCH', `${MAPS}/a`, { metadata: { uid: 'x' } }, undefined, 'application/merge-patch+json');
    const last = log.events.at(-1);
    expect(last?.requestObject).toEqual({ metadata: { uid: 'x' } });
    expect(last?.objectRef).not.toHaveProperty('uid');
  });

  test('the object of a refused request is not shown, nor that of a request to a path that is not a resource', async () => {
    await using log = await audited('RequestResponse');
    await log.call('POST', MAPS, map('a'), JANE);
    await log.call('GET', '/version');
    expect(log.events.filter(({ stage }) => stage === 'ResponseComplete')).toEqual([
      expect.not.objectContaining({ requestObject: expect.anything() }),
      expect.not.objectContaining({ responseObject: expect.anything() }),
    ]);
    expect(log.events.at(-1)).toMatchObject({ verb: 'get', requestURI: '/version', responseStatus: { code: 200 } });
    expect(log.events.at(-1)).not.toHaveProperty('objectRef');
  });

  test('managed fields are left out of objects and lists when the policy says so', async () => {
    await using log = await audited('RequestResponse', { omitManagedFields: true });
    await log.call('POST', MAPS, map('a', { metadata: { name: 'a', managedFields: [] } }));
    await log.call('GET', MAPS);
    expect(JSON.stringify(log.events)).not.toContain('managedFields');
    expect(log.events.at(-1)?.responseObject).toMatchObject({ items: [{ metadata: { name: 'a' } }] });
  });

  test('a watch has events when it begins and when it ends', async () => {
    await using log = await audited([{ level: 'Metadata', verbs: ['watch'] }]);
    const abort = new AbortController();
    const { body } = await log.cluster
      .transport()
      .request({ method: 'GET', path: `${MAPS}?watch=1`, signal: abort.signal });
    const reading = (async () => {
      for await (const chunk of body) void chunk;
    })();
    expect(log.events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseStarted']);
    abort.abort();
    await expect(reading).rejects.toThrow('aborted');
    expect(log.events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseStarted', 'ResponseComplete']);
  });

  test('stages can be left out', async () => {
    await using log = await audited([{ level: 'Metadata', omitStages: ['RequestReceived'] }]);
    await log.call('GET', MAPS);
    expect(log.events.map(({ stage }) => stage)).toEqual(['ResponseComplete']);
  });

  test('events name the impersonated user, and the right of constrained impersonation', async () => {
    await using log = await audited([{ level: 'Metadata', omitStages: ['RequestReceived'] }]);
    const as = (user: string, actor?: UserInfo) =>
      log.cluster
        .transport(actor)
        .request({ method: 'GET', path: MAPS, headers: { 'Impersonate-User': user, 'User-Agent': 'u'.repeat(1025) } });
    const rule = (verbs: string[], apiGroup: string, resource: string) => ({
      verbs,
      apiGroups: [apiGroup],
      resources: [resource],
    });
    const rules = [
      rule(['impersonate:user-info'], 'authentication.k8s.io', 'users'),
      rule(['impersonate-on:user-info:list'], '', 'configmaps'),
    ];
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await log.call('POST', `${rbac}/clusterroles`, { metadata: { name: 'r' }, rules });
    await log.call('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name: 'b' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
    });
    await as('joe');
    await as('joe', JANE);
    const [first, second] = log.events.slice(-2);
    expect(first).toMatchObject({ user: { username: 'kubernetes-admin' }, impersonatedUser: { username: 'joe' } });
    expect(first?.userAgent).toBe(`${'u'.repeat(1024)}...TRUNCATED`);
    expect(second?.authenticationMetadata).toEqual({ impersonationConstraint: 'impersonate:user-info' });
  });

  test('a request with invalid credentials has one event without a user', async () => {
    await using log = await audited('Metadata');
    const { url } = await log.cluster.listen({ https: false });
    const response = await fetch(`${url}${MAPS}`, {
      headers: { authorization: 'Bearer wrong', 'audit-id': 'mine', 'x-forwarded-for': '10.1.1.1' },
    });
    expect([response.status, response.headers.get('audit-id')]).toEqual([401, 'mine']);
    expect(log.events).toHaveLength(1);
    expect(log.events[0]).toMatchObject({
      auditID: 'mine',
      stage: 'ResponseStarted',
      user: {},
      sourceIPs: ['10.1.1.1', '127.0.0.1'],
      responseStatus: { code: 401, message: 'Authentication failed, attempted: bearer' },
    });
  });

  test('an unexpected exception has an event of the stage Panic', async () => {
    await using log = await audited('Metadata');
    const report = vi.spyOn(console, 'error').mockReturnValue();
    const where = () => {
      throw new Error('a defect');
    };
    log.cluster.faults.add({ where }, { kind: 'disconnect' });
    expect((await log.call('GET', MAPS)).status).toBe(500);
    expect(report).toHaveBeenCalledOnce();
    report.mockRestore();
    expect(log.events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'Panic']);
    expect(log.events.at(-1)?.responseStatus).toMatchObject({ code: 500, message: "APIServer panic'd: a defect" });
  });

  test('an unexpected exception in authentication has an event of the stage Panic', async () => {
    const events: AuditEvent[] = [];
    const report = vi.fn<(line: string) => void>();
    const access = {
      authenticate: () => {
        throw new Error('a defect');
      },
    };
    const context = { access, clock: createManualClock(NOON), newUid: () => 'id', report };
    const log = new AuditLog(context, { onEvent: (event) => void events.push(event) });
    const raw = { method: 'GET', target: MAPS, headers: {}, body: Buffer.alloc(0) };
    const reply = await log.follow(raw, undefined, (_raw, _user, trail) => {
      trail?.panic(new Error('a defect'));
      return Promise.resolve({ status: 500, headers: {} });
    });
    expect(reply).toEqual({ status: 500, headers: { 'audit-id': 'id' } });
    expect(events.map(({ stage, user }) => [stage, user])).toEqual([['Panic', {}]]);
    expect(report).not.toHaveBeenCalled();
  });

  test('a request is authenticated once, with and without events', async () => {
    for (const level of ['None', 'Metadata'] as const) {
      const authenticate = vi.fn<() => UserInfo>().mockReturnValue(JANE);
      const context = { access: { authenticate }, clock: createManualClock(NOON), newUid: () => 'id', report: vi.fn() };
      const log = new AuditLog(context, { policy: { rules: [{ level }] } });
      const raw = { method: 'GET', target: MAPS, headers: {}, body: Buffer.alloc(0) };
      const answer = vi.fn<Parameters<AuditLog['follow']>[2]>().mockResolvedValue({ status: 200, headers: {} });
      await log.follow(raw, undefined, answer);
      expect(answer.mock.lastCall?.[1]).toBe(JANE);
      expect(authenticate).toHaveBeenCalledOnce();
    }
  });

  test('an annotation reports a token that is used after its requested lifetime, which the server had extended', async () => {
    const clock = createManualClock(NOON);
    const events: AuditEvent[] = [];
    const audit = { onEvent: (event: AuditEvent) => void events.push(event) };
    await using cluster = await createEmbeddedCluster({ controllers: false, clock, audit });
    const { url } = await cluster.listen({ https: false });
    const send = (method: string, path: string, body: object) => call(cluster.transport(), method, path, body);
    const ns = '/api/v1/namespaces/default';
    await send('POST', `${ns}/serviceaccounts`, { metadata: { name: 'robot' } });
    const spec = { serviceAccountName: 'robot', containers: [{ name: 'c', image: 'i' }] };
    await send('POST', `${ns}/pods`, { metadata: { name: 'p' }, spec });
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p' };
    const path = `${ns}/serviceaccounts/robot/token`;
    const { body } = await send('POST', path, { spec: { expirationSeconds: 3607, boundObjectRef } });
    const { token } = body['status'] as { token: string };
    const noted = async (advanceSeconds: number) => {
      clock.advance(advanceSeconds * 1000);
      await fetch(`${url}/version`, { headers: { authorization: `Bearer ${token}` } });
      return events.at(-1)?.annotations?.['authentication.k8s.io/stale-token'];
    };
    expect([await noted(3607), await noted(10)]).toEqual([
      undefined,
      'subject: system:serviceaccount:default:robot, seconds after warning threshold: 10',
    ]);
  });

  test('after an exception in the log, the request gets the status 500, and the server continues', async () => {
    await using log = await audited('Metadata');
    const { url } = await log.cluster.listen({ https: false });
    const report = vi.spyOn(console, 'error').mockReturnValue();
    const follow = vi.spyOn(RequestTrail.prototype, 'follow').mockRejectedValueOnce(new Error('a defect of the log'));
    expect((await fetch(`${url}${MAPS}`)).status).toBe(500);
    expect((await fetch(`${url}/version`)).status).toBe(200);
    expect(report).toHaveBeenCalledOnce();
    follow.mockRestore();
    report.mockRestore();
  });

  test('a failure of the log is reported once with the time, and the requests continue', async () => {
    const report = vi.spyOn(console, 'error').mockReturnValue();
    const onEvent = () => {
      throw new Error('no space');
    };
    const cluster = await createEmbeddedCluster({
      controllers: false,
      clock: createManualClock(NOON),
      audit: { onEvent },
    });
    for (let times = 0; times < 2; times++) expect((await call(cluster.transport(), 'GET', MAPS)).status).toBe(200);
    expect(report.mock.calls).toEqual([
      ['2026-01-01T12:00:00.000Z the audit log failed, and events may be lost: no space'],
    ]);
    report.mockRestore();
    await cluster.close();
  });

  test('a response that a fault suppresses also has an event', async () => {
    await using log = await audited('Metadata');
    log.cluster.faults.add({}, { kind: 'lost-answer' });
    await expect(log.call('GET', MAPS)).rejects.toThrow('the connection broke');
    expect(log.events.at(-1)?.responseStatus).toMatchObject({ message: 'Connection closed early' });
  });

  test('a request with a malformed field selector has events, and a request with a malformed path gets the status 400', async () => {
    await using log = await audited('Metadata');
    await log.call('GET', `${MAPS}?fieldSelector=x`);
    expect(log.events.at(-1)).toMatchObject({ verb: 'list', responseStatus: { code: 400 } });
    expect((await log.call('GET', '/api/%')).status).toBe(400);
  });
});

describe('annotations', () => {
  test('report a deprecated API and violations of Pod Security', async () => {
    await using log = await audited([{ level: 'Metadata', omitStages: ['RequestReceived'] }]);
    await log.call('GET', '/api/v1/namespaces/default/endpoints');
    expect(log.events.at(-1)?.annotations).toMatchObject({ 'k8s.io/deprecated': 'true' });
    const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;
    const pod = { metadata: { name: 'p' }, spec: { hostPID: true, containers: [{ name: 'c', image: 'i' }] } };
    await log.call('POST', pods('default'), pod);
    const prefix = 'pod-security.kubernetes.io/';
    expect(log.events.at(-1)?.annotations).toMatchObject({ [`${prefix}enforce-policy`]: 'privileged:latest' });
    const labels = { [`${prefix}enforce`]: 'privileged', [`${prefix}audit`]: 'baseline' };
    await log.call('POST', '/api/v1/namespaces', { metadata: { name: 'n', labels } });
    await log.call('POST', pods('n'), pod);
    expect(log.events.at(-1)?.annotations).toMatchObject({
      [`${prefix}enforce-policy`]: 'privileged:latest',
      [`${prefix}audit-violations`]: 'would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    });
  });

  test('report the validations that fail under a binding with the action Audit, and the values of auditAnnotations', async () => {
    await using log = await audited([{ level: 'Metadata', omitStages: ['RequestReceived'] }]);
    const add = (kind: string, name: string, spec: object) =>
      log.call('POST', `${CONFIGURATIONS}/validatingadmission${kind}`, { metadata: { name }, spec });
    const rule = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
    await add('policies', 'p', {
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression: 'true' }, { expression: 'object.metadata.name.size() < 3', message: 'too long' }],
      auditAnnotations: [
        { key: 'name', valueExpression: "' ' + object.metadata.name" },
        { key: 'none', valueExpression: 'null' },
      ],
    });
    await add('policybindings', 'b', { policyName: 'p', validationActions: ['Audit'] });
    expect((await log.call('POST', MAPS, map('long'))).status).toBe(201);
    const { annotations = {} } = log.events.at(-1) ?? {};
    expect(annotations).toMatchObject({ 'p/name': 'long' });
    expect(annotations).not.toHaveProperty('p/none');
    expect(JSON.parse(annotations['validation.policy.admission.k8s.io/validation_failure'] ?? '')).toEqual([
      { message: 'too long', policy: 'p', binding: 'b', expressionIndex: 1, validationActions: ['Audit'] },
    ]);
  });

  test('report calls of webhooks, their patches and audit annotations, and failed calls that were ignored', async () => {
    const patch = [{ op: 'add', path: '/data', value: { a: 'b' } }];
    const server = await openWebhookServer((_, path) =>
      path.startsWith('/changing') ? { ...patchAnswer(patch), auditAnnotations: { why: 'because' } } : allow(),
    );
    await using log = await audited([{ level: 'Request', omitStages: ['RequestReceived'] }]);
    const configure = (kind: string, name: string, url: string) =>
      log.call('POST', `${CONFIGURATIONS}/${kind}webhookconfigurations`, {
        metadata: { name },
        webhooks: [
          {
            name: `${name}.example.com`,
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
            failurePolicy: 'Ignore',
            clientConfig: { url, caBundle: server.caBundle },
            rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
          },
        ],
      });
    await configure('mutating', 'a-quiet', `${server.url}/quiet`);
    await configure('mutating', 'changing', `${server.url}/changing`);
    await configure('mutating', 'gone', 'https://127.0.0.1:1/gone');
    await configure('validating', 'lost', 'https://127.0.0.1:1/lost');
    expect((await log.call('POST', MAPS, map('a'))).status).toBe(201);
    const { annotations = {} } = log.events.at(-1) ?? {};
    const read = (key: string) => JSON.parse(annotations[key] ?? 'null') as unknown;
    const changing = { configuration: 'changing', webhook: 'changing.example.com' };
    expect(read('mutation.webhook.admission.k8s.io/round_0_index_0')).toMatchObject({ mutated: false });
    expect(read('mutation.webhook.admission.k8s.io/round_0_index_1')).toEqual({ ...changing, mutated: true });
    expect(read('patch.webhook.admission.k8s.io/round_0_index_1')).toEqual({
      ...changing,
      patch,
      patchType: 'JSONPatch',
    });
    expect(annotations).toMatchObject({
      'changing.example.com/why': 'because',
      'failed-open.mutation.webhook.admission.k8s.io/round_0_index_2': 'gone.example.com',
      'failed-open.validating.webhook.admission.k8s.io/round_0_index_0': 'lost.example.com',
    });
    await server[Symbol.asyncDispose]();
  });
});

describe('the file', () => {
  test('gets a line for each event, and only its owner may read the file', async () => {
    const file = join(newFolder(), 'logs', 'audit.log');
    await using log = await audited('Metadata', { file });
    await log.call('GET', MAPS);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(log.events);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is refused with a remedy if it cannot be written', async () => {
    await expect(audited('Metadata', { file: join(newFolder(), 'x\0') })).rejects.toMatchObject({
      code: 'cluster/audit-log',
      remedy: expect.stringContaining('folder'),
    });
  });
});

test.each([
  [{}, undefined, []],
  [{}, '::ffff:127.0.0.1', ['127.0.0.1']],
  [{ 'x-forwarded-for': '10.0.0.1, no, ::1' }, '10.0.0.2', ['10.0.0.1', '::1', '10.0.0.2']],
  [{ 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '10.0.0.3' }, '10.0.0.3', ['10.0.0.1', '10.0.0.3']],
  [{ 'x-real-ip': 'no' }, '10.0.0.2', ['10.0.0.2']],
])('with the headers %j, a request from %s has the sourceIPs %j', (headers, remoteAddress, expected) => {
  expect(sourceIps({ headers, remoteAddress })).toEqual(expected);
});
