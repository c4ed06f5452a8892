import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { commandRunner } from '../../test-support/run-command.ts';

import type { KubeObject } from '@typekro/kit/core';
import { createCluster } from '@typekro/testing';
import { commands } from './index.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-manifests-'));
  writeFileSync(join(cwd, 'pots.yaml'), DEFINITION);
});

const run = (line: string) => commandRunner(commands, cwd)(line);

const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: pots}
spec:
  schema:
    apiVersion: v1
    kind: Pot
    group: acme.test
    spec: {text: string}
  resources:
    - id: map
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "\${schema.metadata.name}-map"}
        data: {text: "\${schema.spec.text}"}
`;

test('rbac: prints the rights for one definition', async () => {
  const { code, out, err } = await run('rbac pots.yaml');
  expect(code).toBe(0);
  expect(err).toMatchInlineSnapshot(`
    "warning: pots: a user who may create its instances acts with the rights of the controller [rbac/controller-identity]
      hint: give the definition its own ServiceAccount with --per-definition, or name an account by the annotation typekro.dev/service-account: namespace/name

    note: ClusterRole typekro:definitions has the rights of 1 definition only. If you apply it, all other definitions lose the rights that this ClusterRole gave them. Name all definitions in one call, or use --name or --per-definition"
  `);
  expect(out).toMatchInlineSnapshot(`
    "apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: typekro:definitions
      labels:
        rbac.kro.run/aggregate-to-controller: "true"
    rules:
      - apiGroups:
          - ""
        resources:
          - configmaps
        verbs:
          - get
          - list
          - watch
          - create
          - patch
          - delete
      - apiGroups:
          - acme.test
        resources:
          - pots
        verbs:
          - get
          - list
          - watch
          - patch
      - apiGroups:
          - acme.test
        resources:
          - pots/status
        verbs:
          - get
          - patch
      - apiGroups:
          - acme.test
        resources:
          - pots/finalizers
        verbs:
          - update"
  `);
});

test.each([
  ['rbac pots.yaml --controller kro', '--controller names no ServiceAccount'],
  ['rbac pots.yaml --per-definition --name a', '--per-definition and --name exclude each other'],
  [
    'rbac pots.yaml --per-definition --instance-service-account a',
    '--per-definition and --instance-service-account exclude each other',
  ],
  ['rbac empty.yaml', 'there is no definition in these files'],
])('%s is refused', async (line, message) => {
  writeFileSync(join(cwd, 'empty.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
  const { code, err } = await run(line);
  expect(code).not.toBe(0);
  expect(err).toContain(message);
});

test('rbac --per-definition: prints an account with its rights, and the definition that names the account', async () => {
  const { code, out, err } = await run('rbac pots.yaml --per-definition --controller infra/kro');
  expect([code, err]).toEqual([0, '']);
  const objects = parseAllDocuments(out).map(
    (document) => document.toJSON() as { kind: string; metadata: { name: string; annotations?: object } },
  );
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'ClusterRole typekro:definition:pots:instances',
    'ServiceAccount definition-pots',
    'ClusterRole typekro:definition:pots',
    'ClusterRoleBinding typekro:definition:pots',
    'Role typekro:definition:pots:impersonate',
    'RoleBinding typekro:definition:pots:impersonate',
    'ResourceGraphDefinition pots',
  ]);
  expect(objects.at(-1)?.metadata.annotations).toEqual({ 'typekro.dev/service-account': 'infra/definition-pots' });
});

test('rbac --kubeconfig: a warning names the rights that other definitions lose', async () => {
  await using cluster = await createCluster();
  const { kubeconfig } = await cluster.listen();
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  writeFileSync(
    join(cwd, 'pans.yaml'),
    DEFINITION.replaceAll('pots', 'pans')
      .replaceAll('Pot', 'Pan')
      .replace('kind: ConfigMap', 'kind: Secret')
      .replace(' data:', ' stringData:'),
  );
  const both = await run('rbac pots.yaml pans.yaml --kubeconfig kubeconfig');
  expect(both.err).not.toContain('lost-rights');
  expect(both.err).not.toContain('note:');
  await cluster.client.create(parseAllDocuments(both.out)[0]?.toJSON() as KubeObject);

  expect((await run('rbac pots.yaml pans.yaml --kubeconfig kubeconfig')).err).not.toContain('lost-rights');
  expect((await run('rbac pots.yaml --kubeconfig kubeconfig')).err).toMatchInlineSnapshot(`
    "warning: pots: a user who may create its instances acts with the rights of the controller [rbac/controller-identity]
      hint: give the definition its own ServiceAccount with --per-definition, or name an account by the annotation typekro.dev/service-account: namespace/name

    warning: ClusterRole typekro:definitions of the cluster has rights that this output removes: get, list, watch, create, patch, delete secrets; get, list, watch, patch pans.acme.test; get, patch pans/status.acme.test; update pans/finalizers.acme.test [rbac/lost-rights]
      hint: name the files of all definitions in one call, or give these files their own ClusterRole with --name

    0 errors, 2 warnings"
  `);
  for (const other of ['--name cook', '--per-definition']) {
    expect((await run(`rbac pots.yaml --kubeconfig kubeconfig ${other}`)).err).not.toContain('lost-rights');
    expect((await run(`rbac pots.yaml ${other}`)).err).not.toContain('note:');
  }
});

test('rbac: prints the rights of the account of a Graph', async () => {
  const nodes = '[{id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}]';
  writeFileSync(
    join(cwd, 'graph.yaml'),
    `apiVersion: kro.run/v1alpha1\nkind: Graph\nmetadata: {name: g, namespace: team}\nspec: {serviceAccountName: deployer, nodes: ${nodes}}\n`,
  );
  const { code, out, err } = await run('rbac graph.yaml');
  expect([code, err]).toEqual([0, '']);
  const objects = parseAllDocuments(out).map(
    (document) => document.toJSON() as { kind: string; metadata: { name: string } },
  );
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'Role typekro:graphs:team:deployer',
    'RoleBinding typekro:graphs:team:deployer',
    'Role typekro:graphs:deployer:impersonate',
    'RoleBinding typekro:graphs:deployer:impersonate',
  ]);
});

test.each(['types', 'explain', 'gitops'])(
  'when the files contain a Graph and no definition, the error of %s names the Graph',
  async (command) => {
    const nodes = '[{id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}]';
    writeFileSync(
      join(cwd, 'graph.yaml'),
      `apiVersion: kro.run/v1alpha1\nkind: Graph\nmetadata: {name: g}\nspec: {nodes: ${nodes}}\n`,
    );
    const { code, err } = await run(`${command} graph.yaml`);
    expect(code).toBe(1);
    expect(err).toContain('there is no definition in these files; g is a Graph');
  },
);

test('gitops: writes a folder for kubectl, Flux and Argo CD', async () => {
  const { code, out } = await run('gitops pots.yaml --flux-source infra --argocd-repo https://git.example.com/app.git');
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "gitops/argocd-health.yaml
    gitops/argocd.yaml
    gitops/definitions/kustomization.yaml
    gitops/definitions/resourcegraphdefinition-pots.yaml
    gitops/flux.yaml
    gitops/kustomization.yaml"
  `);
  expect(readFileSync(join(cwd, 'gitops/kustomization.yaml'), 'utf8')).toMatchInlineSnapshot(`
    "apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources:
      - definitions
    "
  `);
});

