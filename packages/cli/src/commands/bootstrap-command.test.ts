import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { commands } from './index.ts';

let cluster: Cluster;
let user: KubeClient;
let cwd: string;
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-bootstrap-'));
  cluster = await createEmbeddedCluster({ workloads: true });
  user = new KubeClient({ transport: cluster.transport() });
  writeFileSync(join(cwd, 'kubeconfig'), (await cluster.listen({ port: 0 })).kubeconfig);
});
afterEach(async () => {
  await user.close();
  await cluster.close();
});

const run = (line: string) => commandRunner(commands, cwd)(`${line} --kubeconfig kubeconfig`);
const IMAGE = '--image example.com/typekro:1';

/** Lists the objects in the JSON output, each with its result. */
const results = (out: string) => {
  const { objects } = JSON.parse(out) as { objects: { result: string; object: { kind: string; name: string } }[] };
  return objects.map(({ result, object: { kind, name } }) => `${result} ${kind} ${name}`);
};
const deployment = async (name = 'typekro') =>
  user.find({ apiVersion: 'apps/v1', kind: 'Deployment', name, namespace: 'kro-system' });
const argsOf = (object: KubeObject | undefined) => {
  const spec = object?.spec as { template: { spec: { containers: { args: string[] }[] } } } | undefined;
  return spec?.template.spec.containers[0]?.args;
};

/** A controller of kro as its chart installs it. */
const kro = (image: string, args: string[] = []): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'kro', namespace: 'kro-system', labels: { 'app.kubernetes.io/name': 'kro' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'kro' } },
    template: { metadata: { labels: { app: 'kro' } }, spec: { containers: [{ name: 'kro', image, args }] } },
  },
});
/** A Deployment with the label of kro. */
const labelled = (name: string, ...containers: JsonObject[]): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'kro-system', labels: { 'app.kubernetes.io/name': 'kro' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers } },
  },
});
const installKro = async (image = 'registry.k8s.io/kro/kro:v0.9.2', args: string[] = []) => {
  await user.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  await user.create(kro(image, args));
};

test('a dry run changes nothing, the first installation applies everything, and a second installation changes nothing', async () => {
  const dry = await run(`bootstrap ${IMAGE} --dry-run`);
  expect(dry.err).toBe('');
  expect(dry.out.split('\n')).toMatchInlineSnapshot(`
    [
      "CustomResourceDefinition resourcegraphdefinitions.kro.run would be created (dry run)",
      "CustomResourceDefinition graphrevisions.internal.kro.run would be created (dry run)",
      "CustomResourceDefinition graphs.kro.run would be created (dry run)",
      "Namespace kro-system would be created (dry run)",
      "ServiceAccount kro-system/typekro would be created (dry run)",
      "ClusterRole typekro:controller would be created (dry run)",
      "ClusterRole typekro:controller-own would be created (dry run)",
      "ClusterRoleBinding typekro:controller would be created (dry run)",
      "Role kro-system/typekro:leader-election would be created (dry run)",
      "RoleBinding kro-system/typekro:leader-election would be created (dry run)",
      "ClusterRole typekro-edit would be created (dry run)",
      "ClusterRole typekro-graph-edit would be created (dry run)",
      "ClusterRole typekro-view would be created (dry run)",
      "NetworkPolicy kro-system/typekro would be created (dry run)",
      "Deployment kro-system/typekro would be created (dry run)",
      "note: the namespace kro-system does not exist, so the server did not check the objects in it",
      "would be installed: kro-system/typekro with example.com/typekro:1; 15 created",
    ]
  `);
  expect(await deployment()).toBeUndefined();
  const first = await run(`bootstrap ${IMAGE} -o json`);
  expect(first.err).toBe('');
  expect(new Set(results(first.out).map((each) => each.split(' ')[0]))).toEqual(new Set(['created']));
  expect((await deployment())?.status).toMatchObject({ readyReplicas: 1 });
  const second = await run(`bootstrap ${IMAGE}`);
  expect(second.out.split('\n').at(-1)).toMatchInlineSnapshot(
    `"is installed: kro-system/typekro with example.com/typekro:1; 15 unchanged"`,
  );
});

