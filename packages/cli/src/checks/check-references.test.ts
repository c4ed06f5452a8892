import { expect, test } from 'vitest';
import { objectAt } from '@typekro/kit/kubernetes';
import { KroLevel } from '@typekro/engine/graph';
import type { Diagnostic } from '@typekro/kit/core';
import { parseManifest } from '../inputs/read-manifest.ts';
import { checkReferences } from './check-references.ts';
import { checkCycles } from './check-cycles.ts';
import { withoutConsequences } from './without-consequences.ts';

const object = (kind: string, name: string, namespace: string | undefined, rest: string): string =>
  `{apiVersion: ${kind === 'Deployment' ? 'apps/v1' : 'v1'}, kind: ${kind}, metadata: {name: ${name}${
    namespace === undefined ? '' : `, namespace: ${namespace}`
  }}, ${rest}}`;

const workload = (namespace: string | undefined, spec: string, port = 8080): string =>
  object(
    'Deployment',
    'web',
    namespace,
    `spec: {template: {metadata: {labels: {app: web}}, spec: {${spec}containers: [{name: web, ports: [{containerPort: ${port}}]}]}}}`,
  );

const map = (name: string, namespace?: string): string => object('ConfigMap', name, namespace, 'data: {a: b}');
const account = (name: string): string =>
  object('ServiceAccount', name, undefined, 'automountServiceAccountToken: true');
const service = (namespace: string, port: number): string =>
  object('Service', 'web', namespace, `spec: {selector: {app: web}, ports: [{port: ${port}}]}`);
const BACKEND = 'spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}';
const INGRESS = object('Ingress', 'web', 'a', BACKEND).replace('apiVersion: v1', 'apiVersion: networking.k8s.io/v1');
const READS_SETTINGS = 'volumes: [{name: s, configMap: {name: settings}}], ';

test.each<readonly [title: string, objects: readonly string[], found: readonly string[]]>([
  ['a ConfigMap that exists', [workload('a', READS_SETTINGS), map('settings', 'a')], []],
  ['a ConfigMap without a namespace', [workload('a', READS_SETTINGS), map('settings')], []],
  [
    'a ConfigMap that exists only in another namespace',
    [workload('a', READS_SETTINGS), map('settings', 'b'), map('other', 'a')],
    ['input/missing-reference'],
  ],
  [
    'a ConfigMap that may be in the cluster, because no object of the files can be a ConfigMap in its namespace',
    [workload('a', READS_SETTINGS), map('x', 'b')],
    [],
  ],
  ['a ServiceAccount with an empty name', [workload('a', 'serviceAccountName: "", '), account('robot')], []],
  [
    'a ServiceAccount that does not exist',
    [workload('a', 'serviceAccountName: robot, '), account('root')],
    ['input/missing-reference'],
  ],
  [
    'a ServiceAccount in the deprecated field',
    [workload('a', 'serviceAccountName: "", serviceAccount: robot, '), account('root')],
    ['input/missing-reference'],
  ],
  [
    'a missing ServiceAccount in the deprecated field, which is ignored because serviceAccountName is set',
    [workload('a', 'serviceAccountName: root, serviceAccount: robot, '), account('root')],
    [],
  ],
  [
    'a ConfigMap that is required, because optional is null',
    [workload('a', 'volumes: [{name: s, configMap: {name: settings, optional: null}}], '), map('x', 'a')],
    ['input/missing-reference'],
  ],
  [
    'a ConfigMap that is optional',
    [workload('a', 'volumes: [{name: s, configMap: {name: settings, optional: true}}], '), map('x', 'a')],
    [],
  ],
  [
    'the ConfigMap with the CA of the cluster',
    [workload('a', 'volumes: [{name: s, configMap: {name: kube-root-ca.crt}}], '), map('x', 'a')],
    [],
  ],
  [
    'a Secret with the name of the ConfigMap with the CA',
    [
      workload('a', 'volumes: [{name: s, secret: {secretName: kube-root-ca.crt}}], '),
      object('Secret', 'x', 'a', 'data: {}'),
    ],
    ['input/missing-reference'],
  ],
  ['a port that the selected pods lack', [service('a', 80), workload('a', '')], ['input/port-mismatch']],
  ['a port that only pods of another namespace lack', [service('a', 80), workload('b', '')], []],
  [
    'a port that pods without a namespace lack',
    [service('a', 80), workload('b', ''), workload(undefined, '')],
    ['input/port-mismatch'],
  ],
  ['a port that one of the selected pods has', [workload('a', ''), service('a', 80), workload(undefined, '', 80)], []],
  ['a port that pods with another label have', [workload('a', '', 80), service('a', 81).replace('web}', 'other}')], []],
])(
  'plain objects cause a warning only for a reference or a port that is certainly missing: %s',
  (_title, objects, found) => {
    const { objects: inputs, diagnostics } = parseManifest(objects.join('\n---\n'), 'a.yaml');
    expect(diagnostics).toEqual([]);
    const warnings = checkReferences(
      inputs.map((each) => ({ ...each, file: 'a.yaml' })),
      [],
    );
    expect(warnings.map(({ code }) => code)).toEqual(found);
  },
);

