import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { commandRunner } from '../../test-support/run-command.ts';
import { types } from './types-command.ts';

const run = commandRunner([types], '.');

test.each([
  ['ResourceGraphDefinition', 'schema'],
  ['Graph', 'nodes'],
])('types --kind %s: the JSON Schema accepts the fields of the kind, and no other fields', async (kind, field) => {
  const { code, out } = await run(`types --kind ${kind} -o jsonschema`);
  expect(code).toBe(0);
  const schema = JSON.parse(out) as { readonly properties: { readonly spec: object } };
  expect(schema).toMatchObject({
    title: kind,
    properties: { apiVersion: { const: 'kro.run/v1alpha1' }, kind: { const: kind } },
    additionalProperties: false,
  });
  expect(schema.properties.spec).toMatchObject({ properties: { [field]: {} }, additionalProperties: false });
});

test.each([
  ['types', 'no file is named'],
  ['types --kind Pod', '--kind takes no Pod'],
  ['types --kind Graph app.yaml', '--kind takes no file'],
])('%s is refused', async (line, message) => {
  const { code, err } = await run(line);
  expect(code).toBe(2);
  expect(err).toBe(
    `error: ${message} [cli/usage]\n  hint: name the files of definitions, or one of --kind ResourceGraphDefinition, --kind Graph`,
  );
});

test.each(['check', 'group x.io'])('types refuses --%s without pull', async (option) => {
  const { code, err } = await run(`types app.yaml --${option}`);
  expect(code).toBe(2);
  expect(err).toMatch(/^error: --\w+ is for typekro types pull \[cli\/usage\]/);
});

describe('an API of several versions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-versions-'));
  const file = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: site }
spec:
  schema:
    apiVersion: v1
    kind: Site
    group: example.com
    spec: { hostname: string | required=true }
    versions:
      - name: v1beta1
        spec: { host: string | required=true }
        convertTo: { spec.hostname: "\${self.spec.host}" }
        convertFrom: { spec.host: "\${self.spec.hostname}" }
      - { name: v1alpha1, served: false, spec: { hostname: string | required=true } }
  resources: []
`;
  writeFileSync(join(folder, 'site.yaml'), file);
  const runIn = commandRunner([types], folder);

  test('has interfaces of each served version', async () => {
    const { code, out } = await runIn('types site.yaml');
    expect(code).toBe(0);
    expect(
      [...out.matchAll(/^export interface (\w+)|readonly (?:apiVersion|spec): ([^;]*)|^ {2}(\w+\??: string)/gm)].map(
        (match) => match.slice(1).find((text) => text !== undefined),
      ),
    ).toEqual([
      'SiteSpec',
      'hostname: string',
      'SiteStatus',
      'state?: string',
      'Site',
      "'example.com/v1'",
      'SiteSpec',
      'SiteV1beta1Spec',
      'host: string',
      'SiteV1beta1Status',
      'state?: string',
      'SiteV1beta1',
      "'example.com/v1beta1'",
      'SiteV1beta1Spec',
    ]);
  });

  test('has a JSON Schema that accepts an instance in each served version', async () => {
    const { out } = await runIn('types site.yaml -o jsonschema');
    const { title, anyOf } = JSON.parse(out) as { title: string; anyOf: object[] };
    expect({ title, anyOf }).toMatchObject({
      title: 'Site',
      anyOf: [
        { properties: { apiVersion: { const: 'example.com/v1' }, spec: { required: ['hostname'] } } },
        { properties: { apiVersion: { const: 'example.com/v1beta1' }, spec: { required: ['host'] } } },
      ],
    });
    expect(anyOf).toHaveLength(2);
  });
});

describe('types pull', () => {
  let cluster: Cluster;
  const folder = mkdtempSync(join(tmpdir(), 'typekro-types-'));
  let pull: (line: string) => Promise<{ code: number; out: string; err: string }>;
  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ standIns: ['cert-manager'] });
    writeFileSync(join(folder, 'kubeconfig'), (await cluster.listen({ port: 0 })).kubeconfig);
    const execute = commandRunner([types], folder, { KUBECONFIG: join(folder, 'kubeconfig') });
    pull = (line) => execute(line);
  });
  afterAll(async () => {
    await cluster.close();
  });

  test('writes the CRDs of a group, and --check names a file that differs', async () => {
    expect(await pull('types pull --group cert-manager.io')).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": "created crds/certificaterequests.cert-manager.io.yaml
      created crds/certificates.cert-manager.io.yaml
      created crds/clusterissuers.cert-manager.io.yaml
      created crds/issuers.cert-manager.io.yaml
      4 kinds",
      }
    `);
    expect(await pull('types pull --group cert-manager.io --check')).toMatchObject({ code: 0 });
    writeFileSync(join(folder, 'crds/issuers.cert-manager.io.yaml'), 'changed\n');
    expect(await pull('types pull --group cert-manager.io --check')).toMatchObject({
      code: 4,
      out: expect.stringContaining('differs crds/issuers.cert-manager.io.yaml') as string,
    });
    expect(readFileSync(join(folder, 'crds/certificates.cert-manager.io.yaml'), 'utf8')).toContain(
      'kind: Certificate\n',
    );
  });

  test.each([
    ['types pull app.yaml', 2, 'pull takes no file, and app.yaml is one [cli/usage]'],
    ['types pull --group example.com', 1, 'the cluster has no CustomResourceDefinition of example.com [types/nothing]'],
  ])('%s is refused', async (line, code, message) => {
    expect(await pull(line)).toMatchObject({ code, err: expect.stringContaining(message) as string });
  });
});