test('an upgrade keeps flags, prints the changed fields, and prunes objects that this version does not have', async () => {
  await run(`bootstrap ${IMAGE} --flags --zap-log-level=debug`);
  const name = 'typekro:controller-old';
  const labels = { 'typekro.dev/installation': 'typekro' };
  await user.create({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels } });
  const other = { ...labels, 'typekro.dev/installation': 'typekro-b' };
  await user.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'typekro-b:controller', labels: other },
  });
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'typekro', namespace: 'kro-system' };
  await user.patch(ref, { spec: { replicas: 2 } });
  const { out, err } = await run('bootstrap --image example.com/typekro:2 --rbac unrestricted');
  expect(err).toBe('');
  expect(out.split('\n').filter((line) => !line.endsWith('unchanged'))).toMatchInlineSnapshot(`
    [
      "ClusterRole typekro:controller configured: rules, aggregationRule",
      "Deployment kro-system/typekro configured: spec.template.spec.containers[0].image",
      "ClusterRole typekro:controller-old pruned",
      "ClusterRole typekro:controller-own pruned",
      "flags kept: --zap-log-level=debug",
      "is installed: kro-system/typekro with example.com/typekro:2; 2 configured, 12 unchanged, 2 pruned",
    ]
  `);
  expect(argsOf(await deployment())).toContain('--zap-log-level=debug');
  expect((await deployment())?.spec?.['replicas']).toBe(2);
});

test('while kro runs, nothing is changed; --take-over stops kro, waits for its pods, and uses its flags', async () => {
  await installKro('registry.k8s.io/kro/kro:v0.10.0', [
    '--allow-crd-deletion',
    '--leader-elect=true',
    '--new-in-kro=1',
  ]);
  const refused = await run(`bootstrap ${IMAGE}`);
  expect(refused.code).toBe(1);
  expect(refused.err).toMatchInlineSnapshot(`
    "error: a controller of kro runs: kro-system/kro (registry.k8s.io/kro/kro:v0.10.0); two controllers would write the same objects [bootstrap/kro-runs]
      hint: nothing was changed; check its definitions: typekro upgrade --check; then let this command stop it: --take-over; or by hand: kubectl -n kro-system scale deployment kro --replicas=0, wait until its pods are gone, and run this command again (docs/takeover.md)"
  `);
  expect(await deployment()).toBeUndefined();
  const { out, err } = await run(`bootstrap ${IMAGE} --take-over`);
  expect(err).toBe('');
  expect(out.split('\n').filter((line) => !line.endsWith(' created'))).toMatchInlineSnapshot(`
    [
      "Deployment kro-system/kro scaled to 0",
      "Namespace kro-system unchanged",
      "flags kept: --allow-crd-deletion=true --kro-compatibility=0.10",
      "note: the TypeKro controller does not know these flags of kro, and does not get them: --new-in-kro=1",
      "is installed: kro-system/typekro with example.com/typekro:1; 14 created, 1 unchanged",
    ]
  `);
  expect((await deployment('kro'))?.spec?.['replicas']).toBe(0);
  expect(argsOf(await deployment())).toMatchInlineSnapshot(`
    [
      "controller",
      "--metrics-bind-address=:8078",
      "--health-probe-bind-address=:8079",
      "--leader-elect=true",
      "--allow-crd-deletion=true",
      "--graceful-shutdown-timeout=60s",
      "--controller-namespace=kro-system",
      "--controller-service-account=typekro",
      "--zap-log-level=info",
      "--kro-compatibility=0.10",
    ]
  `);
  const pods = await user.list({ apiVersion: 'v1', kind: 'Pod' }, { labelSelector: 'app=kro' });
  expect(pods.items).toEqual([]);
});