test('install --print: prints three CRDs, and sends nothing', async () => {
  const { code, out, err } = await run('install --print');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(
    out
      .split('\n')
      .filter((line) => /^(?:---|kind:| {2}name:)/.test(line))
      .join('\n'),
  ).toMatchInlineSnapshot(`
    "kind: CustomResourceDefinition
      name: resourcegraphdefinitions.kro.run
    ---
    kind: CustomResourceDefinition
      name: graphrevisions.internal.kro.run
    ---
    kind: CustomResourceDefinition
      name: graphs.kro.run"
  `);
});

test('install: prints the applied objects, and the same lines in a second run', async () => {
  await using cluster = await createCluster();
  const { kubeconfig } = await cluster.listen();
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  const first = await run('install --kubeconfig kubeconfig');
  expect(first).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "applied CustomResourceDefinition resourcegraphdefinitions.kro.run
    applied CustomResourceDefinition graphrevisions.internal.kro.run
    applied CustomResourceDefinition graphs.kro.run",
    }
  `);
  expect(await run('install --kubeconfig kubeconfig')).toEqual(first);
  expect(readdirSync(cwd).toSorted()).toEqual(['kubeconfig', 'pots.yaml']);
});

test.each(['bash', 'zsh', 'fish'])('completion prints the script of %s', async (shell) => {
  const { code, out } = await run(`completion ${shell}`);
  expect(code).toBe(0);
  expect(out.split('\n')[shell === 'zsh' ? 1 : 0]).toBe(
    `# Completion of typekro for ${shell}. Load it with: ${shell === 'fish' ? 'typekro completion fish | source' : `source <(typekro completion ${shell})`}`,
  );
});

test('completion candidates: prints commands, options, and the line for file names', async () => {
  const candidates = async (words: string) => (await run(`completion candidates -- ${words}`)).out;
  expect(await candidates('rb')).toMatchInlineSnapshot(`"rbac	print the rights that definitions and Graphs need"`);
  expect(await candidates('rbac --na')).toMatchInlineSnapshot(
    `"--name	name of the ClusterRole (default: typekro:definitions); use another name for each set of files: a ClusterRole of the same name is replaced"`,
  );
  expect(await candidates('rbac pots')).toMatchInlineSnapshot(`":files"`);
});
