import { assumedSettings } from '@typekro/controller/controller';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createEmbeddedCluster } from '@typekro/cluster';
import { type KubernetesApi, KubeClient, KubeError } from '@typekro/kube';
import { commandRunner } from '../../test-support/run-command.ts';
import { commands } from '../commands/index.ts';
import { type CheckOptions, checkInputs } from '../checks/check-inputs.ts';
import { clusterDryRun } from '../checks/named-cluster.ts';
import { loadInputs } from '../inputs/load-inputs.ts';

const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: shop}
spec:
  schema: {apiVersion: v1alpha1, kind: Shop, spec: {name: string}}
  resources: []
---
`;

const graph = (field: string): string => `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: {name: shops, namespace: team-a}
spec:
  nodes:
    - {id: naming, def: {prefix: red}}
    - id: shop
      template:
        apiVersion: kro.run/v1alpha1
        kind: Shop
        metadata: {name: "\${naming.${field}}"}
        spec: {name: a}
`;

async function checked(
  text: string,
  client?: KubernetesApi,
  options: CheckOptions = {},
): ReturnType<typeof checkInputs> {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-graph-objects-'));
  writeFileSync(join(folder, 'all.yaml'), text);
  const inputs = await loadInputs(['all.yaml'], folder, () => undefined);
  return checkInputs(
    inputs,
    client === undefined ? options : { ...options, cluster: clusterDryRun(client, new AbortController().signal) },
  );
}

test('a Graph in a file compiles together with definitions, and can use the kinds that they declare', async () => {
  const { graphs, graphObjects, diagnostics } = await checked(DEFINITION + graph('prefix'));
  expect(diagnostics).toEqual([]);
  expect(graphs.map(({ name }) => name)).toEqual(['shop']);
  expect(graphObjects.map(({ name, order }) => [name, ...order])).toEqual([['shops', 'naming', 'shop']]);
});

test('a problem of a Graph is reported at its place in the file', async () => {
  const { graphObjects, diagnostics } = await checked(DEFINITION + graph('prefxi'));
  expect(graphObjects).toEqual([]);
  expect(diagnostics).toMatchObject([
    { code: 'cel/unknown-field', hint: 'did you mean "prefix"?', source: { file: 'all.yaml', line: 18 } },
  ]);
});

const PORTS = (port: string): string => `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: {name: ports, namespace: team-a}
spec:
  nodes:
    - {id: naming, def: {prefix: red}}
    - id: inner
      graph:
        nodes:
          - id: service
            template:
              apiVersion: v1
              kind: Service
              metadata: {name: api}
              spec: {ports: [{port: ${port}}]}