describe('the rights of kro', () => {
  const definition = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'shop' },
    spec: {
      schema: { apiVersion: 'v1alpha1', kind: 'Shop', spec: {} },
      resources: [
        { id: 'map', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${schema.metadata.name}' } } },
      ],
    },
  };
  const ROLES = 'rbac.authorization.k8s.io';
  const bindKro = (name: string) =>
    user.create({
      apiVersion: `${ROLES}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'kro' },
      roleRef: { apiGroup: ROLES, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', namespace: 'kro-system', name: 'default' }],
    });

  beforeEach(async () => {
    await run('install');
    await installKro();
    await user.create(definition);
  });

  test('bootstrap fails and changes nothing when kro has rights that the new controller would not have', async () => {
    await bindKro('cluster-admin');
    for (const dry of ['', ' --dry-run']) {
      const { code, err } = await run(`bootstrap ${IMAGE} --take-over${dry}`);
      expect(code).toBe(1);
      expect(err).toMatchInlineSnapshot(`
        "error: the controller kro-system/typekro would not have rights that kro has:
          ResourceGraphDefinition shop: get, list, watch, create, patch, delete configmaps; get, list, watch, patch shops.kro.run; get, patch shops/status.kro.run; update shops/finalizers.kro.run [bootstrap/missing-rights]
          hint: nothing was changed; grant the rights first: kubectl get rgd -o yaml > definitions.yaml, then typekro rbac definitions.yaml --controller kro-system/typekro | kubectl apply -f -; or install with --rbac unrestricted, the default of kro's chart (docs/takeover.md)"
      `);
    }
    expect((await deployment('kro'))?.spec?.['replicas']).toBe(1);
    expect(await deployment()).toBeUndefined();
  });

  test('bootstrap does not fail when typekro rbac or --rbac unrestricted grants the rights', async () => {
    await bindKro('cluster-admin');
    writeFileSync(join(cwd, 'definitions.yaml'), JSON.stringify(definition));
    const roles = await commandRunner(commands, cwd)('rbac definitions.yaml');
    writeFileSync(join(cwd, 'roles.yaml'), roles.out);
    await run('apply roles.yaml');
    expect(await run(`bootstrap ${IMAGE} --take-over --dry-run`)).toMatchObject({ code: 0 });
    expect(await run(`bootstrap ${IMAGE} --take-over --dry-run --rbac unrestricted`)).toMatchObject({ code: 0 });
  });

  test('the new controller does not need rights that kro does not have', async () => {
    await bindKro('view');
    expect((await run(`bootstrap ${IMAGE} --take-over --dry-run`)).err).toContain(
      'ResourceGraphDefinition shop: get, list, watch configmaps',
    );
    await user.delete({ apiVersion: `${ROLES}/v1`, kind: 'ClusterRoleBinding', name: 'kro' });
    expect(await run(`bootstrap ${IMAGE} --take-over --dry-run`)).toMatchObject({ code: 0 });
  });
});

test('a Deployment that has the label of kro and runs no controller is not changed', async () => {
  await installKro();
  await user.create(labelled('kro-ui', { name: 'main', image: 'example.com/kro-ui:v0.9.2', args: ['--port=80'] }));
  const { out, err } = await run(`bootstrap ${IMAGE} --take-over`);
  expect(err).toBe('');
  expect(out.split('\n').filter((line) => line.endsWith('scaled to 0'))).toEqual([
    'Deployment kro-system/kro scaled to 0',
  ]);
  expect((await deployment('kro-ui'))?.spec?.['replicas']).toBe(1);
});

test.each([
  [
    ['a'],
    'another installation of the controller runs: kro-system/a',
    'upgrade that one: typekro bootstrap --namespace kro-system --name a; or scale it to 0 first',
  ],
  [
    ['a', 'b'],
    'other installations of the controller run: kro-system/a, kro-system/b',
    'upgrade one of them (typekro bootstrap --namespace kro-system --name a, or typekro bootstrap --namespace kro-system --name b), and scale the others to 0 first; or scale all of them to 0 first',
  ],
])('bootstrap fails when the other installations %j run, and names them all', async (names, message, hint) => {
  await user.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  for (const name of names) {
    const other = labelled(name, { name: 'controller', image: 'example.com/typekro:1', args: [] });
    const labels = { 'app.kubernetes.io/name': 'typekro' };
    await user.create({ ...other, metadata: { ...other.metadata, labels } });
  }
  const { code, err } = await run(`bootstrap ${IMAGE}`);
  expect(code).toBe(1);
  expect(err).toContain(`${message} [bootstrap/other-installation]`);
  expect(err).toContain(`hint: ${hint}`);
});

test('bootstrap fails when several controllers of kro run, and prints the commands that stop them', async () => {
  await installKro();
  await user.create(labelled('second', { name: 'main', image: 'example.com/mirror:v0.9.2', args: ['--leader-elect'] }));
  const { code, err } = await run(`bootstrap ${IMAGE} --take-over`);
  expect({ code, err }).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: several controllers of kro run: kro-system/kro (registry.k8s.io/kro/kro:v0.9.2), kro-system/second (example.com/mirror:v0.9.2); --take-over stops one [bootstrap/kro-runs]
      hint: nothing was changed; stop all but the one whose flags the TypeKro controller should take: kubectl -n kro-system scale deployment kro --replicas=0, or kubectl -n kro-system scale deployment second --replicas=0; then run this command again with --take-over (docs/takeover.md)",
    }
  `);
  expect((await deployment('kro'))?.spec?.['replicas']).toBe(1);
  expect((await deployment('second'))?.spec?.['replicas']).toBe(1);
});

