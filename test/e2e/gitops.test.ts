import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { findClient } from '../support/clients.ts';
import { CLI, runCommand } from '../support/command.ts';

const kubectl = findClient('kubectl') ?? '';
const INPUT = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: shop}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec: {name: string}
  resources:
    - id: config
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "\${schema.spec.name}"}
---
apiVersion: kro.run/v1alpha1
kind: Shop
metadata: {name: a, namespace: default}
spec: {name: a}
`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'typekro-gitops-'));
  writeFileSync(join(directory, 'shop.yaml'), INPUT);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const typekro = (...args: string[]) => runCommand(process.execPath, [CLI, ...args], { cwd: directory });
const objects = (text: string) =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as { kind: string })
    .toSorted((a, b) => (a.kind < b.kind ? -1 : 1));

describe('typekro gitops', () => {
  test('names the written files', () => {
    const { code, stdout } = typekro('gitops', 'shop.yaml', '--out', 'deploy', '--flux-source', 'infra');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      'deploy/definitions/kustomization.yaml',
      'deploy/definitions/resourcegraphdefinition-shop.yaml',
      'deploy/flux.yaml',
      'deploy/instances/kustomization.yaml',
      'deploy/instances/shop-default-a.yaml',
      'deploy/kustomization.yaml',
    ]);
  });

  test.skipIf(kubectl === '')('kubectl kustomize builds the objects of the input file from the written folder', () => {
    typekro('gitops', 'shop.yaml', '--out', 'deploy');
    const { code, stdout, stderr } = runCommand(kubectl, ['kustomize', 'deploy'], { cwd: directory });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(objects(stdout)).toEqual(objects(INPUT));
  });

  test('writes no file if a definition has an error', () => {
    writeFileSync(join(directory, 'shop.yaml'), INPUT.replace('schema.spec.name', 'schema.spec.nmae'));
    const { code, stderr } = typekro('gitops', 'shop.yaml');
    expect(code).toBe(3);
    expect(stderr).toContain('nmae');
    expect(existsSync(join(directory, 'gitops'))).toBe(false);
  });
});
