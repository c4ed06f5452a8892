import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { findInstance } from '@typekro/app/instance';
import type { Plan } from '@typekro/controller/inspect';

let plans: PlanWorld;
beforeAll(async () => {
  plans = await planWorld();
});
afterAll(() => plans.close());

const definition = (name: string, kind: string, resource: JsonObject): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name },
  spec: { schema: { apiVersion: 'v1alpha1', kind, spec: { text: 'string | default="a"' } }, resources: [resource] },
});
const instance = (kind: string, name: string): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind,
  metadata: { name, namespace: 'team-a' },
  spec: {},
});
const job = (command: string): JsonObject => ({
  id: 'job',
  template: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: '${schema.metadata.name}' },
    spec: {
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'x', command: [command] }] } },
    },
  },
});

test.each<[string, string]>([
  ['an existing instance', 'old'],
  ['a new instance', 'new'],
])(
  'when several definitions declare a kind, the plan of %s uses the one that the controller serves',
  async (_what, name) => {
    const { world, run } = plans;
    await world.apply(definition('works', 'Work', job('one')));
    await world.advance(2000);
    await world.apply(instance('Work', 'old'));
    await world.advance(2000);
    // This definition sorts first by name. The controller refuses it, because another definition owns the CRD.
    await world.apply(definition('aaa-second', 'Work', job('two')));
    await world.advance(3000);
    const before = await world.user.get({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'team-a', name: 'old' });
    const { instances } = JSON.parse((await run('plan FILE -o json', instance('Work', name))).out) as Plan;
    expect(instances).toMatchObject([{ definition: 'works', state: name === 'old' ? 'unchanged' : 'changed' }]);
    expect(await run('apply FILE --replace', instance('Work', name))).toMatchObject({ code: 0, err: '' });
    await world.advance(2000);
    const after = await world.user.get({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'team-a', name: 'old' });
    expect(after.metadata).toMatchObject({ uid: before.metadata.uid });
    expect(after.metadata.deletionTimestamp).toBeUndefined();
  },
);

test('an instance of a kind that several definitions declare and none serves is blocked', async () => {
  const { world, run } = plans;
  await world.apply(crdOf('Twin', ANYTHING, { group: 'kro.run', version: 'v1alpha1' }));
  await world.apply(definition('twin-b', 'Twin', job('b')), definition('twin-a', 'Twin', job('a')));
  await world.advance(3000);
  const { instances } = JSON.parse((await run('plan FILE -o json', instance('Twin', 'one'))).out) as Plan;
  expect(instances).toMatchObject([
    {
      state: 'blocked',
      because:
        'the definitions twin-a, twin-b declare the kind Twin, and it is unknown which of them serves the instance',
    },
  ]);
  expect(instances[0]?.writes).toEqual([]);
  await world.apply(instance('Twin', 'one'));
  const found = await findInstance(world.user, 'twin/one', 'team-a', new AbortController().signal);
  expect(found.definition).toBeUndefined();
  expect(found.missing).toBe(instances[0]?.because);
});

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const secret = (password: string, name = 'login'): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, annotations: { [LAST_APPLIED]: `{"stringData":{"password":"${password}"}}` } },
  stringData: { password },
});

test.each<[string, (password: string) => KubeObject]>([
  [
    'a Secret',
    (password) => {
      const object = secret(password) as KubeObject;
      return { ...object, metadata: { ...object.metadata, namespace: 'team-a' } };
    },
  ],
  [
    'a definition with the template of a Secret',
    (password) =>
      definition('logins', 'Login', { id: 'secret', template: secret(password, '${schema.metadata.name}') }),
  ],
])('the plan of %s shows no value of the Secret in annotations', async (_what, objectOf) => {
  const { world, run } = plans;
  const [old, next] = [objectOf('hunter2-old'), objectOf('hunter2-new')];
  await world.apply(old);
  await world.advance(2000);
  for (const form of ['text', 'json', 'markdown']) {
    const { out, err } = await run(`plan FILE -o ${form}`, next);
    expect(out + err).toContain('last-applied-configuration');
    expect(out + err).not.toContain('hunter2');
  }
});