test('bootstrap takes the flags and the level from the container of kro, wherever it is in the list of containers', async () => {
  await user.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  const proxy = { name: 'proxy', image: 'example.com/proxy:0.1.0', args: ['--upstream=a'] };
  const own = {
    name: 'main',
    image: 'example.com/kro:v0.10.0@sha256:0',
    args: ['--allow-crd-deletion', '--controller-service-account=kro'],
  };
  await user.create(labelled('kro', proxy, own));
  const { out } = await run(`bootstrap ${IMAGE} --take-over`);
  expect(out).toContain('flags kept: --allow-crd-deletion=true --kro-compatibility=0.10\nis installed');
  expect(argsOf(await deployment())).toContain('--controller-service-account=typekro');
});

test('objects that the server refuses are found before kro is stopped', async () => {
  await installKro();
  await user.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'typekro', namespace: 'kro-system' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { other: 'selector' } },
      template: { metadata: { labels: { other: 'selector' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
    },
  });
  const { code, err } = await run(`bootstrap ${IMAGE} --take-over`);
  expect(code).toBe(1);
  expect(err).toContain('immutable');
  expect((await deployment('kro'))?.spec?.['replicas']).toBe(1);
});

test('an upgrade during a stalled rolling update keeps the replicas of the spec', async () => {
  await run(`bootstrap ${IMAGE}`);
  cluster.pods.simulate({ namespace: 'kro-system' }, { ready: false });
  // During the update there is one pod more than in the spec, because the new pod does not become ready.
  await run('bootstrap --image example.com/typekro:bad --timeout 1ms');
  await expect.poll(async () => (await deployment())?.status).toMatchObject({ replicas: 2 });
  await run('bootstrap --image example.com/typekro:good --timeout 1ms');
  expect((await deployment())?.spec?.['replicas']).toBe(1);
});

test('before kro is stopped, a missing namespace is created, and the server checks the objects in it', async () => {
  await installKro();
  const admission = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'images' } };
  const resources = { operations: ['*'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] };
  await user.create({
    ...admission,
    kind: 'ValidatingAdmissionPolicy',
    spec: {
      matchConstraints: { resourceRules: [resources] },
      validations: [
        {
          expression: "object.spec.template.spec.containers.all(c, c.image.startsWith('registry.k8s.io/'))",
          message: 'the image is not allowed',
        },
      ],
    },
  });
  await user.create({
    ...admission,
    kind: 'ValidatingAdmissionPolicyBinding',
    spec: { policyName: 'images', validationActions: ['Deny'] },
  });
  const { code, err } = await run(`bootstrap ${IMAGE} --namespace other --take-over`);
  expect(code).toBe(1);
  expect(err).toContain('the image is not allowed');
  expect((await deployment('kro'))?.spec?.['replicas']).toBe(1);
});

test('the report of a take-over contains the namespace that was created before the dry run', async () => {
  await installKro();
  const { out } = await run(`bootstrap ${IMAGE} --namespace other --take-over`);
  expect(out.split('\n')).toContain('Namespace other created');
});

test('a second take-over takes each flag of kro, except a flag that a user has set on the installed controller', async () => {
  await run(`bootstrap ${IMAGE} --flags --zap-log-level=debug`);
  await run('hand-back --force');
  await user.create(kro('registry.k8s.io/kro/kro:v0.9.2', ['--allow-crd-deletion', '--zap-log-level=error']));
  const { out, err } = await run(`bootstrap ${IMAGE} --take-over`);
  expect(err).toBe('');
  expect(out).toContain('flags kept: --allow-crd-deletion=true --zap-log-level=debug --kro-compatibility=0.9\n');
  expect(argsOf(await deployment())).toContain('--allow-crd-deletion=true');
});

