import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { transformSync } from 'esbuild';
import { type } from 'arktype';
import { kubernetesComposition } from '@typekro/sdk';
import { controllerCrds, createController } from '@typekro/controller/controller';
import { createEmbeddedCluster } from '@typekro/cluster';
import { KubeClient, waitForObject } from '@typekro/kube';
import type { KubeObject } from '@typekro/kit/core';
import { KUBERNETES_RELEASES } from '@typekro/kit/kubernetes';
import { parse, parseAllDocuments } from 'yaml';
import { coveringRows } from '../support/covering-rows.ts';
import { goSuites, requestedSuites } from '../support/go-suites.ts';
import { ROWS } from '../../bench/ledger/rows.ts';
import { Deployment, Service } from '../../packages/sdk/src/factories/simple/index.ts';
import { testGraph } from '../../packages/testing/src/entry.ts';

test.each([
  [
    'three dimensions',
    [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ],
    8,
  ],
  [
    'two dimensions',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    1,
  ],
  ['many dimensions', Array.from({ length: 8 }, (_, index) => [`${index}x`, `${index}y`, `${index}z`]), 80],
])('with %s, every combination of choices from three dimensions is part of a row', (_, dimensions, max) => {
  const rows = coveringRows(dimensions);
  expect(rows.length).toBeLessThanOrEqual(max);
  expect(rows[0]).toEqual(dimensions.map(([first]) => first));
  for (const [a, first] of dimensions.entries()) {
    for (const [b, second] of dimensions.entries()) {
      for (const [c, third] of dimensions.entries()) {
        if (!(a < b && b < c)) continue;
        for (const x of first) {
          for (const y of second) {
            for (const z of third) expect(rows.some((row) => row[a] === x && row[b] === y && row[c] === z)).toBe(true);
          }
        }
      }
    }
  }
});

test.each([
  ['', []],
  ['pkg/client', ['pkg/client']],
  ['pkg/client,pkg/cache', ['pkg/client', 'pkg/cache']],
  ['all', Object.keys(goSuites.suites)],
])('TYPEKRO_SUITES=%s selects %j', (text, names) => {
  expect(requestedSuites(text)).toEqual(names);
});

test('a name that is not a suite is refused', () => {
  expect(() => requestedSuites('pkg/client,pkg/none')).toThrow('TYPEKRO_SUITES has pkg/none');
});

test('the page about envtest lists the suites with their results', () => {
  const page = readFileSync(new URL('../../docs/envtest.md', import.meta.url), 'utf8');
  const rows = Object.entries(goSuites.suites).map(([name, specs]) => {
    const failures = Object.keys(goSuites.knownFailures[name] ?? {}).length;
    return `| \`${name}\` | ${specs} | ${specs - failures} |`;
  });
  expect(page.match(/^\| `pkg\/.*\|$/gm)).toEqual(rows);
  expect(page).toContain(`The suites of controller-runtime ${goSuites.version.slice(1)} with the programs`);
});

const MEASURED = ROWS.filter((row) => 'workload' in row);
const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the rows of the optimisation ledger', () => {
  it.each(MEASURED.map((row) => [row.name, row] as const))(
    '%s: matches the source, and its workload exists',
    (_, row) => {
      expect(existsSync(`${root}bench/ledger/workloads/${row.workload}.ts`)).toBe(true);
      const files = new Set(row.without.map(({ file }) => file));
      for (const file of files) {
        let source = readFileSync(root + file, 'utf8');
        for (const { find, replace } of row.without.filter((edit) => edit.file === file)) {
          expect(source.split(find), `${file}: ${find}`).toHaveLength(2);
          source = source.replace(find, () => replace);
        }
        // A program with a syntax error would abort the benchmark.
        expect(() => transformSync(source, { loader: 'ts' })).not.toThrow();
      }
    },
  );
});

const app = kubernetesComposition(
  {
    name: 'webapp',
    apiVersion: 'example.com/v1alpha1',
    kind: 'WebApp',
    spec: type({ name: 'string', replicas: 'number.integer' }),
    status: type({ ready: 'boolean' }),
  },
  (spec) => {
    const deploy = Deployment({ id: 'deploy', name: spec.name, image: 'nginx:1.27', replicas: spec.replicas });
    Service({ id: 'svc', name: `${spec.name}-svc`, selector: { app: spec.name }, ports: [{ port: 80 }] });
    return { ready: deploy.status.readyReplicas >= spec.replicas };
  },
);

test('testGraph checks the type of the spec of a composition', async () => {
  await testGraph(app, {
    given: { name: 'shop', spec: { name: 'shop', replicas: 2 } },
    expect: { children: { deploy: { 'spec.replicas': 2 }, svc: 'present' } },
    steps: [
      { patch: { deploy: { 'status.readyReplicas': 2 } }, expect: { status: { ready: true } } },
      { patch: { instance: { 'spec.replicas': 3 } }, expect: { written: ['deploy'], status: { ready: false } } },
      { delete: ['instance'], expect: { gone: true } },
    ],
  });
  // @ts-expect-error -- the spec has no field "size"
  await expect(testGraph(app, { given: { spec: { name: 'shop', size: 2 } } })).rejects.toMatchObject({
    code: 'testing/bad-test',
  });
});

test('a wrong expectation causes an error with all differences', async () => {
  await expect(
    testGraph(app, {
      given: { spec: { name: 'shop', replicas: 2 } },
      steps: [{ advance: '1m', expect: { children: { deploy: { 'spec.replicas': 3 }, svc: 'absent' } } }],
    }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [TypeKroError: webapp is not as expected
         deploy.spec.replicas  steps[0].expect.children.deploy["spec.replicas"]
         expected  3
         received  2
         because   deploy ready: is as wanted and ready
         svc  steps[0].expect.children.svc
         expected  absent
         received  Service/shop-svc
         because   svc ready: is as wanted and ready
         when      after step 1, at t=60s]
  `);
});

test('a definition with errors is refused', async () => {
  const spec = { schema: { apiVersion: 'v1', kind: 'Bad' }, resources: [{ id: 'a' }] };
  const bad = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name: 'bad' }, spec };
  await expect(testGraph(bad, {})).rejects.toMatchObject({ code: 'testing/bad-definition' });
});

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const page = read('docs/evidence.md');