test.each<readonly [title: string, pair: readonly string[], path: readonly string[], field: string]>([
  [
    'the labels of pods with the Services that may select them',
    [service('a', 8080), workload('a', '')],
    ['spec', 'template', 'metadata', 'labels'],
    'app',
  ],
  ['a Service with the Ingresses of it', [INGRESS, service('a', 80)], ['metadata'], 'name'],
  ['a name with the references to it', [workload('a', READS_SETTINGS), map('settings', 'a')], ['metadata'], 'name'],
])('compares %s, not with all others', (_title, pair, path, field) => {
  const texts = Array.from({ length: 100 }, (_, place) =>
    pair.map((text) => text.replaceAll(/web|settings/g, (name) => `${name}${place}`)),
  );
  const { objects: inputs } = parseManifest(texts.flat().join('\n---\n'), 'a.yaml');
  let reads = 0;
  for (const [place, { object: each }] of inputs.entries()) {
    if (place % 2 === 0) continue;
    const value = objectAt(each, ...path)[field];
    const get = () => {
      reads += 1;
      return value;
    };
    Object.defineProperty(objectAt(each, ...path), field, { enumerable: true, get });
  }
  const found = checkReferences(
    inputs.map((each) => ({ ...each, file: 'a.yaml' })),
    [],
  );
  expect(found).toEqual([]);
  expect(reads).toBeGreaterThanOrEqual(texts.length);
  expect(reads).toBeLessThan(texts.length * 20);
});

const definition = (kind: string, made: string, more = '', group = 'kro.run'): string =>
  `{apiVersion: kro.run/v1alpha1, kind: ResourceGraphDefinition, metadata: {name: ${kind}}, spec: {` +
  `schema: {apiVersion: v1alpha1, kind: ${kind}, group: ${group}}, resources: [{id: r, ${more}` +
  `template: {apiVersion: kro.run/v1alpha1, kind: ${made}, metadata: {name: r}}}]}}`;

test.each<readonly [title: string, objects: readonly string[], found: readonly string[]]>([
  ['two definitions that create each other', [definition('A', 'B'), definition('B', 'A')], ['A creates B creates A']],
  [
    'three definitions, and one that leads to them',
    [definition('X', 'A'), definition('A', 'B'), definition('B', 'C'), definition('C', 'A')],
    ['A creates B creates C creates A'],
  ],
  ['a definition that creates itself', [definition('A', 'A')], ['A creates A']],
  ['a chain with an end', [definition('A', 'B'), definition('B', 'C')], []],
  ['a condition', [definition('A', 'B'), definition('B', 'A', 'includeWhen: ["${schema.spec.more}"], ')], []],
  ['a loop', [definition('A', 'B'), definition('B', 'A', 'forEach: [{x: "${schema.spec.list}"}], ')], []],
  ['a kind of another group', [definition('A', 'B', '', 'x.io'), definition('B', 'A')], []],
  [
    'a ring of 12,000',
    Array.from({ length: 12_000 }, (_, i) => definition(`A${i}`, `A${(i + 1) % 12_000}`)),
    [[...Array.from({ length: 20 }, (_, i) => `A${i}`), '… (11980 more kinds)', 'A0'].join(' creates ')],
  ],
])('definitions whose instances have no end are reported: %s', (_, objects, found) => {
  const { objects: inputs } = parseManifest(objects.join('\n---\n'), 'a.yaml');
  const named = inputs.map((input) => ({ ...input, file: 'a.yaml' }));
  expect(checkCycles(named, KroLevel.DEFAULT).map(({ message }) => message)).toEqual(
    found.map((chain) => `each instance leads to more instances, without an end: ${chain}`),
  );
});

const finding = (path: string, code = 'input/unknown-field', column = 5): Diagnostic => ({
  code,
  severity: 'error',
  message: `wrong: ${path}`,
  path,
  source: { file: 'app.ts', line: 3, column },
});

test.each<readonly [name: string, found: readonly Diagnostic[], kept: readonly string[]]>([
  ['two unknown fields', [finding('spec.foo'), finding('spec.bar')], ['spec.foo', 'spec.bar']],
  [
    'two fields, of which one name begins with the other',
    [finding('spec.a'), finding('spec.ab')],
    ['spec.a', 'spec.ab'],
  ],
  ['fields of two items', [finding('spec.a[0].x'), finding('spec.a[1].x')], ['spec.a[0].x', 'spec.a[1].x']],
  ['a field and a field inside it', [finding('spec.a'), finding('spec.a.b')], ['spec.a']],
  ['a field and an item of it', [finding('spec.a'), finding('spec.a[0]')], ['spec.a']],
  ['one field twice', [finding('spec.a'), finding('spec.a')], ['spec.a']],
  [
    'an unknown field after another broken part',
    [finding('spec.resources[0].id', 'graph/invalid-id'), finding('spec.resources[0].template.x')],
    ['spec.resources[0].id'],
  ],
  [
    'a field and a field inside it, at two places of the source',
    [finding('spec.a'), finding('spec.a.b', 'input/unknown-field', 9)],
    ['spec.a', 'spec.a.b'],
  ],
])('withoutConsequences keeps only the causes: %s', (_name, found, kept) => {
  expect(withoutConsequences(found).map(({ path }) => path)).toEqual(kept);
});

test.each([
  ['equal keys', 'yaml/duplicate-key', 'warning'],
  ['ids that are not allowed', 'graph/invalid-id', 'error'],
] as const)('of 10,000 findings, such as %s, not all are compared with each other', (_what, code, severity) => {
  const state = { reads: 0 };
  const found = Array.from({ length: 10_000 }, (_, index): Diagnostic => {
    const finding: Diagnostic = { code, severity, message: 'm', path: `spec.resources[${index}].id` };
    return Object.defineProperty(finding, 'code', { get: () => ((state.reads += 1), code) });
  });
  expect(withoutConsequences(found)).toEqual(found);
  expect(state.reads).toBeLessThan(20_000_000);
});