test('kinds that come with typekro and that the cluster does not have are refused by plan and apply', async () => {
  const { world, run } = plans;
  const spec = { secretName: 'tls', dnsNames: ['a.example.com'], issuerRef: { name: 'ca' } };
  const cert = { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name: 'cert' }, spec };
  const uses = definition('uses', 'Uses', { id: 'cert', template: cert });
  for (const files of [[uses, instance('Uses', 'one')], [cert]])
    for (const line of ['plan FILE', 'apply FILE']) {
      const { code, out, err } = await run(line, ...(files as KubeObject[]));
      expect({ code, out }).toEqual({ code: 3, out: '' });
      expect(err).toMatch(/unknown-kind\][^]*hint: install its CustomResourceDefinition in the cluster/);
      expect(err).not.toContain('come with typekro');
    }
  expect(await world.user.find({ apiVersion: uses.apiVersion, kind: uses.kind, name: 'uses' })).toBeUndefined();
  const saved = await run('snapshot snap.json');
  expect(saved.code).toBe(0);
  expect(await run('plan FILE --snapshot snap.json', uses)).toMatchObject({
    code: 0,
    err: expect.stringContaining('come with typekro') as string,
  });
});

test.each(
  ['plan FILE', 'apply FILE', 'plan FILE -o json'].flatMap((line) =>
    ['short', 'denied9182', 'Wrong9182', 9182, 'x9182'].map((a) => [line, a] as const),
  ),
)(
  'a problem of an instance quotes no input of a Secret of a definition of the cluster: %s, %s',
  async (line, value) => {
    const { world, run } = plans;
    const schema = { a: 'string | pattern="^[a-z0-9]*$" validation="self != \'x9182\'"' };
    const template = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'login' },
      stringData: { a: '${schema.spec.a}' },
    };
    const logins = definition('logins', 'Login', { id: 'login', template });
    await world.apply({
      ...logins,
      spec: { ...logins.spec, schema: { apiVersion: 'v1alpha1', kind: 'Login', spec: schema } },
    });
    const rules = [{ apiGroups: ['kro.run'], apiVersions: ['*'], resources: ['logins'], operations: ['*'] }];
    const validations = [{ expression: "object.spec.a != 'denied9182'", messageExpression: '"not " + object.spec.a' }];
    const policy = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'no-login' } };
    const spec = { matchConstraints: { resourceRules: rules }, validations };
    await world.apply({ ...policy, kind: 'ValidatingAdmissionPolicy', spec });
    const binding = { policyName: 'no-login', validationActions: ['Deny'] };
    await world.apply({ ...policy, kind: 'ValidatingAdmissionPolicyBinding', spec: binding });
    await world.advance(2000);
    const { out, err } = await run(line, { ...instance('Login', 'one'), spec: { a: value } });
    expect(`${out}${err}`).toContain('Login');
    expect(`${out}${err}`).not.toContain('9182');
  },
);

test.each(['validate FILE', 'plan FILE', 'apply FILE'])(
  '%s names no value of a field that feeds only Secrets by the definition of the cluster',
  async (line) => {
    const { world, run } = plans;
    const secret = { id: 'login', template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' } } };
    const template = { ...secret.template, stringData: { code: '${string(schema.spec.code)}' } };
    const { spec, ...rest } = definition('vaults', 'Vault', { ...secret, template });
    const schema = { apiVersion: 'v1alpha1', kind: 'Vault', spec: { code: 'integer', level: 'integer' } };
    await world.apply({ ...rest, spec: { ...spec, schema } });
    await world.advance(2000);
    const wrong = { ...instance('Vault', 'one'), spec: { code: 'hunter22', level: 'high-1' } };
    const { code, out, err } = await run(line, wrong);
    expect(code).toBe(3);
    expect(out + err).toContain('high-1');
    expect(out + err).not.toContain('hunter22');
  },
);