test('bootstrap fails before kro is stopped when the controller would refuse flags of kro', async () => {
  await installKro('registry.k8s.io/kro/kro:v0.9.2', ['--resource-graph-definition-concurrent-reconciles=0']);
  const { code, err } = await run(`bootstrap ${IMAGE} --take-over`);
  expect({ code, err }).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: the controller would refuse its flags: invalid value "0" for --resource-graph-definition-concurrent-reconciles: must be a number above 0 [bootstrap/invalid-flags]
      hint: nothing was changed; correct the value with --flags '--NAME=VALUE', which has precedence over the flags of an installed controller and of kro",
    }
  `);
  expect((await deployment('kro'))?.spec?.['replicas']).toBe(1);
  const corrected = '--flags --resource-graph-definition-concurrent-reconciles=4';
  expect(await run(`bootstrap ${IMAGE} --take-over ${corrected}`)).toMatchObject({ code: 0, err: '' });
});

test('an error after kro was stopped says how to start kro again, and the next run uses the flags of kro', async () => {
  await installKro('registry.k8s.io/kro/kro:v0.9.2', ['--allow-crd-deletion']);
  const refused = cluster.faults.add(
    { method: 'PATCH', resource: 'deployments', name: 'typekro', where: ({ path }) => !path.includes('dryRun') },
    { kind: 'error', status: 403, reason: 'Forbidden', message: 'no quota' },
    { times: Number.POSITIVE_INFINITY },
  );
  const { code, err } = await run(`bootstrap ${IMAGE} --take-over`);
  expect(code).toBe(1);
  expect(err).toContain('no quota');
  expect(err).toContain(
    'kro is scaled to 0; to go back, scale the TypeKro controller to 0 if it is installed, then: kubectl -n kro-system scale deployment kro --replicas=1',
  );
  expect((await deployment('kro'))?.spec?.['replicas']).toBe(0);
  refused.remove();
  expect((await run(`bootstrap ${IMAGE} --take-over`)).out).toContain(
    'flags kept: --allow-crd-deletion=true --kro-compatibility=0.9\n',
  );
});

test('bootstrap fails when the controller does not become ready, and the next run continues', async () => {
  // The Deployment could become ready within the time limit of 1 ms. Slow reads ensure that the command reaches the
  // limit first.
  const reads = { verb: ['get', 'list', 'watch'], resource: 'deployments', name: 'typekro' };
  const slow = cluster.faults.add(reads, { kind: 'latency', milliseconds: 200 }, Number.POSITIVE_INFINITY);
  const { code, err } = await run(`bootstrap ${IMAGE} --timeout 1ms`);
  expect({ code, err }).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: the controller is not ready after 0.001 s: it does not exist [bootstrap/not-ready]
      hint: everything is applied; look at its pods: kubectl describe pods -n kro-system, or wait longer: --timeout",
    }
  `);
  slow.remove();
  expect((await run(`bootstrap ${IMAGE}`)).code).toBe(0);
});

test('--export needs no cluster, and the file has the objects that an installation applies', async () => {
  const { out } = await commandRunner(
    commands,
    cwd,
  )(`bootstrap ${IMAGE} --export all.yaml --flags --kro-compatibility=0.10`);
  expect(out).toMatchInlineSnapshot(`"all.yaml: 15 objects, with Deployment kro-system/typekro"`);
  expect(readFileSync(join(cwd, 'all.yaml'), 'utf8')).toContain('--kro-compatibility=0.10');
});

test.each([
  ['bootstrap', 2, 'the controller needs an image'],
  [`bootstrap ${IMAGE} --rbac some`, 2, '--rbac takes aggregation or unrestricted, not "some"'],
  [`bootstrap ${IMAGE} --flags --verbose`, 2, 'the controller has no flag --verbose'],
  [`bootstrap ${IMAGE} --flags --kro-compatibility=0.8`, 2, 'invalid value "0.8" for --kro-compatibility: must be'],
  [`bootstrap ${IMAGE} --flags --shards`, 2, 'invalid value "" for --shards'],
  [`bootstrap ${IMAGE} --flags --leader-election-lease-duration=5s`, 1, 'must be longer than --leader-election-renew'],
  [
    `bootstrap ${IMAGE} --export all.yaml --take-over --dry-run --timeout abc`,
    2,
    'it does not take --take-over, --dry-run, --timeout',
  ],
  ['hand-back --to 0.8', 2, '--to takes 0.9 or 0.10, not "0.8"'],
])('%s ends with the exit code %i', async (line, code, text) => {
  const ended = await run(line);
  expect(ended.err).toContain(text);
  expect(ended.code).toBe(code);
});