test('the chart and the page name the oldest Kubernetes that the controller is run with', () => {
  const { kubeVersion } = parse(read('charts/typekro/Chart.yaml')) as { readonly kubeVersion: string };
  expect(kubeVersion).toBe(`>=${KUBERNETES_RELEASES.at(-1)}.0-0`);
  expect(page).toContain(`The chart accepts \`${kubeVersion}\``);
  expect(page).toContain(
    `the API of ${KUBERNETES_RELEASES.toReversed()
      .join(', ')
      .replace(/, (?=[^,]*$)/, ' and ')} |`,
  );
});

test('the page names the versions of the hosts that the tests install, and of the workflow', () => {
  const { optionalDependencies } = JSON.parse(read('test/hosts/package.json')) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  for (const version of Object.values(optionalDependencies)) expect(page).toContain(version.replace(/^npm:.*@/, ''));
  const [, nodes] = /node: \[(.*)\]/.exec(read('.github/workflows/ci.yml')) ?? [];
  expect(page).toContain(`| Node | ${nodes} |`);
  const { engines } = JSON.parse(read('package.json')) as { readonly engines: { readonly node: string } };
  expect(page).toContain(`need Node ${engines.node.slice('>='.length)}.`);
});

test.for(KUBERNETES_RELEASES)('the controller runs on the API of Kubernetes %s', async (release, { signal }) => {
  await using cluster = await createEmbeddedCluster({ kubernetesVersion: release });
  const client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  const controller = createController({ client });
  await controller.start();
  try {
    const [definition, instance] = parseAllDocuments(read('examples/my-application.yaml')).map(
      (document) => document.toJSON() as KubeObject,
    );
    if (definition === undefined || instance === undefined) throw new Error('the example has no instance');
    await client.create(definition);
    const { apiVersion, kind } = definition;
    const state = (found: KubeObject | undefined) => found?.status?.['state'];
    const isActive = (found: KubeObject | undefined) => /^active$/i.test(String(state(found))) || undefined;
    await waitForObject(client, { apiVersion, kind, name: 'my-application' }, signal, isActive);
    const { metadata } = await client.create({ ...instance, metadata: { ...instance.metadata, namespace: 'default' } });
    const made = { apiVersion, kind: instance.kind, name: metadata.name ?? '', namespace: 'default' };
    await waitForObject(client, made, signal, isActive);
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'my-awesome-app', namespace: 'default' };
    const replicas = (found: KubeObject | undefined) => (found?.['spec'] as { readonly replicas?: number })?.replicas;
    const edited = await client.patch(deployment, { spec: { replicas: 5 } }, { type: 'merge' });
    expect(replicas(edited)).toBe(5);
    await waitForObject(client, deployment, signal, (found) => replicas(found) === 3 || undefined);
    await client.delete(made);
    await waitForObject(client, made, signal, (found) => found === undefined || undefined);
    expect(await client.list({ apiVersion: 'apps/v1', kind: 'Deployment' })).toMatchObject({ items: [] });
  } finally {
    await controller.stop();
    await client.close();
  }
});