`;

test('a template that an API server refuses is reported at its place, even in a subgraph', async () => {
  const { diagnostics } = await checked(PORTS('70000'));
  expect(diagnostics).toMatchObject([
    {
      code: 'input/refused-template',
      path: 'spec.nodes[1].graph.nodes[0].template.spec.ports[0].port',
      source: { file: 'all.yaml', line: 15 },
    },
  ]);
  expect((await checked(PORTS('80'))).diagnostics).toEqual([]);
});

describe('the dry run of a cluster', () => {
  test('checks the templates of Graphs, and stores nothing', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const client = new KubeClient({ transport: cluster.transport() });
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } });
    expect((await checked(PORTS('80'), client)).diagnostics).toEqual([]);
    expect((await checked(PORTS('70000'), client)).diagnostics).toMatchObject([
      { path: 'spec.nodes[1].graph.nodes[0].template.spec.ports[0].port' },
    ]);
    expect((await client.list({ apiVersion: 'v1', kind: 'Service' }, { namespace: 'team-a' })).items).toEqual([]);
    await client.close();
  });

  const refusing = (status: number, message: string) => {
    const error = new KubeError(message, { status, reason: 'Forbidden', what: 'create' });
    return { create: () => Promise.reject(error) } as unknown as KubernetesApi;
  };

  test('names the policy or webhook that refuses a template without expressions', async () => {
    const client = refusing(403, 'admission webhook "owners.example.com" denied the request: a Service needs an owner');
    expect((await checked(PORTS('80'), client)).diagnostics).toMatchObject([
      {
        code: 'input/refused-template',
        message: expect.stringMatching(/^Service "inner\/service": admission webhook .* needs an owner/) as string,
        path: 'spec.nodes[1].graph.nodes[0].template',
      },
    ]);
    // A dry run contains a sample value in place of an expression. The webhook could accept the real value, so the
    // refusal is not reported.
    expect((await checked(PORTS('80').replace('name: api', 'name: "${naming.prefix}"'), client)).diagnostics).toEqual(
      [],
    );
  });

  test('reports nothing when the user may not create the objects', async () => {
    const client = refusing(403, 'services is forbidden: User "x" cannot create resource "services"');
    expect((await checked(PORTS('80'), client)).diagnostics).toEqual([]);
  });
});

test('a misspelt field of a Graph is reported as unknown, not as missing', async () => {
  const { diagnostics } = await checked(DEFINITION + graph('prefix').replace('nodes:', 'noeds:'));
  expect(diagnostics).toMatchObject([
    {
      code: 'input/unknown-field',
      message: expect.stringContaining('unknown field "noeds"'),
      hint: 'did you mean "nodes"?',
    },
  ]);
});

test('a Graph is checked with the feature gates of the controller, like a definition', async () => {
  const text = graph('prefix').replace('spec: {name: a}', 'spec: {name: "${omit()}"}');
  const codes = async (omit: boolean) =>
    (
      await checked(DEFINITION + text, undefined, { settings: assumedSettings('this test', undefined, { omit }) })
    ).diagnostics.map(({ code }) => code);
  expect(await codes(true)).toEqual([]);
  expect(await codes(false)).toEqual(['graph/omit']);
});

const READERS = (name: string, node = 'template'): string => `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: {name: readers, namespace: team-a}
spec:
  nodes:
    - {id: naming, def: {prefix: red}}
    - id: settings
      ${node}: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${naming.prefix}-settings"}}
    - id: inner
      graph:
        nodes:
          - id: settings
            template: {apiVersion: v1, kind: ConfigMap, metadata: {name: inside}, data: {key: a}}
          - id: reader
            template:
              apiVersion: v1
              kind: Pod
              metadata: {name: reader}
              spec:
                containers:
                  - name: main
                    image: nginx
                    envFrom: [{configMapRef: {name: ${name}}}]
`;

describe('a reference in a Graph', () => {
  test.each([
    ['to a name in the same subgraph has no problem', 'inside', []],
    ['with an expression that reads the same subgraph has no problem', '"${settings.metadata.name}"', []],
    ['with an expression of the outer graph has no problem', '"${naming.prefix}-settings"', []],
    ['to an unknown name is reported', 'insid', [{ code: 'input/missing-reference', hint: 'did you mean inside?' }]],
  ])('%s', async (_name, name, expected) => {
    const { diagnostics } = await checked(READERS(name));
    expect(diagnostics).toMatchObject(expected);
  });

  test('to an object outside the Graph gets the hint to declare it with ref', async () => {
    const { diagnostics } = await checked(READERS('elsewhere', 'ref'));
    expect(diagnostics).toMatchObject([
      {
        hint: expect.stringMatching(/correct the name, or add the ConfigMap, with ref if the cluster has it already$/),
      },
    ]);
  });
});

test('the kinds of a Graph are checked against the CustomResourceDefinitions of the package', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-graph-kinds-'));
  const graphOf = (field: string): string => `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: {name: tls, namespace: team-a}
spec:
  nodes:
    - id: certificate
      template:
        apiVersion: cert-manager.io/v1
        kind: Certificate
        metadata: {name: tls}
        spec: {${field}: tls, issuerRef: {name: ca}, dnsNames: [a.test]}
`;
  writeFileSync(join(folder, 'right.yaml'), graphOf('secretName'));
  writeFileSync(join(folder, 'wrong.yaml'), graphOf('secretNam'));
  const run = commandRunner(commands, folder);
  const right = await run('validate right.yaml');
  expect(right).toMatchObject({ code: 0, err: expect.stringContaining('the kinds of cert-manager.io are checked') });
  expect((await run('validate wrong.yaml')).err).toContain('did you mean "secretName"?');
});
