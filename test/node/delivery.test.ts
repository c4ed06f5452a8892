import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { typeKroRuntimeBootstrap } from '@typekro/sdk';
import { FLUX_PROGRAMS, LUA_HEALTH } from './programs.ts';
import { type World, eventually, realNode } from './world.ts';

// Flux's source-controller and helm-controller as pods, and the engine in which Argo CD runs health checks.

const FLUX = 'flux-system';
const CHART = {
  'Chart.yaml': 'apiVersion: v2\nname: small\nversion: 0.1.0\n',
  'values.yaml': 'colour: blue\n',
  'templates/all.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: { name: "{{ .Release.Name }}" }
data: { colour: "{{ .Values.colour }}" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: "{{ .Release.Name }}" }
spec:
  selector: { matchLabels: { app: "{{ .Release.Name }}" } }
  template:
    metadata: { labels: { app: "{{ .Release.Name }}" } }
    spec: { containers: [{ name: app, image: "typekro.test/web:1" }] }
`,
};

const definition = (url: string): string => `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: charts }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Chart
    spec: { chart: string, colour: string }
    status: { revision: '\${release.status.lastAttemptedRevision}' }
  resources:
    - id: repository
      template:
        apiVersion: source.toolkit.fluxcd.io/v1
        kind: HelmRepository
        metadata: { name: '\${schema.metadata.name}' }
        spec: { interval: 1m, url: '${url}' }
    - id: release
      readyWhen: ['\${release.status.conditions.exists(c, c.type == "Ready" && c.status == "True")}']
      template:
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: { name: '\${schema.metadata.name}' }
        spec:
          interval: 1m
          chart:
            spec:
              chart: '\${schema.spec.chart}'
              sourceRef: { kind: HelmRepository, name: '\${repository.metadata.name}' }
          values: { colour: '\${schema.spec.colour}' }
---
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: maps }
spec:
  schema: { apiVersion: v1alpha1, kind: Map, spec: { name: string } }
  resources: [{ id: map, template: { apiVersion: v1, kind: ConfigMap, metadata: { name: '\${schema.spec.name}' } } }]
`;
const BROKEN = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: broken }
spec:
  schema: { apiVersion: v1alpha1, kind: Broken, spec: {} }
  resources: [{ id: map, template: { apiVersion: v1, kind: ConfigMap, metadata: { name: '\${absent.name}' } } }]
`;
const INSTANCES = `
{ apiVersion: kro.run/v1alpha1, kind: Chart, metadata: { name: good, namespace: default }, spec: { chart: small, colour: red } }
---
{ apiVersion: kro.run/v1alpha1, kind: Chart, metadata: { name: bad, namespace: default }, spec: { chart: absent, colour: red } }
---
{ apiVersion: kro.run/v1alpha1, kind: Map, metadata: { name: refused, namespace: default }, spec: { name: Not_A_Name } }
`;

let world: World;
let folder: string;
let charts: Server;
beforeAll(async () => {
  world = await realNode();
  folder = join(process.env['TYPEKRO_NODE'] ?? '', 'delivery');
  for (const [name, text] of Object.entries(CHART)) {
    mkdirSync(join(folder, 'small', name, '..'), { recursive: true });
    writeFileSync(join(folder, 'small', name), text);
  }
  charts = createServer(({ url = '' }, response) => response.end(readFileSync(join(folder, url))));
  await new Promise<void>((resolve) => charts.listen(0, '192.0.2.10', resolve));
  const url = `http://192.0.2.10:${(charts.address() as AddressInfo).port}`;
  expect(await world.run('helm', `package ${folder}/small -d ${folder}`)).toMatchObject({ code: 0 });
  expect(await world.run('helm', `repo index ${folder} --url ${url}`)).toMatchObject({ code: 0 });
  writeFileSync(
    join(folder, 'install.yaml'),
    fluxManifests()
      .map((each) => `---\n${stringifyJson(each)}\n`)
      .join(''),
  );
  writeFileSync(join(folder, 'definitions.yaml'), definition(url));
  writeFileSync(join(folder, 'instances.yaml'), INSTANCES);
});
afterAll(async () => {
  await world.run('kubectl', 'delete charts,maps --all');
  await world.run('kubectl', 'delete rgd --all');
  await world.run('kubectl', `delete deployment --all -n ${FLUX}`);
  await world.run('kubectl', 'delete deployment --all -n kro');
  // The roles of the controller have the names of those of the chart, which another file installs.
  const roles = 'typekro:controller typekro:controller-own typekro-edit typekro-graph-edit typekro-view';
  await world.run('kubectl', `delete clusterrole ${roles}`);
  await world.run('kubectl', 'delete clusterrolebinding typekro:controller delivery');
  charts.close();
});

