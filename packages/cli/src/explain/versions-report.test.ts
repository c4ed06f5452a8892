import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { parseDefinitions } from '@typekro/engine/graph';
import { CrdSchema } from '@typekro/engine/schema';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { commandRunner } from '../../test-support/run-command.ts';
import { explain } from '../commands/explain-command.ts';
import { types } from '../commands/types-command.ts';
import { versionsReport, versionsReportLines } from './versions-report.ts';

const DEFINITION = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: site }
spec:
  schema:
    apiVersion: v1
    kind: Site
    group: example.com
    spec: { hostname: string | required=true, port: integer | default=80 }
    versions:
      - name: v1alpha1
        deprecated: true
        spec: { host: string | required=true }
        convertTo: { spec.hostname: "\${self.spec.host}" }
        convertFrom: { spec.host: "\${self.spec.hostname}" }
        lossy: [spec.port]
  resources:
    - id: settings
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.spec.hostname}" } }
`;

const SECTIONS = `
Versions
  v1        hub, served
  v1alpha1  served, deprecated: example.com/v1alpha1 Site is deprecated; use example.com/v1 Site

From v1alpha1 to v1
  spec.hostname  \${self.spec.host}

From v1 to v1alpha1
  spec.host  \${self.spec.hostname}
  spec.port  kept in an annotation`;

const cwd = mkdtempSync(join(tmpdir(), 'typekro-versions-'));
const run = commandRunner([explain, types], cwd);
let crd: KubeObject;
let world: VirtualWorld;

beforeAll(async () => {
  writeFileSync(join(cwd, 'site.yaml'), DEFINITION);
  const { out } = await run('types site.yaml -o crd');
  writeFileSync(join(cwd, 'crd.yaml'), out);
  [crd = never()] = parseDefinitions(out).documents.map(({ value }) => value as KubeObject);
  world = await virtualWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  await world.apply(crd);
});
afterAll(() => world.close());

test.each([
  ['a definition', 'explain site.yaml'],
  ['a CRD in a file', 'explain site --crds crd.yaml'],
  ['a CRD of a cluster', 'explain site --kubeconfig kubeconfig'],
])('the kind of %s has its versions with their conversions', async (_what, line) => {
  expect((await run(line)).out).toContain(SECTIONS);
});

test.each([
  ['spec.hostname', '', 'From v1alpha1 to v1\n  spec.hostname  ${self.spec.host}'],
  ['spec.port', '', 'From v1 to v1alpha1\n  spec.port  kept in an annotation'],
  ['spec.host', ' --api-version example.com/v1alpha1', 'From v1 to v1alpha1\n  spec.host  ${self.spec.hostname}'],
])('the field %s has only its own conversions', async (field, option, section) => {
  const { out } = await run(`explain site.yaml ${field}${option}`);
  expect(out.split('\n\n').slice(1).join('\n\n')).toBe(section);
});

test('a version that the kind does not have is refused with those that it has', async () => {
  const { code, err } = await run('explain site.yaml --api-version example.com/v2');
  expect({ code, err }).toMatchObject({
    code: 2,
    err: expect.stringContaining('example.com/v1, example.com/v1alpha1'),
  });
});

test.each([
  [
    'a version in which objects may be stored still',
    { status: { storedVersions: ['v1', 'v1alpha1'] } },
    'still stored, served',
  ],
  [
    'a conversion of the whole object',
    { metadata: { annotations: annotation({ fields: [], whole: "{'spec': {}}" }) } },
    "the object  ${{'spec': {}}}",
  ],
  ['a conversion without rules', { metadata: { annotations: annotation({ fields: [] }) } }, 'all fields  copied'],
])('%s is printed', (_what, change, line) => {
  const report = versionsReport({ ...crd, ...change }, { group: 'example.com', version: 'v1', kind: 'Site' }, []);
  expect(versionsReportLines(report).join('\n')).toContain(line);
});

test('a CRD of one version has no section', () => {
  const [version] = CrdSchema.versions(crd);
  const single = { ...crd, metadata: {}, spec: { ...crd.spec, versions: [version ?? {}] } };
  expect(versionsReport(single, { group: 'example.com', version: 'v1', kind: 'Site' }, [])).toEqual({});
});

function annotation(direction: object): Record<string, string> {
  const versions = { v1alpha1: { toHub: direction, fromHub: direction, lossy: [] } };
  return { [Conversion.ANNOTATION]: JSON.stringify({ hub: 'v1', versions }) };
}

function never(): never {
  throw new Error('the command printed no CRD');
}
