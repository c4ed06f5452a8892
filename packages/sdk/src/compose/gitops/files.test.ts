import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '@typekro/kit/core';
import { gitOpsFiles } from './files.ts';

const definition: KubeObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'shop' },
  spec: { schema: { apiVersion: 'v1alpha1', kind: 'Shop', spec: { name: 'string' } }, resources: [] },
};
const instance = (name: string, namespace?: string): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Shop',
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec: { name },
});
const read = (text: string | undefined): unknown[] =>
  parseAllDocuments(text ?? '').map((document) => document.toJS() as unknown);

describe('the folder', () => {
  test('has a file for each object and a kustomization.yaml for each part', () => {
    const files = gitOpsFiles([definition, instance('a', 'team'), instance('b')], { name: 'shop' });
    expect(Object.keys(files)).toEqual([
      'definitions/kustomization.yaml',
      'definitions/resourcegraphdefinition-shop.yaml',
      'instances/kustomization.yaml',
      'instances/shop-b.yaml',
      'instances/shop-team-a.yaml',
      'kustomization.yaml',
    ]);
    expect(read(files['kustomization.yaml'])).toEqual([
      { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: ['definitions', 'instances'] },
    ]);
    expect(read(files['instances/shop-team-a.yaml'])).toEqual([instance('a', 'team')]);
  });

  test.each([
    ['objects with the same file name', [instance('b', 'a'), instance('a-b')], ['shop-a-b-2.yaml', 'shop-a-b.yaml']],
    ['a name with path separators', [instance('../../etc/passwd')], ['shop-.-.-etc-passwd.yaml']],
  ])('has distinct and safe file names for %s', (_, instances, expected) => {
    const files = Object.keys(gitOpsFiles([definition, ...instances], { name: 'x' }));
    expect(files.filter((file) => file.startsWith('instances/shop'))).toEqual(
      expected.map((file) => `instances/${file}`),
    );
  });

  test.each([
    ['input without a definition', [instance('a')], { name: 'x' }, 'gitops/no-definition'],
    ['an invalid name', [definition], { name: 'Not A Name' }, 'gitops/name'],
    ['a name of 53 characters', [definition], { name: 'a'.repeat(53) }, 'gitops/name'],
  ])('refuses %s', (_, objects, options, code) => {
    expect(() => gitOpsFiles(objects, options)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

test('the author’s Argo CD annotations of an instance are kept', () => {
  const annotations = { 'argocd.argoproj.io/sync-options': 'Prune=false' };
  const own = { ...instance('a'), metadata: { name: 'a', annotations } };
  const argocd = { repoURL: 'https://git.example.com/r', path: 'p' };
  const files = gitOpsFiles([definition, own], { name: 'a'.repeat(52), argocd });
  expect(read(files['instances/shop-a.yaml'])).toMatchObject([
    { metadata: { annotations: { ...annotations, 'argocd.argoproj.io/sync-wave': '1' } } },
  ]);
});

describe('the settings for GitOps tools', () => {
  test('Flux waits for the definitions before it applies the instances', () => {
    const files = gitOpsFiles([definition, instance('a')], {
      name: 'shop',
      flux: { source: { name: 'infra' }, path: './clusters/shop/' },
    });
    expect(read(files['flux.yaml'])).toMatchObject([
      {
        metadata: { name: 'shop-definitions', namespace: 'flux-system' },
        spec: {
          path: './clusters/shop/definitions',
          wait: true,
          sourceRef: { kind: 'GitRepository', name: 'infra' },
          healthCheckExprs: [{ kind: 'ResourceGraphDefinition' }],
        },
      },
      {
        metadata: { name: 'shop-instances' },
        spec: { dependsOn: [{ name: 'shop-definitions' }], healthCheckExprs: [{ kind: 'Shop' }] },
      },
    ]);
  });

  test.each([
    ['a Deployment', 'apps/v1', 'Deployment'],
    ['a ConfigMap', 'v1', 'ConfigMap'],
    ['a kind of the same name in another group', 'example.com/v1', 'Shop'],
  ])('have no health check for %s, which no definition serves', (_, apiVersion, kind) => {
    const other: KubeObject = { apiVersion, kind, metadata: { name: 'other' } };
    const files = gitOpsFiles([definition, instance('a'), other], {
      name: 'shop',
      argocd: { repoURL: 'https://git.example.com/r' },
      flux: { source: { name: 'infra' } },
    });
    const [health] = read(files['argocd-health.yaml']) as { data: Record<string, string> }[];
    expect(Object.keys(health?.data ?? {}).map((key) => key.split('.').slice(3).join('.'))).toEqual([
      'kro.run_ResourceGraphDefinition',
      'kro.run_Shop',
    ]);
    const [, second] = read(files['flux.yaml']) as { spec: { healthCheckExprs: unknown[] } }[];
    expect(second?.spec.healthCheckExprs).toMatchObject([{ apiVersion: 'kro.run/v1alpha1', kind: 'Shop' }]);
  });

  test('have the health check of a kind in the group of its definition', () => {
    const group = 'shops.example.com';
    const own = { ...definition, spec: { schema: { group, apiVersion: 'v1alpha1', kind: 'Shop', spec: {} } } };
    const files = gitOpsFiles([own, { ...instance('a'), apiVersion: `${group}/v1alpha1` }], {
      name: 'shop',
      argocd: { repoURL: 'https://git.example.com/r' },
    });
    expect(files['argocd-health.yaml']).toContain(`health.${group}_Shop`);
  });

  test.each(['infra', 'git.example.com/infra.git', 'https://git.example.com/in fra', ''])(
    'Argo CD cannot fetch from %j',
    (repoURL) => {
      expect(() => gitOpsFiles([definition], { name: 'shop', argocd: { repoURL } })).toThrow(
        expect.objectContaining({ code: 'gitops/repository' }),
      );
    },
  );

  test.each(['ssh://git@git.example.com/infra.git', 'git@git.example.com:team/infra.git', 'oci://r.example.com/infra'])(
    'Argo CD fetches from %s',
    (repoURL) => {
      const files = gitOpsFiles([definition], { name: 'shop', argocd: { repoURL } });
      expect(read(files['argocd.yaml'])).toMatchObject([{ spec: { source: { repoURL } } }]);
    },
  );

  test('Argo CD applies instances in a later wave, and has health checks for definitions and instances', () => {
    const files = gitOpsFiles([definition, instance('a')], {
      name: 'shop',
      argocd: { repoURL: 'https://git.example.com/infra.git', path: 'shop' },
    });
    expect(read(files['argocd.yaml'])).toMatchObject([
      { kind: 'Application', spec: { source: { repoURL: 'https://git.example.com/infra.git', path: 'shop' } } },
    ]);
    expect(read(files['instances/shop-a.yaml'])).toMatchObject([
      { metadata: { annotations: { 'argocd.argoproj.io/sync-wave': '1' } } },
    ]);
    const [health] = read(files['argocd-health.yaml']) as { data: Record<string, string> }[];
    expect(Object.keys(health?.data ?? {})).toEqual([
      'resource.customizations.health.kro.run_ResourceGraphDefinition',
      'resource.customizations.health.kro.run_Shop',
    ]);
    expect(health?.data['resource.customizations.health.kro.run_Shop']).toContain('obj.status.state == "ACTIVE"');
  });
});