/** Flux's own Deployments and CRDs. Nothing resolves names on the node, so that charts have the address of the pod. */
function fluxManifests(): JsonObject[] {
  const subjects = Object.keys(FLUX_PROGRAMS).map((name) => ({ kind: 'ServiceAccount', name, namespace: FLUX }));
  const objects = Object.entries(FLUX_PROGRAMS).flatMap(([name, path]) => {
    const crds = join(path, 'config/crd/bases');
    const text = readFileSync(join(path, 'config/manager/deployment.yaml'), 'utf8')
      .replace(`${name}.$(RUNTIME_NAMESPACE).svc.cluster.local.`, '$(ADDRESS):9090')
      .replace('env:', 'env:\n          - { name: ADDRESS, valueFrom: { fieldRef: { fieldPath: status.podIP } } }')
      .replace('    spec:\n', `    spec:\n      serviceAccountName: ${name}\n`)
      .replace('metadata:\n', `metadata:\n  namespace: ${FLUX}\n`);
    return [
      ...readdirSync(crds).flatMap((file) => parseAllDocuments(readFileSync(join(crds, file), 'utf8'))),
      ...parseAllDocuments(text),
    ].map((each) => each.toJS() as JsonObject);
  });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: FLUX } },
    ...subjects.map((each) => ({ apiVersion: 'v1', kind: each.kind, metadata: { name: each.name, namespace: FLUX } })),
    ...objects,
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'cluster-reconciler' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects,
    },
  ];
}

const chart = (name: string) => ({ apiVersion: 'kro.run/v1alpha1', kind: 'Chart', namespace: 'default', name });

test('the bootstrap composition installs Flux and the controller, and its status is that of their pods', async () => {
  const runtime = typeKroRuntimeBootstrap({
    controller: 'typekro',
    controllerImage: 'typekro:1.0.0-alpha.0',
    manifestsFrom: join(folder, 'install.yaml'),
  });
  const factory = runtime.factory('direct', { namespace: FLUX, kubeConfig: world.kubeconfig, timeout: 120_000 });
  const { status } = await factory.deploy({ namespace: FLUX });
  expect(status).toMatchObject({ phase: 'Ready', components: { fluxSystem: true, kroSystem: true } });
});

test('a release of a chart becomes ready by Flux, and why names a chart that the repository lacks', async () => {
  const binding = 'create clusterrolebinding delivery --clusterrole cluster-admin --serviceaccount kro:typekro';
  expect(await world.run('kubectl', binding)).toMatchObject({ code: 0 });
  await world.apply(readFileSync(join(folder, 'definitions.yaml'), 'utf8'));
  await world.apply(BROKEN);
  await eventually(() => world.apply(INSTANCES));
  await eventually(async () => {
    const found = await world.client.get(chart('good'));
    expect([textAt(found, 'status', 'state'), textAt(found, 'status', 'revision')]).toEqual(['ACTIVE', '0.1.0']);
  });
  const map = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'good' };
  expect((await world.client.get(map))['data']).toEqual({ colour: 'red' });
  await eventually(async () =>
    expect((await world.run('typekro', 'why default/bad')).stdout).toMatch(/chart "absent"[^]*not found|no chart name/),
  );
});

test('the health checks for Argo CD say what instances and definitions say', async () => {
  const out = `${folder}/argo`;
  const files = `${folder}/definitions.yaml ${folder}/instances.yaml`;
  const line = `gitops ${files} --out ${out} --argocd-repo https://git.example.com/infra`;
  expect(await world.run('typekro', line)).toMatchObject({ code: 0 });
  const { data } = parse(readFileSync(`${out}/argocd-health.yaml`, 'utf8')) as { data: Record<string, string> };
  const healthOf = (object: KubeObject): string => {
    const script = data[`resource.customizations.health.kro.run_${object.kind}`];
    const { stdout, stderr } = spawnSync(LUA_HEALTH, { input: stringifyJson({ script, object }), encoding: 'utf8' });
    return stdout + stderr;
  };
  const get = (kind: string, name: string) =>
    world.client.get({
      apiVersion: 'kro.run/v1alpha1',
      kind,
      name,
      ...(kind === 'ResourceGraphDefinition' ? {} : { namespace: 'default' }),
    });
  const messageOf = ({ status }: KubeObject) =>
    objectsAt(status, 'conditions').find(({ type }) => type === 'Ready')?.['message'];
  const [bad, refused, broken] = [
    await get('Chart', 'bad'),
    await get('Map', 'refused'),
    await get('ResourceGraphDefinition', 'broken'),
  ];
  const { status: _, ...unseen } = bad;
  expect(
    [
      await get('Chart', 'good'),
      await get('ResourceGraphDefinition', 'charts'),
      bad,
      refused,
      broken,
      unseen as KubeObject,
    ].map(healthOf),
  ).toEqual([
    'Healthy: ACTIVE',
    'Healthy: Active',
    `Progressing: ${String(messageOf(bad))}`,
    `Degraded: ${String(messageOf(refused))}`,
    `Degraded: ${String(messageOf(broken))}`,
    'Progressing: waiting for its resources',
  ]);
});
